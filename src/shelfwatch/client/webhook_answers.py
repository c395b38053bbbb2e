"""What the service answers about webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Webhook:
    """A receiver of alerts."""

    id: str
    url: str  # http, https or mailto
    created_at: datetime


@dataclass(frozen=True)
class NewWebhook(Webhook):
    """A receiver that was made just now, and its secret, which is told this once."""

    secret: str | None = field(repr=False)  # signs what it gets; None for an e-mail address


@dataclass(frozen=True)
class WebhookAnswer:
    """What a receiver said to a test."""

    delivered: bool  # whether it took the event
    status: int | None  # of its answer; None where there was none
    error: str | None  # why not


@dataclass(frozen=True)
class WebhookList:
    """As the service sends it."""

    items: tuple[Webhook, ...]
