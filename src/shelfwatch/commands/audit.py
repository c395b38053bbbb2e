"""`shelfwatch audit`."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from shelfwatch.audits.audit import Audit, time_text
from shelfwatch.audits.entry import Entry, clean_name
from shelfwatch.audits.errors import AuditsError, ConflictError, UnavailableError
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.record import earlier, record
from shelfwatch.commands.memory import with_memory
from shelfwatch.commands.predict import load_detector
from shelfwatch.commands.taken import taken_at
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.image import ImageError
from shelfwatch.shelf import analyze

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})  # of what a folder is searched for


@dataclass(frozen=True)
class Bay:
    """Whose shelf the photos show, and whether their cameras say when."""

    store: str
    bay: str
    from_exif: bool


@dataclass
class Outcome:
    """What became of the photos, each by its path; a skipped one has the audit it made before, if that is kept."""

    recorded: list[tuple[Path, Audit]] = field(default_factory=list)
    skipped: list[tuple[Path, Audit | None]] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    stopped: str | None = None  # why no more photos were looked at

    def figures(self) -> dict[str, Any]:
        """JSON-ready counts, and facings, gaps and mean fill rate of the audits, those made before among them."""
        audits = [audit for _, audit in (*self.recorded, *self.skipped) if audit is not None]
        rates = [audit.fill_rate for audit in audits if audit.fill_rate is not None]
        return {
            "photos": len(self.recorded) + len(self.skipped) + len(self.failed),
            "recorded": len(self.recorded),
            "skipped": len(self.skipped),
            "failed": len(self.failed),
            "facings": sum(audit.facings for audit in audits),
            "fill_rate": round(sum(rates) / len(rates), 4) if rates else None,
            "gaps": sum(audit.gaps for audit in audits),
        }

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            **self.figures(),
            "audits": [{"path": str(path), **brief(audit)} for path, audit in self.recorded],
            "skipped_photos": [{"path": str(path), "id": audit and audit.id} for path, audit in self.skipped],
            "failed_photos": [{"path": str(path), "error": words} for path, words in self.failed],
            "stopped": self.stopped,
        }


def brief(audit: Audit) -> dict[str, Any]:
    """What `--json` says of an audit."""
    return {
        "id": audit.id,
        "taken_at": time_text(audit.taken_at),
        "facings": audit.facings,
        "fill_rate": audit.fill_rate,
        "gaps": audit.gaps,
    }


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
@click.option("--model", help="A packaged model's name or an ONNX file; default: the first packaged one.")
@click.option("--json", "as_json_text", is_flag=True, help="Print JSON instead of a table.")
@with_memory
def audit(
    memory: Memory,
    photos: tuple[Path, ...],
    store: str,
    bay: str,
    recursive: bool,
    taken_from_exif: bool,
    model: str | None,
    as_json_text: bool,
) -> None:
    """Record an audit for each of the PHOTOS of a bay, which are files and folders of them.

    Photos that were recorded in the bay before are skipped, so that a run that was interrupted can be repeated. A photo
    that cannot be read is reported and the others go on; the exit code is then 1.
    """
    of = Bay(clean_name(store, "store"), clean_name(bay, "bay"), taken_from_exif)
    files = list(dict.fromkeys(find_photos(photos, recursive)))
    memory.start()
    detector = load_detector(model)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        outcome = record_all(memory, detector, of, progress.track(files, description="Looking at shelves"))
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
    if not files:
        click.echo("There are no photos.", err=True)
    if outcome.failed or outcome.stopped or not files:
        sys.exit(1)


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


def record_all(memory: Memory, detector: Detector, of: Bay, files: Iterable[Path]) -> Outcome:
    """Record what is not recorded yet. Stops where the memory takes no more."""
    outcome = Outcome()
    for path in files:
        try:
            data = path.read_bytes()
            key = f"sha256-{hashlib.sha256(data).hexdigest()}"  # counts within the bay
            known = earlier(memory.database, data, of.store, of.bay, key)
            if known is not None:
                outcome.skipped.append((path, known))
                continue
            done = record(memory.database, memory.photos, data, look(detector, data, of, key))
            outcome.recorded.append((path, done.audit))
        except ConflictError:  # this photo's audit was deleted, by someone who had a reason
            outcome.skipped.append((path, None))
        except UnavailableError as error:
            outcome.stopped = f"{path}: {error}"
            break
        except OSError as error:
            outcome.failed.append((path, error.strerror or str(error)))
        except (AuditsError, ImageError) as error:
            outcome.failed.append((path, str(error)))
    return outcome


def look(detector: Detector, data: bytes, of: Bay, key: str) -> Entry:
    """What a photo shows. Raises `ImageError` where it cannot be read, or does not say when it is from but should."""
    photo = detector.decode(data)
    result = detector.detect(photo)
    report = analyze(result.detections, width=photo.width, height=photo.height, pixels=photo.pixels)
    answer = detector.to_json(photo, result)
    moment = taken_at(data) if of.from_exif else None
    if of.from_exif and moment is None:
        raise ImageError("The photo does not say when it was taken; leave out --taken-from-exif.")
    return Entry(
        of.store,
        of.bay,
        width=photo.width,
        height=photo.height,
        model=answer["model"],
        detections=report.place(answer["detections"]),
        report=report.to_json(),
        taken_at=moment,
        idempotency_key=key,
    )


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
