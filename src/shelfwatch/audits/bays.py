"""Stores and bays: made when first named, expected to look some way, and showing their newest audit."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from shelfwatch.audits.alerts import evaluate
from shelfwatch.audits.database import Database, dialect_of
from shelfwatch.audits.entry import clean_name
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.runs import shown_places
from shelfwatch.audits.tables import AuditRow, Base, Bay, Store

MAX_COUNT = 1_000_000  # facings or gaps that anyone may expect of a bay
MAX_ALERT_AFTER = 100  # audits in a row


@dataclass(frozen=True)
class Expectations:
    """What a bay should look like; None expects nothing.

    An alert is due after `alert_after` audits in a row with a fill rate (0..1) or facings below the least, or gaps
    above the most. Raises `InvalidError`.
    """

    expected_facings: int | None = None
    min_fill_rate: float | None = None
    min_facings: int | None = None
    max_gaps: int | None = None
    alert_after: int = 1

    def __post_init__(self) -> None:
        for name in ("expected_facings", "min_facings", "max_gaps"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= MAX_COUNT:
                raise InvalidError(f"{name}: 0 to {MAX_COUNT}")
        if self.min_fill_rate is not None and not (math.isfinite(self.min_fill_rate) and 0 <= self.min_fill_rate <= 1):
            raise InvalidError("min_fill_rate: 0 to 1")
        if not 1 <= self.alert_after <= MAX_ALERT_AFTER:
            raise InvalidError(f"alert_after: 1 to {MAX_ALERT_AFTER}")


def set_expectations(database: Database, store: str, bay: str, expectations: Expectations) -> None:
    """Say what is expected of a bay, which is made if it is not there. Alerts follow at once.

    Raises `InvalidError`, `UnavailableError`.
    """
    store, bay = clean_name(store, "store"), clean_name(bay, "bay")
    now = datetime.now(UTC)
    with database.write() as session:
        row = bay_of(session, store, bay, now)
        for name, value in asdict(expectations).items():
            setattr(row, name, value)
        evaluate(session, row, now)


def bay_of(session: Session, store: str, bay: str, now: datetime) -> Bay:
    """The bay of that name, locked until the transaction ends; it and its store are made if they are not there."""
    wanted = select(Bay).join(Store).where(Store.name == store, Bay.name == bay).with_for_update(of=Bay)
    found = session.scalar(wanted)
    if found is None:
        # Others may name them for the first time at this moment: one row wins, and all read it.
        insert_missing(session, Store, id=new_id(), name=store, created_at=now)
        store_id = session.scalars(select(Store.id).where(Store.name == store)).one()
        insert_missing(session, Bay, id=new_id(), store_id=store_id, name=bay, created_at=now)
        found = session.scalars(wanted).one()
    return found


def insert_missing(session: Session, table: type[Base], **values: Any) -> None:
    """Insert a row unless one of the same key is there."""
    insert = sqlite.insert if dialect_of(session) == "sqlite" else postgresql.insert
    session.execute(insert(table).values(**values).on_conflict_do_nothing())


def show_latest(session: Session, bay: Bay, *, purged: bool = False) -> None:
    """Let a bay show its newest audit, or none where all are gone.

    What was `purged` was seen all the same: it does not change since when the newest audit's gaps are there.
    """
    session.flush()
    before = bay.latest_audit_id
    newest = session.scalar(
        select(AuditRow)
        .where(AuditRow.bay_id == bay.id, AuditRow.deleted_at.is_(None))
        .order_by(AuditRow.taken_at.desc(), AuditRow.id.desc())
        .limit(1)
    )
    if newest is None:
        bay.latest_places = None
    elif not (purged and newest.id == before):
        bay.latest_places = shown_places(session, bay, newest, before)
    bay.latest_audit_id = newest.id if newest else None
    bay.latest_taken_at = newest.taken_at if newest else None
    bay.latest_facings = newest.facings if newest else None
    bay.latest_fill_rate = newest.fill_rate if newest else None
    bay.latest_gaps = newest.gaps if newest else None
