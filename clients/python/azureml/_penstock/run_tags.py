"""The part of ``Run`` that keeps words: tags, which may change, and properties, which may not."""

from azureml.exceptions import ServiceException, UserErrorException


class RunTags:
    """Each call is stored when it returns."""

    def tag(self, key, value=None):
        """Sets a tag; without a value it is a bare one."""
        self.set_tags({key: value})

    def set_tags(self, tags):
        """Sets several tags; the others stay."""
        self._record.patch(tags={str(key): None if value is None else str(value) for key, value in tags.items()})

    def remove_tags(self, tags):
        """Takes tags away by name."""
        self._record.patch(remove_tags=[tags] if isinstance(tags, str) else [str(tag) for tag in tags])

    def get_tags(self):
        """All tags by name."""
        return dict(self._record.get()["tags"])

    def add_properties(self, properties):
        """Sets properties, once and for all: another value for one that is set is an error, and then none is set."""
        try:
            self._record.patch(properties={str(key): str(value) for key, value in properties.items()})
        except ServiceException as error:
            if error.status_code == 409:
                raise UserErrorException(error.message) from error
            raise

    def get_properties(self):
        """All properties by name."""
        return dict(self._record.get()["properties"])

    @property
    def tags(self):
        """All tags by name."""
        return self.get_tags()

    @property
    def properties(self):
        """All properties by name."""
        return self.get_properties()
