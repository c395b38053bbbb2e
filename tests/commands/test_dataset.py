import json
import shutil

import pytest


@pytest.fixture
def copied(dataset, tmp_path):
    """The folder of a copy of the rendered dataset that may be broken."""
    return shutil.copytree(dataset.parent, tmp_path / "copied")


def test_a_faultless_dataset(shelfwatch, dataset):
    result = shelfwatch("check-dataset", dataset)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("4 photos (2 in train, 2 in val) and ")
    assert result.stdout.endswith("boxes: 0 errors, 0 warnings\n")


def test_a_leak_fails(shelfwatch, copied, tmp_path):
    (tmp_path / "more").mkdir()
    shutil.copyfile(copied / "images" / "val" / "shelf_2.jpg", tmp_path / "more" / "[b].jpg")
    result = shelfwatch("check-dataset", copied / "dataset.yaml", "--also", "more", "--json", "findings.json")
    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if " leak " in line]
    assert "shelf_2.jpg" in line
    assert "more/[b].jpg" in line
    assert "1 in more" in result.stdout
    assert "1 errors, 0 warnings" in result.stdout
    content = json.loads((tmp_path / "findings.json").read_text())
    assert content["photos"] == {"train": 2, "val": 2, "more": 1}
    assert [entry["check"] for entry in content["findings"]] == ["leak"]


def test_warnings_do_not_fail(shelfwatch, copied):
    (copied / "labels" / "train" / "shelf_0.txt").unlink()
    result = shelfwatch("check-dataset", copied / "dataset.yaml")
    assert result.exit_code == 0
    assert "photo without labels" in result.stdout
    assert "0 errors, 1 warnings" in result.stdout


def test_the_table_stays_short_and_the_file_whole(shelfwatch, copied, tmp_path):
    (copied / "labels" / "train" / "shelf_0.txt").write_text("nonsense\n" * 25)
    result = shelfwatch("check-dataset", copied / "dataset.yaml", "--json", "findings.json")
    assert result.exit_code == 1
    assert result.stdout.count("nonsense") == 10
    assert "malformed line: 15 more" in result.stdout
    assert len(json.loads((tmp_path / "findings.json").read_text())["findings"]) == 25


@pytest.mark.parametrize("words", [("absent.yaml",), ("DATASET", "--also", "nowhere")])
def test_what_is_missing_is_named(shelfwatch, dataset, words):
    result = shelfwatch("check-dataset", *(dataset if word == "DATASET" else word for word in words))
    assert result.exit_code == 1
    assert words[-1] in result.stderr
