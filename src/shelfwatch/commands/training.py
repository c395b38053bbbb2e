"""`shelfwatch slim`, `train`, `average`, `export`, `quantize` and `evaluate`."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from shelfwatch.commands.predict import load_detector
from shelfwatch.inference.detector import packaged_models
from shelfwatch.service.keys import plain_key

if TYPE_CHECKING:
    from shelfwatch.inference.model import ModelInfo
    from shelfwatch.training.evaluate import Breakdown
    from shelfwatch.training.report import Report

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
CALIBRATION_PHOTOS = 48  # spread evenly over the training split


def find_weights(given: str) -> Path:
    """The packaged model of that name, else the file of that name."""
    return packaged_models().get(given, Path(given))


def parse_extra(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[Path, float], ...]:
    """Each `DATA:WEIGHT` as a dataset file and its odds."""
    parsed = []
    for value in values:
        file, _colon, odds = value.rpartition(":")
        try:
            weight = float(odds)
        except ValueError:
            weight = 0.0
        if not file or not 0 < weight < math.inf:
            raise click.BadParameter(f"{value}: not DATA:WEIGHT with a weight above 0")
        parsed.append((Path(file), weight))
    return tuple(parsed)


@click.command()
@click.argument("weights")
@click.argument("out", type=FILE)
@click.argument("data", type=FILE)
@click.option("--size", type=click.Choice(["n", "s", "m", "l"]), default="n", show_default=True, help="YOLOv8 size.")
@click.option("--views", type=click.IntRange(1), default=64, show_default=True, help="Training views to fit to.")
def slim(weights: str, out: Path, data: Path, size: str, views: int) -> None:
    """Make a smaller YOLOv8 out of the trained WEIGHTS, as a start for `train`, and write the checkpoint OUT.

    WEIGHTS is a checkpoint, an ONNX model or a packaged model's name. The smaller network keeps the channels that say
    most on training photos of DATA.
    """
    from shelfwatch.training.slim import slim_to_size

    try:
        follow = partial(track, description="Refitting", console=Console(stderr=True))
        slim_to_size(find_weights(weights), out, data, size, views, follow=follow)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: a YOLOv8{size}, {out.stat().st_size / 1e6:.1f} MB")


@click.command()
@click.argument("weights")
@click.argument("data", type=FILE)
@click.option(
    "--extra",
    metavar="DATA:WEIGHT",
    multiple=True,
    callback=parse_extra,
    help="Learn from this dataset's `train` photos too, at odds of WEIGHT to 1; repeat for more.",
)
@click.option(
    "--teacher",
    "teachers",
    multiple=True,
    help="Also learn to predict as these weights do, given like WEIGHTS; of several, their mean.",
)
@click.option("--mirror-teachers", is_flag=True, help="Teachers look at the mirrored views too: better, twice as dear.")
@click.option(
    "--teach-boxes/--teach-scores",
    default=True,
    show_default=True,
    help="Whether teachers have a say in boxes, or only in scores: for labels whose boxes are better than theirs.",
)
@click.option("--out", type=FOLDER, default=Path("runs/train"), show_default=True)
@click.option("--epochs", type=click.IntRange(1), default=60, show_default=True)
@click.option("--hours", type=click.FloatRange(0, min_open=True), help="Wall-clock budget instead of --epochs.")
@click.option("--views", type=click.IntRange(1), default=480, show_default=True, help="Training views an epoch.")
@click.option(
    "--input-size", type=click.IntRange(32), help="Long side when served, pixels; default: the ONNX model's own or 960."
)
@click.option("--canvas", type=click.IntRange(32), default=640, show_default=True, help="Sides of a view, pixels.")
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True, help="Views a step.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), default=2e-4, show_default=True)
@click.option(
    "--ema",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.995,
    show_default=True,
    help="Decay a step of the averaged weights, which are the ones kept.",
)
@click.option(
    "--freeze", type=click.IntRange(0, 22), default=0, show_default=True, help="First layers left as they are."
)
@click.option(
    "--hold-statistics",
    is_flag=True,
    help="BatchNorms keep the mean and variance they start with: faster, for weights that fit the photos already.",
)
@click.option(
    "--zoom",
    type=(click.FloatRange(0.05, 20), click.FloatRange(0.05, 20)),
    default=(0.5, 1.7),
    show_default=True,
    metavar="LOW HIGH",
    help="Scale of a view against the served one.",
)
@click.option(
    "--mosaic", type=click.FloatRange(0, 1), default=0.4, show_default=True, help="Share of views made of four photos."
)
@click.option(
    "--distortion",
    type=click.FloatRange(0, 3),
    default=1.0,
    show_default=True,
    help="Of a view: stretch, turn, shear and perspective; 0 for none.",
)
@click.option(
    "--settle",
    type=click.FloatRange(0, 1),
    default=0.4,
    show_default=True,
    help="Last share of the run, whose views are neither distorted nor mosaics.",
)
@click.option("--patience", type=click.IntRange(1), default=30, show_default=True, help="Epochs without a better AP.")
@click.option("--workers", type=click.IntRange(0), default=1, show_default=True, help="Processes that make views.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--resume", is_flag=True, help="Continue the interrupted run in --out.")
def train(
    weights: str,
    data: Path,
    teachers: tuple[str, ...],
    input_size: int | None,
    canvas: int,
    zoom: tuple[float, float],
    mosaic: float,
    distortion: float,
    **options: Any,
) -> None:
    """Fine-tune WEIGHTS on the dataset file DATA (Ultralytics format).

    WEIGHTS is a YOLOv8 checkpoint, an ONNX model or a packaged model's name. Where DATA has another number of classes,
    the class scores are learned anew.
    """
    from shelfwatch.inference.model import Model
    from shelfwatch.training.augment import AugmentOptions
    from shelfwatch.training.train import TrainOptions
    from shelfwatch.training.train import train as run

    if zoom[0] > zoom[1]:
        raise click.BadParameter(f"{zoom[0]} to {zoom[1]}: the lower one comes first", param_hint="--zoom")
    start = find_weights(weights)
    try:
        if input_size is None:
            own = start.suffix == ".onnx"
            input_size = Model(start, threads=1).info.input_size if own else TrainOptions.input_size
        best = run(
            TrainOptions(
                weights=start,
                data=data,
                teachers=tuple(find_weights(teacher) for teacher in teachers),
                input_size=input_size,
                augment=AugmentOptions(canvas=canvas, zoom=zoom, mosaic=mosaic).distorted(distortion),
                **options,
            )
        )
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"best checkpoint: {best}")


@click.command()
@click.argument("sources", nargs=-1, required=True)
@click.argument("out", type=FILE)
@click.option(
    "--share", "shares", type=float, multiple=True, help="Of each source in the mean, in their order; default: equal."
)
def average(sources: tuple[str, ...], out: Path, shares: tuple[float, ...]) -> None:
    """Average the weights of SOURCES of one descent into the checkpoint OUT.

    SOURCES are checkpoints, ONNX models or packaged models' names.
    """
    from shelfwatch.training.average import average as run

    try:
        run([find_weights(source) for source in sources], out, shares or None)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: the mean of {len(sources)} models, {out.stat().st_size / 1e6:.1f} MB")


@click.command()
@click.argument("weights", type=FILE)
@click.argument("out", type=FILE)
@click.option("--name", default="accurate", show_default=True, help="Name the model is served under.")
@click.option("--version", required=True, help="Version written into the metadata.")
@click.option("--input-size", type=click.IntRange(32), default=960, show_default=True, help="Long side, pixels.")
@click.option("--threshold", type=click.FloatRange(0.01, 0.99), default=0.25, show_default=True)
@click.option("--iou", type=click.FloatRange(0.1, 1), default=0.5, show_default=True, help="IoU of duplicates.")
def export(weights: Path, out: Path, name: str, version: str, input_size: int, threshold: float, iou: float) -> None:
    """Write the YOLOv8 WEIGHTS as the float32 ONNX model OUT that `shelfwatch serve` serves.

    WEIGHTS is a checkpoint or an ONNX model.
    """
    from shelfwatch.training.export import export as run

    try:
        info = run(
            weights,
            out,
            name=name,
            version=version,
            input_size=input_size,
            operating_threshold=threshold,
            iou_threshold=iou,
        )
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {info.name} {info.version}, {info.precision}, {out.stat().st_size / 1e6:.1f} MB")


@click.command()
@click.argument("source", type=FILE)
@click.argument("out", type=FILE)
@click.argument("data", type=FILE)
@click.option("--photos", type=click.IntRange(1), default=CALIBRATION_PHOTOS, show_default=True)
def quantize(source: Path, out: Path, data: Path, photos: int) -> None:
    """Quantise the float32 model SOURCE to the INT8 model OUT, calibrated on training photos of DATA."""
    from shelfwatch.inference.model import ModelError
    from shelfwatch.training.dataset import DatasetError, evenly, load_dataset
    from shelfwatch.training.quantize import quantize as run

    try:
        chosen = evenly(load_dataset(data).images("train"), photos)
        follow = partial(track, description="Calibrating", console=Console(stderr=True))
        info = run(source, out, chosen, follow=follow)
    except (DatasetError, ModelError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {info.name} {info.version}, {info.precision}, {out.stat().st_size / 1e6:.1f} MB")


@click.command()
@click.argument("data", type=FILE)
@click.option("--model", "models", multiple=True, help="Packaged name or ONNX file; repeat to compare.")
@click.option("--url", help="Evaluate a running service at this address instead of a file.")
@click.option("--split", default="val", show_default=True)
@click.option("--confidence", type=click.FloatRange(0.01, 0.99), help="Count at this instead of the model's own.")
@click.option("--tiles", is_flag=True, help="Look again at dense photos and panoramas, in overlapping tiles.")
@click.option(
    "--choose-threshold",
    is_flag=True,
    help="Find the threshold of least count error; store it and the size of products.",
)
@click.option("--json", "json_file", type=FILE, help="Also write the figures to this file.")
@click.option("--report", type=FOLDER, help="Also write curves and figures by photo below this folder.")
def evaluate(
    data: Path,
    models: tuple[str, ...],
    url: str | None,
    split: str,
    confidence: float | None,
    tiles: bool,
    choose_threshold: bool,
    json_file: Path | None,
    report: Path | None,
) -> None:
    """AP, AP50, AP75, AR300 and count error on the labelled photos of DATA."""
    import httpx

    from shelfwatch.training import evaluate as judge
    from shelfwatch.training.dataset import DatasetError, load_dataset
    from shelfwatch.training.report import folder_name, make_report, write_report

    if report:
        importlib.import_module("matplotlib")  # a missing extra shows now, not after minutes of predictions
    if choose_threshold and (url or confidence or not models or any(model in packaged_models() for model in models)):
        raise click.ClickException("--choose-threshold stores into the ONNX files that --model names; nothing else")
    try:
        dataset = load_dataset(data)
        samples = dataset.samples(split)
        known = dataset.samples("train") if choose_threshold and "train" in dataset.splits else samples
    except DatasetError as error:
        raise click.ClickException(str(error)) from None
    table = Table("model", "AP", "AP50", "AP75", "AR300", "at", "AP50 there", "count error", "bias")
    for column in table.columns[1:]:
        column.justify, column.min_width = "right", 5  # on a narrow terminal names wrap, figures stay whole
    figures: dict[str, Any] = {}
    breakdowns: dict[str, Breakdown] = {}
    reports: dict[str, Report] = {}
    for model in models or (None,):
        try:
            if url:
                client = judge.connect(url, plain_key(os.environ.get("SHELFWATCH_API_KEYS", "")))
                served = judge.served_models(client)
                name = model or next(iter(served))
                if name not in served:
                    raise ValueError(f"{url} serves no model {name!r}, only {', '.join(served)}")
                shown = f"{name}, HTTP"
                predict, threshold = judge.http_predict(client, model, tiles=tiles), served[name]
            else:
                detector = load_detector(model)
                if choose_threshold:
                    size = judge.product_size(known, detector.info.input_size)
                    detector.info = dataclasses.replace(detector.info, product_size=size)
                name = model or detector.info.name
                shown = f"{detector.info.name} {detector.info.precision}"
                predict, threshold = judge.local_predict(detector, tiles=tiles), detector.info.operating_threshold
            progress = track(samples, f"Evaluating {name}", console=Console(stderr=True))
            predictions = judge.predict_all(progress, predict)
            if choose_threshold:
                threshold = judge.choose_threshold(samples, predictions)
                store(detector.model.path, dataclasses.replace(detector.info, operating_threshold=threshold))
            result = judge.evaluate(samples, predictions, dataset.names, confidence or threshold)
            breakdown = judge.break_down(samples, predictions, dataset.names, result.threshold)
            if report:
                reports[name] = make_report(samples, predictions, dataset.names, result, breakdown)
                write_report(reports[name], report / folder_name(name))
        except (ValueError, OSError, httpx.HTTPError) as error:  # ValueError: also photos that cannot be read
            raise click.ClickException(str(error)) from None
        figures[name] = result.to_json() | {"breakdown": breakdown.to_json()}
        breakdowns[name] = breakdown
        table.add_row(
            Text(shown),
            *(f"{value:.3f}" for value in (result.ap, result.ap50, result.ap75, result.ar300)),
            f"{result.threshold:.2f}",
            f"{result.ap50_operating:.3f}",
            f"{result.count_error:.1%}",
            f"{result.count_bias:+.1%}",
        )
    Console().print(table)
    Console().print(breakdown_table(breakdowns))
    for name, made in reports.items():
        Console().print(worst_table(name, made))
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


def breakdown_table(breakdowns: dict[str, Breakdown]) -> Table:
    """AP by size and density and the intervals, a column a model; all are of the same photos."""
    table = Table("")
    table.add_column("products", justify="right", min_width=5)
    for name in breakdowns:
        table.add_column(Text(name), justify="right", min_width=13)  # an interval stays whole
    first = next(iter(breakdowns.values()))
    total = str(sum(part.boxes for part in first.sizes.values()))
    table.add_row("AP, 95 % interval", total, *("{:.3f} – {:.3f}".format(*b.ap_interval) for b in breakdowns.values()))
    table.add_row(
        "count error, 95 % interval",
        total,
        *("{:.1%} – {:.1%}".format(*b.count_error_interval) for b in breakdowns.values()),
    )
    for kind, words in (("sizes", "AP, {} products"), ("densities", "AP, photos with {}")):
        for name, part in getattr(first, kind).items():
            values = (getattr(b, kind)[name].ap for b in breakdowns.values())
            shown = ("–" if ap is None else f"{ap:.3f}" for ap in values)
            table.add_row(words.format(name), str(part.boxes), *shown)
    return table


def worst_table(name: str, report: Report) -> Table:
    """The photos a model counted worst."""
    table = Table("photo", "products", "found", "count error", "F1", title=f"{name}: counted worst")
    for column in table.columns[1:]:
        column.justify, column.min_width = "right", 5
    for photo in report.worst_counts():
        error = "–" if photo.count_error is None else f"{photo.count_error:+.1%}"
        table.add_row(Text(photo.photo), str(photo.true), str(photo.found), error, f"{photo.f1:.3f}")
    return table


def store(path: Path, info: ModelInfo) -> None:
    """Write other metadata into a model."""
    import onnx

    from shelfwatch.training.onnx_file import save

    save(onnx.load(path), info, path)
