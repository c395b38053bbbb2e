"""The stores' figures in the metrics of the real service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.audit_calls import QUICK, photo, post
from shelfwatch.service import stock
from shelfwatch.service.stock import StockMetrics
from support import Service

OFF: dict[str, Any] = {"SHELFWATCH_STORE_METRICS": "0"}


def figures(service: Service) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Samples of the stores' metrics, by name."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(httpx.get(f"{service.url}/metrics", timeout=30).text):
        if family.name.startswith("shelfwatch_store"):
            found[family.name] = [(sample.labels, sample.value) for sample in family.samples]
    return found


@pytest.mark.parametrize("flags", [(), ("--workers", "2")], ids=["one", "workers"])
def test_an_audit_shows_in_the_metrics_of_its_store(
    run_service: Callable[..., Service], sample: bytes, flags: tuple[str, ...]
) -> None:
    service = run_service(*flags, **QUICK)
    answer = post(service, photo(1, sample), store='Köln "Süd"').json()
    found = figures(service)
    store = {"store": 'Köln "Süd"'}
    assert found["shelfwatch_stores"] == [({}, 1)]
    assert found["shelfwatch_store_bays"] == [(store, 1)]
    assert found["shelfwatch_store_gaps"] == [(store, len(answer["report"]["gaps"]))]
    assert found["shelfwatch_store_fill_rate"] == [(store, pytest.approx(answer["report"]["fill_rate"]))]
    assert found["shelfwatch_store_audits"] == [(store, 1)]
    assert {labels["kind"] for labels, _ in found["shelfwatch_store_open_alerts"]} == {"fill_rate", "facings", "gaps"}
    ((_, taken),) = found["shelfwatch_store_latest_audit_timestamp_seconds"]
    assert taken == pytest.approx(datetime.fromisoformat(answer["taken_at"]).timestamp(), abs=1)


def test_they_can_be_switched_off(run_service: Callable[..., Service], sample: bytes) -> None:
    service = run_service(**QUICK, **OFF)
    assert post(service, photo(1, sample)).status_code == 201
    assert figures(service) == {}


def test_a_scrape_does_not_wait_for_a_database_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "WAIT_SECONDS", 0.01)
    asked = 0

    async def hangs(_: object) -> None:
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()

    async def scrapes() -> None:
        figures = StockMetrics(SimpleNamespace(state="ready", run=hangs), 10)  # type: ignore[arg-type]
        for _ in range(3):
            await asyncio.wait_for(figures.refresh(), timeout=10)
        assert asked == 1  # later scrapes join the first one's question
        assert list(figures.collect()) == []

    asyncio.run(scrapes())


def test_figures_that_cannot_be_renewed_go_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(stock.time, "monotonic", lambda: now)
    storage = SimpleNamespace(state="ready")

    async def answers(_: object) -> tuple[int, list[Any]]:
        return 7, []

    storage.run = answers

    async def scrapes() -> None:
        nonlocal now
        figures = StockMetrics(storage, 10)  # type: ignore[arg-type]
        await figures.refresh()
        storage.state = "unavailable"
        now += stock.KEPT_SECONDS - 1
        await figures.refresh()
        assert next(iter(figures.collect())).samples[0].value == 7
        now += 2
        await figures.refresh()
        assert list(figures.collect()) == []

    asyncio.run(scrapes())
