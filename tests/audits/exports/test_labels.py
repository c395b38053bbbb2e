"""COCO and YOLO, read by pycocotools and by the package's own training."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from audits.memories import Memory, entry, photo
from shelfwatch.audits.audit import Audit
from shelfwatch.audits.entry import Entry
from shelfwatch.audits.errors import NotFoundError
from shelfwatch.audits.exports.labels import coco_chunks, yolo_chunks
from shelfwatch.audits.exports.walk import walk
from shelfwatch.audits.read import Filter
from shelfwatch.audits.record import record
from shelfwatch.training.dataset import load_dataset

BOXES = [[0.0, 0.0, 10.25, 20.5], [20.0, 30.0, 48.0, 64.0]]


def seen(labels: list[str], **changes: Any) -> Entry:
    """An entry with a product a label."""
    detections = [
        {"label": label, "class_id": 7, "confidence": 0.9, "box": box}
        for label, box in zip(labels, BOXES, strict=False)
    ]
    return replace(entry(**changes), detections=detections)


def put(memory: Memory, number: int, what: Entry) -> Audit:
    return record(memory.database, memory.photos, photo(number), what).audit


def audits(memory: Memory) -> Iterator[Audit]:
    return walk(memory.database, Filter(), detections=True)


def unpack(chunks: Iterable[bytes], folder: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(b"".join(chunks))).extractall(folder)
    return folder


def test_coco_is_read_by_its_own_tools(memory: Memory, tmp_path: Path) -> None:
    first = put(memory, 0, seen(["tea", "coffee"]))
    second = put(memory, 1, seen(["coffee"], store="Bonn", minutes=-1))
    folder = unpack(coco_chunks(audits(memory), memory.photos, "https://shelf.example"), tmp_path / "out")
    coco = COCO(str(folder / "annotations.json"))
    assert {number: each["name"] for number, each in coco.cats.items()} == {1: "tea", 2: "coffee"}
    images = coco.loadImgs(coco.getImgIds())
    assert [image["audit"] for image in images] == [first.id, second.id]
    assert images[1] == {
        "id": 2,
        "file_name": f"{second.id}.jpg",
        "width": 48,
        "height": 64,
        "date_captured": "2026-03-01T11:59:00.000000Z",
        "coco_url": f"https://shelf.example/audits/{second.id}/image",
        "audit": second.id,
        "store": "Bonn",
        "bay": "Cereal",
    }
    boxes = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert [box["bbox"] for box in boxes] == [[0, 0, 10.25, 20.5], [20, 30, 28, 34]]
    assert [box["category_id"] for box in boxes] == [1, 2]
    assert boxes[1]["area"] == 28 * 34
    assert [box["category_id"] for box in coco.loadAnns(coco.getAnnIds(imgIds=[2]))] == [2]
    assert len(set(coco.getAnnIds())) == 3
    for image, audit in zip(images, (first, second), strict=True):
        assert (folder / "images" / image["file_name"]).read_bytes() == memory.photos.read(audit.photo)


def test_yolo_is_read_by_the_package_itself(memory: Memory, tmp_path: Path) -> None:
    made = {}
    for number in range(12):
        audit = put(memory, number, seen(["tea", "coffee"][: 1 + number % 2], bay=f"Bay {number}", minutes=-number))
        made[audit.id] = audit
    dataset = load_dataset(unpack(yolo_chunks(audits(memory), memory.photos), tmp_path / "out") / "dataset.yaml")
    assert dataset.names == ("tea", "coffee")
    assert (dataset.exact, dataset.corrected) == (False, False)
    samples = {split: dataset.samples(split) for split in dataset.splits}
    assert {split: len(found) for split, found in samples.items()} == {"train": 10, "val": 2}
    assert {made[sample.image.stem].bay for sample in samples["val"]} == {"Bay 1", "Bay 11"}
    for sample in (*samples["train"], *samples["val"]):
        audit = made.pop(sample.image.stem)
        assert sample.image.read_bytes() == memory.photos.read(audit.photo)
        assert np.allclose(sample.boxes, BOXES[: audit.count], atol=1e-3)
        assert sample.class_id.tolist() == [0, 1][: audit.count]
    assert made == {}


def test_bays_are_never_in_both_splits(memory: Memory, tmp_path: Path) -> None:
    for number in range(8):
        put(memory, number, seen(["tea"], bay="AB"[number % 2], minutes=number))
    folder = unpack(yolo_chunks(audits(memory)), tmp_path / "out")
    split_of = {path.stem: path.parent.name for path in folder.rglob("*.txt")}
    found = {(audit.bay, split_of[audit.id]) for audit in audits(memory)}
    assert len(split_of) == 8
    assert found == {("B", "train"), ("A", "val")}
    assert not (folder / "images").exists()


def test_one_bay_alone_is_a_dataset_without_validation(memory: Memory, tmp_path: Path) -> None:
    put(memory, 0, seen(['tea: "it\'s" #1']))
    dataset = load_dataset(unpack(yolo_chunks(audits(memory), memory.photos), tmp_path / "out") / "dataset.yaml")
    assert list(dataset.splits) == ["train"]
    assert dataset.names == ('tea: "it\'s" #1',)
    assert len(dataset.samples("train")) == 1


def test_a_turned_photo_keeps_its_boxes(memory: Memory, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    box = [1.0, 2.0, 60.0, 40.0]
    turned = replace(seen(["tea"]), width=64, height=48)
    turned.detections[0]["box"] = box
    record(memory.database, memory.photos, photo(0, exif=exif), turned)
    dataset = load_dataset(unpack(yolo_chunks(audits(memory), memory.photos), tmp_path / "out") / "dataset.yaml")
    (sample,) = dataset.samples("train")
    assert (sample.width, sample.height) == (64, 48)
    assert np.allclose(sample.boxes, [box], atol=1e-3)


@pytest.mark.parametrize("chunks", [coco_chunks, yolo_chunks])
def test_a_photo_comes_once(memory: Memory, chunks: Any) -> None:
    put(memory, 0, seen(["tea"]))
    newest = put(memory, 0, seen(["tea", "tea"], bay="Tea", minutes=1))
    put(memory, 1, seen([], minutes=-1))
    names = zipfile.ZipFile(io.BytesIO(b"".join(chunks(audits(memory), memory.photos)))).namelist()
    images = [name for name in names if name.endswith(".jpg")]
    assert len(images) == 2
    assert images[0].endswith(f"/{newest.id}.jpg")


@pytest.mark.parametrize("chunks", [coco_chunks, yolo_chunks])
def test_a_photo_that_is_not_there_is_named(memory: Memory, chunks: Any) -> None:
    made = put(memory, 0, seen(["tea"]))
    memory.photos.remove(made.photo)
    with pytest.raises(NotFoundError, match=made.id):
        list(chunks(audits(memory), memory.photos))
    assert b"".join(chunks(audits(memory)))


@pytest.mark.parametrize("chunks", [coco_chunks, yolo_chunks])
def test_photos_leave_one_by_one(memory: Memory, chunks: Any) -> None:
    for number in range(3):
        put(memory, number, seen(["tea"], minutes=-number))
    found = list(audits(memory))
    read = []

    def followed() -> Iterator[Audit]:
        for audit in found:
            read.append(audit.id)
            yield audit

    pieces = chunks(followed(), memory.photos)
    size = len(next(pieces))
    while size < found[0].size:
        size += len(next(pieces))
    assert read == [found[0].id]


def test_no_audits_give_an_empty_coco_file(memory: Memory, tmp_path: Path) -> None:
    folder = unpack(coco_chunks([], memory.photos), tmp_path)
    content = json.loads((folder / "annotations.json").read_text())
    assert content["images"] == content["annotations"] == content["categories"] == []
