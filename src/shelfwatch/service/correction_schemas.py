"""The shapes of corrections, for the OpenAPI document and for those who read the code."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shelfwatch.audits.corrected import LABEL_LENGTH, MAX_BOXES
from shelfwatch.audits.tables import NAME_LENGTH, NOTE_LENGTH
from shelfwatch.service.audit_schemas import AUDIT_ID, CORRECTED
from shelfwatch.service.schemas import Box

CHANGES: dict[str, Any] = {"added": 0, "removed": 3, "moved": 1, "relabelled": 0}
BOXES: list[Any] = [{"box": [12.0, 40.5, 80.2, 151.9], "label": "product", "source": 0}]
LISTED: dict[str, Any] = {
    "id": CORRECTED["id"], "audit_id": AUDIT_ID, "created_at": CORRECTED["created_at"], "who": "Ada",
    "note": "the lowest row", "base": "01968bd2-11a0-7c52-8d1f-3b0c5a8e4f21", "count": 1, "changes": CHANGES,
}  # fmt: skip
NEW: dict[str, Any] = {"who": "Ada", "note": "the lowest row", "base": LISTED["base"], "detections": BOXES}

Side = Annotated[float, Field(strict=True)]


class Changes(BaseModel):
    """How a correction differs from the model's answer, in boxes."""

    added: int
    removed: int
    moved: int
    relabelled: int


class ListedCorrection(BaseModel):
    """A correction without its boxes."""

    id: str
    audit_id: str
    created_at: datetime
    who: str
    note: str | None
    base: str | None = Field(description="The correction it began with; null for the model's answer.")
    count: int = Field(description="How many boxes.")
    changes: Changes


class CorrectedBox(BaseModel):
    """A box as someone left it."""

    box: Box
    label: str
    source: int | None = Field(
        description="Which of the audit's `detections` it descends from, 0 first; null where it was drawn."
    )


class Correction(ListedCorrection):
    """A correction in full."""

    model_config = ConfigDict(json_schema_extra={"example": {**LISTED, "detections": BOXES}})

    detections: list[CorrectedBox]


class CorrectionList(BaseModel):
    """The corrections of an audit."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [LISTED]}})

    items: list[ListedCorrection] = Field(description="Newest first.")


class NewBox(BaseModel):
    """A box within the photo, at least 1 px wide and high."""

    model_config = ConfigDict(extra="forbid")

    box: tuple[Side, Side, Side, Side] = Field(description="x1, y1, x2, y2 in pixels of the upright photo.")
    label: str = Field(min_length=1, max_length=LABEL_LENGTH, json_schema_extra={"format": "name"})
    source: int | None = Field(None, strict=True, ge=0, description="Each detection's index at most once.")


class NewCorrection(BaseModel):
    """All boxes of an audit as they should be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": NEW})

    who: str = Field(min_length=1, max_length=NAME_LENGTH, json_schema_extra={"format": "name"})
    note: str | None = Field(None, max_length=NOTE_LENGTH, json_schema_extra={"format": "note"})
    base: str | None = Field(
        None, json_schema_extra={"format": "uuid"}, description="The newest correction; null where there is none yet."
    )
    detections: list[NewBox] = Field(max_length=MAX_BOXES)
