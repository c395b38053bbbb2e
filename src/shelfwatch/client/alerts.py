"""Alerts, as methods of both clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from shelfwatch.client import alert_calls
from shelfwatch.client.alert_answers import Alert, AlertPage, Feedback, Precision
from shelfwatch.client.alert_calls import Status, Verdict
from shelfwatch.client.asking import Asking, AsyncAsking
from shelfwatch.client.calls import MAX_PAGE


class Alerts(Asking):
    """Calls about alerts."""

    def alerts(
        self, *, status: Status | None = None, store: str | None = None, bay: str | None = None
    ) -> Iterator[Alert]:
        """Every alert, those opened last first; pages are asked for as they are needed."""
        return self._each(
            lambda cursor: alert_calls.page(status=status, store=store, bay=bay, limit=MAX_PAGE, cursor=cursor)
        )

    def alert_page(
        self,
        *,
        status: Status | None = None,
        store: str | None = None,
        bay: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AlertPage:
        """The same a page at a time: of `limit` alerts, 1 to 200, default 50, from the page before's `next_cursor`."""
        return self._ask(alert_calls.page(status=status, store=store, bay=bay, limit=limit, cursor=cursor))

    def alert_image(self, alert_id: str) -> bytes:
        """A JPEG of the widest gap with what is around it, framed."""
        return self._ask(alert_calls.image(alert_id))

    def acknowledge_alert(self, alert_id: str) -> Alert:
        """Someone sees to it.

        Raises `Conflict` where it is resolved.
        """
        return self._ask(alert_calls.acknowledge(alert_id))

    def give_feedback(
        self, alert_id: str, verdict: Verdict, *, who: str | None = None, note: str | None = None
    ) -> Feedback:
        """Say what came of it: `restocked`, `false_alarm`, or `not_workable`, true but nothing can be done now.

        Each is kept, so it is sent again only where nothing was done for certain.
        """
        return self._ask(alert_calls.feedback(alert_id, verdict, who=who, note=note))

    def alert_precision(self) -> tuple[Precision, ...]:
        """How right alerts are by what people said of them, by kind."""
        return self._ask(alert_calls.precision())


class AsyncAlerts(AsyncAsking):
    """Calls about alerts. For asyncio."""

    def alerts(
        self, *, status: Status | None = None, store: str | None = None, bay: str | None = None
    ) -> AsyncIterator[Alert]:
        """Every alert, those opened last first; pages are asked for as they are needed."""
        return self._each(
            lambda cursor: alert_calls.page(status=status, store=store, bay=bay, limit=MAX_PAGE, cursor=cursor)
        )

    async def alert_page(
        self,
        *,
        status: Status | None = None,
        store: str | None = None,
        bay: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AlertPage:
        """The same a page at a time: of `limit` alerts, 1 to 200, default 50, from the page before's `next_cursor`."""
        return await self._ask(alert_calls.page(status=status, store=store, bay=bay, limit=limit, cursor=cursor))

    async def alert_image(self, alert_id: str) -> bytes:
        """A JPEG of the widest gap with what is around it, framed."""
        return await self._ask(alert_calls.image(alert_id))

    async def acknowledge_alert(self, alert_id: str) -> Alert:
        """Someone sees to it. See `Client.acknowledge_alert`."""
        return await self._ask(alert_calls.acknowledge(alert_id))

    async def give_feedback(
        self, alert_id: str, verdict: Verdict, *, who: str | None = None, note: str | None = None
    ) -> Feedback:
        """Say what came of it: `restocked`. See `Client.give_feedback`."""
        return await self._ask(alert_calls.feedback(alert_id, verdict, who=who, note=note))

    async def alert_precision(self) -> tuple[Precision, ...]:
        """How right alerts are by what people said of them, by kind."""
        return await self._ask(alert_calls.precision())
