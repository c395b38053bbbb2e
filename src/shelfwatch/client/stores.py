"""Stores and bays, as methods of both clients."""

from __future__ import annotations

from datetime import datetime

from shelfwatch.client import store_calls
from shelfwatch.client.asking import Asking, AsyncAsking
from shelfwatch.client.store_answers import Bay, History, Store


class Stores(Asking):
    """Calls about stores and bays."""

    def stores(self) -> tuple[Store, ...]:
        """Every store by its name, with the lowest fill rate that a bay of it shows."""
        return self._ask(store_calls.stores())

    def bays(self, store: str) -> tuple[Bay, ...]:
        """Every bay of a store as its newest audit shows it, the emptiest first."""
        return self._ask(store_calls.bays(store))

    def bay(self, store: str, bay: str) -> Bay:
        """A bay as its newest audit shows it, and what is expected of it."""
        return self._ask(store_calls.bay(store, bay))

    def put_bay(
        self,
        store: str,
        bay: str,
        *,
        expected_facings: int | None = None,
        min_fill_rate: float | None = None,
        min_facings: int | None = None,
        max_gaps: int | None = None,
        alert_after: int | None = None,
    ) -> Bay:
        """Say all that is expected of a bay, which is made if need be; what is left out is expected no more.

        - `expected_facings`: facings of the full bay.
        - `min_fill_rate` (0 to 1), `min_facings`, `max_gaps`: beyond it an alert is due.
        - `alert_after`: audits in a row that must show it, 1 to 100; default 1.
        """
        return self._ask(
            store_calls.put(
                store,
                bay,
                expected_facings=expected_facings,
                min_fill_rate=min_fill_rate,
                min_facings=min_facings,
                max_gaps=max_gaps,
                alert_after=alert_after,
            )
        )

    def history(self, store: str, bay: str, *, since: datetime | None = None, until: datetime | None = None) -> History:
        """Facings, fill rate and gaps of the newest 5000 audits of a bay in that time, oldest first."""
        return self._ask(store_calls.history(store, bay, since=since, until=until))


class AsyncStores(AsyncAsking):
    """Calls about stores and bays. For asyncio."""

    async def stores(self) -> tuple[Store, ...]:
        """Every store by its name, with the lowest fill rate that a bay of it shows."""
        return await self._ask(store_calls.stores())

    async def bays(self, store: str) -> tuple[Bay, ...]:
        """Every bay of a store as its newest audit shows it, the emptiest first."""
        return await self._ask(store_calls.bays(store))

    async def bay(self, store: str, bay: str) -> Bay:
        """A bay as its newest audit shows it, and what is expected of it."""
        return await self._ask(store_calls.bay(store, bay))

    async def put_bay(
        self,
        store: str,
        bay: str,
        *,
        expected_facings: int | None = None,
        min_fill_rate: float | None = None,
        min_facings: int | None = None,
        max_gaps: int | None = None,
        alert_after: int | None = None,
    ) -> Bay:
        """Say all that is expected of a bay. See `Client.put_bay`."""
        return await self._ask(
            store_calls.put(
                store,
                bay,
                expected_facings=expected_facings,
                min_fill_rate=min_fill_rate,
                min_facings=min_facings,
                max_gaps=max_gaps,
                alert_after=alert_after,
            )
        )

    async def history(
        self, store: str, bay: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> History:
        """Facings, fill rate and gaps of the newest 5000 audits of a bay in that time, oldest first."""
        return await self._ask(store_calls.history(store, bay, since=since, until=until))
