"""Write `images/shelf.png`: a rendered shelf, what the packaged model finds on it, and what the analysis says of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from make_images import within_limit
from shelfwatch.commands.annotate import annotate
from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.model import Model
from shelfwatch.shelf import analyze
from shelfwatch.training.rendering import RenderOptions, render_shelf

IMAGES = Path(__file__).resolve().parent.parent / "images"
OPTIONS = RenderOptions(rows=(5, 5), perspective=0.8, tilt=3.0, gap_rate=0.2, bays=(2, 2), fixture="gondola")
WIDTH = 1050  # of the picture, pixels


def main() -> None:
    """Render, detect, analyse, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=11)
    shelf = render_shelf(parser.parse_args().seed, OPTIONS)
    detector = Detector(Model(next(iter(packaged_models().values()))))
    photo = detector.decode(shelf.to_jpeg())
    found = detector.detect(photo).detections
    report = analyze(found, width=photo.width, height=photo.height, pixels=photo.pixels)
    picture = annotate(shelf.image, found, detector.info.classes, report)
    out = IMAGES / "shelf.png"
    picture.resize((WIDTH, WIDTH * picture.height // picture.width), Image.Resampling.LANCZOS).save(out)
    out.write_bytes(within_limit(out.read_bytes()))
    print(f"{out.name}: {report.facings} facings, {len(report.rows)} rows, {len(report.gaps)} gaps")
    print(f"the truth: {len(shelf)} facings, {len(shelf.row_boxes)} rows, {len(shelf.gap_boxes)} gaps")


if __name__ == "__main__":
    main()
