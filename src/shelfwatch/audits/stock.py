"""What every store looks like now, in a handful of figures for monitoring."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from shelfwatch.audits.alert import RESOLVED
from shelfwatch.audits.database import Database
from shelfwatch.audits.tables import Alert, AuditRow, Bay, Store
from shelfwatch.audits.thresholds import KINDS

DAY = timedelta(hours=24)


@dataclass(frozen=True)
class StoreStock:
    """One store. `fill_rate` is the mean of its bays' newest audits, 0..1, None where none has one."""

    store: str
    bays: int  # that have an audit
    fill_rate: float | None
    gaps: int  # in the newest audits
    latest_at: datetime | None  # UTC, when the newest photo was taken
    audits_day: int  # whose photos were taken within the last 24 hours
    open_alerts: dict[str, int] = field(default_factory=dict)  # not resolved, by kind; every kind is there


def stock(database: Database, limit: int, now: datetime | None = None) -> tuple[int, list[StoreStock]]:
    """How many stores there are, and the first `limit` of them by name. Three walks along indexes, whatever the number
    of audits. Raises `UnavailableError`.
    """
    since = (now or datetime.now(UTC)) - DAY
    with database.read() as session:
        total = session.scalar(select(func.count()).select_from(Store)) or 0
        named = session.execute(select(Store.id, Store.name).order_by(Store.name).limit(limit)).all()
        bays = {
            store: figures
            for store, *figures in session.execute(
                select(
                    Bay.store_id,
                    func.count(Bay.latest_audit_id),
                    func.avg(Bay.latest_fill_rate),
                    func.coalesce(func.sum(Bay.latest_gaps), 0),
                    func.max(Bay.latest_taken_at),
                ).group_by(Bay.store_id)
            )
        }
        recent = (
            select(AuditRow.store_id, func.count())
            .where(AuditRow.deleted_at.is_(None), AuditRow.taken_at > since)
            .group_by(AuditRow.store_id)
        )
        day: dict[str, int] = dict(session.execute(recent).all())
        alerts: dict[str, dict[str, int]] = {}
        for store, kind, count in session.execute(
            select(Bay.store_id, Alert.kind, func.count())
            .join(Bay, Bay.id == Alert.bay_id)
            .where(Alert.status != RESOLVED)
            .group_by(Bay.store_id, Alert.kind)
        ):
            alerts.setdefault(store, {})[kind] = count
    found = []
    for store, name in named:
        audited, fill_rate, gaps, latest = bays.get(store, (0, None, 0, None))
        open_alerts = dict.fromkeys(KINDS, 0) | alerts.get(store, {})
        found.append(StoreStock(name, audited, fill_rate, int(gaps), latest, day.get(store, 0), open_alerts))
    return total, found
