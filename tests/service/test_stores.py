"""`/stores` on the real process, with names of any kind."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from service.audit_calls import get, photo, post
from support import Service

STORE, BAY = "Köln / 50% Süd", "A/B %2F ?#é"


def path(store: str) -> str:
    return f"/stores/{quote(store, safe='')}"


@pytest.fixture(scope="module")
def audits(service: Service, sample: bytes) -> list[dict[str, object]]:
    """Two audits of one bay, the newer first."""
    return [
        post(service, photo(number, sample), STORE, BAY, taken_at=f"2026-03-0{number}T08:00:00Z").json()
        for number in (2, 1)
    ]


def test_names_with_slashes_and_percents_have_addresses(service: Service, audits: list[dict[str, object]]) -> None:
    stores = {store["store"]: store for store in get(service, "/stores").json()["items"]}
    assert stores[STORE]["bays"] == 1
    assert stores[STORE]["latest_taken_at"] == "2026-03-02T08:00:00.000000Z"
    (bay,) = get(service, f"{path(STORE)}/bays").json()["items"]
    address = f"{path(STORE)}/bays/{quote(BAY, safe='')}"
    assert get(service, address).json() == bay
    assert (bay["store"], bay["bay"], bay["latest"]["id"]) == (STORE, BAY, audits[0]["id"])
    history = get(service, f"{address}/history").json()
    assert [point["id"] for point in history["points"]] == [audits[1]["id"], audits[0]["id"]]
    assert history["truncated"] is False
    since = get(service, f"{address}/history", since="2026-03-02T00:00:00Z").json()
    assert [point["id"] for point in since["points"]] == [audits[0]["id"]]
    until = get(service, f"{address}/history", until="2026-03-02T08:00:00Z").json()
    assert [point["id"] for point in until["points"]] == [audits[1]["id"]]


def test_what_is_expected_is_set_as_a_whole(service: Service, audits: list[dict[str, object]]) -> None:
    address = f"{service.url}{path(STORE)}/bays/{quote(BAY, safe='')}"
    wanted = {"expected_facings": 1_000, "min_fill_rate": 0.8, "max_gaps": 4, "alert_after": 2}
    bay = httpx.put(address, json=wanted).json()
    assert {name: bay[name] for name in wanted} == wanted
    assert bay["min_facings"] is None
    assert bay["stock"] == bay["latest"]["facings"] / 1_000
    assert httpx.get(address).json() == bay
    bay = httpx.put(address, json={"min_facings": 3}).json()
    assert (bay["expected_facings"], bay["min_facings"], bay["alert_after"]) == (None, 3, 1)
    made = httpx.put(f"{service.url}/stores/Nowhere/bays/New", json={})
    assert (made.status_code, made.json()["latest"]) == (200, None)


@pytest.mark.parametrize(
    "wanted",
    [
        {"expected_facings": -1}, {"expected_facings": "many"}, {"expected_facings": 1.5}, {"min_fill_rate": 1.1},
        {"alert_after": 0}, {"alert_after": None}, {"max_gap": 1}, [], "text",
    ],
)  # fmt: skip
def test_what_nobody_can_expect_is_refused(service: Service, wanted: object) -> None:
    answer = httpx.put(f"{service.url}/stores/Refused/bays/Refused", json=wanted)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    assert get(service, "/stores/Refused/bays").status_code == 404


def test_unknown_stores_and_bays_are_not_found(service: Service, audits: list[dict[str, object]]) -> None:
    for address in ("/stores/None/bays", "/stores/None/bays/None", f"{path(STORE)}/bays/None/history"):
        answer = get(service, address)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
