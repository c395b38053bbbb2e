"""What the service answers about corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shelfwatch.client.answers import Box


@dataclass(frozen=True)
class Changes:
    """How a correction differs from the model's answer, in boxes."""

    added: int
    removed: int
    moved: int
    relabelled: int


@dataclass(frozen=True)
class CorrectedBox:
    """A box as someone left it."""

    box: Box  # within the photo, at least 1 px wide and high
    label: str
    source: int | None  # which of the audit's detections it descends from, 0 first; None where it was drawn


@dataclass(frozen=True)
class ListedCorrection:
    """A correction without its boxes."""

    id: str
    audit_id: str
    created_at: datetime
    who: str
    note: str | None
    base: str | None  # the correction it began with; None for the model's answer
    count: int  # how many boxes
    changes: Changes


@dataclass(frozen=True)
class Correction(ListedCorrection):
    """A correction in full."""

    detections: tuple[CorrectedBox, ...]


@dataclass(frozen=True)
class CorrectionList:
    """As the service sends it, newest first."""

    items: tuple[ListedCorrection, ...]
