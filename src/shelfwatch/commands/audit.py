"""`shelfwatch audit`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from shelfwatch.audits.entry import clean_name
from shelfwatch.audits.errors import InvalidError
from shelfwatch.commands.memory import memory_flags, opened
from shelfwatch.commands.memory_recorder import MemoryRecorder
from shelfwatch.commands.predict import load_detector
from shelfwatch.commands.recording import Bay, Outcome, Recorder, record_all

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})  # of what a folder is searched for
KEY = "SHELFWATCH_KEY"  # the variable that holds an API key: other users of a machine see command lines


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--store", required=True, help="The store's name; one named for the first time is made.")
@click.option("--bay", required=True, help="The bay's name within the store.")
@click.option("--recursive", is_flag=True, help="Also look into the folders of a folder.")
@click.option(
    "--taken-from-exif",
    is_flag=True,
    help="Photos were taken when their cameras say; one that does not say fails. Default: now.",
)
@click.option(
    "--model",
    help="A packaged model's name or an ONNX file, or with --url the name of a model served there; default: the first.",
)
@click.option(
    "--url",
    help="Send the photos to the service at this address instead, such as https://shelfwatch.example; its key is taken "
    f"from the environment. [key: {KEY}]",
)
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON instead of a table.")
@memory_flags
@click.pass_context
def audit(
    context: click.Context,
    photos: tuple[Path, ...],
    store: str,
    bay: str,
    recursive: bool,
    taken_from_exif: bool,
    model: str | None,
    url: str | None,
    as_json_text: bool,
    data_dir: Path | None,
    photo_store: str,
) -> None:
    """Record an audit for each of the PHOTOS of a bay, which are files and folders of them.

    Photos that were recorded in the bay before are skipped, so that a run that was interrupted can be repeated. A photo
    that cannot be read is reported and the others go on; the exit code is then 1.
    """
    for name in ("data_dir", "photo_store"):
        if url and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--url and --{name.replace('_', '-')} name two places for the audits.")
    try:
        of = Bay(clean_name(store, "store"), clean_name(bay, "bay"), taken_from_exif)
    except InvalidError as error:
        raise click.ClickException(str(error)) from None
    files = list(dict.fromkeys(find_photos(photos, recursive)))
    recorders = at_service(url, of, model) if url else in_memory(data_dir, photo_store, of, model)
    with recorders as recorder, Progress(console=Console(stderr=True), transient=True) as progress:
        outcome = record_all(recorder, progress.track(files, description="Looking at shelves"))
    tell(outcome, as_json_text)
    if not files:
        click.echo("There are no photos.", err=True)
    if outcome.failed or outcome.stopped or not files:
        sys.exit(1)


@contextlib.contextmanager
def in_memory(data_dir: Path | None, photo_store: str, of: Bay, model: str | None) -> Iterator[Recorder]:
    """Records on this machine."""
    with opened(data_dir, photo_store) as memory:
        memory.start()
        yield MemoryRecorder(memory, load_detector(model), of)


@contextlib.contextmanager
def at_service(url: str, of: Bay, model: str | None) -> Iterator[Recorder]:
    """Records in a running service."""
    try:
        from shelfwatch.client import Client
        from shelfwatch.commands.service_recorder import PATIENCE, ServiceRecorder
    except ModuleNotFoundError as error:
        raise click.ClickException(f'--url needs {error.name}: pip install "shelfwatch[client]"') from None
    try:
        service = Client(url, api_key=os.environ.get(KEY), retries=PATIENCE)
    except ValueError as error:
        raise click.ClickException(str(error).replace("base_url", "--url")) from None
    with service:
        yield ServiceRecorder(service, of, model)


def find_photos(paths: Iterable[Path], recursive: bool) -> Iterator[Path]:
    """The files among the paths, and the photos in the folders among them by name, but no hidden ones."""
    for path in paths:
        if path.is_dir():
            found = path.rglob("*") if recursive else path.iterdir()
            yield from sorted(
                file
                for file in found
                if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith(".")
            )
        else:
            yield path


def tell(outcome: Outcome, as_json_text: bool) -> None:
    """Print what became of the photos."""
    if as_json_text:
        click.echo(json.dumps(outcome.to_json(), indent=2))
    else:
        Console().print(summary(outcome))
    for path, words in outcome.failed:
        click.echo(f"{path}: {words}", err=True)
    if outcome.skipped:
        click.echo(f"{len(outcome.skipped)} photos were recorded before and skipped.", err=True)
    if outcome.stopped:
        click.echo(f"Stopped: {outcome.stopped} Run it again to go on.", err=True)


def summary(outcome: Outcome) -> Table:
    """One line of figures."""
    figures = outcome.figures()
    rate = figures.pop("fill_rate")
    table = Table()
    for name in figures:
        table.add_column(name, justify="right")
    table.add_column("filled", justify="right")
    table.add_row(*map(str, figures.values()), "–" if rate is None else f"{rate:.0%}")
    return table
