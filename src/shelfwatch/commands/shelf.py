"""`shelfwatch evaluate-shelf`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from shelfwatch.commands.predict import load_detector

if TYPE_CHECKING:
    from shelfwatch.training.shelf_accuracy import ShelfScore

FOLDER = click.Path(path_type=Path, file_okay=False)
HALVES = ("first half", "second half")  # of real photos, every other one: thresholds were chosen on the first
EVERY = "every kind"
ORDER = ("true", "true, photo", "detected", "detected, photo")  # boxes, and whether the photo was looked at too


@click.command()
@click.option("--shelves", type=FOLDER, default=Path("runs/shelves"), show_default=True, help="Keeps rendered shelves.")
@click.option("--per-kind", type=click.IntRange(0), default=38, show_default=True, help="Rendered shelves of a kind.")
@click.option("--start", type=click.IntRange(0), default=0, show_default=True, help="The first of them.")
@click.option("--rows", type=FOLDER, help="Also photos in images/, with boxes of rows in labels/.")
@click.option("--gaps", type=FOLDER, help="Also photos in images/, with boxes of products (0) and gaps (1) in labels/.")
@click.option("--model", help="A packaged model's name or an ONNX file; default: the first packaged one.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Also write figures here.")
def evaluate_shelf(
    shelves: Path,
    per_kind: int,
    start: int,
    rows: Path | None,
    gaps: Path | None,
    model: str | None,
    json_file: Path | None,
) -> None:
    """How right rows, positions, levels and gaps are, on true boxes and on those a model finds.

    Shelves are rendered where they are not in the folder yet, a second or two each.
    """
    from shelfwatch.shelf import analyze
    from shelfwatch.training import shelf_accuracy as judge
    from shelfwatch.training.dataset import DatasetError, photos_in, read_sample
    from shelfwatch.training.shelf_truth import KINDS, every_kind

    detector = load_detector(model)
    scores: dict[tuple[str, str], ShelfScore] = {}

    def add(group: str, boxes: str, score: ShelfScore) -> None:
        scores[group, boxes] = scores.get((group, boxes), judge.ShelfScore()) + score

    try:
        drawn_rows = photos_in(rows / "images") if rows else []
        drawn_gaps = photos_in(gaps / "images") if gaps else []
        with Progress(console=Console(stderr=True), transient=True) as progress:
            shown = progress.track(every_kind(shelves, per_kind, start), len(KINDS) * per_kind, description="Rendered")
            for kind, truth in shown:
                photo = detector.decode(truth.photo.read_bytes())
                found = detector.detect(photo).detections
                for boxes, given in (("true", judge.as_detections(truth.boxes)), ("detected", found)):
                    for seen, pixels in ((boxes, None), (f"{boxes}, photo", photo.pixels)):
                        report = analyze(given, width=truth.width, height=truth.height, pixels=pixels)
                        score = judge.score_rendered(truth, given, report)
                        add(kind, seen, score)
                        add(EVERY, seen, score)
            for i, file in enumerate(progress.track(drawn_rows, description="Rows")):
                photo = detector.decode(file.read_bytes())
                found = detector.detect(photo).detections
                report = analyze(found, width=photo.width, height=photo.height)
                drawn = read_sample(file, 1).boxes
                add(f"rows, {HALVES[i % 2]}", "detected", judge.score_rows(drawn, found, report))
            for i, file in enumerate(progress.track(drawn_gaps, description="Gaps")):
                photo = detector.decode(file.read_bytes())
                sample = read_sample(file, 2)
                products, holes = (sample.boxes[sample.class_id == class_id] for class_id in (0, 1))
                sources = {"detected": detector.detect(photo).detections}
                if len(products):
                    sources["true"] = judge.as_detections(products)
                for boxes, detections in sources.items():
                    for seen, pixels in ((boxes, None), (f"{boxes}, photo", photo.pixels)):
                        report = analyze(detections, width=photo.width, height=photo.height, pixels=pixels)
                        add(f"gaps, {HALVES[i % 2]}", seen, judge.score_gaps(holes, report))
    except (DatasetError, ValueError, OSError) as error:  # ValueError: also photos that cannot be read
        raise click.ClickException(str(error)) from None
    Console().print(scores_table(scores))
    if json_file:
        figures = [{"photos of": group, "boxes": boxes, **score.to_json()} for (group, boxes), score in scores.items()]
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


def scores_table(scores: dict[tuple[str, str], ShelfScore]) -> Table:
    """A line a group of photos and kind of boxes."""
    table = Table("photos of", "boxes", "photos", "facings", "gaps", "gaps found")
    for name in next(iter(scores.values())).rates() if scores else ():
        table.add_column(name)
    table.columns[0].min_width, table.columns[1].min_width = 10, 8
    for column in table.columns[2:]:
        column.justify, column.min_width = "right", 5
    for group, boxes in sorted(scores, key=lambda key: (ORDER.index(key[1]), key[0] == EVERY)):
        score = scores[group, boxes]
        counts = map(str, (score.photos, score.facings, score.gaps, score.gaps_found))
        rates = ("–" if rate is None else f"{rate:.3f}" for rate in score.rates().values())
        table.add_row(Text(group), boxes, *counts, *rates)
    return table
