"""Who is told of alerts: webhooks, and people by e-mail."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update

from shelfwatch.audits.addresses import Network, is_allowed, parse_url
from shelfwatch.audits.audit import time_text
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.ids import known_id, new_id
from shelfwatch.audits.mail import clean_address
from shelfwatch.audits.post import PostOptions, post
from shelfwatch.audits.tables import Delivery as DeliveryRow
from shelfwatch.audits.tables import Webhook as WebhookRow

SECRET_BYTES = 32


@dataclass(frozen=True)
class Webhook:
    """A receiver of alerts: an http or https address, or `mailto:` and an e-mail address. Never its secret."""

    id: str
    url: str
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"created_at": time_text(self.created_at)}


@dataclass(frozen=True)
class Registered:
    """A receiver and the secret its deliveries are signed with, which is told this once; empty for an e-mail."""

    webhook: Webhook
    secret: str = field(repr=False)


def register(database: Database, url: str, allowed: Sequence[Network] = ()) -> Registered:
    """Tell an address of every event from now on.

    Raises `InvalidError` for what is no address, or is one in numbers that may not be reached; a name's addresses are
    looked at with each delivery. `UnavailableError`.
    """
    if url.startswith("mailto:"):
        url, secret = f"mailto:{clean_address(url.removeprefix('mailto:'))}", ""
    else:
        host = parse_url(url).hostname or ""
        try:
            refused = not is_allowed(host, allowed)
        except ValueError:  # a name
            refused = False
        if refused:
            raise InvalidError(f"url: {host} is not public; its network is not allowed")
        secret = secrets.token_hex(SECRET_BYTES)
    row = WebhookRow(id=new_id(), url=url, secret=secret, enabled=True, created_at=datetime.now(UTC))
    with database.write() as session:
        session.add(row)
    return Registered(_read(row), secret)


def list_webhooks(database: Database) -> list[Webhook]:
    """Every receiver, the oldest first. Raises `UnavailableError`."""
    with database.read() as session:
        return [_read(row) for row in session.scalars(select(WebhookRow).order_by(WebhookRow.id))]


def remove(database: Database, webhook_id: str) -> None:
    """Tell a receiver nothing more, not even what waits for it. Raises `NotFoundError`, `UnavailableError`."""
    known = known_id(webhook_id)
    with database.write() as session:
        row = session.get(WebhookRow, known, with_for_update=True) if known else None
        if row is None:
            raise NotFoundError("There is no such webhook.")
        gone = update(DeliveryRow).where(DeliveryRow.webhook_id == known)
        session.execute(gone.values(webhook_id=None, next_attempt_at=None))
        session.execute(delete_rows(WebhookRow).where(WebhookRow.id == known))


@dataclass(frozen=True)
class Trial:
    """A receiver that can be tried: where it is, and what signs what it gets."""

    url: str = field(repr=False)  # its path may hold a secret of the receiver's
    secret: str = field(repr=False)

    def send(self, options: PostOptions) -> int:
        """Send an event of type `test`, signed as all are; the status it was answered with. Raises `PostError`."""
        event_id = new_id()
        body = {"id": event_id, "type": "test", "created_at": time_text(datetime.now(UTC))}
        return post(self.url, self.secret, event_id, encode(body), options)


def find_trial(database: Database, webhook_id: str) -> Trial:
    """A receiver to be tried. Raises `NotFoundError`, `InvalidError` for an e-mail address, `UnavailableError`."""
    known = known_id(webhook_id)
    with database.read() as session:
        row = session.get(WebhookRow, known) if known else None
    if row is None:
        raise NotFoundError("There is no such webhook.")
    if row.url.startswith("mailto:"):
        raise InvalidError("Only an http or https address can be tried.")
    return Trial(row.url, row.secret)


def send_test(database: Database, webhook_id: str, options: PostOptions) -> int:
    """Find a receiver and try it; raises as both."""
    return find_trial(database, webhook_id).send(options)


def encode(body: dict[str, Any]) -> bytes:
    """The bytes that are sent and signed."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _read(row: WebhookRow) -> Webhook:
    return Webhook(row.id, row.url, row.created_at)
