"""The sample's scripts, started by hand one after the other: they need nothing but Python."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from xml.etree import ElementTree

import pytest
from conftest import PACKAGE, _clean_environment

SAMPLES = os.path.join(os.path.dirname(os.path.dirname(PACKAGE)), "samples")
IRIS = os.path.join(SAMPLES, "iris")


def python(script, *arguments):
    done = subprocess.run(
        [sys.executable, os.path.join(IRIS, script), *map(str, arguments)],
        env={**_clean_environment(), "PYTHONPATH": PACKAGE, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_data_set_is_fishers():
    with open(os.path.join(IRIS, "data", "iris.csv"), newline="") as file:
        rows = list(csv.DictReader(file))

    assert Counter(row["species"] for row in rows) == {"setosa": 50, "versicolor": 50, "virginica": 50}
    assert round(sum(float(row["petal_length"]) for row in rows) / 150, 3) == 3.758
    assert list(rows[34].values()) == ["4.9", "3.1", "1.5", "0.2", "setosa"]  # where the copy at UCI errs
    assert list(rows[37].values()) == ["4.9", "3.6", "1.4", "0.1", "setosa"]


def test_both_samples_hold_the_same_data():
    copies = [os.path.join(SAMPLES, name, "data", "iris.csv") for name in ("iris", "iris-sklearn")]
    contents = [open_and_read(path) for path in copies]

    assert contents[0] == contents[1]


def open_and_read(path):
    with open(path, "rb") as file:
        return file.read()


def test_the_scripts_of_the_samples_are_python_of_this_version():
    scripts = [os.path.join(folder, name) for folder, _, names in os.walk(SAMPLES) for name in names if name.endswith(".py")]
    for script in scripts:
        compile(open_and_read(script), script, "exec")

    assert len(scripts) >= 10


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("iris")
    python("prepare/prepare.py", "--iris", os.path.join(IRIS, "data", "iris.csv"), "--prepared", folder / "prepared")
    for classifier in ("nearest-neighbours", "logistic-regression"):
        python(
            "train/train.py", "--classifier", classifier, "--prepared", folder / "prepared", "--model", folder / classifier, "--epochs", 200
        )
    return folder


def test_the_training_steps_learn_what_can_be_learnt(trained):
    for classifier in ("nearest-neighbours", "logistic-regression"):
        metrics = json.loads((trained / classifier / "metrics.json").read_text())
        assert metrics["accuracy"] > 0.9
        assert metrics["log_loss"] < 0.4


def test_the_better_model_is_kept_with_a_plot(trained):
    said = python(
        "compare/compare.py", "--models", trained / "nearest-neighbours", trained / "logistic-regression", "--best", trained / "best"
    )

    comparison = json.loads((trained / "best" / "comparison.json").read_text())
    assert "the better model is " + comparison["best"] in said
    best = comparison["models"][comparison["best"]]
    assert all((best["accuracy"], -best["log_loss"]) >= (m["accuracy"], -m["log_loss"]) for m in comparison["models"].values())
    assert json.loads((trained / "best" / "model.json").read_text())["classifier"] == comparison["best"]
    drawing = ElementTree.parse(str(trained / "best" / "comparison.svg"))
    assert len(drawing.findall(".//{http://www.w3.org/2000/svg}circle")) >= 90
