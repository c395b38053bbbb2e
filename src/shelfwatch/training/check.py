"""What is wrong with a dataset, before a model learns it: broken files, impossible boxes, photos in two splits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shelfwatch.inference.image import ImageError, Photo, decode
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.training.dataset import OVERSHOOT, Dataset, label_path

# What is looked for, and whether it is an error: a model trained or judged on it would be wrong.
CHECKS = {
    "unreadable photo": True,
    "leak": True,  # the same photo in two splits, or in a split and an unlabelled folder
    "malformed line": True,  # not `class cx cy w h`
    "class out of range": True,
    "box outside the photo": True,
    "empty box": True,
    "box too small": True,
    "box too large": True,
    "box too stretched": True,
    "duplicate box": False,
    "duplicate photo": False,  # within one folder
    "photo without labels": False,
    "photo without boxes": False,
    "labels without a photo": False,
}

# Limits of a product's box. Of 39,077 boxes drawn by people on shelf photos (the SKU-110K part this model learned
# from) the least side is 0.46 % of the photo's long side, the largest area 3.6 % and the longest shape 20 : 1.
LEAST_SIDE = 0.004  # of the photo's long side
LARGEST_AREA = 0.5  # of the photo
LONGEST_SHAPE = 25  # long side : short side, in pixels
SAME_BOX = 0.9  # IoU of two boxes of one class

# Among 496 shelf photos unrelated pairs differ in 89 bits or more. Copies at another size differ in up to 15, copies
# made darker, brighter, blurred or recompressed in up to 39, cut by 1 % a side or turned by 1 degree in up to 43.
HASH_SIDE = 16  # brightness steps a row and rows
HASH_BITS = HASH_SIDE * HASH_SIDE
SAME_PHOTO = 48  # bits
HASH_SOURCE = 160  # pixels of the long side that a hash needs; JPEG is decoded no larger than that asks for
BLOCK = 1024  # photos compared with all others at once; bounds memory


@dataclass(frozen=True)
class Finding:
    """One fault: which check found it, in which file, and where in it."""

    check: str  # a key of `CHECKS`
    file: Path
    detail: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the dataset should not be used so."""
        return CHECKS[self.check]


@dataclass(frozen=True)
class Report:
    """What was looked at and what was found: photos of each split or folder, labelled boxes, faults."""

    photos: dict[str, int]
    boxes: int
    findings: tuple[Finding, ...]  # in the order of `CHECKS`

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.is_error for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are not errors."""
        return len(self.findings) - self.errors

    def to_json(self) -> dict[str, Any]:
        """JSON-ready report."""
        return {
            "photos": self.photos,
            "boxes": self.boxes,
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [
                {
                    "check": finding.check,
                    "severity": "error" if finding.is_error else "warning",
                    "file": str(finding.file),
                    "detail": finding.detail,
                }
                for finding in self.findings
            ],
        }


def check(
    dataset: Dataset,
    also: Sequence[Path] = (),
    *,
    follow: Callable[[Sequence[tuple[str, Path]]], Iterable[tuple[str, Path]]] = iter,
) -> Report:
    """Look through every photo and label of `dataset`; photos in the folders `also` only take part in leaks.

    `follow` may wrap the (split, photo) pairs to show progress. Raises `shelfwatch.training.dataset.DatasetError`
    where a split or folder is missing or holds no photo; any other fault becomes a finding.
    """
    photos = {split: dataset.images(split) for split in dataset.splits}
    findings = [finding for images in photos.values() for finding in labels_without_photo(images)]
    for folder in also:
        photos[str(folder)] = Dataset(folder, {str(folder): folder}, ()).images(str(folder))
    readable: list[tuple[str, Path]] = []
    hashes: list[NDArray[np.bool_]] = []
    boxes = 0
    for split, image in follow([(split, image) for split, images in photos.items() for image in images]):
        try:
            photo = decode(image.read_bytes(), target=HASH_SOURCE)
        except (OSError, ImageError) as error:
            findings.append(Finding("unreadable photo", image, str(error)))
            continue
        readable.append((split, image))
        hashes.append(difference_hash(photo))
        if split in dataset.splits:
            count, faults = check_labels(image, photo.width, photo.height, len(dataset.names))
            boxes += count
            findings += faults
    for i, j, distance in near_pairs(np.array(hashes).reshape(-1, HASH_BITS)):
        (split, image), (other_split, other) = readable[i], readable[j]
        leaks = split != other_split and not {split, other_split}.isdisjoint(dataset.splits)
        detail = f"is also {other} ({distance} of {HASH_BITS} bits differ)"
        findings.append(Finding("leak" if leaks else "duplicate photo", image, detail))
    order = {name: place for place, name in enumerate(CHECKS)}
    findings.sort(key=lambda finding: order[finding.check])
    return Report({split: len(images) for split, images in photos.items()}, boxes, tuple(findings))


def labels_without_photo(images: Sequence[Path]) -> list[Finding]:
    """The label files beside those of `images`, photos of one folder, that belong to none of them."""
    used = {label_path(image) for image in images}
    found = sorted(label_path(images[0]).parent.glob("*.txt"))
    return [Finding("labels without a photo", file) for file in found if file not in used]


def check_labels(image: Path, width: int, height: int, classes: int) -> tuple[int, list[Finding]]:
    """The number of well-formed boxes of a photo of `width` × `height` pixels, and what is wrong with its labels."""
    file = label_path(image)
    if not file.is_file():
        return 0, [Finding("photo without labels", image)]
    findings, numbers, rows = [], [], []
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        row = numbers_of(line)
        if row is None:
            findings.append(Finding("malformed line", file, f"line {number}: {line.strip()[:60]}"))
        else:
            numbers.append(number)
            rows.append(row)
    if not rows:
        return 0, findings or [Finding("photo without boxes", image)]
    values = np.array(rows)
    class_id, centre, size = values[:, 0], values[:, 1:3], values[:, 3:5]
    corners = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    sides = size * (width, height)
    short, long = sides.min(axis=1), sides.max(axis=1)
    empty = short <= 0
    faults = {
        "class out of range": (class_id < 0) | (class_id >= classes) | (class_id % 1 != 0),
        "box outside the photo": (corners < -OVERSHOOT).any(axis=1) | (corners > 1 + OVERSHOOT).any(axis=1),
        "empty box": empty,
        "box too small": ~empty & (short < LEAST_SIDE * max(width, height)),
        "box too large": ~empty & (size.prod(axis=1) > LARGEST_AREA),
        "box too stretched": ~empty & (long > LONGEST_SHAPE * short),
    }
    for name, faulty in faults.items():
        findings += [Finding(name, file, f"line {numbers[i]}: {_shown(values[i])}") for i in np.flatnonzero(faulty)]
    pixels = (corners * (width, height, width, height)).astype(np.float32)
    same = (iou_matrix(pixels, pixels) > SAME_BOX) & (class_id[:, None] == class_id[None, :])
    findings += [
        Finding("duplicate box", file, f"lines {numbers[i]} and {numbers[j]}: {_shown(values[i])}")
        for i, j in np.argwhere(np.triu(same, k=1))
    ]
    return len(rows), findings


def numbers_of(line: str) -> list[float] | None:
    """The five finite numbers of a label line, or None where it is anything else."""
    try:
        row = [float(word) for word in line.split()]
    except ValueError:
        return None
    return row if len(row) == 5 and all(map(math.isfinite, row)) else None


def _shown(row: NDArray[np.float64]) -> str:
    return " ".join(f"{value:.4g}" for value in row)


def difference_hash(photo: Photo) -> NDArray[np.bool_]:
    """Whether brightness rises from left to right at 16 × 16 places of a photo: bool (256,).

    It survives another size, brightness and compression, and hardly a different shelf.
    """
    grey = Image.fromarray(photo.pixels).convert("L").resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.BOX)
    levels = np.asarray(grey)
    rises: NDArray[np.bool_] = levels[:, 1:] > levels[:, :-1]
    return rises.ravel()


def near_pairs(hashes: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Pairs i < j of the hashes bool (N, 256) at most `SAME_PHOTO` bits apart, each with that distance."""
    signs = np.where(hashes, np.float32(1), np.float32(-1))  # a product of signs counts equal bits less unequal ones
    pairs = []
    for start in range(0, len(signs), BLOCK):
        distances = (HASH_BITS - signs[start : start + BLOCK] @ signs[start:].T) / 2
        near = np.argwhere(np.triu(distances <= SAME_PHOTO, k=1))
        pairs += [(start + int(i), start + int(j), int(distances[i, j])) for i, j in near]
    return pairs
