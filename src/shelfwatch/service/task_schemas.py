"""The shapes of tasks, for the OpenAPI document and for those who read the code."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shelfwatch.audits.tables import NAME_LENGTH, NOTE_LENGTH
from shelfwatch.service.audit_schemas import AUDIT_ID
from shelfwatch.service.schemas import Box

TASK_ID = f"gap-{AUDIT_ID}-0"
TASK: dict[str, Any] = {
    "id": TASK_ID, "kind": "gap", "store": "Berlin 1", "bay": "Cereal", "since": "2026-03-01T06:00:00.000000Z",
    "audit_id": AUDIT_ID, "row": 0, "box": [410.0, 40.0, 520.0, 152.0], "severity": "major", "width_facings": 1.6,
    "image_url": f"/audits/{AUDIT_ID}/gaps/0/image",
}  # fmt: skip
VERDICT: dict[str, Any] = {
    "task_id": TASK_ID, "verdict": "done", "who": "Ada", "note": "two cases left",
    "created_at": "2026-03-01T08:30:00.000000Z",
}  # fmt: skip
CURSOR = "AQAABkvRfD56UAGWi9F8Pnp1HR87DFqOTyEAAAAA"

Verdict = Literal["done", "false_alarm", "not_workable"]


class AlertOfTask(BaseModel):
    """What the alert is about."""

    kind: Literal["fill_rate", "facings", "gaps"]
    value: float = Field(description="Of the newest audit.")
    threshold: float
    status: Literal["open", "acknowledged"]


class Task(BaseModel):
    """A gap to fill, or an alert to see to."""

    id: str
    kind: Literal["gap", "alert"]
    store: str
    bay: str
    since: datetime = Field(
        description="When the first photo was taken of the unbroken run that shows a gap there, or of the alert."
    )
    audit_id: str | None = Field(None, description="The newest audit of the bay.")
    row: int | None = Field(None, description="Of a gap.")
    box: Box | None = Field(None, description="In pixels of that audit's photo; of an alert its widest gap.")
    severity: Literal["critical", "major", "minor"] = Field(description="Of an alert always `major`.")
    width_facings: float | None = Field(None, description="Of a gap.")
    alert: AlertOfTask | None = Field(None, description="Null for a gap.")
    image_url: str | None = Field(description="A picture of that place.")


class TaskPage(BaseModel):
    """Tasks, the most urgent first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [TASK], "next_cursor": CURSOR}})

    items: list[Task]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class NewVerdict(BaseModel):
    """What someone at the shelf says of a task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"verdict": "done", "who": "Ada"}})

    verdict: Verdict = Field(description="`not_workable`: true, but nothing can be done now.")
    who: str | None = Field(None, max_length=NAME_LENGTH, json_schema_extra={"format": "name"})
    note: str | None = Field(None, max_length=NOTE_LENGTH, json_schema_extra={"format": "note"})


class KeptVerdict(BaseModel):
    """What was said of a task, and when."""

    model_config = ConfigDict(json_schema_extra={"example": VERDICT})

    task_id: str
    verdict: Verdict
    who: str | None
    note: str | None
    created_at: datetime
