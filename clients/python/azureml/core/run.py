"""``Run``: what a script tells of itself while it runs."""

from azureml._penstock import session, unsupported
from azureml._penstock.context import input_paths, output_paths
from azureml._penstock.ports import Ports
from azureml._penstock.run_files import RunFiles
from azureml._penstock.run_metrics import RunMetrics
from azureml._penstock.run_tags import RunTags
from azureml.exceptions import RunEnvironmentException, UnsupportedError, UserErrorException

_TYPES = {"pipelineRun": "azureml.PipelineRun", "stepRun": "azureml.StepRun"}
_context_runs = {}


class Run(RunMetrics, RunFiles, RunTags):
    """A step run, a run below it, or its pipeline run. ``Run.get_context()`` is the step that the script runs as.

    ``Run(experiment, run_id)`` is another run by its id: of those above, the others are not open to a step.
    """

    def __init__(self, experiment, run_id, outputs=None, **kwargs):
        from azureml._penstock.remote_record import RemoteRecord

        self._set(RemoteRecord(run_id), experiment, None)

    @classmethod
    def get_context(cls, allow_offline=True, used_for_context_manager=False, **kwargs):
        """The run of this script; outside of a step an offline run, which prints what it would store."""
        context = session.context()
        if context is None:
            if not allow_offline:
                raise RunEnvironmentException("this script does not run as a step: submit a pipeline, or allow an offline run")
            if "offline" not in _context_runs:
                _context_runs["offline"] = _OfflineRun()
            return _context_runs["offline"]
        if context.run_id not in _context_runs:
            from azureml.core.experiment import Experiment
            from azureml.core.workspace import Workspace

            experiment = Experiment(Workspace._of_step(context), context.experiment)
            _context_runs[context.run_id] = _SubmittedRun(experiment, context.run_id)
        return _context_runs[context.run_id]

    @staticmethod
    def get(workspace, run_id):
        """A run by its id."""
        return Run(None, run_id)

    @property
    def id(self):
        """The run's id, a GUID."""
        return self._record.run_id

    @property
    def name(self):
        """What the run is called."""
        context = session.context()
        own = context is not None and self.id == context.run_id
        return context.step if own and context.step else self._record.get()["displayName"]

    display_name = name

    @property
    def experiment(self):
        """The experiment that the run belongs to, with its workspace."""
        if self._experiment is None:
            context_run = self.get_context()
            if context_run._record.offline:
                raise AttributeError("experiment")  # __getattr__ says more
            self._experiment = context_run.experiment
        return self._experiment

    @property
    def parent(self):
        """The run above: of a step the pipeline run, of a pipeline run None."""
        if self._parent is None and not self._record.offline:
            context = session.context()
            above = context.pipeline_run_id if self.id == context.run_id else self._record.get().get("parentRunId")
            self._parent = Run(self._experiment, above) if above else None
        return self._parent

    @property
    def input_datasets(self):
        """Local path by name of the step's inputs."""
        return Ports("input", input_paths())

    @property
    def output_datasets(self):
        """Local path by name of the step's outputs. A script makes the folder itself."""
        return Ports("output", output_paths())

    @property
    def type(self):
        """``azureml.PipelineRun``, ``azureml.StepRun``, or None for a run that a script made."""
        return _TYPES.get(self._record.get()["kind"])

    @property
    def status(self):
        """As :meth:`get_status`."""
        return self.get_status()

    def get_status(self):
        """Where the run stands, in run history's words: Running, Completed, Failed, Canceled, …"""
        return self._record.get()["status"]

    def get_details(self):
        """The run as v1's dict of details."""
        run = self._record.get()
        failure = run.get("failure")
        return {
            "runId": run["id"],
            "target": None,
            "status": run["status"],
            "startTimeUtc": run.get("startedAt"),
            "endTimeUtc": run.get("endedAt"),
            "services": {},
            "warnings": [{"source": "Penstock", "message": text} for text in run["warnings"]],
            "error": {"error": {"code": failure["code"], "message": failure["cause"]}} if failure else None,
            "properties": dict(run["properties"]),
            "tags": dict(run["tags"]),
            "inputDatasets": [],
            "outputDatasets": [],
            "logFiles": {},
        }

    def child_run(self, name=None, run_id=None, outputs=None):
        """A run below this one, for the script's own bookkeeping. In a ``with`` it is completed, or failed by an exception."""
        if run_id is not None:
            raise UserErrorException("child_run(run_id={!r}): Penstock gives a child run its id; use name instead".format(run_id))
        return self._below(self._own().new_child(name))

    def create_children(self, count=None, tag_key=None, tag_values=None):
        """Several runs below this one: ``count`` of them, or one for each of ``tag_values`` under ``tag_key``."""
        if (count is None) == (tag_key is None or tag_values is None):
            raise UserErrorException("create_children wants either count, or tag_key and tag_values")
        tags = [{}] * count if count is not None else [{tag_key: str(value)} for value in tag_values]
        return [self._below(self._own().new_child(tags=one)) for one in tags]

    def get_children(self, recursive=False, tags=None, properties=None, type=None, status=None, _rehydrate_runs=True):
        """The runs that the script made below this one, those with these tags, properties and status."""
        for child in [self._below(found) for found in self._own().children()]:
            resource = child._record.get() if (tags or properties or status or type) else None
            if resource is None or _matches(resource, tags, properties, type, status):
                yield child
            if recursive:
                yield from child.get_children(recursive, tags, properties, type, status)

    def complete(self, _set_status=True):
        """Ends the run well. A step does not need it: it ends with its script."""
        self._own().end("Completed")

    def fail(self, error_details=None, error_code=None, _set_status=True):
        """Ends the run as failed. A step that says so has failed, whatever its exit code."""
        said = ": ".join(str(part) for part in (error_code, error_details) if part)
        self._own().end("Failed", said or "the script called fail() without saying why")

    def cancel(self):
        """Ends the run as canceled."""
        self._own().end("Canceled")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        context = session.context()
        if context is not None and self.id == context.run_id:
            session.flush(60)  # the script may go on after its `with`, and its exit code says how it went
        elif kind is None:
            self.complete()
        else:
            self.fail("{}: {}".format(kind.__name__, error))
        return False

    def __repr__(self):
        return "Run(Id: {})".format(self.id)

    def __getattr__(self, name):
        if name == "experiment":
            raise UnsupportedError("an offline run has no experiment and no workspace; Workspace.from_config() reads a config.json")
        if name in unsupported.RUN:
            raise UnsupportedError(unsupported.sentence("Run." + name, unsupported.RUN[name]))
        raise AttributeError("{!r} object has no attribute {!r}".format(type(self).__name__, name))

    def _set(self, record, experiment, parent):
        self._record, self._experiment, self._parent, self._images = record, experiment, parent, {}

    def _below(self, child):
        """A run for a child: a resource of the API, or an offline record."""
        if self._record.offline:
            run = _OfflineRun(child)
            run._parent = self
            return run
        run = Run(self._experiment, child["id"])
        run._parent = self
        return run

    def _own(self):
        """The record, unless the run is the pipeline's: a step may log to that and tag it, and v1 allowed no more."""
        context = session.context()
        if context is not None and self.id == context.pipeline_run_id:
            raise UserErrorException(
                "a step cannot end its pipeline run, nor make or list runs below it: "
                "what another step found out is read from its output, as an input of this step"
            )
        return self._record


class _SubmittedRun(Run):
    """The run of a script that runs as a step; v1 scripts ask for this name."""


class _OfflineRun(Run):
    """The run of a script that was started by hand; v1 scripts ask for this name."""

    def __init__(self, record=None):
        if record is None:
            from azureml._penstock.offline_record import OfflineRecord

            record = OfflineRecord()
        self._set(record, None, None)


def _matches(resource, tags, properties, type, status):
    wanted = {tags: None} if isinstance(tags, str) else tags or {}
    tagged = all(k in resource["tags"] and (v is None or resource["tags"][k] == v) for k, v in wanted.items())
    proper = all(resource["properties"].get(k) == v for k, v in (properties or {}).items())
    return tagged and proper and status in (None, resource["status"]) and type in (None, _TYPES.get(resource["kind"]))
