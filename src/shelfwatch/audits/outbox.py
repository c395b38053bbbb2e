"""The outbox: what is to be told is written in the transaction in which it happened, then delivered one by one.

A delivery is taken for a while (`claim`). Whoever dies meanwhile leaves it to the next, so it may arrive twice, always
with the event's id.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.orm import Session

from shelfwatch.audits.alert import alerts, to_alert
from shelfwatch.audits.audit import time_text
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import ConflictError, InvalidError, NotFoundError
from shelfwatch.audits.ids import known_id, new_id
from shelfwatch.audits.tables import Alert as AlertRow
from shelfwatch.audits.tables import Delivery as DeliveryRow
from shelfwatch.audits.tables import Event, Webhook

LEASE_SECONDS = 120.0  # how long a delivery belongs to who took it; longer than any takes
FIRST_WAIT_SECONDS = 10.0  # after the first failure, doubled with each one
LONGEST_WAIT_SECONDS = 3600.0
GIVE_UP_SECONDS = 86_400.0  # after the event
BATCH = 200  # events forgotten at once
MAX_LISTED = 200  # deliveries that a list shows
MAX_ERROR_LENGTH = 500  # characters kept of what went wrong
MAILED = ("alert.opened", "alert.resolved")  # a person who acknowledged it needs no letter about that

PENDING, DELIVERED, FAILED = DELIVERY_STATES = ("pending", "delivered", "failed")


@dataclass(frozen=True)
class Retries:
    """When a failed delivery is tried again; seconds."""

    lease_seconds: float = LEASE_SECONDS
    first_wait_seconds: float = FIRST_WAIT_SECONDS
    longest_wait_seconds: float = LONGEST_WAIT_SECONDS
    give_up_seconds: float = GIVE_UP_SECONDS

    def wait(self, attempts: int, chance: float) -> float:
        """Seconds to wait after so many attempts; `chance`, 0..1, spreads them over the upper half of the span."""
        # The exponent is bounded, since a float is.
        span = min(self.longest_wait_seconds, self.first_wait_seconds * 2.0 ** min(attempts - 1, 60))
        return span * (0.5 + chance / 2)


@dataclass(frozen=True)
class Claimed:
    """A delivery that is ours for a while, with all that it takes to deliver it."""

    id: str
    attempt: int  # 1 for the first
    event_id: str
    kind: str
    body: dict[str, Any]
    created_at: datetime  # of the event
    webhook_id: str
    url: str
    secret: str

    def __repr__(self) -> str:  # without the secret, and without what an address may hold of one
        return f"Claimed({self.id}, attempt {self.attempt})"


@dataclass(frozen=True)
class Delivery:
    """How one event's delivery to one receiver stands; `webhook_id` is None where the receiver was removed."""

    id: str
    event_id: str
    alert_id: str
    kind: str
    webhook_id: str | None
    state: str  # pending, delivered or failed: given up
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_error: str | None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        times = {name: getattr(self, name) for name in ("created_at", "next_attempt_at", "delivered_at")}
        return asdict(self) | {name: moment and time_text(moment) for name, moment in times.items()}


def put(session: Session, alert: AlertRow, kind: str, now: datetime) -> None:
    """Write an event on an alert and its deliveries to all receivers there are, as part of the transaction."""
    shown = to_alert(session.execute(alerts().where(AlertRow.id == alert.id)).one())
    event_id = new_id()
    body = {"id": event_id, "type": kind, "created_at": time_text(now), "alert": shown.to_json()}
    session.add(Event(id=event_id, alert_id=alert.id, kind=kind, body=body, created_at=now))
    session.flush()
    # Locked, so that none is removed before its delivery is written.
    receivers = select(Webhook.id, Webhook.url).where(Webhook.enabled).with_for_update(read=True, key_share=True)
    for webhook_id, url in session.execute(receivers).all():
        if kind in MAILED or not url.startswith("mailto:"):
            session.add(DeliveryRow(event_id=event_id, webhook_id=webhook_id, attempts=0, next_attempt_at=now))
    session.flush()


def is_due(database: Database, busy: Collection[str] = ()) -> bool:
    """Whether anything waits to be delivered, but to those receivers. Raises `UnavailableError`."""
    with database.read() as session:
        return session.scalar(_due(datetime.now(UTC), busy)) is not None


def claim(database: Database, retries: Retries, busy: Collection[str] = ()) -> Claimed | None:
    """Take the delivery that is due longest, but none to those receivers; None where nothing is due.

    Nobody else gets it before the lease is over. Raises `UnavailableError`.
    """
    now = datetime.now(UTC)
    with database.write() as session:
        found = session.scalar(_due(now, busy).with_for_update(skip_locked=True))
        if found is None:
            return None
        row = session.get_one(DeliveryRow, found)
        row.attempts += 1
        row.next_attempt_at = now + timedelta(seconds=retries.lease_seconds)
        event = session.get_one(Event, row.event_id)
        assert row.webhook_id is not None
        webhook = session.get_one(Webhook, row.webhook_id)
        return Claimed(
            row.id,
            row.attempts,
            event.id,
            event.kind,
            event.body,
            event.created_at,
            webhook.id,
            webhook.url,
            webhook.secret,
        )


def finish(database: Database, claimed: Claimed, retries: Retries, error: str | None) -> str:
    """Note how a delivery went: delivered where there is no error, else to be tried again or given up; its state.

    A claim whose lease was over and that someone else has taken since changes nothing. Raises `UnavailableError`.
    """
    now = datetime.now(UTC)
    values: dict[str, Any]
    if error is None:
        state = DELIVERED
        values = {"next_attempt_at": None, "delivered_at": now, "last_error": None}
    else:
        after = now + timedelta(seconds=retries.wait(claimed.attempt, random.random()))  # noqa: S311 - spreads load
        state = PENDING if after < claimed.created_at + timedelta(seconds=retries.give_up_seconds) else FAILED
        values = {"next_attempt_at": after if state == PENDING else None, "last_error": error[:MAX_ERROR_LENGTH]}
    mine = update(DeliveryRow).where(DeliveryRow.id == claimed.id, DeliveryRow.delivered_at.is_(None))
    if error is not None:
        mine = mine.where(DeliveryRow.attempts == claimed.attempt, DeliveryRow.webhook_id.is_not(None))
    with database.write() as session:
        session.execute(mine.values(**values))
    return state


def list_deliveries(database: Database, state: str | None = None, limit: int = MAX_LISTED) -> list[Delivery]:
    """Deliveries, those of the newest events first. Raises `InvalidError`, `UnavailableError`."""
    query = select(DeliveryRow, Event).join(Event, Event.id == DeliveryRow.event_id)
    if state == PENDING:
        query = query.where(DeliveryRow.next_attempt_at.is_not(None))
    elif state == DELIVERED:
        query = query.where(DeliveryRow.delivered_at.is_not(None))
    elif state == FAILED:
        query = query.where(DeliveryRow.next_attempt_at.is_(None), DeliveryRow.delivered_at.is_(None))
    elif state is not None:
        raise InvalidError(f"state: one of {', '.join(DELIVERY_STATES)}")
    if not 1 <= limit <= MAX_LISTED:
        raise InvalidError(f"limit: 1 to {MAX_LISTED}")
    with database.read() as session:
        found = session.execute(query.order_by(DeliveryRow.id.desc()).limit(limit)).all()
        return [_read(row, event) for row, event in found]


def retry(database: Database, delivery_id: str) -> None:
    """Try a delivery again that was given up, once: its day is over.

    Raises `NotFoundError`, `ConflictError` for one that is delivered or whose receiver is gone, `UnavailableError`.
    """
    known = known_id(delivery_id)
    with database.write() as session:
        row = session.get(DeliveryRow, known, with_for_update=True) if known else None
        if row is None:
            raise NotFoundError("There is no such delivery.")
        if row.delivered_at is not None or row.webhook_id is None:
            raise ConflictError("It was delivered, or its receiver is gone.")
        if row.next_attempt_at is None:
            row.next_attempt_at = datetime.now(UTC)


def forget(database: Database, before: datetime) -> int:
    """Remove events that are older and wait for nobody, with their deliveries; how many. Raises `UnavailableError`."""
    waiting = select(DeliveryRow.id).where(DeliveryRow.event_id == Event.id, DeliveryRow.next_attempt_at.is_not(None))
    old = select(Event.id).where(Event.created_at < before, ~waiting.exists())
    forgotten = 0
    while True:  # in small transactions, so that recording never waits long
        with database.write() as session:
            found = session.scalars(old.limit(BATCH)).all()
            if not found:
                return forgotten
            session.execute(delete_rows(DeliveryRow).where(DeliveryRow.event_id.in_(found)))
            session.execute(delete_rows(Event).where(Event.id.in_(found)))
        forgotten += len(found)


def count_deliveries(database: Database) -> dict[str, int]:
    """How many deliveries are pending and how many were given up. Raises `UnavailableError`."""
    open_ = select(func.count()).where(DeliveryRow.next_attempt_at.is_not(None))
    lost = select(func.count()).where(DeliveryRow.next_attempt_at.is_(None), DeliveryRow.delivered_at.is_(None))
    with database.read() as session:
        return {PENDING: session.scalar(open_) or 0, FAILED: session.scalar(lost) or 0}


def _due(now: datetime, busy: Collection[str]) -> Select[str]:
    query = select(DeliveryRow.id).where(DeliveryRow.next_attempt_at <= now)
    if busy:
        query = query.where(DeliveryRow.webhook_id.not_in(busy))
    return query.order_by(DeliveryRow.next_attempt_at, DeliveryRow.id).limit(1)


def _read(row: DeliveryRow, event: Event) -> Delivery:
    undelivered = FAILED if row.next_attempt_at is None else PENDING
    return Delivery(
        row.id,
        row.event_id,
        event.alert_id,
        event.kind,
        row.webhook_id,
        undelivered if row.delivered_at is None else DELIVERED,
        row.attempts,
        event.created_at,
        row.next_attempt_at,
        row.delivered_at,
        row.last_error,
    )
