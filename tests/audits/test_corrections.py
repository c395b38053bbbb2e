"""Corrections are added, never changed, and nobody's is lost."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from audits.memories import Memory
from shelfwatch.audits.backup import backup, restore
from shelfwatch.audits.corrections import Corrected, correct, get_correction, list_corrections
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import ConflictError, InvalidError, NotFoundError
from shelfwatch.audits.exports.corrections import walk_corrected
from shelfwatch.audits.exports.labels import coco_chunks, yolo_chunks
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.read import Filter, get_audit, list_audits
from shelfwatch.audits.remove import delete, purge
from shelfwatch.audits.remove import restore as bring_back
from shelfwatch.audits.verify import verify
from shelfwatch.training.dataset import load_dataset, read_sample

KEPT = {"box": [1.0, 2.0, 3.0, 4.0], "label": "product", "source": 0}
DRAWN = {"box": [10.0, 20.0, 30.0, 40.0], "label": "bottle", "source": None}


def fix(memory: Memory, audit_id: str, *boxes: dict[str, Any], base: str | None = None, who: str = "Ada") -> Corrected:
    return correct(memory.database, audit_id, who, boxes, base=base)


def test_each_correction_is_kept_beside_the_model_s_answer(memory: Memory) -> None:
    audit = memory.record()
    before = get_audit(memory.database, audit.id)
    assert before.to_json()["corrected"] is None
    first = fix(memory, audit.id, KEPT, DRAWN).correction
    assert (first.count, first.base) == (2, None)
    assert first.changes == {"added": 1, "removed": 2, "moved": 0, "relabelled": 0}
    second = fix(memory, audit.id, base=first.id, who="Bo").correction
    assert second.changes["removed"] == 3
    assert get_correction(memory.database, audit.id) == second
    assert get_correction(memory.database, audit.id, first.id) == first
    assert first.detections == [KEPT, DRAWN]
    listed = list_corrections(memory.database, audit.id)
    assert [found.id for found in listed] == [second.id, first.id]
    assert "detections" not in listed[0].to_json()
    after = get_audit(memory.database, audit.id)
    assert (after.detections, after.report) == (before.detections, before.report)
    shown = after.to_json()["corrected"]
    assert shown == {"id": second.id, "created_at": second.to_json()["created_at"], "who": "Bo", "count": 0}
    assert list_audits(memory.database, Filter()).items[0].corrected == after.corrected


def test_the_same_again_is_answered_with_the_one_that_is_there(memory: Memory) -> None:
    audit = memory.record()
    first = fix(memory, audit.id, KEPT)
    again = fix(memory, audit.id, KEPT)
    assert (first.made, again.made) == (True, False)
    assert again.correction == first.correction
    for base, boxes, who in ((None, [DRAWN], "Ada"), (None, [KEPT], "Bo"), (new_id(), [KEPT], "Ada")):
        with pytest.raises(ConflictError):
            fix(memory, audit.id, *boxes, base=base, who=who)
    assert len(list_corrections(memory.database, audit.id)) == 1


def test_of_several_at_once_one_is_kept_and_the_others_are_told(memory: Memory) -> None:
    audit = memory.record()

    def save(number: int) -> bool:
        try:
            return fix(memory, audit.id, KEPT, who=f"Person {number}").made
        except ConflictError:
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(save, range(6))) == [False] * 5 + [True]
    assert len(list_corrections(memory.database, audit.id)) == 1


def test_what_cannot_be_kept_is_refused(memory: Memory) -> None:
    audit = memory.record()
    with pytest.raises(InvalidError, match="within the photo of 48 × 64"):
        fix(memory, audit.id, {**DRAWN, "box": [0.0, 0.0, 49.0, 10.0]})
    with pytest.raises(InvalidError, match="source"):
        fix(memory, audit.id, {**KEPT, "source": 3})
    with pytest.raises(InvalidError, match="who"):
        fix(memory, audit.id, who=" ")
    with pytest.raises(InvalidError, match="base"):
        fix(memory, audit.id, base="newest")
    with pytest.raises(ConflictError):
        fix(memory, audit.id, base=new_id())
    with pytest.raises(NotFoundError):
        get_correction(memory.database, audit.id)


def test_corrections_go_and_come_back_with_their_audit(memory: Memory) -> None:
    audit = memory.record()
    made = fix(memory, audit.id, DRAWN).correction
    delete(memory.database, audit.id)
    for ask in (list_corrections, get_correction):
        with pytest.raises(NotFoundError):
            ask(memory.database, audit.id)
    with pytest.raises(NotFoundError):
        fix(memory, audit.id, base=made.id)
    assert list(walk_corrected(memory.database, Filter())) == []
    bring_back(memory.database, audit.id)
    assert get_correction(memory.database, audit.id) == made
    purge(memory.database, memory.photos, audit.id)
    with memory.database.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM corrections").scalar() == 0
    assert verify(memory.database, memory.photos).clean


def test_corrections_are_in_backups(memory: Memory, tmp_path: Path) -> None:
    audit = memory.record()
    made = fix(memory, audit.id, KEPT, DRAWN).correction
    backup(memory.database, memory.photos, tmp_path / "backup.tar")
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    restore(other, memory.photos, tmp_path / "backup.tar")
    assert get_correction(other, audit.id) == made
    other.close()


def test_corrected_audits_are_a_training_set(memory: Memory, tmp_path: Path) -> None:
    audits = [memory.record(number, bay=f"Bay {number}", minutes=number) for number in range(3)]
    for audit in audits[:2]:
        first = fix(memory, audit.id, KEPT).correction
        fix(memory, audit.id, KEPT, DRAWN, base=first.id)
    content = b"".join(
        yolo_chunks(walk_corrected(memory.database, Filter()), memory.photos, exact=True, name="data.yaml")
    )
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    dataset = load_dataset(tmp_path / "data.yaml")
    assert (dataset.names, dataset.exact, dataset.corrected) == (("product", "bottle"), True, True)
    for split in ("train", "val"):
        [image] = dataset.images(split)
        sample = read_sample(image, len(dataset.names))
        assert sample.boxes.round(3).tolist() == [KEPT["box"], DRAWN["box"]]
    coco = b"".join(coco_chunks(walk_corrected(memory.database, Filter(store="Ulm")), memory.photos, exact=True))
    assert zipfile.ZipFile(io.BytesIO(coco)).namelist() == ["annotations.json"]
