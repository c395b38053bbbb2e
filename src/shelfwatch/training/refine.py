"""Labels drawn by hand, their edges averaged with what the model sees in many looks at the photo."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.training.dataset import Dataset, DatasetWriter, Sample
from shelfwatch.training.pseudo import see

SAME = 0.6  # IoU from which a labelled and a seen box are one product; below, one of them may be a neighbour
SHARE = 0.5  # of the model in a refined box


@dataclass(frozen=True)
class Refinement:
    """What became of one photo's labels: `boxes` it has, `refined` of them, which moved by `shift` network pixels."""

    photo: Path
    boxes: int
    refined: int
    shift: float


def refine(sample: Sample, seen: Detections, share: float = SHARE) -> tuple[Sample, np.ndarray]:
    """`sample` with edges moved by `share` towards those of `seen`, and which boxes were, bool (N,).

    Hand-drawn edges scatter by pixels, and so do those a model sees, for other reasons: the mean is nearer the product
    than either. A box keeps its place where nothing of its class overlaps it by `SAME`, and no box is added or left
    out: whether there is a product stays the word of who labelled it. Pairs are made from the greatest overlap down.
    """
    overlap = iou_matrix(sample.boxes, seen.xyxy) * (sample.class_id[:, None] == seen.class_id[None])
    rows, columns = np.nonzero(overlap >= SAME)
    boxes, refined = sample.boxes.copy(), np.zeros(len(sample.boxes), bool)
    used = np.zeros(len(seen), bool)
    for pair in np.argsort(-overlap[rows, columns], kind="stable"):
        own, other = rows[pair], columns[pair]
        if not refined[own] and not used[other]:
            boxes[own] += share * (seen.xyxy[other] - boxes[own])
            refined[own] = used[other] = True
    return replace(sample, boxes=boxes), refined


def refine_dataset(
    detector: Detector,
    dataset: Dataset,
    samples: Iterable[Sample],
    out: Path,
    share: float = SHARE,
    *,
    on_photo: Callable[[Refinement], None] = lambda refinement: None,
) -> Path:
    """Write `samples`, refined, as the `train` split of a new dataset in `out` and return its dataset file.

    The file's `val` is that of `dataset`, as it is. Photos are copied. Raises `ValueError` naming a photo that cannot
    be read or two of one name.
    """
    writer = DatasetWriter(out)
    names: set[str] = set()
    for sample in samples:
        if sample.image.stem in names:
            raise ValueError(f"{sample.image}: a second photo of this name")
        names.add(sample.image.stem)
        _, seen = see(detector, sample.image)
        better, refined = refine(sample, seen, share)
        writer.add(better)
        scale = detector.info.input_size / max(sample.width, sample.height)
        shift = float(np.abs(better.boxes - sample.boxes)[refined].mean() * scale) if refined.any() else 0.0
        on_photo(Refinement(sample.image, len(refined), int(refined.sum()), shift))
    return writer.finish(dataset.names, corrected=dataset.corrected, val=dataset.splits.get("val"))
