"""Corrections through both clients, on the real service."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PIL import Image

from service.audit_calls import photo
from shelfwatch.client import Conflict, CorrectedBox, InvalidRequest, NotFound
from support import Service

Connect = Callable[..., Any]  # of the fixture `connect`


def test_an_audit_is_put_right(
    connect: Connect, service: Service, sample: bytes, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    client, store = connect(service.url), request.node.name
    audit = client.record_audit(photo(0, sample), store, "Tee").audit
    assert audit.corrected is None
    assert client.corrections(audit.id) == ()
    with pytest.raises(NotFound):
        client.correction(audit.id)
    with pytest.raises(NotFound):
        client.export_audit(audit.id, tmp_path / "none.csv", corrected=True)
    assert not (tmp_path / "none.csv").exists()

    left = [CorrectedBox(found.box, found.label, i) for i, found in enumerate(audit.detections)][1:]
    drawn = CorrectedBox((1.0, 2.0, 30.0, 40.5), "tea", None)
    first = client.correct_audit(audit.id, [*left, drawn], who="Ada", note="the first one is a label")
    assert (first.who, first.note, first.base) == ("Ada", "the first one is a label", None)
    assert (first.count, first.changes.added, first.changes.removed) == (audit.count, 1, 1)
    assert first.detections[-1] == drawn
    second = client.correct_audit(audit.id, left, who="Bo", base=first.id)
    assert client.correct_audit(audit.id, left, who="Bo", base=first.id) == second  # sent twice, kept once
    with pytest.raises(Conflict):
        client.correct_audit(audit.id, [drawn], who="Cy", base=first.id)
    with pytest.raises(InvalidRequest, match="who"):
        client.correct_audit(audit.id, left, who="", base=second.id)

    assert [listed.id for listed in client.corrections(audit.id)] == [second.id, first.id]
    assert client.correction(audit.id) == second
    assert client.correction(audit.id, first.id) == first
    seen = client.audit(audit.id).corrected
    assert (seen.id, seen.who, seen.count) == (second.id, "Bo", len(left))
    [listed_audit] = client.audits(store=store)
    assert listed_audit.corrected == seen


def test_boxes_become_files(
    connect: Connect, service: Service, sample: bytes, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    client, store = connect(service.url), request.node.name
    audit = client.record_audit(photo(0, sample), store, "Tee").audit
    client.correct_audit(audit.id, [CorrectedBox((1.0, 2.0, 30.0, 40.5), "tea", None)], who="Ada")

    client.export_audit(audit.id, tmp_path / "found.csv")
    client.export_audit(audit.id, tmp_path / "right.csv", corrected=True)
    client.export_audit(audit.id, tmp_path / "found.xlsx", "xlsx")
    for name, count in (("found.csv", audit.count), ("right.csv", 1)):
        assert len([*csv.DictReader((tmp_path / name).open(encoding="utf-8-sig"))]) == count, name
    assert load_workbook(tmp_path / "found.xlsx").active.max_row == audit.count + 1
    client.export_audit(audit.id, tmp_path / "right.zip", "coco", corrected=True)
    with zipfile.ZipFile(tmp_path / "right.zip") as archive:
        assert "annotations.json" in {Path(name).name for name in archive.namelist()}
    for labels, description in (("yolo", "data.yaml"), ("coco", "annotations.json")):
        client.corrections_zip(tmp_path / "all.zip", labels=labels, store=store, bay="Tee")
        with zipfile.ZipFile(tmp_path / "all.zip") as archive:
            assert description in archive.namelist()
            [image] = [name for name in archive.namelist() if name.endswith(".jpg")]
            assert Image.open(io.BytesIO(archive.read(image))).width == audit.image.width
    with pytest.raises(InvalidRequest, match="store"):
        client.corrections_zip(tmp_path / "no.zip", bay="Tee")
