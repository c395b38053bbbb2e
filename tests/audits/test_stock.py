"""The figures of each store, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audits.memories import NOON, Memory
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.remove import delete
from shelfwatch.audits.stock import stock
from shelfwatch.audits.thresholds import KINDS


def test_an_empty_memory_has_no_stores(memory: Memory) -> None:
    assert stock(memory.database, 10) == (0, [])


def test_a_store_is_the_sum_of_its_bays_newest_audits(memory: Memory) -> None:
    memory.record(bay="Cereal", fill_rate=0.2, gaps=9)  # not the newest
    memory.record(1, bay="Cereal", minutes=10, fill_rate=0.6, gaps=2)
    memory.record(2, bay="Tea", minutes=20, fill_rate=1.0, gaps=1)
    memory.record(3, bay="Water", minutes=5, fill_rate=None, gaps=0)
    memory.record(4, store="Aachen", minutes=-26 * 60)
    total, stores = stock(memory.database, 10, now=NOON + timedelta(hours=1))
    assert (total, [found.store for found in stores]) == (2, ["Aachen", "Berlin 1"])
    aachen, berlin = stores
    assert berlin.fill_rate == pytest.approx(0.8)
    assert (berlin.bays, berlin.gaps, berlin.audits_day) == (3, 3, 4)
    assert berlin.latest_at == NOON + timedelta(minutes=20)
    assert (aachen.audits_day, aachen.latest_at) == (0, NOON - timedelta(hours=26))
    assert aachen.open_alerts == dict.fromkeys(KINDS, 0)


def test_a_limit_names_some_and_counts_all(memory: Memory) -> None:
    for number, store in enumerate(["C", "A", "B"]):
        memory.record(number, store=store)
    total, stores = stock(memory.database, 2)
    assert (total, [found.store for found in stores]) == (3, ["A", "B"])


def test_open_alerts_count_by_kind_and_go_when_the_audit_does(memory: Memory) -> None:
    for bay in ("Cereal", "Tea"):
        set_expectations(memory.database, "Berlin 1", bay, Expectations(min_fill_rate=0.5, max_gaps=3))
    memory.record(0, bay="Cereal", fill_rate=0.4, gaps=4)
    last = memory.record(1, bay="Tea", fill_rate=0.3, gaps=1)
    assert stock(memory.database, 10)[1][0].open_alerts == {"fill_rate": 2, "facings": 0, "gaps": 1}
    delete(memory.database, last.id)
    (store,) = stock(memory.database, 10)[1]
    assert store.open_alerts == {"fill_rate": 1, "facings": 0, "gaps": 1}
    assert (store.bays, store.fill_rate) == (1, 0.4)


def test_a_store_without_audits_has_no_fill_rate(memory: Memory) -> None:
    set_expectations(memory.database, "Berlin 1", "Cereal", Expectations(min_facings=3))
    (store,) = stock(memory.database, 10)[1]
    assert (store.bays, store.fill_rate, store.latest_at, store.audits_day) == (0, None, None, 0)
