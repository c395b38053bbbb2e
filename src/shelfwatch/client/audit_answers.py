"""What the service answers about audits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shelfwatch.client.answers import Box, Detection, ImageSize, ModelName


@dataclass(frozen=True)
class PlacedDetection(Detection):
    """One product found and its place on the shelf, which is None for what stands on none."""

    row: int | None  # counted from the top, 0 first
    position: int | None  # in the row, from the left; stacked ones share it
    level: int | None  # in the stack, 0 at the bottom


@dataclass(frozen=True)
class StoredImage(ImageSize):
    """The photo as it is kept, without metadata."""

    url: str  # of the photo, without the service's own address


@dataclass(frozen=True)
class Row:
    """One row of the shelf."""

    index: int  # counted from the top, 0 first
    bay: int  # counted from the left, where the photo shows several
    box: Box
    facings: int
    fill_rate: float  # share of its length that is not gap, 0 to 1


@dataclass(frozen=True)
class Gap:
    """An empty place in a row."""

    row: int
    box: Box
    width_facings: float  # in widths of its neighbours
    severity: str  # `minor`, `major` or `critical`


@dataclass(frozen=True)
class Report:
    """What stands where on the shelf and what is missing."""

    facings: int
    fill_rate: float | None  # share of all rows' length that is not gap, 0 to 1; None where no row is seen
    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class Figures:
    """What a list shows of a report."""

    facings: int
    fill_rate: float | None
    gap_count: int


@dataclass(frozen=True)
class Corrected:
    """The newest correction of an audit in short."""

    id: str
    created_at: datetime
    who: str
    count: int  # how many boxes


@dataclass(frozen=True)
class AuditHead:
    """One photo of a bay and what was found in it, in short."""

    id: str
    store: str
    bay: str
    taken_at: datetime  # UTC, as all times
    created_at: datetime
    note: str | None
    image: StoredImage
    model: ModelName
    count: int  # how many detections
    corrected: Corrected | None  # by the newest correction; None where there is none


@dataclass(frozen=True)
class ListedAudit(AuditHead):
    """An audit in a list, without its detections."""

    report: Figures


@dataclass(frozen=True)
class Audit(AuditHead):
    """An audit in full."""

    detections: tuple[PlacedDetection, ...]  # sorted by confidence, highest first
    report: Report


@dataclass(frozen=True)
class Recorded:
    """An audit, and whether this call made it: False where its key had made it before."""

    audit: Audit
    made: bool


@dataclass(frozen=True)
class AuditPage:
    """Some audits, newest photo first."""

    items: tuple[ListedAudit, ...]
    next_cursor: str | None  # where the next page begins; None on the last


@dataclass(frozen=True)
class Left:
    """A facing that only the earlier photo shows."""

    box: Box  # in the earlier photo
    box_later: Box  # where that is in the later one


@dataclass(frozen=True)
class Came:
    """A facing that only the later photo shows."""

    box: Box  # in the later photo
    box_earlier: Box  # where that is in the earlier one


@dataclass(frozen=True)
class Detected:
    """In which photo a facing was detected."""

    earlier: bool
    later: bool


@dataclass(frozen=True)
class Stayed:
    """A facing that both photos show."""

    earlier: Box
    later: Box
    detected: Detected


@dataclass(frozen=True)
class Change:
    """By how much each figure rose."""

    count: int
    facings: int
    fill_rate: float | None
    gaps: int


@dataclass(frozen=True)
class Comparison:
    """What changed from the earlier audit to the later one; only `change` is known of photos that do not fit."""

    earlier: str
    later: str
    registered: bool  # whether the photos show the same products in the same places
    inliers: int  # products by which they were registered
    left: tuple[Left, ...] | None
    came: tuple[Came, ...] | None
    stayed: tuple[Stayed, ...] | None
    unseen: int | None  # facings outside of what both photos show
    transform: tuple[tuple[float, float, float], ...] | None  # 3 × 3, pixels of the earlier photo to the later one
    change: Change
