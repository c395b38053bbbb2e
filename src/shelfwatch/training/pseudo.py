"""Labels for unlabelled photos: what the model sees in many looks, trusted where a known count agrees."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.image import ImageError, Photo, decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.nms import add_boxes, mean_boxes, nms, owners
from shelfwatch.training.dataset import DatasetWriter, Sample

SCALES = (0.73, 0.87, 1.0, 1.13, 1.27)  # input sizes of the looks against the model's own; each also mirrored
LOWEST = 0.02  # confidence from which a box of one look takes part
SAME = 0.55  # IoU from which boxes of several looks are one product
TOLERANCE = 0.15  # of the known count, by which the model's own count may miss it


@dataclass(frozen=True)
class Outcome:
    """What became of one photo: `found` boxes at the operating threshold, `known` count if any, and `kept` boxes."""

    photo: Path
    found: int
    known: int | None
    kept: int


def looks(detector: Detector, photo: Photo) -> list[Detections]:
    """The photo at every scale of `SCALES`, upright and mirrored, each in photo pixels."""
    info = detector.info
    mirrored = Photo(np.ascontiguousarray(photo.pixels[:, ::-1]), photo.width, photo.height)
    seen = []
    for scale in SCALES:
        size = round(info.input_size * scale / info.stride) * info.stride
        letterbox = Letterbox.fit(photo.width, photo.height, size, info.stride)
        seen.append(detector.look(photo, letterbox, LOWEST))
        turned = detector.look(mirrored, letterbox, LOWEST)
        boxes = turned.xyxy[:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32)
        boxes[:, [0, 2]] += photo.width
        seen.append(Detections(boxes, turned.confidence, turned.class_id))
    return seen


def fuse(seen: Sequence[Detections]) -> Detections:
    """One list out of several looks at one photo: boxes are means weighted by confidence.

    A product's confidence is the mean, over all looks, of the best box each has for it, and 0 for a look that has none
    (after Solovyev et al., *Weighted boxes fusion*, Image and Vision Computing 2021).
    """
    boxes = np.concatenate([look.xyxy for look in seen])
    scores = np.concatenate([look.confidence for look in seen])
    class_id = np.concatenate([look.class_id for look in seen])
    origin = np.repeat(np.arange(len(seen)), [len(look) for look in seen])
    if not len(boxes):
        return Detections.empty()
    leaders = nms(boxes, scores, class_id, SAME)
    owner = owners(boxes, class_id, leaders, SAME)
    sums = np.zeros((5, len(leaders)))
    add_boxes(sums, owner, boxes, scores)
    best = np.zeros((len(leaders), len(seen)), np.float32)
    np.maximum.at(best, (owner, origin), scores)
    fused = Detections(mean_boxes(sums, boxes[leaders]), best.mean(axis=1), class_id[leaders])
    return fused[np.argsort(-fused.confidence, kind="stable")]


def trusted(fused: Detections, threshold: float, known: int | None) -> Detections:
    """The boxes to learn from, none where the photo is not to be trusted.

    Without a known count: those from `threshold` up. With one, a photo counts only if the number from `threshold` up
    is within `TOLERANCE` of it, and then gives just the known number of boxes, the surest.
    """
    found = int((fused.confidence >= threshold).sum())
    if known is None:
        return fused[:found]
    if known == 0 or abs(found - known) > TOLERANCE * known or len(fused) < known:
        return fused[:0]
    return fused[:known]


def read_counts(file: Path) -> dict[str, int]:
    """Known counts by photo name from a CSV with the columns `image` and `products`.

    Raises `ValueError` where a column is missing or a count is not a whole number from 0 up.
    """
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    try:
        counts = {row["image"]: int(row["products"]) for row in rows}
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{file}: needs the columns `image` and `products`, a whole number") from None
    if any(count < 0 for count in counts.values()):
        raise ValueError(f"{file}: a count is negative")
    return counts


def label(
    detector: Detector,
    photos: Iterable[Path],
    out: Path,
    counts: Mapping[str, int] | None = None,
    *,
    exact: bool = False,
    on_photo: Callable[[Outcome], None] = lambda outcome: None,
) -> Path:
    """Write a YOLO dataset of the trusted photos to `out` and return its dataset file.

    With `counts`, photos without a known count are left out. Photos are copied. `exact` says whether training shall
    learn the boxes' edges too. Raises `ValueError` naming a photo that
    cannot be read.
    """
    info = detector.info
    writer = DatasetWriter(out)
    for path in photos:
        known = None if counts is None else counts.get(path.name)
        if counts is not None and known is None:
            continue
        photo, fused = see(detector, path)
        chosen = trusted(fused, info.operating_threshold, known)
        on_photo(Outcome(path, int((fused.confidence >= info.operating_threshold).sum()), known, len(chosen)))
        if len(chosen):
            writer.add(Sample(path, photo.width, photo.height, chosen.xyxy, chosen.class_id))
    return writer.finish(info.classes, exact=exact)


def see(detector: Detector, path: Path) -> tuple[Photo, Detections]:
    """A photo, and what the detector sees in ten looks at it. Raises `ValueError` naming a photo it cannot read."""
    try:
        photo = decode(path.read_bytes(), target=round(detector.info.input_size * max(SCALES)))
    except ImageError as error:
        raise ValueError(f"{path}: {error}") from error
    return photo, fuse(looks(detector, photo))
