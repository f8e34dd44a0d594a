"""A script started by hand, outside of any step."""

import io

import pytest
from azureml.core import Run, Workspace
from azureml.core.run import _OfflineRun
from azureml.exceptions import RunEnvironmentException, UnsupportedError, UserErrorException


def test_an_offline_run_can_be_told_by_its_id_and_type(offline_run):
    assert offline_run.id.startswith("OfflineRun_")
    assert isinstance(offline_run, _OfflineRun)
    assert Run.get_context() is offline_run
    assert offline_run.parent is None


def test_it_prints_what_it_would_log_and_remembers_it(offline_run, capsys):
    offline_run.log("loss", 0.5, step=1)
    offline_run.log("loss", float("nan"))
    offline_run.log_row("row", x=1)
    offline_run.tag("stage", "draft")
    offline_run.tag("bare")
    offline_run.flush()

    assert capsys.readouterr().out.splitlines() == [
        "[offline run] scalar loss[1] = 0.5",
        "[offline run] scalar loss = NaN",
        "[offline run] row row = {'x': 1}",
        "[offline run] tag stage = draft",
        "[offline run] tag bare",
    ]
    assert offline_run.get_metrics()["row"] == {"x": 1}
    assert offline_run.get_metrics()["loss"][0] == 0.5
    assert offline_run.get_tags() == {"stage": "draft", "bare": None}


def test_its_properties_are_written_once(offline_run):
    offline_run.add_properties({"data": "v1"})

    with pytest.raises(UserErrorException, match="property 'data' has another value already"):
        offline_run.add_properties({"data": "v2"})


def test_its_files_can_be_fetched_again(offline_run, tmp_path):
    (tmp_path / "a").write_text("a")
    offline_run.upload_file("files/a", str(tmp_path / "a"))
    offline_run.upload_file("files/b", io.BytesIO(b"b"))
    offline_run.download_files("files", str(tmp_path / "back"))

    assert offline_run.get_file_names() == ["files/a", "files/b"]
    assert (tmp_path / "back" / "files" / "a").read_text() == "a"
    assert (tmp_path / "back" / "files" / "b").read_text() == "b"
    with pytest.raises(UserErrorException, match="it has \\['files/a', 'files/b'\\]"):
        offline_run.download_file("gone", str(tmp_path / "gone"))


def test_its_children_are_offline_too(offline_run):
    with offline_run.child_run("fold") as child:
        child.log("x", 1)

    assert child.parent is offline_run and child.id.startswith("OfflineRun_")
    assert child.get_status() == "Completed"
    assert [c.get_metrics() for c in offline_run.get_children()] == [{"x": 1}]


def test_it_has_no_experiment_and_says_so(offline_run):
    with pytest.raises(UnsupportedError, match=r"Workspace\.from_config\(\)"):
        offline_run.experiment
    assert not hasattr(offline_run, "experiment")


def test_a_script_may_insist_on_a_step(environment):
    with pytest.raises(RunEnvironmentException, match="does not run as a step"):
        Run.get_context(allow_offline=False)


def test_a_workspace_is_read_from_config_json_above(tmp_path, monkeypatch):
    (tmp_path / ".azureml").mkdir()
    (tmp_path / ".azureml" / "config.json").write_text('{"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}')
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")

    workspace = Workspace.from_config()

    assert (workspace.subscription_id, workspace.resource_group, workspace.name) == ("s", "g", "w")
    with pytest.raises(UserErrorException, match="there is no other.json in"):
        Workspace.from_config(_file_name="other.json")
