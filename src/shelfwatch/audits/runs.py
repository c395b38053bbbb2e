"""Since when a bay's gaps are there: carried from audit to audit, so that the newest knows without the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from shelfwatch.audits.places import carried, places, same_place
from shelfwatch.audits.tables import AuditRow, Bay, Findings

LOOK_BACK = 100  # most audits that are looked at where nothing can be carried on
BATCH = 10  # of them, read at once


def shown_places(session: Session, bay: Bay, newest: AuditRow, before: str | None) -> list[dict[str, Any]]:
    """The gaps of a bay's newest audit, each with the first audit of the unbroken run that shows one at its place.

    Where `before`, whose gaps the bay still has, is the audit just before the newest, theirs are carried on. Else, as
    after a deletion or a photo that came late, the audits before are looked through, 100 at most.
    """
    found = places(session.get_one(Findings, newest.id).report, newest.width, newest.height, newest.taken_at)
    if not found:
        return []
    earlier = (
        select(AuditRow.id)
        .where(AuditRow.bay_id == bay.id, AuditRow.deleted_at.is_(None))
        .where(tuple_(AuditRow.taken_at, AuditRow.id) < (newest.taken_at, newest.id))
        .order_by(AuditRow.taken_at.desc(), AuditRow.id.desc())
        .limit(LOOK_BACK)
    )
    ids = session.scalars(earlier).all()
    if before is not None and bay.latest_places is not None and ids[:1] == [before]:
        return carried(found, bay.latest_places)
    since = [gap["since"] for gap in found]
    ends: list[dict[str, Any] | None] = list(found)  # the oldest gap of each run, None once an audit breaks it
    for old in _earlier(session, list(ids)):
        for number, end in enumerate(ends):
            here = end and next((gap for gap in old if same_place(end["share"], gap["share"])), None)
            ends[number] = here
            since[number] = here["since"] if here else since[number]
        if not any(ends):
            break
    return [{**gap, "since": moment} for gap, moment in zip(found, since, strict=True)]


def _earlier(session: Session, ids: list[str]) -> Iterator[list[dict[str, Any]]]:
    columns = (AuditRow.id, AuditRow.width, AuditRow.height, AuditRow.taken_at, Findings.report)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        rows = session.execute(select(*columns).join(Findings).where(AuditRow.id.in_(batch)))
        found = {row[0]: row for row in rows}
        for audit_id in batch:
            _, width, height, taken_at, report = found[audit_id]
            yield places(report, width, height, taken_at)
