"""Who a run is, its children, and how it ends."""

import pytest
from azureml._penstock import session
from azureml.core import Dataset, Datastore, Experiment, Run, Workspace
from azureml.exceptions import RunEnvironmentException, ServiceException, UnsupportedError, UserErrorException
from support.fake_api import PIPELINE_RUN, STEP_RUN, TOKEN


def test_the_context_knows_its_step_experiment_and_workspace(run):
    from azureml.core.run import Run as FromModule
    from azureml.core.run import _OfflineRun, _SubmittedRun

    assert FromModule is Run and isinstance(run, _SubmittedRun) and not isinstance(run, _OfflineRun)
    assert (run.id, run.name, run.type) == (STEP_RUN, "train", "azureml.StepRun")
    assert isinstance(run.experiment, Experiment) and run.experiment.name == "flowers"
    assert isinstance(run.experiment.workspace, Workspace) and run.experiment.workspace.name == "laptop"
    assert run.experiment.workspace.subscription_id is None
    assert isinstance(run.experiment.workspace.get_default_datastore(), Datastore)
    assert Run.get_context() is run
    assert Run.get_context(allow_offline=False) is run


def test_the_parent_of_a_step_is_its_pipeline_run(run):
    assert (run.parent.id, run.parent.type, run.parent.name) == (PIPELINE_RUN, "azureml.PipelineRun", "iris")
    assert run.parent.parent is None
    assert run.parent.experiment is run.experiment


def test_details_are_v1s(run):
    details = run.get_details()

    assert (details["runId"], details["status"], details["error"]) == (STEP_RUN, "Running", None)
    assert run.get_status() == run.status == "Running"


def test_child_runs_are_made_listed_and_ended(run, api):
    first, second = run.child_run("fold 1"), run.child_run()
    first.log("x", 1)
    first.complete()
    second.fail("no data", error_code="E1")

    assert [child.id for child in run.get_children()] == [first.id, second.id]
    assert [child.id for child in run.get_children(status="Failed")] == [second.id]
    assert api.runs[second.id]["failure"]["cause"] == "E1: no data"
    assert api.values("x", first.id) == [1]
    assert first.parent is run and first.name == "fold 1"


def test_children_by_count_and_by_tag(run):
    assert len(run.create_children(count=2)) == 2
    tagged = run.create_children(tag_key="k", tag_values=[1, 3])

    assert [child.get_tags() for child in tagged] == [{"k": "1"}, {"k": "3"}]
    assert [child.id for child in run.get_children(tags={"k": "3"})] == [tagged[1].id]
    with pytest.raises(UserErrorException, match="either count, or tag_key and tag_values"):
        run.create_children()


def test_a_child_in_a_with_is_completed_or_failed(run):
    with run.child_run("good") as good:
        pass
    with pytest.raises(ZeroDivisionError):
        with run.child_run("bad") as bad:
            1 / 0

    assert good.get_status() == "Completed"
    assert bad.get_details()["error"]["error"]["message"] == "ZeroDivisionError: division by zero"


def test_a_with_around_the_step_itself_does_not_end_it(run, api):
    with Run.get_context() as same:
        same.log("x", 1)

    assert api.values("x") == [1]
    assert run.get_status() == "Running"


def test_a_child_is_not_made_twice_when_the_answer_is_lost(run, api):
    api.faults = ["deaf"]

    with pytest.raises(ServiceException, match="did not answer POST"):
        run.child_run("once")
    assert len(list(run.get_children())) == 1


def test_a_step_that_fails_itself_says_why(run, api):
    run.fail("out of flowers")

    assert api.runs[STEP_RUN]["status"] == "Failed"
    assert api.runs[STEP_RUN]["failure"]["cause"] == "out of flowers"


def test_a_step_cannot_end_its_pipeline_run_or_look_at_its_steps(run):
    for call in (run.parent.complete, run.parent.child_run, lambda: list(run.parent.get_children())):
        with pytest.raises(UserErrorException, match="as an input of this step"):
            call()


def test_a_run_of_others_is_refused_in_the_apis_words(run):
    with pytest.raises(ServiceException, match="HTTP 403.*this needs a run of the step"):
        Run(run.experiment, "0192f0aa-0000-7000-8000-0000000000ff").get_status()


def test_the_token_is_in_no_error_and_no_text(run, api, monkeypatch):
    monkeypatch.setattr("azureml._penstock.api.PATIENCE_SECONDS", 0.0)
    api.stop()

    with pytest.raises(ServiceException) as caught:
        run.get_status()

    assert "did not answer GET" in str(caught.value)
    assert TOKEN not in str(caught.value) + repr(run) + repr(session.api())


def test_half_an_environment_is_named(environment, api):
    environment.setenv("PENSTOCK_RUN_ID", STEP_RUN)
    environment.setenv("PENSTOCK_TOKEN", TOKEN)

    with pytest.raises(RunEnvironmentException, match="PENSTOCK_API_URL and PENSTOCK_PIPELINE_RUN_ID is not"):
        Run.get_context()


@pytest.mark.parametrize("name", ["register_model", "number", "get_secret", "submit_child", "log_confusion_matrix"])
def test_what_v1_had_beyond_says_what_to_use_instead(run, name):
    with pytest.raises(UnsupportedError, match=r"Run\.{} is not part of Penstock's step runtime: ".format(name)):
        getattr(run, name)
    assert not hasattr(run, name)


def test_datastores_and_datasets_point_to_inputs(run):
    workspace = run.experiment.workspace
    for call in (
        lambda: Dataset.get_by_name(workspace, "iris"),
        lambda: Dataset.Tabular,
        lambda: workspace.datasets,
        lambda: workspace.get_default_datastore().upload_files,
        lambda: Datastore.get(workspace, "other").download,
    ):
        with pytest.raises(UnsupportedError, match="input_datasets"):
            call()
    with pytest.raises(UnsupportedError, match="child_run"):
        run.experiment.submit


def test_absent_modules_and_names_say_what_to_use_instead():
    with pytest.raises(ImportError, match="azureml.core.compute is not part of Penstock's step runtime"):
        import azureml.core.compute  # noqa: F401
    with pytest.raises(ImportError, match="not to a step's script"):
        from azureml.pipeline.core import Pipeline  # noqa: F401
    with pytest.raises(ImportError, match="write the model to an output"):
        from azureml.core import Model  # noqa: F401
    with pytest.raises(ImportError, match="cannot import name 'Nonsense'"):
        from azureml.core import Nonsense  # noqa: F401
