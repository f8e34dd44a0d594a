import io

import pytest
from azureml._penstock import run_files
from azureml.exceptions import ServiceException, UserErrorException


def test_a_file_and_a_stream_are_kept_under_their_names(run, api, tmp_path):
    file = tmp_path / "model.bin"
    file.write_bytes(bytes(range(256)) * 4096)
    run.upload_file("outputs/model ü.bin", str(file))
    run.upload_file("./notes/a.txt", io.StringIO("grün"))
    run.upload_file("raw", io.BytesIO(b"\0\1"))

    assert api.files == {
        (run.id, "outputs/model ü.bin"): bytes(range(256)) * 4096,
        (run.id, "notes/a.txt"): "grün".encode(),
        (run.id, "raw"): b"\0\1",
    }


def test_an_empty_file_is_kept(run, api, tmp_path):
    (tmp_path / "empty").touch()
    run.upload_file("empty", tmp_path / "empty")

    assert api.files == {(run.id, "empty"): b""}


def test_an_upload_is_sent_whole_again_after_a_fault(run, api, tmp_path, monkeypatch):
    monkeypatch.setattr("azureml._penstock.api.time.sleep", lambda seconds: None)
    file = tmp_path / "a"
    file.write_bytes(b"abc" * 1000)
    api.faults = [503, "drop", "deaf"]
    run.upload_file("a", str(file))

    assert api.files == {(run.id, "a"): b"abc" * 1000}


def test_a_folder_is_kept_with_its_folders(run, api, tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "b").write_text("b")
    (tmp_path / "in" / "a").write_text("a")
    run.upload_folder("kept", str(tmp_path / "in"))

    assert api.files == {(run.id, "kept/a"): b"a", (run.id, "kept/deep/b"): b"b"}


def test_files_come_back_page_after_page(run, api, tmp_path):
    for name in ("m/1", "m/2", "m/d/3", "mother", "z"):
        api.files[(run.id, name)] = name.encode()
    run.download_files("m", str(tmp_path / "with"))
    run.download_files("m", str(tmp_path / "without"), append_prefix=False)

    assert run.get_file_names() == ["m/1", "m/2", "m/d/3", "mother", "z"]
    assert (tmp_path / "with" / "m" / "d" / "3").read_text() == "m/d/3"
    assert sorted(p.name for p in (tmp_path / "without").iterdir()) == ["1", "2", "d"]
    assert not (tmp_path / "with" / "mother").exists()


def test_one_file_comes_back_to_a_path_or_into_a_folder(run, api, tmp_path):
    api.files[(run.id, "m/model.bin")] = b"model"
    run.download_file("m/model.bin", str(tmp_path / "other" / "name.bin"))
    run.download_file("m/model.bin", str(tmp_path))

    assert (tmp_path / "other" / "name.bin").read_bytes() == b"model"
    assert (tmp_path / "model.bin").read_bytes() == b"model"


def test_a_file_that_is_not_there_leaves_nothing_behind(run, tmp_path):
    with pytest.raises(ServiceException, match="'gone' is not there"):
        run.download_file("gone", str(tmp_path / "gone"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "a/../../b", "", "/", "."])
def test_a_name_outside_of_the_run_is_refused(run, name):
    with pytest.raises(UserErrorException, match="relative path"):
        run.upload_file(name, io.BytesIO(b""))


def test_an_upload_over_the_limit_says_where_to_put_it(run, tmp_path, monkeypatch):
    monkeypatch.setattr(run_files, "MAX_UPLOAD_BYTES", 3)
    (tmp_path / "big").write_bytes(b"1234")

    with pytest.raises(UserErrorException, match="big has 4 bytes, and an upload 3 at most: write it to an output"):
        run.upload_file("big", str(tmp_path / "big"))


def test_a_path_that_is_no_folder_is_refused(run, tmp_path):
    with pytest.raises(UserErrorException, match="is not a folder"):
        run.upload_folder("x", str(tmp_path / "nothing"))
