"""What the service answers about tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shelfwatch.client.answers import Box


@dataclass(frozen=True)
class AlertOfTask:
    """What the alert of a task is about."""

    kind: str  # `fill_rate`, `facings` or `gaps`
    value: float  # of the newest audit
    threshold: float
    status: str  # `open` or `acknowledged`


@dataclass(frozen=True)
class Task:
    """A gap to fill, or an alert to see to."""

    id: str
    kind: str  # `gap` or `alert`
    store: str
    bay: str
    since: datetime  # of the first photo of the unbroken run that shows a gap there, or of the alert
    audit_id: str | None  # the newest audit of the bay
    row: int | None  # of a gap
    box: Box | None  # in that audit's photo; of an alert its widest gap
    severity: str  # `critical`, `major` or `minor`; of an alert always `major`
    width_facings: float | None  # of a gap
    alert: AlertOfTask | None  # None for a gap
    image_url: str | None  # of a picture of that place, without the service's own address


@dataclass(frozen=True)
class TaskPage:
    """Some tasks, the most urgent first."""

    items: tuple[Task, ...]
    next_cursor: str | None  # where the next page begins; None on the last


@dataclass(frozen=True)
class TaskFeedback:
    """What was said of a task, and when."""

    task_id: str
    verdict: str
    who: str | None
    note: str | None
    created_at: datetime
