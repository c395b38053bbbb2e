"""What is to be done at the shelves now: the gaps of each bay's newest audit, and alerts that are not resolved."""

from __future__ import annotations

import base64
import binascii
import struct
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from shelfwatch.audits.alert import ACKNOWLEDGED, RESOLVED, Alert, alerts, to_alert
from shelfwatch.audits.audit import time_text
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import known_name
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.feedback import FALSE_ALARM
from shelfwatch.audits.ids import EPOCH
from shelfwatch.audits.places import same_place
from shelfwatch.audits.runs import shown_places
from shelfwatch.audits.tables import Alert as AlertRow
from shelfwatch.audits.tables import AuditRow, Bay, Feedback, GapVerdict, Store

PAGE = 50  # tasks of a page by default
MAX_PAGE = 200
GAP, ALERT = KINDS = ("gap", "alert")
SEVERITIES = ("critical", "major", "minor")  # the most urgent first
OF_ALERTS = "major"  # the severity of every alert
LAYOUT = struct.Struct(">BBq16sI")  # a task's urgency

Urgency = tuple[int, int, int, bytes, int]


@dataclass(frozen=True)
class Task:
    """A gap, or an alert, which `alert` is then.

    `since` is UTC; `box` is in pixels of the upright photo of `audit_id`, and `gap` the index in that audit's report.
    """

    kind: str  # gap or alert
    store: str
    bay: str
    since: datetime
    audit_id: str | None
    severity: str  # critical, major or minor
    box: list[float] | None
    row: int | None = None
    width_facings: float | None = None
    gap: int | None = None
    alert: Alert | None = None

    @property
    def id(self) -> str:
        """`gap-<audit's id>-<index>` or `alert-<alert's id>`."""
        return f"alert-{self.alert.id}" if self.alert else f"gap-{self.audit_id}-{self.gap}"

    @property
    def urgency(self) -> Urgency:
        """Sorts the most urgent first: by severity, what nobody sees to before acknowledged alerts, older first."""
        taken_care_of = self.alert is not None and self.alert.status == ACKNOWLEDGED
        since = (self.since - EPOCH) // timedelta(microseconds=1)
        whose = uuid.UUID(self.alert.id if self.alert else self.audit_id).bytes
        return SEVERITIES.index(self.severity), int(taken_care_of), since, whose, self.gap or 0

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; where a picture is to be had is for the caller to add."""
        said = self.alert and {name: getattr(self.alert, name) for name in ("kind", "value", "threshold", "status")}
        return {
            "id": self.id,
            "kind": self.kind,
            "store": self.store,
            "bay": self.bay,
            "since": time_text(self.since),
            "audit_id": self.audit_id,
            "row": self.row,
            "box": self.box,
            "severity": self.severity,
            "width_facings": self.width_facings,
            "alert": said,
        }


@dataclass(frozen=True)
class TaskPage:
    """Tasks, the most urgent first, and where the next page begins; None on the last."""

    items: list[Task]
    next_cursor: str | None


def list_tasks(
    database: Database,
    store: str | None = None,
    bay: str | None = None,
    kind: str | None = None,
    limit: int = PAGE,
    cursor: str | None = None,
) -> TaskPage:
    """A page of what has no verdict: of a store, of a bay of it, of a kind.

    A gap with a verdict is not listed, nor one at the place of a false alarm of the bay. An alert with one is listed
    again once a later audit shows it still, unless it was a false alarm. Raises `InvalidError` for an unknown kind, a
    bay without its store, a limit beyond 1 to 200 or a cursor that is not ours; `UnavailableError`.
    """
    if kind is not None and kind not in KINDS:
        raise InvalidError(f"kind: one of {', '.join(KINDS)}")
    if bay is not None and store is None:
        raise InvalidError("bay: name its store too, since stores may have bays of the same name")
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidError(f"limit: 1 to {MAX_PAGE}")
    begin = _parse(cursor) if cursor is not None else None
    where = []
    if store is not None:
        where.append(Store.name == known_name(store))
    if bay is not None:
        where.append(Bay.name == known_name(bay))
    found: list[Task] = []
    with database.read() as session:
        if kind != ALERT:
            found += _gaps(session, where)
        if kind != GAP:
            found += _alerts(session, where)
    found = sorted((task for task in found if begin is None or task.urgency > begin), key=lambda task: task.urgency)
    more = len(found) > limit
    return TaskPage(found[:limit], _cursor(found[limit - 1].urgency) if more else None)


def _gaps(session: Session, where: list[Any]) -> list[Task]:
    last = _last_verdicts().join(Bay, Bay.id == GapVerdict.bay_id).join(Store, Store.id == Bay.store_id).where(*where)
    last = last.where((GapVerdict.audit_id == Bay.latest_audit_id) | (GapVerdict.verdict == FALSE_ALARM))
    judged = set()
    false: dict[str, list[list[float]]] = {}
    for said in session.scalars(last):
        judged.add((said.audit_id, said.gap))
        if said.verdict == FALSE_ALARM:
            false.setdefault(said.bay_id, []).append(said.box)
    bays = select(Bay, Store.name).join(Store).where(Bay.latest_gaps > 0, *where)
    return [
        Task(
            kind=GAP,
            store=store,
            bay=bay.name,
            since=datetime.fromisoformat(gap["since"]),
            audit_id=bay.latest_audit_id,
            severity=gap["severity"],
            box=gap["box"],
            row=gap["row"],
            width_facings=gap["width_facings"],
            gap=number,
        )
        for bay, store in session.execute(bays)
        for number, gap in enumerate(_places(session, bay))
        if (bay.latest_audit_id, number) not in judged
        and not any(same_place(gap["share"], box) for box in false.get(bay.id, ()))
    ]


def _last_verdicts() -> Select[GapVerdict]:
    """Of each gap that anyone judged, the last that was said."""
    later = aliased(GapVerdict)
    same = (later.audit_id == GapVerdict.audit_id) & (later.gap == GapVerdict.gap) & (later.id > GapVerdict.id)
    return select(GapVerdict).where(~select(later.id).where(same).correlate(GapVerdict).exists())


def _places(session: Session, bay: Bay) -> list[dict[str, Any]]:
    """A bay's gaps; of one not recorded since they are kept with it, they are looked up."""
    if bay.latest_places is not None:
        return bay.latest_places
    return shown_places(session, bay, session.get_one(AuditRow, bay.latest_audit_id), None)


def _alerts(session: Session, where: list[Any]) -> list[Task]:
    said = aliased(Feedback)
    newest = select(said.id).where(said.alert_id == AlertRow.id).order_by(said.id.desc()).limit(1).correlate(AlertRow)
    query = (
        alerts()
        .add_columns(Feedback.verdict, Feedback.created_at, AuditRow.created_at)
        .outerjoin(Feedback, Feedback.id == newest.scalar_subquery())
        .outerjoin(AuditRow, AuditRow.id == AlertRow.shown_audit_id)
        .where(AlertRow.status != RESOLVED, *where)
    )
    found = []
    for row, store, bay, verdict, said_at, shown_at in session.execute(query):
        if verdict == FALSE_ALARM or (verdict is not None and (shown_at is None or shown_at <= said_at)):
            continue
        alert = to_alert((row, store, bay))
        found.append(
            Task(ALERT, store, bay, alert.since, alert.audit_id, severity=OF_ALERTS, box=alert.box, alert=alert)
        )
    return found


def _cursor(urgency: Urgency) -> str:
    return base64.urlsafe_b64encode(LAYOUT.pack(*urgency)).decode()


def _parse(text: str) -> Urgency:
    try:
        packed = base64.b64decode(text, altchars=b"-_", validate=True)
        severity, taken_care_of, since, whose, gap = LAYOUT.unpack(packed)
    except (binascii.Error, struct.error, ValueError):
        raise InvalidError("cursor: take `next_cursor` of the page before") from None
    return severity, taken_care_of, since, whose, gap
