"""When the real azureml-core is installed beside this package."""

import pytest

SHOW = "import azureml.core\nprint(azureml.core.VERSION)\n"


@pytest.fixture
def installed(tmp_path):
    """A stand-in for azureml-core and azureml-mlflow, as pip lays them out."""
    for name, text in {"__init__": "", "core/__init__": "VERSION = 'the installed one'\n", "mlflow/__init__": "here = True\n"}.items():
        file = tmp_path / "site" / "azureml" / (name + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return str(tmp_path / "site")


@pytest.fixture
def both(installed):
    from conftest import PACKAGE

    return PACKAGE + ":" + installed


def test_alone_it_says_nothing(script):
    done = script(SHOW)

    assert "penstock" in done.stdout and done.stderr == ""


def test_this_one_is_used_and_one_line_says_so(script, both):
    text = SHOW + "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import azureml'])\n"

    done = script(text, path=both)

    assert "penstock" in done.stdout
    assert done.stderr.count("\n") == 1 and "Penstock's step runtime is used" in done.stderr


def test_a_setting_hands_over_to_the_installed_one(script, both):
    done = script(SHOW, {"PENSTOCK_AZUREML": "installed"}, path=both)

    assert done.stdout == "the installed one\n"
    assert done.stderr.count("\n") == 1 and "the installed azureml-core" in done.stderr


def test_other_packages_of_the_same_name_stay_within_reach(script, both):
    assert script("import azureml.mlflow\nprint(azureml.mlflow.here)", path=both).stdout == "True\n"


def test_handing_over_to_nothing_is_an_error(script):
    done = script(SHOW, {"PENSTOCK_AZUREML": "installed"})

    assert done.returncode == 1
    assert "azureml-core is not installed for" in done.stderr


def test_another_value_of_the_setting_is_an_error(script):
    assert "PENSTOCK_AZUREML is 'yes': say 'penstock' or 'installed'" in script(SHOW, {"PENSTOCK_AZUREML": "yes"}).stderr
