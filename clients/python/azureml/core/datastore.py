"""``Datastore``: a name. A step reaches its data through its inputs and outputs."""

from azureml._penstock.unsupported import _DATA, sentence
from azureml.exceptions import UnsupportedError

_METHODS = ("as_mount", "as_download", "blob_service", "download", "path", "upload", "upload_files")


class Datastore:
    """A datastore of a workspace by its name."""

    datastore_type = "AzureBlob"

    def __init__(self, workspace, name=None, **kwargs):
        self.workspace, self.name = workspace, name

    @classmethod
    def get(cls, workspace, datastore_name):
        """A datastore by its name."""
        return cls(workspace, datastore_name)

    @classmethod
    def get_default(cls, workspace):
        """The workspace's default datastore."""
        return workspace.get_default_datastore()

    def __repr__(self):
        return "Datastore(name={!r})".format(self.name)

    def __getattr__(self, name):
        if name in _METHODS:
            raise UnsupportedError(sentence("Datastore." + name, _DATA + "; to write, declare an output"))
        raise AttributeError("'Datastore' object has no attribute {!r}".format(name))
