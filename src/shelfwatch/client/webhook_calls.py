"""What can be asked about webhooks."""

from __future__ import annotations

from urllib.parse import quote

from shelfwatch.client.answers import parse
from shelfwatch.client.calls import Call
from shelfwatch.client.webhook_answers import NewWebhook, Webhook, WebhookAnswer, WebhookList


def webhooks() -> Call[tuple[Webhook, ...]]:
    """Who is told of alerts?"""
    return Call("GET", "/webhooks", lambda response: parse(WebhookList, response.content).items)


def add(url: str) -> Call[NewWebhook]:
    """Tell one more. Each time makes another receiver, so it is not sent twice."""
    return Call(
        "POST",
        "/webhooks",
        lambda response: parse(NewWebhook, response.content),
        body={"url": url},
        statuses=frozenset({201}),
        repeatable=False,
    )


def remove(webhook_id: str) -> Call[None]:
    """Tell one no more."""
    return Call("DELETE", _path(webhook_id), lambda _: None, statuses=frozenset({204}), gone_is_done=True)


def test(webhook_id: str) -> Call[WebhookAnswer]:
    """Does it take what it is sent?"""
    return Call(
        "POST",
        f"{_path(webhook_id)}/test",
        lambda response: parse(WebhookAnswer, response.content),
        repeatable=False,
    )


def _path(webhook_id: str) -> str:
    return f"/webhooks/{quote(webhook_id, safe='')}"
