import pytest
from azureml.exceptions import UserErrorException
from support.fake_api import PIPELINE_RUN


def test_tags_are_set_changed_and_taken_away(run):
    run.tag("stage", "draft")
    run.tag("bare")
    run.set_tags({"stage": "final", "count": 3})
    run.remove_tags(["count"])

    assert run.get_tags() == {"stage": "final", "bare": None}
    assert run.tags == run.get_tags()


def test_a_property_is_written_once(run):
    run.add_properties({"data": "v1", "rows": 150})
    run.add_properties({"data": "v1"})

    with pytest.raises(UserErrorException, match="property 'data' is set; use a tag"):
        run.add_properties({"data": "v2"})
    assert run.get_properties() == {"data": "v1", "rows": "150"}


def test_a_step_tags_its_pipeline_run(run, api):
    run.parent.tag("best", "knn")

    assert api.runs[PIPELINE_RUN]["tags"] == {"best": "knn"}
