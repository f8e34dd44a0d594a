"""``Workspace``, as far as a step's script needs it."""

import os

from azureml._penstock.unsupported import _COMPUTE, _DATA, _MODEL, _SECRET, sentence
from azureml.exceptions import UnsupportedError, UserErrorException

_INSTEAD = {
    "compute_targets": _COMPUTE,
    "datasets": _DATA,
    "environments": "declare the environment in the pipeline",
    "experiments": "the step's experiment is Run.get_context().experiment",
    "get_default_compute_target": _COMPUTE,
    "get_default_keyvault": _SECRET,
    "models": _MODEL,
    "webservices": _MODEL,
}


class Workspace:
    """A workspace by name. In a step on a laptop ``subscription_id`` and ``resource_group`` are those that the local workspace made up."""

    def __init__(self, subscription_id=None, resource_group=None, workspace_name=None, **kwargs):
        self.subscription_id, self.resource_group, self.name = subscription_id, resource_group, workspace_name

    @classmethod
    def from_config(cls, path=None, auth=None, _logger=None, _file_name=None):
        """The workspace that v1's ``config.json`` names: at ``path``, or in the working folder, its ``.azureml``, or a folder above."""
        import json

        found = _find_config(path or os.curdir, _file_name or "config.json")
        with open(found, encoding="utf-8") as file:
            config = json.load(file)
        return cls(config.get("subscription_id"), config.get("resource_group"), config.get("workspace_name"))

    @classmethod
    def _of_step(cls, context):
        environment = os.environ.get
        return cls(environment("AZUREML_ARM_SUBSCRIPTION"), environment("AZUREML_ARM_RESOURCEGROUP"), context.workspace)

    @property
    def datastores(self):
        """The default datastore by name: the others are open to a step through its inputs and outputs alone."""
        default = self.get_default_datastore()
        return {default.name: default}

    def get_default_datastore(self):
        """The datastore ``workspaceblobstore``."""
        from azureml.core.datastore import Datastore

        return Datastore(self, "workspaceblobstore")

    def __repr__(self):
        return "Workspace.create(name={!r}, subscription_id={!r}, resource_group={!r})".format(
            self.name, self.subscription_id, self.resource_group
        )

    def __getattr__(self, name):
        if name in _INSTEAD:
            raise UnsupportedError(sentence("Workspace." + name, _INSTEAD[name]))
        raise AttributeError("'Workspace' object has no attribute {!r}".format(name))


def _find_config(path, file_name):
    start = os.path.abspath(path)
    if os.path.isfile(start):
        return start
    folder = start
    while True:
        for candidate in (os.path.join(folder, ".azureml", file_name), os.path.join(folder, file_name)):
            if os.path.isfile(candidate):
                return candidate
        if os.path.dirname(folder) == folder:
            raise UserErrorException(
                "there is no {} in {} or above; in a step, use Run.get_context().experiment.workspace".format(file_name, start)
            )
        folder = os.path.dirname(folder)
