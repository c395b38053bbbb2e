"""An alert as it is read: a bay past one of its thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from shelfwatch.audits.audit import time_text
from shelfwatch.audits.tables import Alert as AlertRow
from shelfwatch.audits.tables import Bay, Store

OPEN, ACKNOWLEDGED, RESOLVED = STATUSES = ("open", "acknowledged", "resolved")
TIMES = ("since", "opened_at", "acknowledged_at", "resolved_at")


@dataclass(frozen=True)
class Alert:
    """`since` is when the first photo past the threshold was taken; the other times are when we took note. All are UTC.

    `audit_id` is the newest audit before it was resolved, and `box` the widest gap of that in pixels of the upright
    photo, None where it has no gap.
    """

    id: str
    store: str
    bay: str
    kind: str  # fill_rate, facings or gaps
    status: str  # open, acknowledged or resolved
    value: float  # of the newest audit
    threshold: float
    since: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    audit_id: str | None
    box: list[float] | None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        times = {name: getattr(self, name) for name in TIMES}
        return asdict(self) | {name: moment and time_text(moment) for name, moment in times.items()}


def alerts() -> Select[*tuple[Any, ...]]:
    """Every alert, to be narrowed and read with `to_alert`."""
    return select(AlertRow, Store.name, Bay.name).join(Bay, Bay.id == AlertRow.bay_id).join(Store)


def to_alert(found: Sequence[Any]) -> Alert:
    """One row of `alerts()`."""
    row, store, bay = found
    return Alert(
        id=row.id,
        store=store,
        bay=bay,
        kind=row.kind,
        status=row.status,
        value=row.value,
        threshold=row.threshold,
        since=row.since,
        opened_at=row.opened_at,
        acknowledged_at=row.acknowledged_at,
        resolved_at=row.resolved_at,
        audit_id=row.shown_audit_id,
        box=row.box,
    )
