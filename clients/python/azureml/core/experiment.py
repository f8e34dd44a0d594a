"""``Experiment``: the name that runs are grouped under."""

from azureml.exceptions import UnsupportedError


class Experiment:
    """An experiment of a workspace. From a step it is a name and no more: it can submit nothing."""

    def __init__(self, workspace, name, **kwargs):
        self._workspace, self._name = workspace, name

    @property
    def name(self):
        """The experiment's name."""
        return self._name

    @property
    def workspace(self):
        """The workspace that it belongs to."""
        return self._workspace

    def __repr__(self):
        return "Experiment(Name: {}, Workspace: {})".format(self._name, self._workspace.name)

    def __getattr__(self, name):
        if name in ("submit", "start_logging", "get_runs", "list", "archive", "tag"):
            raise UnsupportedError("Experiment.{} is not for a step's script: use Run.get_context() and its child_run()".format(name))
        raise AttributeError("'Experiment' object has no attribute {!r}".format(name))
