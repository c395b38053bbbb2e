"""The stores' figures on `/metrics`: read from the database now and then, never in the way of a scrape."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from shelfwatch.audits.stock import StoreStock, stock
from shelfwatch.service.problems import Problem
from shelfwatch.service.storage import Storage

log = logging.getLogger("shelfwatch")

FRESH_SECONDS = 10.0  # below the usual 15 s between scrapes, so that each sees new figures
WAIT_SECONDS = 1.0  # that a scrape waits for them; it goes on with the old ones then
KEPT_SECONDS = 300.0  # after which figures that could not be renewed are no longer shown


class StockMetrics(Collector):
    """Figures of at most `limit` stores; each is a label's value, and thousands of those are dear to Prometheus."""

    def __init__(self, storage: Storage | None, limit: int) -> None:
        self.storage, self.limit = storage, limit
        self.total = 0
        self.stores: list[StoreStock] = []
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Renew the figures if they are old, for as long as a scrape may wait; the reading goes on after that."""
        if not self.limit or self.storage is None or self.storage.state != "ready":
            return
        if self._read_at is not None and time.monotonic() - self._read_at < FRESH_SECONDS:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(self.storage))
        await asyncio.wait([self._reading], timeout=WAIT_SECONDS)

    async def _read(self, storage: Storage) -> None:
        try:
            self.total, self.stores = await storage.run(lambda memory: stock(memory.database, self.limit))
            self._read_at = time.monotonic()
        except Problem as problem:  # old figures stay for a while
            log.warning("metrics of stores: %s", problem.detail)

    def describe(self) -> Iterable[Metric]:
        """The families, without samples."""
        return self._families()

    def collect(self) -> Iterable[Metric]:
        """The families as last read; nothing where that is too long ago or never was."""
        if self._read_at is None or time.monotonic() - self._read_at > KEPT_SECONDS:
            return
        families = self._families()
        stores, bays, fill_rate, gaps, alerts, day, latest = families
        stores.add_metric([], self.total)
        for found in self.stores:
            bays.add_metric([found.store], found.bays)
            gaps.add_metric([found.store], found.gaps)
            day.add_metric([found.store], found.audits_day)
            if found.fill_rate is not None:
                fill_rate.add_metric([found.store], found.fill_rate)
            if found.latest_at is not None:
                latest.add_metric([found.store], found.latest_at.timestamp())
            for kind, count in found.open_alerts.items():
                alerts.add_metric([found.store, kind], count)
        yield from families

    @staticmethod
    def _families() -> list[GaugeMetricFamily]:
        def gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"shelfwatch_{name}", text, labels=labels)

        return [
            gauge("stores", "Stores that are known, whether or not they are among those with figures of their own."),
            gauge("store_bays", "Bays of the store that have an audit.", "store"),
            gauge("store_fill_rate", "Mean fill rate of the store's bays, each by its newest audit, 0 to 1.", "store"),
            gauge("store_gaps", "Gaps in the newest audits of the store's bays.", "store"),
            gauge("store_open_alerts", "Alerts of the store that are not resolved.", "store", "kind"),
            gauge("store_audits", "Audits of the store whose photos were taken within the last 24 hours.", "store"),
            gauge(
                "store_latest_audit_timestamp_seconds",
                "When the store's newest photo was taken, in seconds since 1970.",
                "store",
            ),
        ]
