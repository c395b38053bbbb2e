"""Write `images/failures-NAME.png`: where a packaged model fails worst on rendered shelves it has never seen.

Usage: .venv/bin/python scripts/make_failures.py [--model NAME] [--count 40] [--seed 1000]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from rich.progress import track

from make_images import within_limit
from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.training.rendering import render_shelf

IMAGES = Path(__file__).resolve().parent.parent / "images"
RIGHT = 0.5  # IoU from which a detection has found a product
PANEL = 640  # sides of one picture, pixels
SHOWN = 720  # sides of what it shows of a photo, photo pixels
PANELS = (3, 2)  # across, down
MISSED, FALSE, FOUND = (239, 68, 68), (251, 146, 60), (52, 211, 153)


@dataclass(frozen=True, eq=False)
class Failures:
    """One rendered shelf, uint8 (H, W, 3): boxes (N, 4) of products missed and found, and detections of nothing."""

    seed: int
    pixels: NDArray[np.uint8]
    missed: NDArray[np.float32]
    false: NDArray[np.float32]
    found: NDArray[np.float32]

    @property
    def centres(self) -> NDArray[np.float32]:
        """Where it fails: float32 (N, 2)."""
        boxes = np.concatenate([self.missed, self.false])
        middle: NDArray[np.float32] = (boxes[:, :2] + boxes[:, 2:]) / 2
        return middle


def examine(detector: Detector, seed: int) -> Failures:
    """Render a shelf and compare what the detector finds with the truth, each product with one detection at most."""
    shelf = render_shelf(seed)
    truth = shelf.boxes
    detections = detector.detect(detector.decode(shelf.to_jpeg(90))).detections
    overlap = iou_matrix(detections.xyxy, truth)
    taken = np.zeros(len(truth), bool)
    right = np.zeros(len(detections), bool)
    for i, row in enumerate(overlap):  # strongest first
        free = np.where(taken, 0, row)
        if len(free) and free.max() >= RIGHT:
            taken[free.argmax()] = right[i] = True
    return Failures(seed, shelf.image, truth[~taken], detections.xyxy[~right], truth[taken])


def worst_spot(failures: Failures) -> tuple[int, int, int]:
    """The square of `SHOWN` pixels with most failures: how many, left, top."""
    height, width = failures.pixels.shape[:2]
    best = (0, 0, 0)
    for x, y in failures.centres.tolist():
        left = int(np.clip(x - SHOWN / 2, 0, max(0, width - SHOWN)))
        top = int(np.clip(y - SHOWN / 2, 0, max(0, height - SHOWN)))
        inside = np.all((failures.centres >= (left, top)) & (failures.centres < (left + SHOWN, top + SHOWN)), axis=1)
        best = max(best, (int(inside.sum()), left, top))
    return best


def panel(failures: Failures) -> Image.Image:
    """The worst spot of one shelf."""
    _, left, top = worst_spot(failures)
    part = Image.fromarray(failures.pixels).crop((left, top, left + SHOWN, top + SHOWN))
    picture = part.resize((PANEL, PANEL), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(picture)
    for boxes, colour, line in ((failures.found, FOUND, 1), (failures.missed, MISSED, 4), (failures.false, FALSE, 4)):
        for box in ((boxes - [left, top, left, top]) * PANEL / SHOWN).tolist():
            draw.rectangle(box, outline=colour, width=line)
    text = f"shelf {failures.seed}: {len(failures.missed)} missed, {len(failures.false)} too many"
    draw.rectangle((0, PANEL - 34, PANEL, PANEL), fill=(12, 16, 24))
    draw.text((10, PANEL - 28), text, (255, 255, 255), ImageFont.load_default(18))
    return picture


def main() -> None:
    """Render, detect, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=next(iter(packaged_models())), choices=packaged_models())
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1000)
    options = parser.parse_args()
    detector = Detector(Model(packaged_models()[options.model]))
    seeds = range(options.seed, options.seed + options.count)
    found = [examine(detector, seed) for seed in track(seeds, "Looking for failures")]
    across, down = PANELS
    worst = sorted(found, key=worst_spot, reverse=True)[: across * down]
    sheet = Image.new("RGB", (across * (PANEL + 8) - 8, down * (PANEL + 8) - 8), "white")
    for i, failures in enumerate(worst):
        sheet.paste(panel(failures), (i % across * (PANEL + 8), i // across * (PANEL + 8)))
    out = IMAGES / f"failures-{options.model}.png"
    sheet.save(out)
    out.write_bytes(within_limit(out.read_bytes()))
    missed, false, right = (sum(len(getattr(item, part)) for item in found) for part in ("missed", "false", "found"))
    print(
        f"{out.name}: of {missed + right} products {missed} missed, {false} detections of none, {options.count} shelves"
    )


if __name__ == "__main__":
    main()
