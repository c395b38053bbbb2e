"""Webhooks, as methods of both clients."""

from __future__ import annotations

from shelfwatch.client import webhook_calls
from shelfwatch.client.asking import Asking, AsyncAsking
from shelfwatch.client.webhook_answers import NewWebhook, Webhook, WebhookAnswer


class Webhooks(Asking):
    """Calls about who is told of alerts."""

    def webhooks(self) -> tuple[Webhook, ...]:
        """Who is told, the oldest first; never a secret."""
        return self._ask(webhook_calls.webhooks())

    def add_webhook(self, url: str) -> NewWebhook:
        """Tell an http, https or mailto address of every alert from now on.

        The answer has the secret that signs what it gets, this once. It is sent again only where nothing was done for
        certain. Raises `InvalidRequest` for an address that may not be reached.
        """
        return self._ask(webhook_calls.add(url))

    def remove_webhook(self, webhook_id: str) -> None:
        """Tell it nothing more, not even what waits for it."""
        return self._ask(webhook_calls.remove(webhook_id))

    def test_webhook(self, webhook_id: str) -> WebhookAnswer:
        """Send it a signed event of type `test` now, and say what it answered."""
        return self._ask(webhook_calls.test(webhook_id))


class AsyncWebhooks(AsyncAsking):
    """Calls about who is told of alerts. For asyncio."""

    async def webhooks(self) -> tuple[Webhook, ...]:
        """Who is told, the oldest first; never a secret."""
        return await self._ask(webhook_calls.webhooks())

    async def add_webhook(self, url: str) -> NewWebhook:
        """Tell an http, https or mailto address of every alert from now on. See `Client.add_webhook`."""
        return await self._ask(webhook_calls.add(url))

    async def remove_webhook(self, webhook_id: str) -> None:
        """Tell it nothing more, not even what waits for it."""
        return await self._ask(webhook_calls.remove(webhook_id))

    async def test_webhook(self, webhook_id: str) -> WebhookAnswer:
        """Send it a signed event of type `test` now, and say what it answered."""
        return await self._ask(webhook_calls.test(webhook_id))
