"""What can be asked about stores and bays."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

import httpx

from shelfwatch.client.answers import parse
from shelfwatch.client.calls import Call, given
from shelfwatch.client.store_answers import Bay, BayList, History, Store, StoreList


def stores() -> Call[tuple[Store, ...]]:
    """Which stores are there?"""
    return Call("GET", "/stores", lambda response: parse(StoreList, response.content).items)


def bays(store: str) -> Call[tuple[Bay, ...]]:
    """Which bays has it?"""
    return Call("GET", f"/stores/{_name(store)}/bays", lambda response: parse(BayList, response.content).items)


def bay(store: str, bay: str) -> Call[Bay]:
    """How is a bay?"""
    return Call("GET", _path(store, bay), _bay)


def put(
    store: str,
    bay: str,
    *,
    expected_facings: int | None,
    min_fill_rate: float | None,
    min_facings: int | None,
    max_gaps: int | None,
    alert_after: int | None,
) -> Call[Bay]:
    """Say all that is expected of a bay."""
    expected = given(
        expected_facings=expected_facings,
        min_fill_rate=min_fill_rate,
        min_facings=min_facings,
        max_gaps=max_gaps,
        alert_after=alert_after,
    )
    return Call("PUT", _path(store, bay), _bay, body=expected)


def history(store: str, bay: str, *, since: datetime | None, until: datetime | None) -> Call[History]:
    """How was it?"""
    query = given(since=since, until=until)
    return Call("GET", f"{_path(store, bay)}/history", lambda response: parse(History, response.content), query)


def _path(store: str, bay: str) -> str:
    return f"/stores/{_name(store)}/bays/{_name(bay)}"


def _name(name: str) -> str:
    """Within an address, where dots alone would lead elsewhere."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")


def _bay(response: httpx.Response) -> Bay:
    return parse(Bay, response.content)
