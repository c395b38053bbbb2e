"""How models count photos shot from close by, with and without the look at a smaller size.

Usage: closeups.py DATASET.yaml [MODEL ...], packaged names or ONNX files. Close photos are made of validation photos:
three parts of each, 1/1.5 to 1/8 of its sides. A product counts if 40 % of it lies inside.
"""

from __future__ import annotations

import dataclasses
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from shelfwatch.commands.predict import load_detector
from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import packaged_models
from shelfwatch.training.dataset import Sample, load_dataset
from shelfwatch.training.evaluate import LOWEST_CONFIDENCE, evaluate, local_predict

TIMES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)  # how much nearer
PLACES = ((0.5, 0.5), (0.2, 0.3), (0.8, 0.7))  # of a part, in shares of what it leaves free
INSIDE = 0.4  # of a product's area


def parts(sample: Sample, times: float) -> Iterator[tuple[Sample, bytes]]:
    """Parts of a photo, with what they hold, as truth and as JPEG; for 1 the photo itself."""
    if times == 1:
        yield sample, sample.image.read_bytes()
        return
    picture = Image.open(sample.image).convert("RGB")
    width, height = round(sample.width / times), round(sample.height / times)
    areas = (sample.boxes[:, 2:] - sample.boxes[:, :2]).prod(axis=1)
    for across, down in PLACES:
        left, top = round((sample.width - width) * across), round((sample.height - height) * down)
        boxes = (sample.boxes - [left, top, left, top]).clip(0, [width, height, width, height])
        boxes = boxes[(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) > INSIDE * areas].astype(np.float32)
        out = io.BytesIO()
        picture.crop((left, top, left + width, top + height)).save(out, "JPEG", quality=92)
        if len(boxes):
            truth = Sample(sample.image, width, height, boxes, np.zeros(len(boxes), np.int32))
            yield truth, out.getvalue()


def main(data: Path, models: Sequence[str]) -> None:
    """Print the table."""
    dataset = load_dataset(data)
    console = Console(stderr=True)
    photos = dataset.samples("val")
    table = Table(
        "model", "times nearer", "photos", "AP", "AP50", "count error", "AP without", "AP50 without", "count error"
    )
    for name in models:
        detector = load_detector(name)
        usual = dataclasses.replace(detector.info, product_size=0.0)
        info = detector.info
        for times in TIMES:
            truths: list[Sample] = []
            found: tuple[list[Detections], list[Detections]] = ([], [])
            for photo in track(photos, f"{name}, {times:g} times nearer", console=console, transient=True):
                for truth, jpeg in parts(photo, times):
                    truths.append(truth)
                    for kind, predictions in zip((info, usual), found, strict=True):
                        detector.info = kind
                        predictions.append(local_predict(detector)(jpeg, LOWEST_CONFIDENCE))
            results = [evaluate(truths, each, dataset.names, info.operating_threshold) for each in found]
            figures = [text for r in results for text in (f"{r.ap:.3f}", f"{r.ap50:.3f}", f"{r.count_error:.1%}")]
            table.add_row(info.name, f"{times:g}", str(len(truths)), *figures)
    Console(width=120).print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(packaged_models()))
