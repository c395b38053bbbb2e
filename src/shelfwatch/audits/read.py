"""Read what is remembered: one audit, lists of them, a bay's history, what stores look like now.

Lists walk one index from where the page begins, so their time does not grow with the number of audits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from shelfwatch.audits.audit import Audit, audits, find_audit, time_text, to_audit
from shelfwatch.audits.bays import Expectations
from shelfwatch.audits.cursors import Cursor
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import clean_key, known_name
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.ids import known_id
from shelfwatch.audits.tables import Alert, AuditRow, Bay, Correction, Store

PAGE = 50  # audits of a page by default
MAX_PAGE = 200
MAX_POINTS = 5000  # audits of a bay's history
MAX_TREND = 50  # audits of each bay in the overview of a store

Rows = Select[*tuple[Any, ...]]
POINT = (AuditRow.id, AuditRow.taken_at, AuditRow.facings, AuditRow.fill_rate, AuditRow.gaps)


@dataclass(frozen=True)
class Filter:
    """Which audits: of a store or a bay of it, taken from `since` up to, but not at, `until`. Times without a zone are
    UTC. Raises `InvalidError` for a bay without its store, and for an idempotency key without its bay or that is none.
    """

    store: str | None = None
    bay: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    idempotency_key: str | None = None  # the audit that it has made

    def __post_init__(self) -> None:
        if self.bay is not None and self.store is None:
            raise InvalidError("bay: name its store too, since stores may have bays of the same name")
        if self.idempotency_key is not None and self.bay is None:
            raise InvalidError("idempotency_key: name its bay too, since it counts within that")
        clean_key(self.idempotency_key)


@dataclass(frozen=True)
class Page:
    """Audits, newest first, and where the next page begins; None on the last."""

    items: list[Audit]
    next_cursor: str | None


@dataclass(frozen=True)
class Point:
    """One audit in a bay's history."""

    id: str
    taken_at: datetime
    facings: int
    fill_rate: float | None
    gaps: int

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"taken_at": time_text(self.taken_at)}


@dataclass(frozen=True)
class History:
    """A bay's audits, oldest first; `truncated` says that there were more before the first."""

    points: list[Point]
    truncated: bool


@dataclass(frozen=True)
class BayState:
    """A bay as its newest audit shows it; `latest` is None before the first. `open_alerts` are those not resolved.

    `trend` is its newest audits, oldest first, where they were asked for.
    """

    store: str
    bay: str
    expectations: Expectations
    latest: Point | None
    open_alerts: int
    trend: list[Point] | None = None

    @property
    def stock(self) -> float | None:
        """How full it looks, 0..1: the fill rate, or the share of the expected facings if that is less."""
        if self.latest is None:
            return None
        known = [] if self.latest.fill_rate is None else [self.latest.fill_rate]
        if self.expectations.expected_facings:
            known.append(min(1.0, self.latest.facings / self.expectations.expected_facings))
        return min(known, default=None)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        answer = {
            "store": self.store,
            "bay": self.bay,
            **asdict(self.expectations),
            "stock": self.stock,
            "latest": self.latest and self.latest.to_json(),
            "open_alerts": self.open_alerts,
        }
        return answer if self.trend is None else answer | {"trend": [point.to_json() for point in self.trend]}


@dataclass(frozen=True)
class StoreState:
    """A store: its bays, its newest photo, the lowest fill rate that a bay shows now, alerts not resolved."""

    store: str
    bays: int
    latest_taken_at: datetime | None
    worst_fill_rate: float | None
    open_alerts: int

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"latest_taken_at": self.latest_taken_at and time_text(self.latest_taken_at)}


def get_audit(database: Database, audit_id: str) -> Audit:
    """One audit in full. Raises `NotFoundError`, `UnavailableError`."""
    known = known_id(audit_id)
    if known is not None:
        with database.read() as session:
            found = find_audit(session, known)
        if found is not None:
            return found
    raise NotFoundError("There is no such audit.")


def list_audits(
    database: Database, which: Filter, limit: int = PAGE, cursor: str | None = None, *, corrected: bool = False
) -> Page:
    """A page of audits, newest photo first, without their detections; with `corrected` only those with a correction.

    Raises `InvalidError` for a limit beyond 1 to 200 or a cursor that is not ours, `UnavailableError`.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidError(f"limit: 1 to {MAX_PAGE}")
    begin = Cursor.parse(cursor) if cursor is not None else None
    with database.read() as session:
        query = _narrowed(session, audits(), which)
        if query is None:
            return Page([], None)
        if corrected:
            query = query.where(Correction.id.is_not(None))
        if begin is not None:
            query = query.where(tuple_(AuditRow.taken_at, AuditRow.id) < (begin.moment, begin.id))
        newest = query.order_by(AuditRow.taken_at.desc(), AuditRow.id.desc()).limit(limit + 1)
        found = [to_audit(row) for row in session.execute(newest)]
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return Page(found[:limit], str(Cursor(last.taken_at, last.id)) if last else None)


def history(
    database: Database,
    store: str,
    bay: str,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = MAX_POINTS,
) -> History:
    """A point for each of the newest `limit` audits of a bay in that range, oldest first.

    Raises `NotFoundError` for an unknown bay, `InvalidError` for a limit beyond 1 to 5000, `UnavailableError`.
    """
    if not 1 <= limit <= MAX_POINTS:
        raise InvalidError(f"limit: 1 to {MAX_POINTS}")
    query: Rows = select(*POINT).where(AuditRow.deleted_at.is_(None))
    with database.read() as session:
        narrowed = _narrowed(session, query, Filter(store, bay, since, until))
        if narrowed is None:
            raise NotFoundError("There is no such bay.")
        newest = narrowed.order_by(AuditRow.taken_at.desc(), AuditRow.id.desc()).limit(limit + 1)
        points = [Point(*row) for row in session.execute(newest)]
    return History(points[:limit][::-1], len(points) > limit)


def list_bays(database: Database, store: str, trend: int = 0) -> list[BayState]:
    """The bays of a store, the emptiest first, those never seen last, each with its newest `trend` audits.

    Raises `NotFoundError`, `InvalidError` for a trend beyond 0 to 50, `UnavailableError`.
    """
    if not 0 <= trend <= MAX_TREND:
        raise InvalidError(f"trend: 0 to {MAX_TREND}")
    with database.read() as session:
        found = session.scalar(select(Store).where(Store.name == known_name(store)))
        if found is None:
            raise NotFoundError("There is no such store.")
        bays = session.scalars(select(Bay).where(Bay.store_id == found.id)).all()
        alerts = _open_alerts(session, Bay.id, found.id)
        states = [
            replace(_state(found.name, bay, alerts.get(bay.id, 0)), trend=_trend(session, bay, trend)) for bay in bays
        ]
    return sorted(
        states, key=lambda state: (state.latest is None, 1 if state.stock is None else state.stock, state.bay)
    )


def get_bay(database: Database, store: str, bay: str) -> BayState:
    """One bay as it is now. Raises `NotFoundError`, `UnavailableError`."""
    with database.read() as session:
        names = (Store.name == known_name(store), Bay.name == known_name(bay))
        found = session.scalar(select(Bay).join(Store).where(*names))
        if found is None:
            raise NotFoundError("There is no such bay.")
        return _state(
            session.get_one(Store, found.store_id).name,
            found,
            _open_alerts(session, Bay.id, found.store_id).get(found.id, 0),
        )


def list_stores(database: Database) -> list[StoreState]:
    """Every store by its name. Raises `UnavailableError`."""
    figures = (func.count(Bay.id), func.max(Bay.latest_taken_at), func.min(Bay.latest_fill_rate))
    with database.read() as session:
        alerts = _open_alerts(session, Bay.store_id)
        rows = session.execute(
            select(Store.id, Store.name, *figures).outerjoin(Bay).group_by(Store.id, Store.name).order_by(Store.name)
        )
        return [
            StoreState(name, bays, latest, worst, alerts.get(store_id, 0))
            for store_id, name, bays, latest, worst in rows
        ]


def _narrowed(session: Session, query: Rows, which: Filter) -> Rows | None:
    """Only the audits of the filter; None where it names a store or bay that is not there."""
    if which.bay is not None:
        names = (Store.name == known_name(which.store or ""), Bay.name == known_name(which.bay))
        wanted = select(Bay.id).join(Store).where(*names)
        bay_id = session.scalar(wanted)
        if bay_id is None:
            return None
        query = query.where(AuditRow.bay_id == bay_id)
    elif which.store is not None:
        store_id = session.scalar(select(Store.id).where(Store.name == known_name(which.store)))
        if store_id is None:
            return None
        query = query.where(AuditRow.store_id == store_id)
    if which.idempotency_key is not None:
        query = query.where(AuditRow.idempotency_key == which.idempotency_key)
    if which.since is not None:
        query = query.where(AuditRow.taken_at >= _utc(which.since, "since"))
    if which.until is not None:
        query = query.where(AuditRow.taken_at < _utc(which.until, "until"))
    return query


def _utc(moment: datetime, what: str) -> datetime:
    try:
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except OverflowError:
        raise InvalidError(f"{what}: not a time in UTC") from None


def _open_alerts(session: Session, by: Any, store_id: str | None = None) -> dict[str, int]:
    """How many alerts are not resolved, by bay or by store."""
    query = select(by, func.count()).select_from(Alert).join(Bay, Bay.id == Alert.bay_id)
    query = query.where(Alert.status != "resolved").group_by(by)
    if store_id is not None:
        query = query.where(Bay.store_id == store_id)
    return {key: count for key, count in session.execute(query)}  # noqa: C416 - a row is no pair to mypy


def _trend(session: Session, bay: Bay, length: int) -> list[Point] | None:
    """The newest audits of a bay, oldest first: one walk of its index, whatever the number of audits."""
    if length == 0:
        return None
    newest = select(*POINT).where(AuditRow.bay_id == bay.id, AuditRow.deleted_at.is_(None))
    newest = newest.order_by(AuditRow.taken_at.desc(), AuditRow.id.desc()).limit(length)
    return [Point(*row) for row in session.execute(newest)][::-1]


def _state(store: str, bay: Bay, open_alerts: int) -> BayState:
    latest = None
    if bay.latest_audit_id is not None:
        assert bay.latest_taken_at is not None
        assert bay.latest_facings is not None
        assert bay.latest_gaps is not None
        latest = Point(
            bay.latest_audit_id, bay.latest_taken_at, bay.latest_facings, bay.latest_fill_rate, bay.latest_gaps
        )
    expectations = Expectations(bay.expected_facings, bay.min_fill_rate, bay.min_facings, bay.max_gaps, bay.alert_after)
    return BayState(store, bay.name, expectations, latest, open_alerts)
