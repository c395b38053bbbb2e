"""Time the analysis of a shelf: milliseconds for 100, 300 and 1,000 facings, on a planned shelf without its pixels."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from shelfwatch.inference.detections import Detections
from shelfwatch.shelf import analyze
from shelfwatch.training.rendering import RenderOptions
from shelfwatch.training.rendering.camera import aim
from shelfwatch.training.rendering.layout import plan_shelf

RUNS = 200
# Facings wanted, and the options that give at least as many.
SIZES = {
    100: RenderOptions(rows=(6, 6), facings=(20, 22)),
    300: RenderOptions(rows=(8, 8), facings=(34, 36)),
    1000: RenderOptions(rows=(14, 14), facings=(60, 62)),
}


def facings(options: RenderOptions, number: int) -> NDArray[np.float32]:
    """The leftmost `number` facings of a planned shelf as boxes in the photo, float32 (N, 4)."""
    rng = np.random.default_rng(0)
    plan, camera = plan_shelf(rng, options, 0.0), aim(rng, options)
    left = np.array([(item.x - item.width / 2, item.y - item.height) for item in plan.facings])
    right = np.array([(item.x + item.width / 2, item.y) for item in plan.facings])
    boxes = np.concatenate([camera.to_photo(left), camera.to_photo(right)], axis=1).astype(np.float32)
    return boxes[np.argsort(boxes[:, 0])][:number]


def main() -> None:
    """Measure and print."""
    table = Table("facings", "rows", "gaps", "fastest ms", "median ms")
    for number, options in SIZES.items():
        boxes = facings(options, number)
        found = Detections(boxes, np.ones(len(boxes), np.float32), np.zeros(len(boxes), np.int32))
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            report = analyze(found, width=options.width, height=options.height)
            times.append((time.perf_counter() - start) * 1000)
        counts = (len(boxes), len(report.rows), len(report.gaps))
        table.add_row(*map(str, counts), f"{min(times):.1f}", f"{float(np.median(times)):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
