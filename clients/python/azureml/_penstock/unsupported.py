"""What v1 had and a step does not have here: each name with what to use instead."""

import sys

_AUTHORING = "that belongs to the program which builds and submits a pipeline, not to a step's script"
_DATA = (
    "declare the data as an input of the step (data_references and inputs in the pipeline YAML) "
    "and read the path run.input_datasets['<name>']"
)
_MODEL = "write the model to an output of the step, or to ./outputs, which is kept with the run"
_COMPUTE = "a step cannot manage compute, and could not in v1; declare the compute in the pipeline"
_SECRET = "give the value to the step as an environment variable of its environment"

#: Names of ``azureml.core`` by what to do instead.
CORE = {
    "ComputeTarget": _COMPUTE,
    "Environment": _AUTHORING,
    "Image": _MODEL,
    "Keyvault": _SECRET,
    "LinkedService": _DATA,
    "Model": _MODEL,
    "Private": _AUTHORING,
    "RunConfiguration": _AUTHORING,
    "ScriptRun": _AUTHORING,
    "ScriptRunConfig": _AUTHORING,
    "Webservice": _MODEL,
}

#: Modules by what to do instead.
MODULES = {
    "azureml.core.authentication": "a step is signed in already: use Run.get_context()",
    "azureml.core.compute": _COMPUTE,
    "azureml.core.compute_target": _COMPUTE,
    "azureml.core.conda_dependencies": _AUTHORING,
    "azureml.core.environment": _AUTHORING,
    "azureml.core.image": _MODEL,
    "azureml.core.keyvault": _SECRET,
    "azureml.core.model": _MODEL,
    "azureml.core.runconfig": _AUTHORING,
    "azureml.core.script_run_config": _AUTHORING,
    "azureml.core.webservice": _MODEL,
    "azureml.data": _DATA,
    "azureml.pipeline": _AUTHORING,
    "azureml.train": _AUTHORING,
    "azureml.widgets": _AUTHORING,
}

#: Members of ``Run`` by what to do instead.
RUN = {
    "get_all_logs": "read the logs with `penstock run logs`",
    "get_details_with_logs": "get_details(), and `penstock run logs` for the logs",
    "get_environment": _AUTHORING,
    "get_portal_url": "`penstock run show` shows the run",
    "get_secret": _SECRET,
    "get_secrets": _SECRET,
    "get_snapshot_id": "the step's files are in its working folder",
    "get_submitted_run": "Run.get_context()",
    "log_accuracy_table": "log_table() with the numbers, or upload_file() with the JSON",
    "log_confusion_matrix": "log_table() with the numbers, or upload_file() with the JSON",
    "log_predictions": "log_table() with the numbers, or upload_file() with the JSON",
    "log_residuals": "log_table() with the numbers, or upload_file() with the JSON",
    "number": "`id`, which sorts by time",
    "register_model": _MODEL,
    "restore_snapshot": "the step's files are in its working folder",
    "submit_child": "child_run() keeps books on work the script does itself; another script is another step of the pipeline",
    "take_snapshot": "what belongs with the run goes to ./outputs or upload_folder()",
    "wait_for_completion": "get_status() tells where a run stands",
}


def watch_imports():
    """Makes importing one of :data:`MODULES` fail with a sentence instead of a bare "No module named"."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())  # last: whatever is really there is found first


def sentence(name, instead):
    """What a script is told of an absent name."""
    return "{} is not part of Penstock's step runtime: {}".format(name, instead)


class _Finder:
    def find_spec(self, fullname, path=None, target=None):
        if fullname in MODULES:
            raise ModuleNotFoundError(sentence(fullname, MODULES[fullname]), name=fullname)
        return None
