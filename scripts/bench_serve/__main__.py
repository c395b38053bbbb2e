"""Measure the service under load, print and, where asked, write the section of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench_serve import memory, overload, report, saturation
from sections import replaced
from shelfwatch.inference.detector import packaged_models

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "ui" / "samples"


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    photos: int  # a round
    overload_seconds: float
    requests: int  # over which memory is watched


FULL = Plan(rounds=5, photos=32, overload_seconds=15, requests=3000)
QUICK = Plan(rounds=1, photos=2, overload_seconds=1, requests=8)


def main() -> None:
    """Measure, print and, where asked, write."""
    parser = argparse.ArgumentParser(prog="bench_serve", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few photos only: whether it runs, not how fast")
    parser.add_argument("--model", action="append", choices=list(packaged_models()), help="only this, at saturation")
    parser.add_argument(
        "--litserve",
        type=Path,
        default=Path(sys.executable),
        metavar="PYTHON",
        help="a Python that has litserve, onnxruntime, numpy, pillow and python-multipart",
    )
    parser.add_argument("--every-shape", action="store_true", help="the service in every shape, to choose its default")
    parser.add_argument("--write", type=Path, nargs="?", const=ROOT, help="write the section below this folder")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    models, picture = packaged_models(), SAMPLES / "shelf.jpg"
    with Progress(console=Console(stderr=True), transient=True) as progress:
        chosen = {name: path for name, path in models.items() if name in (options.model or models)}
        served = saturation.measure(
            chosen, picture, options.litserve, plan.rounds, plan.photos, options.every_shape, progress
        )
        progress.add_task("overload", total=None)
        overloaded = overload.measure(picture.read_bytes(), plan.overload_seconds, plan.photos)
        progress.add_task("memory", total=None)
        pictures = [path.read_bytes() for path in sorted(SAMPLES.glob("*.jpg"))]
        resident = memory.measure(models, pictures, plan.requests)
    text = report.section(picture, served, overloaded, resident)
    if options.write:
        page = options.write / "docs" / "benchmarks.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(replaced(page.read_text() if page.exists() else "", "make bench-serve", text))
    print(text)


if __name__ == "__main__":
    main()
