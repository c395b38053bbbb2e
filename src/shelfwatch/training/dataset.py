"""YOLO-format datasets on disk: find photos and labels and check them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from PIL import Image, ImageOps

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
OVERSHOOT = 0.01  # of the photo's side; labels converted from clipped pixel boxes overshoot by rounding


class DatasetError(ValueError):
    """The dataset file or one of its labels cannot be used; the message names the file."""


@dataclass(frozen=True)
class Sample:
    """One photo and its truth.

    `boxes` is float32 (N, 4), `[x1, y1, x2, y2]` in pixels of the upright photo; `class_id` is int32 (N,);
    `width` and `height` are those of the upright photo in pixels.
    """

    image: Path
    width: int
    height: int
    boxes: np.ndarray
    class_id: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A dataset description: the folder of each split and the class names in class-id order.

    Boxes that are not `exact` say where products are, but not where their edges run: pseudo-labels, say. `corrected`
    ones are what people made of a model's answers, so no model is asked about these photos again.
    """

    root: Path
    splits: dict[str, Path]
    names: tuple[str, ...]
    exact: bool = True
    corrected: bool = False

    def images(self, split: str) -> list[Path]:
        """Photos of one split, sorted by name. Raises `DatasetError` where the split is missing or empty."""
        if split not in self.splits:
            raise DatasetError(f"{self.root}: no split {split!r}, only {', '.join(self.splits)}")
        return photos_in(self.splits[split])

    def samples(self, split: str) -> list[Sample]:
        """Photos of one split with their boxes. Raises `DatasetError` on a malformed label line."""
        return [read_sample(image, len(self.names)) for image in self.images(split)]


def photos_in(folder: Path) -> list[Path]:
    """The photos in a folder, sorted by name. Raises `DatasetError` where there is none."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise DatasetError(f"{folder}: no photos")
    return found


def load_dataset(file: Path) -> Dataset:
    """Read an Ultralytics dataset file; a relative `path` in it counts from the file's own folder.

    Raises `DatasetError` where it is missing or lacks `names` or a split.
    """
    if not file.is_file():
        raise DatasetError(f"{file}: no such dataset file")
    try:
        content = yaml.safe_load(file.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DatasetError(f"{file}: not readable as YAML ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("names"), dict | list):
        raise DatasetError(f"{file}: not a dataset file (it needs `names`, `train` and `val`)")
    for key in ("path", "train", "val", "test"):
        if not isinstance(content.get(key, ""), str | None):
            raise DatasetError(f"{file}: `{key}` must name one folder")
    exact, corrected = content.get("exact_boxes", True), content.get("corrected", False)
    for key, value in (("exact_boxes", exact), ("corrected", corrected)):
        if not isinstance(value, bool):
            raise DatasetError(f"{file}: `{key}` must be true or false")
    names = content["names"]
    ordered = tuple(names[i] for i in sorted(names)) if isinstance(names, dict) else tuple(names)
    root = (file.parent / (content.get("path") or ".")).resolve()
    splits = {key: root / content[key] for key in ("train", "val", "test") if content.get(key)}
    if not splits:
        raise DatasetError(f"{file}: names no split")
    return Dataset(root, splits, ordered, exact, corrected)


def label_path(image: Path) -> Path:
    """The label file of a photo: the last `images` folder in its path becomes `labels`."""
    parts = list(image.parts)
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] == "images":
            parts[i] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def read_sample(image: Path, classes: int) -> Sample:
    """Read one photo's size and labels; a photo without a label file is one without products.

    Raises `DatasetError` for a line that is not `class cx cy w h`, a class beyond `classes` or a box that is
    not inside the photo.
    """
    try:
        with Image.open(image) as photo:
            width, height = ImageOps.exif_transpose(photo).size
    except (OSError, ValueError) as error:
        raise DatasetError(f"{image}: not a readable photo ({error})") from error
    file = label_path(image)
    lines = [line.split() for line in file.read_text().splitlines() if line.strip()] if file.is_file() else []
    try:
        if any(len(line) != 5 for line in lines):
            raise ValueError("not five values")
        values = np.array(lines, dtype=np.float32).reshape(-1, 5)
    except ValueError as error:
        raise DatasetError(f"{file}: each line must be `class cx cy w h`") from error
    class_id = values[:, 0].astype(np.int32)
    centre, size = values[:, 1:3], values[:, 3:5]
    corners = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    if len(values) and (
        not np.isfinite(values).all() or corners.min() < -OVERSHOOT or corners.max() > 1 + OVERSHOOT or size.min() <= 0
    ):
        raise DatasetError(f"{file}: a box lies outside the photo or is empty")
    if len(values) and (class_id.min() < 0 or class_id.max() >= classes or (class_id != values[:, 0]).any()):
        raise DatasetError(f"{file}: a class id is not one of the {classes} named classes")
    boxes = corners.clip(0, 1) * np.array([width, height, width, height], dtype=np.float32)
    return Sample(image, width, height, boxes.astype(np.float32), class_id)


def evenly(photos: Sequence[Path], number: int) -> Sequence[Path]:
    """At most `number` of the photos, spread evenly over them."""
    return photos[:: max(1, len(photos) // number)][:number]


class DatasetWriter:
    """Writes photos and their boxes as a new dataset in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for kind in ("images", "labels"):
            (folder / kind / "train").mkdir(parents=True, exist_ok=True)

    def add(self, sample: Sample, split: str = "train") -> None:
        """Copy a photo to a split and write its boxes with six digits."""
        images, labels = (self.folder / kind / split for kind in ("images", "labels"))
        for path in (images, labels):
            path.mkdir(exist_ok=True)
        size = np.array([sample.width, sample.height], np.float64)
        centre = (sample.boxes[:, :2] + sample.boxes[:, 2:]) / 2 / size
        sides = (sample.boxes[:, 2:] - sample.boxes[:, :2]) / size
        shutil.copyfile(sample.image, images / sample.image.name)
        lines = np.column_stack([sample.class_id, centre, sides])
        np.savetxt(labels / f"{sample.image.stem}.txt", lines, fmt=["%d", *["%.6f"] * 4])

    def finish(
        self, names: Sequence[str], *, exact: bool = True, corrected: bool = False, val: Path | None = None
    ) -> Path:
        """Write the dataset file and return it; `val` is the folder of validation photos, which stay where they are."""
        description = {"path": ".", "train": "images/train", "names": dict(enumerate(names)), "exact_boxes": exact}
        if corrected:
            description["corrected"] = True
        if val is not None:
            description["val"] = str(val)
        file = self.folder / "dataset.yaml"
        file.write_text(yaml.safe_dump(description, sort_keys=False))
        return file
