"""`shelfwatch check-dataset`, `pseudo-label` and `refine-labels`."""

from __future__ import annotations

import json
import sys
from functools import partial
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

FOLDER = click.Path(path_type=Path, file_okay=False)
SHOWN = 10  # findings of one check in the table; --json has them all


@click.command()
@click.argument("data", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--also",
    multiple=True,
    type=FOLDER,
    help="A folder of unlabelled photos that must not hold those of DATA; repeat for more.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all findings here.")
def check_dataset(data: Path, also: tuple[Path, ...], json_file: Path | None) -> None:
    """Look for broken photos and labels and for photos in two splits of DATA. Fails where there is an error."""
    from shelfwatch.training.check import check
    from shelfwatch.training.dataset import DatasetError, load_dataset

    try:
        follow = partial(track, description="Looking at photos", console=Console(stderr=True), transient=True)
        report = check(load_dataset(data), also, follow=follow)
    except DatasetError as error:
        raise click.ClickException(str(error)) from None
    table = Table("", "finding", "file", "where")
    for column in table.columns:
        column.overflow = "fold"  # a path cut short leads nowhere
    for name, group in groupby(report.findings, key=lambda finding: finding.check):
        findings = list(group)
        for finding in findings[:SHOWN]:
            severity = Text("error", "red") if finding.is_error else Text("warning", "yellow")
            table.add_row(severity, name, Text(str(finding.file)), Text(finding.detail))
        if len(findings) > SHOWN:
            table.add_row("", f"{name}: {len(findings) - SHOWN} more", "", "")
    if report.findings:
        Console().print(table)
    looked_at = ", ".join(f"{count} in {name}" for name, count in report.photos.items())
    click.echo(
        f"{sum(report.photos.values())} photos ({looked_at}) and {report.boxes} boxes: "
        f"{report.errors} errors, {report.warnings} warnings"
    )
    if json_file:
        json_file.write_text(json.dumps(report.to_json(), indent=2) + "\n")
    if report.errors:
        sys.exit(1)


@click.command()
@click.argument("photos", type=FOLDER)
@click.argument("out", type=FOLDER)
@click.option("--model", help="Packaged name or ONNX file; default: the first packaged model.")
@click.option(
    "--counts",
    "counts_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV with `image` and `products`: photos whose count the model misses by far are left out.",
)
@click.option(
    "--exact",
    is_flag=True,
    help="Training shall learn the boxes' edges too; default: only where products are.",
)
def pseudo_label(photos: Path, out: Path, model: str | None, counts_file: Path | None, exact: bool) -> None:
    """Label the photos in folder PHOTOS by what the model sees in ten looks at each; write a dataset to OUT."""
    from shelfwatch.commands.predict import load_detector
    from shelfwatch.training.dataset import photos_in
    from shelfwatch.training.pseudo import Outcome, label, read_counts

    outcomes: list[Outcome] = []
    try:
        found = photos_in(photos)
        counts = read_counts(counts_file) if counts_file else None
        follow = track(found, "Labelling", console=Console(stderr=True), transient=True)
        file = label(load_detector(model), follow, out, counts, exact=exact, on_photo=outcomes.append)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    kept = [outcome for outcome in outcomes if outcome.kept]
    without = f", {len(found) - len(outcomes)} without a known count" if counts is not None else ""
    click.echo(
        f"{file}: {len(kept)} of {len(found)} photos trusted{without}, {sum(outcome.kept for outcome in kept)} boxes"
    )


@click.command()
@click.argument("data", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("out", type=FOLDER)
@click.option("--model", help="Packaged name or ONNX file; default: the first packaged model.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Of the model in a refined box; the rest is the label's.",
)
def refine_labels(data: Path, out: Path, model: str | None, share: float) -> None:
    """Average the boxes of DATA's training photos with what the model sees in ten looks; write a dataset to OUT.

    Boxes the model does not see stay as they are, and none is added.
    """
    from shelfwatch.commands.predict import load_detector
    from shelfwatch.training.dataset import load_dataset
    from shelfwatch.training.refine import Refinement, refine_dataset

    done: list[Refinement] = []
    try:
        dataset = load_dataset(data)
        detector = load_detector(model)
        if detector.info.classes != dataset.names:
            raise ValueError(f"{data}: its classes are not those of the model {detector.info.name}")
        samples = track(dataset.samples("train"), "Refining", console=Console(stderr=True), transient=True)
        file = refine_dataset(detector, dataset, samples, out, share, on_photo=done.append)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    boxes, refined = sum(one.boxes for one in done), sum(one.refined for one in done)
    shift = sum(one.shift * one.refined for one in done) / max(refined, 1)
    click.echo(
        f"{file}: {refined} of {boxes} boxes in {len(done)} photos refined, by {shift:.2f} pixels an edge at the "
        "model's input"
    )
