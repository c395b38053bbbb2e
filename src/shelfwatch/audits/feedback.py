"""What people at the shelf say of alerts, and how right alerts are by that."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from shelfwatch.audits.alerts import locked
from shelfwatch.audits.audit import time_text
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import clean_name, clean_note
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.ids import known_id, new_id
from shelfwatch.audits.tables import Alert as AlertRow
from shelfwatch.audits.tables import AuditRow
from shelfwatch.audits.tables import Feedback as FeedbackRow
from shelfwatch.audits.thresholds import KINDS

RESTOCKED, FALSE_ALARM, NOT_WORKABLE = VERDICTS = ("restocked", "false_alarm", "not_workable")


@dataclass(frozen=True)
class Feedback:
    """What one person said of an alert; `created_at` is UTC."""

    id: str
    alert_id: str
    verdict: str  # restocked, false_alarm or not_workable (true, but nothing to be done: no stock, a blocked aisle)
    who: str | None
    note: str | None
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"created_at": time_text(self.created_at)}


@dataclass(frozen=True)
class Precision:
    """How alerts of a kind were judged, each by the last thing said of it."""

    kind: str
    alerts: int
    restocked: int = 0
    false_alarm: int = 0
    not_workable: int = 0

    @property
    def precision(self) -> float | None:
        """Restocked / (restocked + false alarm), 0..1; None before anyone said either."""
        judged = self.restocked + self.false_alarm
        return self.restocked / judged if judged else None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"precision": self.precision}


def give_feedback(
    database: Database, alert_id: str, verdict: str, who: str | None = None, note: str | None = None
) -> Feedback:
    """Keep what someone said of an alert, resolved or not. Its status stays: the next photo tells whether it is over.

    Who says the same again, since the answer got lost perhaps, is given what is kept already.

    Raises `NotFoundError`, `InvalidError`, `UnavailableError`.
    """
    if verdict not in VERDICTS:
        raise InvalidError(f"verdict: one of {', '.join(VERDICTS)}")
    who = clean_name(who, "who") if who and who.strip() else None
    note = clean_note(note)
    now = datetime.now(UTC)
    with database.write() as session:
        alert = locked(session, alert_id)
        said = select(FeedbackRow).where(FeedbackRow.alert_id == alert.id).order_by(FeedbackRow.id.desc()).limit(1)
        last = session.scalar(said)
        shown = session.get(AuditRow, alert.shown_audit_id) if alert.shown_audit_id else None
        # Said of a newer photo it is something new.
        again = last is not None and (shown is None or shown.created_at <= last.created_at)
        if last is not None and again and (last.verdict, last.who, last.note) == (verdict, who, note):
            return _read(last)
        row = FeedbackRow(id=new_id(), alert_id=alert.id, verdict=verdict, who=who, note=note, created_at=now)
        session.add(row)
        session.flush()
        return _read(row)


def list_feedback(database: Database, alert_id: str) -> list[Feedback]:
    """All that was said of an alert, oldest first. Raises `NotFoundError`, `UnavailableError`."""
    known = known_id(alert_id)
    with database.read() as session:
        if known is None or session.get(AlertRow, known) is None:
            raise NotFoundError("There is no such alert.")
        wanted = select(FeedbackRow).where(FeedbackRow.alert_id == known).order_by(FeedbackRow.id)
        return [_read(row) for row in session.scalars(wanted)]


def precision(database: Database) -> list[Precision]:
    """One entry a kind of alert. Raises `UnavailableError`."""
    last = select(FeedbackRow.alert_id, func.max(FeedbackRow.created_at).label("at")).group_by(FeedbackRow.alert_id)
    newest = last.subquery()
    judged = (
        select(AlertRow.kind, FeedbackRow.verdict, func.count(AlertRow.id.distinct()))
        .join(FeedbackRow, FeedbackRow.alert_id == AlertRow.id)
        .join(newest, (newest.c.alert_id == FeedbackRow.alert_id) & (newest.c.at == FeedbackRow.created_at))
        .group_by(AlertRow.kind, FeedbackRow.verdict)
    )
    kinds = select(AlertRow.kind, func.count()).group_by(AlertRow.kind)
    with database.read() as session:
        raised = {kind: count for kind, count in session.execute(kinds)}  # noqa: C416 - a row is no pair to mypy
        said = {(kind, verdict): count for kind, verdict, count in session.execute(judged)}
    return [
        Precision(kind, raised.get(kind, 0), **{verdict: said.get((kind, verdict), 0) for verdict in VERDICTS})
        for kind in KINDS
    ]


def _read(row: FeedbackRow) -> Feedback:
    return Feedback(row.id, row.alert_id, row.verdict, row.who, row.note, row.created_at)
