"""The shape of a comparison, for the OpenAPI document and for those who read the code."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shelfwatch.service.audit_schemas import AUDIT_ID

Box = list[float]
BOX = [410.0, 40.0, 520.0, 152.0]
MOVED = [402.5, 44.1, 512.7, 156.3]
COMPARISON: dict[str, Any] = {
    "earlier": "01968a00-1c3e-7b52-8d1f-3b0c5a8e4f21",
    "later": AUDIT_ID,
    "registered": True,
    "inliers": 118,
    "left": [{"box": BOX, "box_later": MOVED}],
    "came": [],
    "stayed": [{"earlier": BOX, "later": MOVED, "detected": {"earlier": True, "later": True}}],
    "unseen": 3,
    "transform": [[1.0, 0.0, -7.5], [0.0, 1.0, 4.1], [0.0, 0.0, 1.0]],
    "change": {"count": -1, "facings": -1, "fill_rate": -0.01, "gaps": 1},
}


class Left(BaseModel):
    """A facing that only the earlier photo shows."""

    box: Box = Field(description="In the earlier photo, pixels.")
    box_later: Box = Field(description="Where that is in the later photo.")


class Came(BaseModel):
    """A facing that only the later photo shows."""

    box: Box = Field(description="In the later photo, pixels.")
    box_earlier: Box = Field(description="Where that is in the earlier photo.")


class Detected(BaseModel):
    """In which photo the facing was detected; what was missed in one may be recognised there all the same."""

    earlier: bool
    later: bool


class Stayed(BaseModel):
    """A facing that both photos show."""

    earlier: Box
    later: Box
    detected: Detected


class Change(BaseModel):
    """By how much each figure rose."""

    count: int
    facings: int
    fill_rate: float | None
    gaps: int


class Comparison(BaseModel):
    """What changed from the earlier audit to the later one."""

    model_config = ConfigDict(json_schema_extra={"example": COMPARISON})

    earlier: str
    later: str
    registered: bool = Field(description="Whether the photos show the same products in the same places.")
    inliers: int = Field(description="Products by which the photos were registered.")
    left: list[Left] | None
    came: list[Came] | None
    stayed: list[Stayed] | None
    unseen: int | None = Field(description="Facings outside of what both photos show.")
    transform: list[list[float]] | None = Field(
        description="3 × 3; takes pixels of the earlier photo to the later one, homogeneous coordinates."
    )
    change: Change
