"""Audits' boxes as labels for training: COCO or YOLO, in a zip file with or without the photos."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO, Any

from shelfwatch.audits.audit import Audit, time_text
from shelfwatch.audits.errors import NotFoundError, UnavailableError
from shelfwatch.audits.exports.archive import Archive
from shelfwatch.audits.exports.figures import photo_link
from shelfwatch.audits.photos import PhotoStore

MEDIA_TYPE = "application/zip"
SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
HELD_OUT = 10  # one bay in so many is for validation: photos of one bay look alike, and must not be in both splits
FOUND, CORRECTED = "Boxes as ShelfWatch found them", "Boxes as people corrected them"
PART_BYTES = 1 << 20  # of annotations read back at once


class Classes:
    """Numbers of labels, 0 first, in the order in which they are met: models may number theirs differently."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}

    def number(self, detection: dict[str, Any]) -> int:
        """The number of a detection's label."""
        return self.names.setdefault(detection["label"], len(self.names))


def coco_chunks(
    audits: Iterable[Audit], photos: PhotoStore | None = None, base_url: str = "", *, exact: bool = False
) -> Iterator[bytes]:
    """A zip file, piece by piece: `annotations.json` in COCO's format for detection and, given `photos`, `images/`.

    `audits` were read with their detections. A photo that several show comes once, with the first of them: 32 bytes a
    photo are kept for that. Boxes are in pixels of the upright photo; `score` is the model's confidence, left out
    where people drew the boxes, which are `exact` then. Raises
    `NotFoundError` for a photo that the store has not, and `UnavailableError`.
    """
    archive, classes, boxes = Archive(), Classes(), 0
    try:
        with tempfile.TemporaryFile() as images, tempfile.TemporaryFile() as annotations:
            for number, audit in enumerate(_once(audits), 1):
                _append(images, _image(number, audit, base_url))
                for detection in audit.detections or []:
                    boxes += 1
                    _append(annotations, _annotation(boxes, number, classes.number(detection), detection))
                if photos is not None:
                    yield archive.add(f"images/{file_name(audit)}", _photo(photos, audit), compress=False)
            categories = [{"id": number + 1, "name": name} for name, number in classes.names.items()]
            info = {"description": CORRECTED if exact else FOUND}
            parts = chain(
                [b'{"info": ', json.dumps(info).encode(), b',\n"images": ['],
                _joined(images),
                [b'],\n"annotations": ['],
                _joined(annotations),
                [b'],\n"categories": ', json.dumps(categories).encode(), b"}\n"],
            )
            yield from archive.add_long("annotations.json", parts)
    except OSError as error:
        raise UnavailableError(f"The export cannot write its temporary files ({error.strerror}).") from error
    yield archive.finish()


def yolo_chunks(
    audits: Iterable[Audit], photos: PhotoStore | None = None, *, exact: bool = False, name: str = "dataset.yaml"
) -> Iterator[bytes]:
    """A zip file, piece by piece: the description `name`, `labels/` and, given `photos`, `images/`.

    `shelfwatch train` reads it as it is where it has both splits.

    One bay in ten is the `val` split, the second that is met among them; of one bay alone there is none. Else as
    `coco_chunks`. The dataset says whether its boxes are `exact`: a model's own are not, those of
    people are, and `corrected`.
    """
    archive, classes = Archive(), Classes()
    splits: dict[tuple[str, str], str] = {}
    for audit in _once(audits):
        split = splits.setdefault((audit.store, audit.bay), "val" if len(splits) % HELD_OUT == 1 else "train")
        lines = [_yolo_line(audit, classes.number(detection), detection["box"]) for detection in audit.detections or []]
        yield archive.add(f"labels/{split}/{audit.id}.txt", "".join(lines))
        if photos is not None:
            yield archive.add(f"images/{split}/{file_name(audit)}", _photo(photos, audit), compress=False)
    used = sorted(set(splits.values())) or ["train"]
    description = [
        "path: .",
        *(f"{split}: images/{split}" for split in used),
        "names:",
        *(f"  {number}: {json.dumps(label)}" for label, number in classes.names.items()),  # JSON's texts are YAML's
        f"exact_boxes: {str(exact).lower()}",
        *(["corrected: true"] if exact else []),
    ]
    yield archive.add(name, "\n".join(description) + "\n")
    yield archive.finish()


def file_name(audit: Audit) -> str:
    """The photo's name in a dataset."""
    return f"{audit.id}.{SUFFIXES[audit.format]}"


def _photo(photos: PhotoStore, audit: Audit) -> bytes:
    try:
        return photos.read(audit.photo)
    except NotFoundError:
        raise NotFoundError(
            f"The photo of audit {audit.id} is not in the store: if `shelfwatch db prune` ran meanwhile, export again, "
            "else see `shelfwatch db verify`."
        ) from None


def _once(audits: Iterable[Audit]) -> Iterator[Audit]:
    """The first audit of each photo."""
    seen: set[bytes] = set()
    for audit in audits:
        photo = bytes.fromhex(audit.photo)
        if photo not in seen:
            seen.add(photo)
            yield audit


def _image(number: int, audit: Audit, base_url: str) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": file_name(audit),
        "width": audit.width,
        "height": audit.height,
        "date_captured": time_text(audit.taken_at),
        "coco_url": photo_link(audit, base_url),
        "audit": audit.id,
        "store": audit.store,
        "bay": audit.bay,
    }


def _annotation(number: int, image: int, class_number: int, detection: dict[str, Any]) -> dict[str, Any]:
    x1, y1, x2, y2 = detection["box"]
    width, height = round(x2 - x1, 2), round(y2 - y1, 2)
    return {
        "id": number,
        "image_id": image,
        "category_id": class_number + 1,  # COCO's begin with 1
        "bbox": [x1, y1, width, height],
        "area": round(width * height, 2),
        "iscrowd": 0,
        **({"score": detection["confidence"]} if "confidence" in detection else {}),
    }


def _yolo_line(audit: Audit, class_number: int, box: list[float]) -> str:
    x1, y1, x2, y2 = box
    centre = (x1 + x2) / 2 / audit.width, (y1 + y2) / 2 / audit.height
    return (
        f"{class_number} {centre[0]:.6f} {centre[1]:.6f} {(x2 - x1) / audit.width:.6f} {(y2 - y1) / audit.height:.6f}\n"
    )


def _append(file: IO[bytes], item: dict[str, Any]) -> None:
    file.write((b",\n" if file.tell() else b"\n") + json.dumps(item, separators=(",", ":")).encode())


def _joined(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(PART_BYTES):
        yield part
