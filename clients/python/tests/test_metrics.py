import math

import pytest
from azureml.exceptions import UserErrorException


class Array:
    """As numpy's arrays and scalars look from outside."""

    def __init__(self, values, shape):
        self._values, self.shape = values, shape

    def item(self):
        return self._values if self.shape == () else self._values[0]

    def tolist(self):
        return self._values


def test_a_repeated_name_becomes_a_series_with_its_steps(run, api):
    for epoch in range(3):
        run.log("loss", 1 / (epoch + 1), step=epoch)
    run.flush()

    assert api.values("loss") == [1.0, 0.5, 1 / 3]
    assert [entry["step"] for entry in api.entries()] == [0, 1, 2]


def test_each_kind_of_metric_arrives_in_its_shape(run, api):
    run.log("accuracy", 0.5, description="of the test set")
    run.log_list("folds", (0.1, 0.2))
    run.log_row("confusion", actual="setosa", right=3)
    run.log_table("curve", {"x": [1, 2], "y": [True, None], "unit": "cm"})
    run.flush()

    entries = [(e["kind"], e["name"], e["value"]) for e in api.entries()]
    assert entries == [
        ("scalar", "accuracy", 0.5),
        ("list", "folds", [0.1, 0.2]),
        ("row", "confusion", {"actual": "setosa", "right": 3}),
        ("table", "curve", {"x": [1, 2], "y": [True, None], "unit": "cm"}),
    ]
    assert api.entries()[0]["description"] == "of the test set"


def test_numbers_that_json_cannot_say_travel_as_texts_and_come_back(run, api):
    run.log_list("odd", [float("nan"), float("inf"), float("-inf")])

    back = run.get_metrics("odd")["odd"]

    assert api.values("odd") == [["NaN", "Infinity", "-Infinity"]]
    assert math.isnan(back[0]) and back[1:] == [math.inf, -math.inf]


def test_numpy_values_need_no_numpy(run, api):
    run.log("scalar", Array(0.25, ()))
    run.log("one element", Array([7], (1,)))
    run.log_list("vector", Array([1, 2], (2,)))
    run.log_table("table", {"column": Array([1.5], (1,))})
    run.flush()

    assert [e["value"] for e in api.entries()] == [0.25, 7, [1, 2], {"column": [1.5]}]


def test_several_values_where_one_is_wanted_are_refused_by_name(run):
    with pytest.raises(UserErrorException, match="metric 'loss' is a list .* log_list"):
        run.log("loss", [1, 2])
    with pytest.raises(UserErrorException, match="metric 'loss' is a Array"):
        run.log("loss", Array([1, 2], (2,)))
    with pytest.raises(UserErrorException, match="log_table|dict of columns"):
        run.log_table("table", [1, 2])


def test_a_name_that_is_empty_or_too_long_is_refused(run):
    for name in ("", "n" * 256, None):
        with pytest.raises(UserErrorException, match="1 to 255 characters"):
            run.log(name, 1)


def test_a_text_that_is_too_long_is_cut_and_the_script_goes_on(run, api, capsys):
    run.log("note", "ü" * 2000)
    run.log("faces", "\U0001f600" * 2000)
    run.log("half a pair", "\ud800")
    run.flush()

    assert api.values("note") == ["ü" * 1024]
    assert api.values("faces") == ["\U0001f600" * 512]
    assert "metric 'note' is cut to 1024 characters" in capsys.readouterr().err


def test_whole_numbers_of_any_size_arrive(run, api):
    run.log("big", 2**70)
    run.log("absurd", 10**400)
    run.flush()

    assert api.values("big") == [2**70]
    assert api.values("absurd") == ["1" + "0" * 400]


def test_long_lists_and_tables_travel_in_parts_and_come_back_whole(run, api):
    run.log_list("long", range(25_000))
    run.log_table("tall", {"x": list(range(15_000)), "unit": ["cm"] * 15_000})

    metrics = run.get_metrics()

    assert metrics["long"] == list(range(25_000))
    assert metrics["tall"]["x"] == list(range(15_000))
    assert len(metrics["tall"]["unit"]) == 15_000


def test_a_list_of_long_texts_stays_below_the_limit_of_a_request(run, api):
    run.log_list("texts", ["x" * 1000] * 3000)

    assert run.get_metrics("texts")["texts"] == ["x" * 1000] * 3000


def test_get_metrics_gives_what_v1_gave(run):
    run.log("once", 1)
    run.log("twice", 1)
    run.log("twice", 2)
    run.log_row("one row", x=1, y=2)
    run.log_row("rows", x=1)
    run.log_row("rows", x=2)
    run.log_table("table", {"x": [1, 2]})

    assert run.get_metrics() == {
        "once": 1,
        "twice": [1, 2],
        "one row": {"x": 1, "y": 2},
        "rows": {"x": [1, 2]},
        "table": {"x": [1, 2]},
    }
    assert run.get_metrics("twice") == {"twice": [1, 2]}


def test_an_image_becomes_an_artifact_and_a_metric_that_names_it(run, api, tmp_path):
    picture = tmp_path / "roc.svg"
    picture.write_bytes(b"<svg/>")
    run.log_image("roc/curve", path=str(picture))
    run.log_image("roc/curve", path=str(picture))
    run.flush()

    assert api.values("roc/curve") == ["images/roc_curve.svg", "images/roc_curve_2.svg"]
    assert api.files[(run.id, "images/roc_curve.svg")] == b"<svg/>"


def test_a_plot_is_drawn_by_its_own_savefig(run, api):
    class Plot:
        def savefig(self, target, format):
            target.write(b"a picture as " + format.encode())

    run.log_image("roc", plot=Plot())

    assert api.files[(run.id, "images/roc.png")] == b"a picture as png"


def test_an_image_wants_a_path_or_a_plot(run):
    with pytest.raises(UserErrorException, match="either path or plot"):
        run.log_image("roc")
