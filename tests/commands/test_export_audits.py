"""`shelfwatch db export`: audits of rendered shelves as other programs read them."""

import csv
import zipfile

import numpy as np
import pytest
from openpyxl import load_workbook
from pycocotools.coco import COCO

from shelfwatch.audits.memory import Memory
from shelfwatch.audits.read import get_audit
from shelfwatch.training.dataset import load_dataset


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, photos):
    """A data folder with four shelves in two bays."""
    from click.testing import CliRunner

    from shelfwatch.cli import main

    folder = tmp_path_factory.mktemp("data")
    for number, path in enumerate(photos):
        words = ("audit", "--data-dir", folder, "--store", "Bonn", "--bay", f"Bay {number % 2}", path)
        assert CliRunner().invoke(main, [str(word) for word in words]).exit_code == 0
    return folder


@pytest.fixture
def export(shelfwatch, recorded):
    return lambda *words: shelfwatch("db", "export", "--data-dir", recorded, *words)


def test_tables(export, tmp_path):
    result = export("--format", "csv", "--base-url", "https://shelf.example", "audits.csv")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("audits.csv: 4 audits, ")
    with (tmp_path / "audits.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["bay"] for line in lines] == ["Bay 1", "Bay 0", "Bay 1", "Bay 0"]
    assert all(line["photo"] == f"https://shelf.example/audits/{line['id']}/image" for line in lines)
    assert export("--format", "xlsx", "audits.xlsx").exit_code == 0
    sheet = load_workbook(tmp_path / "audits.xlsx")["audits"]
    assert [cell.value for cell in sheet["F"][1:]] == [int(line["facings"]) for line in lines]
    assert len(load_workbook(tmp_path / "audits.xlsx")["rows"]["A"]) - 1 == sum(int(line["rows"]) for line in lines)


def test_filters(export, tmp_path):
    def bays(*flags):
        assert export("--format", "csv", *flags, "audits.csv").exit_code == 0
        with (tmp_path / "audits.csv").open(newline="") as file:
            return [line["bay"] for line in csv.DictReader(file)]

    assert bays("--store", "Bonn", "--bay", "Bay 1") == ["Bay 1", "Bay 1"]
    assert (
        bays("--store", "Köln") == bays("--until", "2020-01-01") == bays("--since", "2200-01-01T00:00:00+01:00") == []
    )
    assert len(bays("--since", "2020-01-01")) == 4


def test_yolo_is_fit_to_train_on(export, shelfwatch, recorded, tmp_path):
    assert export("--format", "yolo", "shelves.zip").exit_code == 0
    zipfile.ZipFile(tmp_path / "shelves.zip").extractall(tmp_path / "shelves")
    checked = shelfwatch("check-dataset", "shelves/dataset.yaml")
    assert checked.exit_code == 0, checked.output
    assert checked.stdout.startswith("4 photos (2 in train, 2 in val) and ")
    dataset = load_dataset(tmp_path / "shelves" / "dataset.yaml")
    memory = Memory.at(recorded)
    for sample in dataset.samples("train") + dataset.samples("val"):
        audit = get_audit(memory.database, sample.image.stem)
        assert np.allclose(sample.boxes, [detection["box"] for detection in audit.detections], atol=0.01)
    memory.close()


def test_coco(export, recorded, tmp_path):
    assert export("--format", "coco", "--without-photos", "shelves.zip").exit_code == 0
    archive = zipfile.ZipFile(tmp_path / "shelves.zip")
    assert archive.namelist() == ["annotations.json"]
    archive.extractall(tmp_path)
    coco = COCO(str(tmp_path / "annotations.json"))
    memory = Memory.at(recorded)
    for image in coco.loadImgs(coco.getImgIds()):
        audit = get_audit(memory.database, image["audit"])
        boxes = [[*box[:2], box[0] + box[2], box[1] + box[3]] for box in boxes_of(coco, image["id"])]
        assert np.allclose(boxes, [detection["box"] for detection in audit.detections], atol=0.011)
        assert len(boxes) == audit.count > 10
    memory.close()


def boxes_of(coco, image_id):
    return [each["bbox"] for each in coco.loadAnns(coco.getAnnIds(imgIds=[image_id]))]


def test_a_file_is_replaced_as_a_whole(export, recorded, tmp_path):
    out = tmp_path / "audits.zip"
    out.write_text("what was there")
    memory = Memory.at(recorded)
    photos = recorded / "photos"
    photos.rename(recorded / "away")
    try:
        result = export("--format", "yolo", out)
    finally:
        (recorded / "away").rename(photos)
        memory.close()
    assert result.exit_code == 1
    assert "is not in the store" in result.stderr
    assert out.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [out]
    assert export("--format", "yolo", out).exit_code == 0
    assert zipfile.is_zipfile(out)


def test_what_cannot_be_is_told(export, shelfwatch, tmp_path):
    assert export("--format", "csv", "--bay", "Bay 1", "x.csv").stderr.startswith("Error: bay: name its store too")
    result = export("--format", "csv", "--since", "yesterday", "x.csv")
    assert result.exit_code == 2
    assert "'yesterday' is no time such as 2026-03-01" in result.stderr
    assert export("x.csv").exit_code == 2
    result = export("--format", "csv", "nowhere/x.csv")
    assert (result.exit_code, result.stderr) == (1, "Error: nowhere/x.csv: No such file or directory\n")
    result = shelfwatch("db", "export", "--data-dir", tmp_path, "--format", "csv", "x.csv")
    assert "There is no database at" in result.stderr
    assert list(tmp_path.iterdir()) == []
