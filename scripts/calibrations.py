"""What each way of calibrating costs in accuracy: the INT8 models they give, on labelled photos.

Usage: .venv/bin/python scripts/calibrations.py FLOAT32.onnx DATA [--photos 48]

Calibrates on photos of DATA's `train` split and prints a Markdown table of accuracy on its `val` photos.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track

from shelfwatch.inference.detector import Detector
from shelfwatch.inference.model import Model
from shelfwatch.training.calibrate import MEAN_EXTREMES, Calibration, CalibrationMethod
from shelfwatch.training.dataset import Dataset, evenly, load_dataset
from shelfwatch.training.evaluate import choose_threshold, evaluate, local_predict, predict_all
from shelfwatch.training.quantize import quantize

BINS = {"num_bins": 2048}
WAYS = {
    "mean over photos of a photo's extremes": MEAN_EXTREMES,
    "extremes of all photos": Calibration(),
    "percentile 99.999": Calibration(CalibrationMethod.Percentile, {**BINS, "percentile": 99.999, "symmetric": False}),
    "percentile 99.99": Calibration(CalibrationMethod.Percentile, {**BINS, "percentile": 99.99, "symmetric": False}),
    "percentile 99.9": Calibration(CalibrationMethod.Percentile, {**BINS, "percentile": 99.9, "symmetric": False}),
    "entropy": Calibration(CalibrationMethod.Entropy),
}


def row(name: str, model: Path, dataset: Dataset) -> str:
    """A line of the table: AP, AP50, AP75 and count error at the best threshold."""
    samples = dataset.samples("val")
    found = predict_all(samples, local_predict(Detector(Model(model))))
    result = evaluate(samples, found, dataset.names, choose_threshold(samples, found))
    return f"| {name} | {result.ap:.4f} | {result.ap50:.4f} | {result.ap75:.4f} | {result.count_error:.1%} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--photos", type=int, default=48)
    options = parser.parse_args()
    dataset = load_dataset(options.data)
    photos = evenly(dataset.images("train"), options.photos)
    print("| calibration | AP | AP50 | AP75 | count error |\n|---|---|---|---|---|")
    print(row("none: float32", options.source, dataset), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, calibration in WAYS.items():
            follow = partial(track, description=name, console=Console(stderr=True), transient=True)
            out = Path(folder) / "int8.onnx"
            with contextlib.redirect_stdout(io.StringIO()):  # the histograms' talk
                quantize(options.source, out, photos, calibration=calibration, follow=follow)
            print(row(name, out, dataset), flush=True)


if __name__ == "__main__":
    main()
