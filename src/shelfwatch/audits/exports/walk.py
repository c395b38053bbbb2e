"""Every audit of a filter, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import select

from shelfwatch.audits.audit import Audit
from shelfwatch.audits.database import Database
from shelfwatch.audits.read import Filter, Page, list_audits
from shelfwatch.audits.tables import Findings

STEP = 50  # audits read at once; with 130 products each, 2 MB with all that was found in them


def walk(database: Database, which: Filter, *, detections: bool = False) -> Iterator[Audit]:
    """Audits with their reports, newest photo first, and with their detections where those are asked for.

    The first are read before this returns, so what is wrong is raised here: `InvalidError`, `UnavailableError`. No
    transaction is held in between: what is recorded or deleted meanwhile may be in or not, and none comes twice.
    """
    return _follow(database, which, detections, list_audits(database, which, STEP))


def _follow(database: Database, which: Filter, detections: bool, page: Page) -> Iterator[Audit]:
    while True:
        yield from _complete(database, page, detections)
        if page.next_cursor is None:
            return
        page = list_audits(database, which, STEP, page.next_cursor)


def _complete(database: Database, page: Page, detections: bool) -> list[Audit]:
    """The audits of a page with what was found in them; those purged since it was read are left out."""
    columns = (Findings.audit_id, Findings.report, *((Findings.detections,) if detections else ()))
    with database.read() as session:
        rows = session.execute(select(*columns).where(Findings.audit_id.in_([audit.id for audit in page.items])))
        found = {row[0]: row for row in rows}
    return [
        replace(audit, report=found[audit.id][1], detections=found[audit.id][2] if detections else None)
        for audit in page.items
        if audit.id in found
    ]
