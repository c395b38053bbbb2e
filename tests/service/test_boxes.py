"""One audit's boxes as a file, its note and the pictures of its gaps, on the real process."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import httpx
import openpyxl
import pytest
from PIL import Image

from service.audit_calls import get, post
from shelfwatch.training.dataset import load_dataset, read_sample
from support import Service


@pytest.fixture(scope="module")
def audit(service: Service, sample: bytes) -> dict[str, object]:
    found: dict[str, object] = post(service, sample, "Boxes").json()
    return found


def test_tables_have_a_line_a_box(service: Service, audit: dict[str, list[dict[str, object]]]) -> None:
    answer = get(service, f"/audits/{audit['id']}/export", format="csv")
    assert f'filename="audit-{audit["id"]}.csv"' in answer.headers["content-disposition"]
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert len(lines) == 1 + len(audit["detections"])
    assert [float(cell) for cell in lines[1][2:6]] == audit["detections"][0]["box"]
    book = openpyxl.load_workbook(io.BytesIO(get(service, f"/audits/{audit['id']}/export", format="xlsx").content))
    assert book["boxes"].max_row == 1 + len(audit["detections"])


def test_datasets_hold_photo_and_labels(
    service: Service, audit: dict[str, list[dict[str, object]]], tmp_path: Path
) -> None:
    content = get(service, f"/audits/{audit['id']}/export", format="yolo").content
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    dataset = load_dataset(tmp_path / "dataset.yaml")
    [image] = dataset.images("train")
    assert len(read_sample(image, len(dataset.names)).boxes) == len(audit["detections"])
    coco = zipfile.ZipFile(io.BytesIO(get(service, f"/audits/{audit['id']}/export", format="coco").content))
    assert "annotations.json" in coco.namelist()
    assert get(service, f"/audits/{audit['id']}/export", format="xml").status_code == 422


def test_a_gap_has_a_picture(service: Service, sample: bytes) -> None:
    picture = Image.open(io.BytesIO(sample)).convert("RGB")
    width, height = picture.size
    picture.paste((40, 40, 40), (width // 4, 0, width // 2, height))  # what stood there is gone
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    audit = post(service, buffer.getvalue(), "Gaps").json()
    assert audit["report"]["gaps"]
    image = get(service, f"/audits/{audit['id']}/gaps/0/image")
    assert image.headers["content-type"] == "image/jpeg"
    shown = Image.open(io.BytesIO(image.content))
    assert max(shown.size) <= 1024
    beyond = get(service, f"/audits/{audit['id']}/gaps/{len(audit['report']['gaps'])}/image")
    assert (beyond.status_code, beyond.json()["type"]) == (404, "/problems/not-found")
    assert get(service, f"/audits/{audit['id']}/gaps/-1/image").status_code == 422


def test_a_note_is_changed(service: Service, audit: dict[str, object]) -> None:
    address = f"{service.url}/audits/{audit['id']}"
    assert httpx.patch(address, json={"note": "after lunch"}).json() == {**audit, "note": "after lunch"}
    assert httpx.patch(address, json={"note": None}).json()["note"] is None
    for wrong in ({}, {"note": 1}, {"note": "x", "count": 3}, {"note": "a\x07"}):
        assert httpx.patch(address, json=wrong).status_code == 422


def test_bays_show_their_trend(service: Service, sample: bytes) -> None:
    made = [post(service, sample, "Trend").json() for _ in range(2)]
    [bay] = get(service, "/stores/Trend/bays", trend=20).json()["items"]
    assert [point["id"] for point in bay["trend"]] == [audit["id"] for audit in made]
    assert get(service, "/stores/Trend/bays", trend=51).status_code == 422
