"""`shelfwatch audit`, with the packaged model on rendered shelves."""

import json
import shutil

import pytest
from PIL import Image

from shelfwatch.audits.memory import Memory
from shelfwatch.audits.read import Filter, get_audit, list_audits
from shelfwatch.audits.remove import delete
from shelfwatch.shelf import analyze

PLACE = ("--store", "Berlin 1", "--bay", "Cereal")


@pytest.fixture
def folder(photos, tmp_path):
    """Two shelves, a third in a folder below, and what is no photo."""
    (tmp_path / "day" / "more").mkdir(parents=True)
    for path, name in zip(photos, ("b.JPG", "a.jpg", "more/c.jpg"), strict=False):
        shutil.copyfile(path, tmp_path / "day" / name)
    (tmp_path / "day" / "notes.txt").write_text("not a photo")
    (tmp_path / "day" / "._a.jpg").write_bytes(b"what another system leaves beside photos")
    return tmp_path / "day"


@pytest.fixture
def audit(shelfwatch, tmp_path, monkeypatch):
    """Run `shelfwatch audit` for one bay with a memory of its own."""
    monkeypatch.setenv("SHELFWATCH_DATA_DIR", str(tmp_path / "data"))
    return lambda *words: shelfwatch("audit", *PLACE, *words)


@pytest.fixture
def memory(tmp_path, audit):
    memory = Memory.at(tmp_path / "data")
    memory.start()
    yield memory
    memory.close()


def test_every_photo_is_recorded_with_its_report(audit, memory, folder, packaged):
    result = audit("--json", folder)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [entry["path"] for entry in answer["audits"]] == [str(folder / "a.jpg"), str(folder / "b.JPG")]
    assert len(list_audits(memory.database, Filter("Berlin 1", "Cereal")).items) == 2
    for entry in answer["audits"]:
        data = (folder / entry["path"]).read_bytes()
        photo = packaged.decode(data)
        found = packaged.detect(photo).detections
        report = analyze(found, width=photo.width, height=photo.height, pixels=photo.pixels)
        kept = get_audit(memory.database, entry["id"])
        assert kept.report == report.to_json()
        assert kept.detections == report.place(found.to_json(packaged.info.classes))
        assert kept.model["name"] == packaged.info.name
        assert memory.photos.size(kept.photo) == kept.size
        assert (entry["facings"], entry["fill_rate"]) == (kept.facings, kept.fill_rate)
        assert kept.facings > 10
    assert answer["facings"] == sum(entry["facings"] for entry in answer["audits"])
    assert answer["gaps"] == sum(entry["gaps"] for entry in answer["audits"])
    counts = {name: answer[name] for name in ("photos", "recorded", "skipped", "failed")}
    assert counts == {"photos": 2, "recorded": 2, "skipped": 0, "failed": 0}


def test_a_second_run_goes_on_where_the_first_ended(audit, memory, folder, shelfwatch):
    first = json.loads(audit("--json", folder / "a.jpg").stdout)
    result = audit("--json", "--recursive", folder)
    assert result.exit_code == 0
    assert "1 photos were recorded before and skipped." in result.stderr
    answer = json.loads(result.stdout)
    assert answer["skipped_photos"] == [{"path": str(folder / "a.jpg"), "id": first["audits"][0]["id"]}]
    assert [entry["path"] for entry in answer["audits"]] == [str(folder / "b.JPG"), str(folder / "more" / "c.jpg")]
    again = json.loads(audit("--json", "--recursive", folder).stdout)
    assert (again["recorded"], again["skipped"]) == (0, 3)
    assert [again[name] for name in ("facings", "fill_rate", "gaps")] == [
        answer[name] for name in ("facings", "fill_rate", "gaps")
    ]
    assert len(list_audits(memory.database, Filter()).items) == 3
    # In another bay it is another audit.
    other = shelfwatch("audit", "--store", "Berlin 1", "--bay", "Tea", "--json", folder / "a.jpg")
    assert json.loads(other.stdout)["recorded"] == 1


def test_what_was_deleted_is_not_recorded_again(audit, memory, folder):
    (made,) = json.loads(audit("--json", folder / "a.jpg").stdout)["audits"]
    delete(memory.database, made["id"])
    result = audit("--json", folder / "a.jpg")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["skipped_photos"] == [{"path": str(folder / "a.jpg"), "id": None}]
    assert list_audits(memory.database, Filter()).items == []


def test_a_broken_photo_is_reported_and_the_others_go_on(audit, memory, folder):
    (folder / "a.jpg").write_bytes((folder / "a.jpg").read_bytes()[:5000])
    result = audit(folder, folder / "absent.jpg")
    assert result.exit_code == 1
    assert f"{folder / 'a.jpg'}: The JPEG file is damaged or cut short" in result.stderr
    assert f"{folder / 'absent.jpg'}: No such file or directory" in result.stderr
    head, line = [
        [cell.strip() for cell in text.strip("│┃").replace("┃", "│").split("│")]
        for text in result.stdout.splitlines()
        if text[0] in "│┃"
    ]
    assert head == ["photos", "recorded", "skipped", "failed", "facings", "gaps", "filled"]
    (made,) = list_audits(memory.database, Filter()).items
    assert line == ["3", "1", "0", "2", str(made.facings), str(made.gaps), f"{made.fill_rate:.0%}"]


def test_the_time_is_the_cameras_where_that_is_wanted(audit, memory, folder):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2026:03:01 08:00:00", 0x9011: "+01:00"})
    Image.open(folder / "a.jpg").save(folder / "a.jpg", exif=exif)
    result = audit("--json", "--taken-from-exif", folder)
    assert result.exit_code == 1
    assert f"{folder / 'b.JPG'}: The photo does not say when it was taken" in result.stderr
    assert [entry["taken_at"] for entry in json.loads(result.stdout)["audits"]] == ["2026-03-01T07:00:00.000000Z"]
    (kept,) = list_audits(memory.database, Filter()).items
    assert b"2026:03:01" not in memory.photos.read(kept.photo)


def test_the_chosen_model_is_the_one_recorded(audit, folder, memory):
    assert audit("--model", "fast", folder / "a.jpg").exit_code == 0
    assert list_audits(memory.database, Filter()).items[0].model["name"] == "fast"


def test_a_memory_that_takes_no_more_ends_the_run(audit, memory, folder):
    memory.photos.originals.parent.mkdir(parents=True, exist_ok=True)
    memory.photos.originals.write_text("a file in the way")
    result = audit("--json", folder)
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert (answer["photos"], answer["recorded"]) == (0, 0)
    assert "The photo store cannot be used" in answer["stopped"]
    assert f"Stopped: {folder / 'a.jpg'}: " in result.stderr
    assert list_audits(memory.database, Filter()).items == []


def test_nothing_to_do_is_told(audit, shelfwatch, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    result = audit(tmp_path / "empty")
    assert result.exit_code == 1
    assert "There are no photos." in result.stderr
    result = shelfwatch("audit", "--store", " ", "--bay", "x", folder)
    assert (result.exit_code, result.stderr) == (1, "Error: store: a name has 1 to 200 printable characters\n")


def test_without_a_folder_audits_are_kept_where_the_service_keeps_them(audit, folder, tmp_path, monkeypatch):
    monkeypatch.delenv("SHELFWATCH_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    assert audit(folder).exit_code == 0
    assert (tmp_path / "home" / "shelfwatch" / "shelfwatch.db").is_file()
