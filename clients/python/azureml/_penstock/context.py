"""What the job tells its script: the environment variables of a step, read once."""

import os

from azureml.exceptions import RunEnvironmentException

_REFERENCE = "AZUREML_DATAREFERENCE_"
_NEEDED = ("PENSTOCK_API_URL", "PENSTOCK_TOKEN", "PENSTOCK_PIPELINE_RUN_ID")


class StepContext:
    """The step run that this process belongs to."""

    def __init__(self, environment):
        missing = [name for name in _NEEDED if not environment.get(name)]
        if missing:
            raise RunEnvironmentException(
                "PENSTOCK_RUN_ID is set but {} is not: start the step through a pipeline, "
                "or unset PENSTOCK_RUN_ID to run the script by hand".format(" and ".join(missing))
            )
        self.run_id = environment["PENSTOCK_RUN_ID"].lower()
        self.pipeline_run_id = environment["PENSTOCK_PIPELINE_RUN_ID"].lower()
        self.api_url = environment["PENSTOCK_API_URL"]
        self.token = environment["PENSTOCK_TOKEN"]
        self.experiment = environment.get("PENSTOCK_EXPERIMENT") or environment.get("AZUREML_EXPERIMENT_NAME") or ""
        self.workspace = environment.get("PENSTOCK_WORKSPACE", "")
        self.step = environment.get("PENSTOCK_STEP", "")


def step_context():
    """The step this process belongs to; None outside of one."""
    return StepContext(os.environ) if os.environ.get("PENSTOCK_RUN_ID") else None


def input_paths():
    """Path by name of each input of the step."""
    return _ports("PENSTOCK_INPUT_NAMES")


def output_paths():
    """Path by name of each output of the step."""
    return _ports("PENSTOCK_OUTPUT_NAMES")


def _ports(variable):
    listed = os.environ.get(variable)
    if listed is None:  # by hand, or a job that does not tell inputs from outputs
        names = [name[len(_REFERENCE) :] for name in sorted(os.environ) if name.startswith(_REFERENCE)]
    else:
        names = [name for name in listed.split(",") if name]
    return {name: os.environ[_REFERENCE + name] for name in names if _REFERENCE + name in os.environ}
