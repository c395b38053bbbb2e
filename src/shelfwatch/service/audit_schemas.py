"""The shapes of answers about audits, stores and bays, for the OpenAPI document and for those who read the code."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shelfwatch.audits.bays import MAX_ALERT_AFTER, MAX_COUNT
from shelfwatch.audits.tables import NOTE_LENGTH
from shelfwatch.service.schemas import Detection, ImageSize, ModelName, Report

AUDIT_ID = "01968bd1-7c3e-7a52-9d1f-3b0c5a8e4f21"
ROW: dict[str, Any] = {"index": 0, "bay": 0, "box": [10.0, 38.0, 880.0, 152.0], "facings": 9, "fill_rate": 0.9}
GAP: dict[str, Any] = {"row": 0, "box": [410.0, 40.0, 520.0, 152.0], "width_facings": 1.6, "severity": "major"}
CORRECTED: dict[str, Any] = {
    "id": "01968bd2-5c3e-7a52-9d1f-3b0c5a8e4f21", "created_at": "2026-03-01T08:20:00.000000Z", "who": "Ada", "count": 1,
}  # fmt: skip
LISTED: dict[str, Any] = {
    "id": AUDIT_ID,
    "store": "Berlin 1",
    "bay": "Cereal",
    "taken_at": "2026-03-01T08:00:00.000000Z",
    "created_at": "2026-03-01T08:00:02.031250Z",
    "note": "after lunch",
    "image": {"width": 2448, "height": 3264, "url": f"/audits/{AUDIT_ID}/image"},
    "model": {"name": "accurate", "version": "1.4.0", "precision": "int8"},
    "count": 1,
    "corrected": CORRECTED,
    "report": {"facings": 1, "fill_rate": 0.9, "gap_count": 1},
}
DETECTION: dict[str, Any] = {
    "label": "product", "class_id": 0, "confidence": 0.9312, "box": [12.0, 40.5, 80.2, 151.9],
    "row": 0, "position": 0, "level": 0,
}  # fmt: skip
FULL_REPORT: dict[str, Any] = {"facings": 1, "fill_rate": 0.9, "rows": [{**ROW, "facings": 1}], "gaps": [GAP]}
AUDIT: dict[str, Any] = {**LISTED, "detections": [DETECTION], "report": FULL_REPORT}
POINT: dict[str, Any] = {
    "id": AUDIT_ID, "taken_at": "2026-03-01T08:00:00.000000Z", "facings": 131, "fill_rate": 0.93, "gaps": 2,
}  # fmt: skip
EXPECTED: dict[str, Any] = {
    "expected_facings": 140, "min_fill_rate": 0.8, "min_facings": 100, "max_gaps": 5, "alert_after": 2,
}  # fmt: skip
BAY: dict[str, Any] = {
    "store": "Berlin 1", "bay": "Cereal", **EXPECTED, "stock": 0.93, "latest": POINT, "open_alerts": 0,
}  # fmt: skip
STORE: dict[str, Any] = {
    "store": "Berlin 1", "bays": 12, "latest_taken_at": "2026-03-01T08:00:00.000000Z", "worst_fill_rate": 0.71,
    "open_alerts": 1,
}  # fmt: skip


def whole(value: object) -> object:
    """A whole number written as 24.0, which JSON does not tell from 24."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[int, Field(strict=True, ge=0, le=MAX_COUNT), BeforeValidator(whole)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Audits = Annotated[int, Field(strict=True, ge=1, le=MAX_ALERT_AFTER), BeforeValidator(whole)]


class StoredImage(ImageSize):
    """The photo as it is kept: without its metadata."""

    url: str = Field(description="Where it is to be had.", examples=[f"/audits/{AUDIT_ID}/image"])


class Figures(BaseModel):
    """What a list shows of an audit's report."""

    facings: int
    fill_rate: float | None
    gap_count: int


class Corrected(BaseModel):
    """The newest correction of an audit in short."""

    id: str
    created_at: datetime
    who: str
    count: int = Field(description="How many boxes.")


class AuditHead(BaseModel):
    """One photo of a bay and what was found in it, in short."""

    id: str = Field(description="A UUID of version 7; ids sort by the time they were made.")
    store: str
    bay: str
    taken_at: datetime = Field(description="When the photo was taken, UTC.")
    created_at: datetime = Field(description="When it was recorded, UTC.")
    note: str | None
    image: StoredImage
    model: ModelName
    count: int = Field(description="How many detections.")
    corrected: Corrected | None = Field(description="By the newest correction; null where there is none.")


class ListedAudit(AuditHead):
    """An audit in a list, without its detections."""

    report: Figures


class Audit(AuditHead):
    """An audit in full."""

    model_config = ConfigDict(json_schema_extra={"example": AUDIT})

    detections: list[Detection] = Field(description="Sorted by confidence, highest first, each with its place.")
    report: Report


class Noted(BaseModel):
    """What people say beside an audit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"note": "after lunch"}})

    note: str | None = Field(
        max_length=NOTE_LENGTH, description="Null removes it.", json_schema_extra={"format": "note"}
    )


class AuditPage(BaseModel):
    """Audits, newest photo first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [LISTED], "next_cursor": "AAZL7g1sAAABlovRfD56Up0fOwxajk8h"}}
    )

    items: list[ListedAudit]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class PointOfHistory(BaseModel):
    """One audit in a bay's history."""

    id: str
    taken_at: datetime
    facings: int
    fill_rate: float | None
    gaps: int


class BayHistory(BaseModel):
    """A bay over time."""

    model_config = ConfigDict(json_schema_extra={"example": {"points": [POINT], "truncated": False}})

    points: list[PointOfHistory] = Field(description="One an audit, oldest first.")
    truncated: bool = Field(description="Whether there are more before the first.")


class ExpectedOfBay(BaseModel):
    """What a bay should look like; null expects nothing."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXPECTED})

    expected_facings: Count | None = Field(None, description="Facings of the bay when it is full.")
    min_fill_rate: Share | None = Field(None, description="An alert is due below it.")
    min_facings: Count | None = Field(None, description="An alert is due below it.")
    max_gaps: Count | None = Field(None, description="An alert is due above it.")
    alert_after: Audits = Field(1, description="Audits in a row that must show it for an alert.")


class BayNow(BaseModel):
    """A bay as its newest audit shows it."""

    model_config = ConfigDict(json_schema_extra={"example": BAY})

    store: str
    bay: str
    expected_facings: int | None
    min_fill_rate: float | None
    min_facings: int | None
    max_gaps: int | None
    alert_after: int
    stock: float | None = Field(
        description="How full it looks, 0 to 1: the fill rate, or the share of the expected facings if that is less."
    )
    latest: PointOfHistory | None = Field(description="The newest audit; null before the first.")
    open_alerts: int = Field(description="Alerts that are not resolved.")


class BayOfStore(BayNow):
    """A bay in the overview of its store."""

    trend: list[PointOfHistory] = Field([], description="The newest audits, oldest first; left out unless asked for.")


class BayList(BaseModel):
    """The bays of a store."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [{**BAY, "trend": [POINT]}]}})

    items: list[BayOfStore] = Field(description="The emptiest first, those without an audit last.")


class StoreNow(BaseModel):
    """A store as its bays' newest audits show it."""

    store: str
    bays: int
    latest_taken_at: datetime | None
    worst_fill_rate: float | None = Field(description="The lowest that a bay of it shows.")
    open_alerts: int


class StoreList(BaseModel):
    """Every store."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [STORE]}})

    items: list[StoreNow] = Field(description="By name.")
