"""What the service answers about alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shelfwatch.client.answers import Box


@dataclass(frozen=True)
class Alert:
    """A bay past one of its thresholds."""

    id: str
    store: str
    bay: str
    kind: str  # `fill_rate`, `facings` or `gaps`
    status: str  # `open`, `acknowledged` or `resolved`
    value: float  # of the newest audit
    threshold: float
    since: datetime  # when the first photo past it was taken
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    audit_id: str | None  # the newest audit before it was resolved; None once that is deleted
    box: Box | None  # the widest gap in its photo
    image_url: str | None  # of a picture of that place, without the service's own address


@dataclass(frozen=True)
class AlertPage:
    """Some alerts, those opened last first."""

    items: tuple[Alert, ...]
    next_cursor: str | None  # where the next page begins; None on the last


@dataclass(frozen=True)
class Feedback:
    """What was said of an alert, and when."""

    id: str
    alert_id: str
    verdict: str
    who: str | None
    note: str | None
    created_at: datetime


@dataclass(frozen=True)
class Precision:
    """How alerts of a kind were judged."""

    kind: str
    alerts: int
    restocked: int
    false_alarm: int
    not_workable: int
    precision: float | None  # restocked / (restocked + false alarm); None before anyone said either


@dataclass(frozen=True)
class PrecisionList:
    """As the service sends it."""

    items: tuple[Precision, ...]
