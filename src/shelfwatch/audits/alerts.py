"""Alerts: raised and resolved in the transaction that changes a bay's audits, acknowledged by people, listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from shelfwatch.audits import outbox
from shelfwatch.audits.alert import ACKNOWLEDGED, OPEN, RESOLVED, STATUSES, Alert, alerts, to_alert
from shelfwatch.audits.cursors import Cursor
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import known_name
from shelfwatch.audits.errors import ConflictError, InvalidError, NotFoundError
from shelfwatch.audits.ids import known_id, new_id
from shelfwatch.audits.tables import Alert as AlertRow
from shelfwatch.audits.tables import AuditRow, Bay, Findings, Store
from shelfwatch.audits.thresholds import KINDS, Reading, Rule, State, Verdict, judge

PAGE = 50  # alerts of a page by default
MAX_PAGE = 200
FEW = 5  # audits that are looked at first: a healthy bay's newest is clear of its threshold
LOOK_BACK = 500  # most audits that are looked at


@dataclass(frozen=True)
class AlertPage:
    """Alerts, the newest first, and where the next page begins; None on the last."""

    items: list[Alert]
    next_cursor: str | None


def evaluate(session: Session, bay: Bay, now: datetime) -> None:
    """Raise, bring up to date and resolve a bay's alerts by the audits it has and what is expected of it.

    To be called in the transaction that changed either, with the bay locked: alert, event and change are durable
    together or not at all.
    """
    session.flush()
    unresolved = select(AlertRow).where(AlertRow.bay_id == bay.id, AlertRow.status != RESOLVED)
    known = {row.kind: row for row in session.scalars(unresolved)}
    for kind, threshold in zip(KINDS, (bay.min_fill_rate, bay.min_facings, bay.max_gaps), strict=True):
        alert = known.get(kind)
        if threshold is None:
            if alert is not None:
                _change(session, alert, RESOLVED, now)
            continue
        rule = Rule(kind, threshold, bay.alert_after)
        verdict, cut = _judged(session, bay, rule)
        if alert is not None:
            _update(session, alert, rule, verdict, cut, now)
        elif verdict.state is State.RAISED:
            _raise(session, bay, rule, verdict, now)


def get_alert(database: Database, alert_id: str) -> Alert:
    """One alert. Raises `NotFoundError`, `UnavailableError`."""
    known = known_id(alert_id)
    with database.read() as session:
        found = session.execute(alerts().where(AlertRow.id == known)).one_or_none() if known else None
    if found is None:
        raise NotFoundError("There is no such alert.")
    return to_alert(found)


def list_alerts(
    database: Database,
    status: str | None = None,
    store: str | None = None,
    bay: str | None = None,
    limit: int = PAGE,
    cursor: str | None = None,
) -> AlertPage:
    """A page of alerts, those opened last first: of a status, of a store, of a bay of it.

    Raises `InvalidError` for an unknown status, a bay without its store, a limit beyond 1 to 200 or a cursor that is
    not ours; `UnavailableError`.
    """
    if status is not None and status not in STATUSES:
        raise InvalidError(f"status: one of {', '.join(STATUSES)}")
    if bay is not None and store is None:
        raise InvalidError("bay: name its store too, since stores may have bays of the same name")
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidError(f"limit: 1 to {MAX_PAGE}")
    query = alerts()
    if status is not None:
        query = query.where(AlertRow.status == status)
    if store is not None:
        query = query.where(Store.name == known_name(store))
    if bay is not None:
        query = query.where(Bay.name == known_name(bay))
    if cursor is not None:
        begin = Cursor.parse(cursor)
        query = query.where(tuple_(AlertRow.opened_at, AlertRow.id) < (begin.moment, begin.id))
    query = query.order_by(AlertRow.opened_at.desc(), AlertRow.id.desc()).limit(limit + 1)
    with database.read() as session:
        found = [to_alert(row) for row in session.execute(query)]
    last = found[limit - 1] if len(found) > limit else None
    return AlertPage(found[:limit], str(Cursor(last.opened_at, last.id)) if last else None)


def acknowledge(database: Database, alert_id: str) -> Alert:
    """Someone has seen to it; no fault if that was said before.

    Raises `NotFoundError`, `ConflictError` for an alert that is resolved, `UnavailableError`.
    """
    with database.write() as session:
        row = locked(session, alert_id)
        if row.status == RESOLVED:
            raise ConflictError("The alert is resolved.")
        if row.status == OPEN:
            _change(session, row, ACKNOWLEDGED, datetime.now(UTC))
        return to_alert(session.execute(alerts().where(AlertRow.id == row.id)).one())


def locked(session: Session, alert_id: str) -> AlertRow:
    """An alert that nobody else changes until the transaction ends: its bay is locked, as in recording.

    Raises `NotFoundError`.
    """
    known = known_id(alert_id)
    bay_id = session.scalar(select(AlertRow.bay_id).where(AlertRow.id == known)) if known else None
    if bay_id is None:
        raise NotFoundError("There is no such alert.")
    session.execute(select(Bay.id).where(Bay.id == bay_id).with_for_update())
    return session.get_one(AlertRow, known)


def _judged(session: Session, bay: Bay, rule: Rule) -> tuple[Verdict, bool]:
    """What a bay's audits say, and whether there are more than are looked at.

    An audit that does not know a figure, such as the fill rate of nothing, is passed over.
    """
    figure = {"fill_rate": AuditRow.fill_rate, "facings": AuditRow.facings, "gaps": AuditRow.gaps}[rule.kind]
    query = (
        select(AuditRow.id, AuditRow.taken_at, figure)
        .where(AuditRow.bay_id == bay.id, AuditRow.deleted_at.is_(None), figure.is_not(None))
        .order_by(AuditRow.taken_at.desc(), AuditRow.id.desc())
    )
    for limit in (FEW, LOOK_BACK):
        rows = session.execute(query.limit(limit)).all()
        verdict = judge(
            (Reading(audit_id, taken_at, value) for audit_id, taken_at, value in rows if value is not None), rule
        )
        if verdict.bounded or len(rows) < limit:
            return verdict, False
    return verdict, True


def _raise(session: Session, bay: Bay, rule: Rule, verdict: Verdict, now: datetime) -> None:
    assert verdict.newest is not None
    assert verdict.first is not None
    row = AlertRow(
        id=new_id(),
        bay_id=bay.id,
        kind=rule.kind,
        status=OPEN,
        threshold=rule.threshold,
        value=verdict.newest.value,
        since=verdict.first.taken_at,
        audit_id=verdict.first.audit_id,
        opened_at=now,
    )
    _show(session, row, verdict.newest)
    session.add(row)
    session.flush()
    outbox.put(session, row, "alert.opened", now)


def _update(session: Session, row: AlertRow, rule: Rule, verdict: Verdict, cut: bool, now: datetime) -> None:
    row.threshold = rule.threshold
    if verdict.newest is not None:
        row.value = verdict.newest.value
    # Retention may have taken the audits that raised it, and only so many are looked at: then what is left
    # can neither say when it began nor that it never did.
    forgotten = row.audit_id is None or cut
    if verdict.state is State.CALM or (verdict.state is State.UNKNOWN and not forgotten):
        _change(session, row, RESOLVED, now)
        return
    if verdict.first is not None:
        if forgotten:
            row.since = min(row.since, verdict.first.taken_at)
        else:
            row.since, row.audit_id = verdict.first.taken_at, verdict.first.audit_id
    if verdict.newest is not None and verdict.newest.audit_id != row.shown_audit_id:
        _show(session, row, verdict.newest)


def _show(session: Session, row: AlertRow, reading: Reading) -> None:
    """Let an alert show an audit: where its widest gap is."""
    report = session.scalars(select(Findings.report).where(Findings.audit_id == reading.audit_id)).one()
    row.shown_audit_id = reading.audit_id
    row.box = max(report["gaps"], key=lambda gap: gap["width_facings"], default={"box": None})["box"]


def _change(session: Session, row: AlertRow, status: str, now: datetime) -> None:
    row.status = status
    if status == RESOLVED:
        row.resolved_at = now
    else:
        row.acknowledged_at = now
    session.flush()
    outbox.put(session, row, f"alert.{status}", now)
