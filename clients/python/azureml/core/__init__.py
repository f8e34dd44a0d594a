"""``azureml.core`` as a step script knows it. Each name is loaded when it is asked for."""

from azureml._penstock.unsupported import CORE as _UNSUPPORTED
from azureml._penstock.unsupported import sentence as _sentence

_HOME = {
    "Dataset": "azureml.core.dataset",
    "Datastore": "azureml.core.datastore",
    "Experiment": "azureml.core.experiment",
    "Run": "azureml.core.run",
    "Workspace": "azureml.core.workspace",
}

__all__ = sorted(_HOME)

#: v1 scripts print it. The last release of v1 is what this package follows.
VERSION = "1.60.0+penstock"


def __getattr__(name):
    if name in _HOME:
        from importlib import import_module

        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    if name in _UNSUPPORTED:
        raise ImportError(_sentence("azureml.core." + name, _UNSUPPORTED[name]))
    raise AttributeError("module 'azureml.core' has no attribute {!r}".format(name))


def __dir__():
    return sorted(list(globals()) + list(_HOME))
