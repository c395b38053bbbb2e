"""Measure, print and, where asked, write docs/benchmarks.md and images/benchmark.png."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench import report, suppression
from bench.compare import compare
from bench.path import by_stage, over_http
from bench.plot import plot
from sections import carried_over
from shelfwatch.commands.training import CALIBRATION_PHOTOS
from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.model import Model
from shelfwatch.training.dataset import load_dataset
from shelfwatch.training.rendering import RenderOptions, render_shelf

ROOT = Path(__file__).resolve().parents[2]
# What an 8-megapixel phone camera gives of a whole bay. With fewer products they would look so large that a second look
# follows, and the path would take half as long again as the network.
PHOTO = RenderOptions(width=2448, height=3264, rows=(7, 7), facings=(22, 24))
SEED = 11
CALIBRATION_SEEDS = range(100, 108)  # rendered shelves, where there is no dataset to calibrate a peer on

EXPLANATION = """Peers run the packaged model's own weights: in float32 those of its twin without quantisation
(`shelfwatch.training.dequantize`), in OpenVINO the same quantised again by NNCF. *Network* is one run on the input that
a 3:4 photo gives ({inputs} px), *photo* leads from JPEG bytes to
detections. Peers take turns; *ours takes* is the median over the rounds of our time divided by the peer's. AP is
COCO's{photos}."""


def main() -> None:
    """Measure, print and, where asked, write."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--data", type=Path, help="dataset file: AP on its photos of val, peers calibrated on train")
    parser.add_argument(
        "--write", type=Path, nargs="?", const=ROOT, help="write the page and the picture below this folder"
    )
    options = parser.parse_args()
    dataset = load_dataset(options.data) if options.data else None

    @cache
    def calibration() -> Sequence[bytes]:
        if dataset is None:
            return [render_shelf(seed, RenderOptions()).to_jpeg() for seed in CALIBRATION_SEEDS]
        images = dataset.images("train")
        chosen = images[:: max(1, len(images) // CALIBRATION_PHOTOS)][:CALIBRATION_PHOTOS]
        return [image.read_bytes() for image in chosen]

    samples = dataset.samples("val") if dataset else []
    classes = dataset.names if dataset else ()
    shelf = render_shelf(SEED, PHOTO)
    data = shelf.to_jpeg()
    with Progress(console=Console(stderr=True), transient=True) as progress, tempfile.TemporaryDirectory() as folder:
        comparison = compare(data, options.runs, calibration, samples, classes, Path(folder), progress)
        detectors = {name: Detector(Model(path)) for name, path in packaged_models().items()}
        stages = {name: by_stage(detector, data, options.runs, progress) for name, detector in detectors.items()}
        suppressed = suppression.compare(next(iter(detectors.values())), data, options.runs, progress)
        http = over_http(detectors, data, options.runs, progress)
    inputs = ", ".join(f"{name} {size}" for name, size in comparison.inputs.items())
    photos = f" on {len(samples)} labelled photos" if samples else "; it needs labelled photos (`--data`)"
    missing = [f"Skipped: {reason}." for reason in comparison.skipped]
    if any(reason.endswith("installed") for reason in comparison.skipped):
        missing.append("`pip install 'shelfwatch[bench]'` brings every peer.")
    parts = [
        "# Benchmarks",
        report.machine(options.runs),
        "## Against its peers",
        EXPLANATION.format(inputs=inputs, photos=photos),
        report.comparison_table(comparison),
        *(["\n".join(missing)] if missing else []),
        "## The whole path",
        f"A rendered {PHOTO.width} × {PHOTO.height} JPEG of {len(data) / 1e6:.1f} MB with {len(shelf)} products, bytes "
        "to JSON in one\nprocess, then through a running service on loopback with one client:",
        report.path_table(stages, http),
        "## Suppression",
        "Duplicates among the default model's candidates of that photo, dropped by ONNX Runtime's NonMaxSuppression, "
        "as the\nservice does, or in numpy. Both keep the same boxes.",
        report.suppression_table(suppressed),
    ]
    if options.write:
        try:
            plot(comparison, options.write / "images" / "benchmark.png")
            parts.insert(5, "![Milliseconds of each peer](../images/benchmark.png)")
        except ModuleNotFoundError as error:
            print(f"images/benchmark.png skipped: {error.name} is not installed", file=sys.stderr)
        page = options.write / "docs" / "benchmarks.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        old = page.read_text() if page.exists() else ""
        page.write_text(carried_over(old, "\n\n".join(parts) + "\n"))
    print("\n\n".join(parts))


if __name__ == "__main__":
    main()
