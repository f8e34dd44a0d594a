import json
import os

import pytest


@pytest.fixture
def ports(run, environment):
    environment.setenv("PENSTOCK_INPUT_NAMES", "raw,labels")
    environment.setenv("PENSTOCK_OUTPUT_NAMES", "model")
    environment.setenv("AZUREML_DATAREFERENCE_raw", "/data/raw.csv")
    environment.setenv("AZUREML_DATAREFERENCE_labels", "/data/labels")
    environment.setenv("AZUREML_DATAREFERENCE_model", "/data/model")
    return run


def test_inputs_and_outputs_are_paths_by_name(ports):
    assert dict(ports.input_datasets) == {"raw": "/data/raw.csv", "labels": "/data/labels"}
    assert dict(ports.output_datasets) == {"model": "/data/model"}


def test_a_path_is_an_ordinary_text(ports):
    path = ports.input_datasets["raw"]

    assert isinstance(path, str) and json.dumps(path) == '"/data/raw.csv"'
    assert os.path.join(path, "x") == "/data/raw.csv/x"


def test_an_unknown_name_says_which_there_are(ports):
    with pytest.raises(KeyError) as caught:
        ports.input_datasets["row"]
    assert str(caught.value) == "this step has no input 'row'; it has labels, raw"
    with pytest.raises(KeyError, match="no output 'raw'; it has model"):
        ports.output_datasets["raw"]


def test_a_step_without_inputs_says_so(run):
    with pytest.raises(KeyError, match="no input 'x'; it has none"):
        run.input_datasets["x"]


def test_by_hand_every_reference_in_the_environment_counts(offline_run, environment):
    environment.setenv("AZUREML_DATAREFERENCE_raw", "/data/raw.csv")

    assert dict(offline_run.input_datasets) == {"raw": "/data/raw.csv"}


def test_a_data_frame_without_pandas_says_what_to_add(script, tmp_path):
    (tmp_path / "raw.csv").write_text("a\n1\n")
    text = """
        import sys
        sys.modules["pandas"] = None
        from azureml.core import Run
        Run.get_context().input_datasets["raw"].to_pandas_dataframe()
    """

    done = script(text, {"AZUREML_DATAREFERENCE_raw": str(tmp_path / "raw.csv")})

    assert "to_pandas_dataframe() needs pandas: add it to the step's environment" in done.stderr


def test_a_data_frame_is_read_by_the_scripts_own_pandas(script, tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "2.tsv").touch()
    (folder / "1.csv").touch()
    (folder / "readme.md").touch()
    (tmp_path / "pandas.py").write_text(
        "def read_csv(path, sep=','):\n    return [path[-5:] + sep]\n\ndef concat(frames, ignore_index):\n    return sum(frames, [])\n"
    )
    text = """
        from azureml.core import Run
        print(Run.get_context().input_datasets["raw"].to_pandas_dataframe())
    """

    done = script(text, {"AZUREML_DATAREFERENCE_raw": str(folder)})

    assert done.stdout == "{}\n".format(["1.csv,", "2.tsv\t"])
