"""What the service answers about stores and bays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Store:
    """A store as its bays' newest audits show it."""

    store: str
    bays: int
    latest_taken_at: datetime | None
    worst_fill_rate: float | None  # the lowest that a bay of it shows
    open_alerts: int


@dataclass(frozen=True)
class Point:
    """One audit in a bay's history."""

    id: str
    taken_at: datetime
    facings: int
    fill_rate: float | None
    gaps: int


@dataclass(frozen=True)
class Bay:
    """A bay as its newest audit shows it, and what is expected of it."""

    store: str
    bay: str
    expected_facings: int | None
    min_fill_rate: float | None
    min_facings: int | None
    max_gaps: int | None
    alert_after: int
    stock: float | None  # how full it looks, 0 to 1
    latest: Point | None  # None before the first audit
    open_alerts: int


@dataclass(frozen=True)
class History:
    """A bay over time."""

    points: tuple[Point, ...]  # oldest first
    truncated: bool  # whether there are more before the first


@dataclass(frozen=True)
class StoreList:
    """As the service sends it."""

    items: tuple[Store, ...]


@dataclass(frozen=True)
class BayList:
    """As the service sends it."""

    items: tuple[Bay, ...]
