"""The shapes of answers about webhooks, for the OpenAPI document and for those who read the code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shelfwatch.audits.tables import URL_LENGTH

WEBHOOK_ID = "019b2f40-1c3e-7a52-9d1f-3b0c5a8e4f21"
WEBHOOK: dict[str, Any] = {
    "id": WEBHOOK_ID, "url": "https://hooks.example/shelves", "created_at": "2026-03-01T08:00:00.000000Z",
}  # fmt: skip
SECRET = "5f2c" * 16


class NewWebhook(BaseModel):
    """Who is to be told."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"url": "https://hooks.example/shelves"}})

    url: str = Field(
        min_length=1,
        max_length=URL_LENGTH,
        description="An https or http address, or `mailto:` and an e-mail address.",
        json_schema_extra={"format": "receiver"},
    )


class Webhook(BaseModel):
    """A receiver of alerts, without its secret."""

    model_config = ConfigDict(json_schema_extra={"example": WEBHOOK})

    id: str
    url: str
    created_at: datetime = Field(description="Since when it is told, UTC.")


class RegisteredWebhook(Webhook):
    """A receiver that was made just now."""

    model_config = ConfigDict(json_schema_extra={"example": {**WEBHOOK, "secret": SECRET}})

    secret: str | None = Field(description="Signs what it gets; shown this once. Null for an e-mail address.")


class WebhookList(BaseModel):
    """Every receiver."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [WEBHOOK]}})

    items: list[Webhook] = Field(description="The oldest first.")


class WebhookAnswer(BaseModel):
    """What a receiver said to a test."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"delivered": False, "status": 500, "error": "answered 500"}}
    )

    delivered: bool = Field(description="Whether it took the event.")
    status: int | None = Field(description="Of its answer; null where there was none.")
    error: str | None = Field(description="Why it did not; null where it did.")
