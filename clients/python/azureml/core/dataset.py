"""``Dataset``: named here so that a script which looks for one is told where its data is."""

from azureml._penstock.unsupported import _DATA, sentence
from azureml.exceptions import UnsupportedError


class _Unsupported(type):
    def __getattr__(cls, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise UnsupportedError(sentence("{}.{}".format(cls.__name__, name), _DATA))


class Dataset(metaclass=_Unsupported):
    """Datasets are made and registered by whoever builds the pipeline; a step gets their data as inputs."""
