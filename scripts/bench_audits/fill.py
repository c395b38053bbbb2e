"""Generated audits, put into a database as fast as it takes them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg

from shelfwatch.audits.database import Database
from shelfwatch.audits.ids import first_id

AUDITS_PER_BAY = 100  # in any database, so that a history is as long in each
BAYS_PER_STORE = 10
BATCH = 20_000  # rows written at once
START = datetime(2024, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=60)  # between two audits; bays take turns, so a bay's audits lie far apart
MODEL = json.dumps({"name": "accurate", "version": "1.2.0", "precision": "int8"})
DETECTIONS = json.dumps([{"label": "product", "class_id": 0, "confidence": 0.9, "box": [1.0, 2.0, 3.0, 4.0]}] * 3)
GAP = {"row": 0, "box": [1.0, 2.0, 3.0, 4.0], "width_facings": 1.6, "severity": "major"}

Row = tuple[object, ...]
COLUMNS = {
    "stores": ("id", "name", "created_at"),
    "bays": (
        "id", "store_id", "name", "created_at", "alert_after", "latest_audit_id", "latest_taken_at", "latest_facings",
        "latest_fill_rate", "latest_gaps",
    ),
    "photos": ("sha256", "format", "size"),
    "audits": (
        "id", "store_id", "bay_id", "taken_at", "created_at", "photo", "width", "height", "model", "count", "facings",
        "fill_rate", "gaps",
    ),
    "findings": ("audit_id", "detections", "report"),
}  # fmt: skip


def fill(database: Database, audits: int) -> None:
    """Put `audits` audits into an empty database with tables. Constraints are not checked while it fills."""
    bays = audits // AUDITS_PER_BAY
    with _writer(database) as write:
        stores = max(1, bays // BAYS_PER_STORE)
        write("stores", ((_id(0, number), f"Store {number}", START) for number in range(stores)))
        write("bays", (_bay(number, bays, audits) for number in range(bays)))
        for begin in range(0, audits, BATCH):
            numbers = range(begin, min(audits, begin + BATCH))
            write("photos", ((_photo(number), "JPEG", 2_000_000) for number in numbers))
            write("audits", (_audit(number, bays) for number in numbers))
            write("findings", (_findings(number) for number in numbers))


def audit_id(number: int) -> str:
    """The id of an audit, by its number in time."""
    return _id(2, number)


def taken_at(number: int) -> datetime:
    """When its photo was taken."""
    return START + number * STEP


def _id(kind: int, number: int) -> str:
    head = uuid.UUID(first_id(taken_at(number))).int
    return str(uuid.UUID(int=head | kind << 56 | random.Random(number).getrandbits(56)))


def _photo(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def _figures(number: int) -> tuple[int, float, int]:
    chance = random.Random(number)
    return chance.randrange(20, 140), round(chance.uniform(0.4, 1), 3), chance.randrange(6)


def _bay(number: int, bays: int, audits: int) -> Row:
    last = audits - bays + number
    moment = taken_at(last)
    name, store = f"Bay {number}", number // BAYS_PER_STORE
    return (_id(1, number), _id(0, store), name, START, 1, audit_id(last), moment, *_figures(last))


def _audit(number: int, bays: int) -> Row:
    bay = number % bays
    facings, fill_rate, gaps = _figures(number)
    owners = (_id(0, bay // BAYS_PER_STORE), _id(1, bay))
    moment = taken_at(number)
    figures = (facings, facings, fill_rate, gaps)
    return (audit_id(number), *owners, moment, moment, _photo(number), 2448, 3264, MODEL, *figures)


def _findings(number: int) -> Row:
    facings, fill_rate, gaps = _figures(number)
    report = {"facings": facings, "fill_rate": fill_rate, "rows": [], "gaps": [GAP] * gaps}
    return (audit_id(number), DETECTIONS, json.dumps(report))


@contextlib.contextmanager
def _writer(database: Database) -> Iterator[object]:
    if database.file is not None:
        connection = sqlite3.connect(database.file)
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")

        def write(table: str, rows: Iterable[Row]) -> None:
            places = ", ".join("?" * len(COLUMNS[table]))
            statement = f"INSERT INTO {table} ({', '.join(COLUMNS[table])}) VALUES ({places})"
            connection.executemany(statement, (tuple(_plain(value) for value in row) for row in rows))
            connection.commit()

        yield write
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return
    with psycopg.connect(database.url.set(drivername="postgresql").render_as_string(), autocommit=True) as server:
        server.execute("SET session_replication_role = replica")  # leaves foreign keys unchecked

        def copy(table: str, rows: Iterable[Row]) -> None:
            with server.cursor().copy(f"COPY {table} ({', '.join(COLUMNS[table])}) FROM STDIN") as target:
                for row in rows:
                    target.write_row(row)

        yield copy
        server.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself after a while


def _plain(value: object) -> object:
    """As SQLAlchemy writes it in SQLite."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
        return value.replace("-", "")
    return value
