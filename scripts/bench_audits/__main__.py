"""Time reading with few and with many audits, side by side, and write the section of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import contextlib
import platform
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import sqlalchemy
from rich.console import Console
from rich.progress import Progress

from bench.report import markdown, processor
from bench.timing import Times, ratio, timed
from bench_audits import fill
from postgres import NotInstalledError, PostgresServer
from sections import replaced
from shelfwatch.audits.cursors import Cursor
from shelfwatch.audits.database import Database
from shelfwatch.audits.migrate import upgrade
from shelfwatch.audits.read import Filter, get_audit, history, list_audits, list_bays
from shelfwatch.inference.cpus import available_cpus

ROOT = Path(__file__).resolve().parents[2]
FEW, MANY = 1_000, 1_000_000  # audits
RUNS = 200
MOST = 2.0  # times as long as with few

WORDS = """Each audit has a row of its own photo, findings of three detections and its place among {bays:,} bays of
{per} audits, which take turns, so that a bay's audits lie far apart. Functions of `shelfwatch.audits.read` are called
in one process and give what the endpoints answer, each time for another bay, store or place in the list; databases with
few and with many audits take turns. *Ratio* is the median over the rounds; at most {most:g} is the aim."""
SEED = 3


def jobs(database: Database, audits: int) -> dict[str, Callable[[], object]]:
    """What is timed, by what it is called in the table; each call reads another place."""
    stores = audits // fill.AUDITS_PER_BAY // fill.BAYS_PER_STORE
    chance = random.Random(SEED)

    def bay() -> tuple[str, str]:
        store, number = chance.randrange(stores), chance.randrange(fill.BAYS_PER_STORE)
        return f"Store {store}", f"Bay {store * fill.BAYS_PER_STORE + number}"

    def deep() -> str:
        number = chance.randrange(50, audits)
        return str(Cursor(fill.taken_at(number), fill.audit_id(number)))

    return {
        "a bay's history, 100 points": lambda: _long(history(database, *bay()).points, fill.AUDITS_PER_BAY),
        "the newest page, 50 audits": lambda: _long(list_audits(database, Filter()).items, 50),
        "a deep page, 50 audits": lambda: _long(list_audits(database, Filter(), cursor=deep()).items, 50),
        "the newest page of a store": lambda: _long(list_audits(database, Filter(bay()[0])).items, 50),
        "a store's overview, 10 bays": lambda: _long(list_bays(database, bay()[0]), fill.BAYS_PER_STORE),
        "one audit": lambda: get_audit(database, fill.audit_id(chance.randrange(audits))),
    }


def _long(found: list[object], length: int) -> None:
    if len(found) != length:
        raise RuntimeError(f"{len(found)} found instead of {length}")


def measure(few: Database, many: Database, counts: tuple[int, int], runs: int) -> dict[str, tuple[Times, Times]]:
    """Milliseconds of every job in both databases."""
    first, second = jobs(few, counts[0]), jobs(many, counts[1])
    found = {}
    for name in first:
        timed(first[name]), timed(second[name])
        rounds = [(timed(first[name]), timed(second[name])) for _ in range(runs)]
        found[name] = (np.array([times[0] for times in rounds]), np.array([times[1] for times in rounds]))
    return found


@contextlib.contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[Database, Database]]:
    """Two empty ones with tables."""
    if kind == "SQLite":
        pair = [f"sqlite:///{folder / name}.db" for name in ("few", "many")]
        yield _made(pair)
        return
    server = PostgresServer()
    try:
        made = _made([server.make("few"), server.make("many")])
        yield made
        for database in made:
            database.close()
    finally:
        server.close()


def _made(urls: list[str]) -> tuple[Database, Database]:
    first, second = (Database(url) for url in urls)
    upgrade(first)
    upgrade(second)
    return first, second


def version(server: Database) -> str:
    """The server's."""
    with server.read() as session:
        number = str(session.scalar(sqlalchemy.text("SHOW server_version"))).split()[0]
    return f"PostgreSQL {number}"


def main() -> int:
    """Measure, print and, where asked, write; exit code 1 where a ratio is beyond the aim."""
    parser = argparse.ArgumentParser(prog="bench_audits", description=__doc__)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--write", type=Path, nargs="?", const=ROOT, help="write the page below this folder")
    options = parser.parse_args()
    rows: list[list[str]] = []
    names = [f"SQLite {sqlite3.sqlite_version}"]
    worst = 0.0
    skipped: list[str] = []
    with Progress(console=Console(stderr=True), transient=True) as progress, tempfile.TemporaryDirectory() as folder:
        for kind in ("SQLite", "PostgreSQL"):
            task = progress.add_task(f"Filling {kind}", total=None)
            try:
                with databases(kind, Path(folder)) as (few, many):
                    if kind == "PostgreSQL":
                        names.append(version(many))
                    fill.fill(few, options.few)
                    fill.fill(many, options.many)
                    progress.update(task, description=f"Reading {kind}")
                    found = measure(few, many, (options.few, options.many), options.runs)
            except NotInstalledError as error:
                skipped.append(f"Skipped: {error}.")
                continue
            for name, (first, second) in found.items():
                times = ratio(second, first)
                worst = max(worst, times)
                figures = [f"{np.median(first):.2f}", f"{np.median(second):.2f}", f"{np.percentile(second, 95):.2f}"]
                rows.append([kind, name, *figures, f"{times:.2f} ×"])
            progress.remove_task(task)
    head = [
        "database",
        "read",
        f"{options.few:,} audits, median ms",
        f"{options.many:,} audits, median ms",
        "p95",
        "ratio",
    ]
    parts = [
        "## Audits",
        f"Measured with `make bench-audits` on {available_cpus()} CPUs ({processor()});\n{', '.join(names)}, "
        f"SQLAlchemy {sqlalchemy.__version__}, Python {platform.python_version()}; {options.runs} runs each.",
        WORDS.format(bays=options.many // fill.AUDITS_PER_BAY, per=fill.AUDITS_PER_BAY, most=MOST),
        markdown(head, rows, words=2),
        *skipped,
    ]
    text = "\n\n".join(parts)
    if options.write:
        page = options.write / "docs" / "benchmarks.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(replaced(page.read_text() if page.exists() else "", "make bench-audits", text))
    print(text)
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(main())
