"""Audits with the boxes of their newest corrections, for training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import select

from shelfwatch.audits.audit import Audit
from shelfwatch.audits.database import Database
from shelfwatch.audits.exports.walk import STEP
from shelfwatch.audits.read import Filter, Page, list_audits
from shelfwatch.audits.tables import Correction


def walk_corrected(database: Database, which: Filter) -> Iterator[Audit]:
    """Every corrected audit, newest photo first; `detections` are those of its newest correction.

    Begins and goes on as `walk.walk`, and raises the same.
    """
    return _follow(database, which, list_audits(database, which, STEP, corrected=True))


def _follow(database: Database, which: Filter, page: Page) -> Iterator[Audit]:
    while True:
        yield from _complete(database, page)
        if page.next_cursor is None:
            return
        page = list_audits(database, which, STEP, page.next_cursor, corrected=True)


def _complete(database: Database, page: Page) -> Iterator[Audit]:
    """The audits of a page with the boxes of the corrections that were their newest when it was read."""
    wanted = {audit.corrected.id: audit for audit in page.items if audit.corrected is not None}
    columns = (Correction.id, Correction.detections)
    with database.read() as session:
        rows = session.execute(select(*columns).where(Correction.id.in_(wanted)))
        boxes = {row[0]: row[1] for row in rows}
    for correction_id, audit in wanted.items():
        if correction_id in boxes:  # not purged since
            yield replace(audit, detections=boxes[correction_id])
