"""`shelfwatch predict`."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from shelfwatch.commands.annotate import annotate
from shelfwatch.inference.detector import MAX_DETECTIONS, Detector, packaged_models
from shelfwatch.inference.image import ImageError, decode
from shelfwatch.inference.model import Model, ModelError
from shelfwatch.shelf import analyze


def load_detector(model: str | None) -> Detector:
    """The packaged model of that name, the ONNX file at that path, or the default. Raises `click.ClickException`."""
    models = packaged_models()
    path = next(iter(models.values()), None) if model is None else models.get(model, Path(model))
    try:
        if path is None or not path.is_file():
            raise ModelError(f"no model {model!r}: give one of {', '.join(models) or 'none packaged'} or an ONNX file")
        return Detector(Model(path))
    except ModelError as error:
        raise click.ClickException(str(error)) from None


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json_text", is_flag=True, help="Print one JSON list instead of a table.")
@click.option(
    "--save-annotated",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write photos with boxes to this folder.",
)
@click.option("--confidence", type=click.FloatRange(0.01, 1), help="Least confidence; default: the model's own.")
@click.option("--model", help="A packaged model's name or an ONNX file; default: the first packaged one.")
@click.option("--max-detections", type=click.IntRange(1, 3000), default=MAX_DETECTIONS, show_default=True)
@click.option(
    "--tiles",
    type=click.Choice(["auto", "off"]),
    default="off",
    show_default=True,
    help="Look again at dense photos and panoramas, in overlapping tiles; takes longer.",
)
@click.option(
    "--report", is_flag=True, help="Also say where products stand and what is missing: rows, gaps, fill rate."
)
def predict(
    photos: tuple[Path, ...],
    as_json_text: bool,
    save_annotated: Path | None,
    confidence: float | None,
    model: str | None,
    max_detections: int,
    tiles: str,
    report: bool,
) -> None:
    """Find products in photos. A photo that cannot be read is reported and the others go on."""
    detector = load_detector(model)
    info = detector.info
    closer = tiles == "auto"
    answers: list[dict[str, Any]] = []
    failures: list[tuple[Path, str]] = []
    written: Counter[str] = Counter()
    table = Table("photo", "size", "products", "mean confidence", "time", title=f"{info.name} {info.version}")
    for name in ("rows", "gaps", "filled") if report else ():
        table.add_column(name)
    for column in table.columns[1:]:
        column.justify = "right"
    if save_annotated is not None:
        try:
            save_annotated.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.ClickException(f"{save_annotated}: {error.strerror}") from None
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for path in progress.track(photos, description="Looking at shelves"):
            try:
                data = path.read_bytes()
                start = time.perf_counter()
                photo = detector.decode(data, tiles=closer)
                result = detector.detect(photo, confidence=confidence, max_detections=max_detections, tiles=closer)
            except (OSError, ImageError) as error:
                failures.append((path, error.strerror or str(error) if isinstance(error, OSError) else str(error)))
                continue
            milliseconds = (time.perf_counter() - start) * 1000
            found = result.detections
            answer = {"path": str(path), **detector.to_json(photo, result)}
            shelf = analyze(found, width=photo.width, height=photo.height, pixels=photo.pixels) if report else None
            figures = []
            if shelf is not None:
                answer |= {"detections": shelf.place(answer["detections"]), "report": shelf.to_json()}
                figures = [str(len(shelf.rows)), str(len(shelf.gaps)), f"{shelf.fill_rate:.0%}"]
            answers.append(answer)
            mean = f"{found.confidence.mean():.2f}" if len(found) else "–"
            cut = "+" if result.truncated else ""
            table.add_row(
                Text(str(path)),  # as text: brackets in a path are no markup
                f"{photo.width} × {photo.height}",
                f"{len(found)}{cut}",
                mean,
                f"{milliseconds:.0f} ms",
                *figures,
            )
            if save_annotated is not None:
                written[path.stem] += 1  # photos of one name from several folders do not replace each other
                number = f"-{written[path.stem]}" if written[path.stem] > 1 else ""
                # Boxes are in full-size pixels, so the picture is decoded again at full size.
                picture = annotate(decode(data).pixels, found, info.classes, shelf)
                try:
                    picture.save(save_annotated / f"{path.stem}{number}.jpg", quality=90)
                except OSError as error:
                    failures.append((save_annotated, error.strerror or str(error)))
    if as_json_text:
        click.echo(json.dumps(answers, indent=2))
    elif answers:
        Console().print(table)
    for path, words in failures:
        click.echo(f"{path}: {words}", err=True)
    if failures:
        sys.exit(1)
