"""What each choice after the network is worth on labelled photos: input size, suppression, voting, tiles, many looks.

Usage: .venv/bin/python scripts/ablation.py dataset.yaml [--model NAME] [--split val] [--dense]
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.image import decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import nms
from shelfwatch.training.dataset import Sample, load_dataset
from shelfwatch.training.evaluate import LOWEST_CONFIDENCE, choose_threshold, evaluate, local_predict
from shelfwatch.training.pseudo import fuse, looks

DENSE = 200  # products from which --dense counts a photo
SIZES = (0.73, 0.87, 1.13, 1.27)  # input sizes against the model's own

Predict = Callable[[Sample], Detections]


def served(detector: Detector, *, tiles: bool = False, **changes: float) -> Predict:
    """The served path with some of the model's metadata changed."""
    other = Detector(detector.model)
    other.info = dataclasses.replace(detector.info, **changes)  # type: ignore[arg-type]
    predict = local_predict(other, tiles=tiles)
    return lambda sample: predict(sample.image.read_bytes(), LOWEST_CONFIDENCE)


def without_voting(detector: Detector) -> Predict:
    """Suppression alone: each box is that of the surest candidate."""

    def predict(sample: Sample) -> Detections:
        photo = detector.decode(sample.image.read_bytes())
        letterbox = Letterbox.fit(photo.width, photo.height, detector.info.input_size, detector.info.stride)
        boxes, scores, class_id = detector.model.run(letterbox.apply(photo), LOWEST_CONFIDENCE)
        kept = nms(boxes, scores, class_id, detector.info.iou_threshold)
        found = Detections(letterbox.to_photo(boxes[kept]), scores[kept], class_id[kept])
        return found[np.all(found.xyxy[:, 2:] > found.xyxy[:, :2], axis=1)]

    return predict


def many_looks(detector: Detector) -> Predict:
    """The ten looks that pseudo-labels are made of."""
    return lambda sample: fuse(looks(detector, decode(sample.image.read_bytes())))


def variants(detector: Detector) -> Iterator[tuple[str, Predict]]:
    """Every choice by name, the served one first."""
    info = detector.info
    yield f"as served: {info.input_size} px, suppression at IoU {info.iou_threshold}, voting", served(detector)
    yield "without voting", without_voting(detector)
    for other in (0.45, 0.6):
        yield f"suppression at IoU {other}", served(detector, iou_threshold=other)
    for scale in SIZES:
        size = round(info.input_size * scale / info.stride) * info.stride
        yield f"{size} px", served(detector, input_size=size)
    yield "tiles=auto", served(detector, tiles=True)
    yield "ten looks, five sizes mirrored and not", many_looks(detector)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default=next(iter(packaged_models())))
    parser.add_argument("--split", default="val")
    parser.add_argument("--dense", action="store_true", help=f"only photos with more than {DENSE} products")
    options = parser.parse_args()
    dataset = load_dataset(options.data)
    samples = [sample for sample in dataset.samples(options.split) if not options.dense or len(sample.boxes) > DENSE]
    detector = Detector(Model(packaged_models().get(options.model, Path(options.model))))
    table = Table("choice", "AP", "AP50", "AP75", "count error", "at", "seconds a photo")
    for name, predict in variants(detector):
        start = time.perf_counter()
        found = [predict(sample) for sample in track(samples, name, console=Console(stderr=True), transient=True)]
        seconds = (time.perf_counter() - start) / len(samples)
        result = evaluate(samples, found, dataset.names, choose_threshold(samples, found))
        figures = (f"{value:.4f}" for value in (result.ap, result.ap50, result.ap75))
        table.add_row(name, *figures, f"{result.count_error:.1%}", f"{result.threshold:.2f}", f"{seconds:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
