"""The shapes of answers about alerts, for the OpenAPI document and for those who read the code."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shelfwatch.audits.tables import NAME_LENGTH, NOTE_LENGTH
from shelfwatch.service.audit_schemas import AUDIT_ID

ALERT_ID = "01968bd1-9a10-7c11-8a44-2f6f3c1b7d90"
ALERT: dict[str, Any] = {
    "id": ALERT_ID, "store": "Berlin 1", "bay": "Cereal", "kind": "fill_rate", "status": "resolved", "value": 0.93,
    "threshold": 0.8, "since": "2026-03-01T06:00:00.000000Z", "opened_at": "2026-03-01T08:00:02.031250Z",
    "acknowledged_at": "2026-03-01T08:10:00.000000Z", "resolved_at": "2026-03-01T09:00:00.000000Z",
    "audit_id": AUDIT_ID, "box": [410.0, 40.0, 520.0, 152.0],
    "image_url": f"/alerts/{ALERT_ID}/image",
}  # fmt: skip
FEEDBACK: dict[str, Any] = {
    "id": "01968bd3-0c52-7f1e-9f0b-5a9d6f2e8c13", "alert_id": ALERT_ID, "verdict": "restocked", "who": "Ada",
    "note": "two cases left", "created_at": "2026-03-01T08:30:00.000000Z",
}  # fmt: skip
PRECISION: dict[str, Any] = {
    "kind": "fill_rate", "alerts": 12, "restocked": 9, "false_alarm": 1, "not_workable": 1, "precision": 0.9,
}  # fmt: skip

Verdict = Literal["restocked", "false_alarm", "not_workable"]


class Alert(BaseModel):
    """A bay past one of its thresholds."""

    model_config = ConfigDict(json_schema_extra={"example": ALERT})

    id: str
    store: str
    bay: str
    kind: Literal["fill_rate", "facings", "gaps"]
    status: Literal["open", "acknowledged", "resolved"]
    value: float = Field(description="Of the newest audit.")
    threshold: float
    since: datetime = Field(description="When the first photo past the threshold was taken, UTC.")
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    audit_id: str | None = Field(description="The newest audit before it was resolved; null once that is deleted.")
    box: list[float] | None = Field(description="The widest gap of that audit's photo, pixels; null without one.")
    image_url: str | None = Field(description="A picture of that place.")


class AlertPage(BaseModel):
    """Alerts, those opened last first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [ALERT], "next_cursor": "AAZL7g1sAAABlovRfD56Up0fOwxajk8h"}}
    )

    items: list[Alert]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class NewFeedback(BaseModel):
    """What someone at the shelf says of an alert."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"verdict": "restocked", "who": "Ada"}})

    verdict: Verdict = Field(description="`not_workable`: true, but nothing can be done now.")
    who: str | None = Field(None, max_length=NAME_LENGTH)
    note: str | None = Field(None, max_length=NOTE_LENGTH)


class Feedback(BaseModel):
    """What was said of an alert, and when."""

    model_config = ConfigDict(json_schema_extra={"example": FEEDBACK})

    id: str
    alert_id: str
    verdict: Verdict
    who: str | None
    note: str | None
    created_at: datetime


class Precision(BaseModel):
    """How alerts of a kind were judged."""

    kind: Literal["fill_rate", "facings", "gaps"]
    alerts: int
    restocked: int
    false_alarm: int
    not_workable: int
    precision: float | None = Field(description="Null before anyone said either.")


class PrecisionList(BaseModel):
    """One entry a kind of alert."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [PRECISION]}})

    items: list[Precision]
