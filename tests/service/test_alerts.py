"""`/alerts` on the real process: a bay past its threshold is told, seen to and judged."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from audits.receivers import Receiver
from service.audit_calls import QUICK, get, photo, post
from shelfwatch.audits.addresses import parse_networks
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.webhooks import register
from support import Service


@pytest.fixture
def kept(run_service: Callable[..., Service], tmp_path: Path) -> Service:
    """A service with a memory of its own that may reach receivers on loopback."""
    return run_service(**QUICK, SHELFWATCH_DATA_DIR=str(tmp_path / "data"), SHELFWATCH_WEBHOOK_NETWORKS="127.0.0.0/8")


def test_an_alert_goes_round(kept: Service, tmp_path: Path, sample: bytes) -> None:
    receiver = Receiver()
    memory = Memory.at(tmp_path / "data")
    register(memory.database, receiver.url, parse_networks(["127.0.0.0/8"]))
    memory.close()
    expected = {"min_facings": 100_000, "alert_after": 2}
    assert httpx.put(f"{kept.url}/stores/Berlin 1/bays/Cereal", json=expected).status_code == 200
    assert post(kept, photo(0, sample)).status_code == 201
    assert get(kept, "/alerts").json() == {"items": [], "next_cursor": None}  # one photo is not enough
    latest = post(kept, photo(1, sample)).json()
    (alert,) = get(kept, "/alerts", status="open", store="Berlin 1", bay="Cereal").json()["items"]
    assert (alert["kind"], alert["threshold"], alert["value"]) == ("facings", 100_000, latest["report"]["facings"])
    assert alert["audit_id"] == latest["id"]

    picture = get(kept, alert["image_url"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert max(Image.open(io.BytesIO(picture.content)).size) > 100

    address = f"{kept.url}/alerts/{alert['id']}"
    assert httpx.post(f"{address}/acknowledge").json()["status"] == "acknowledged"
    assert get(kept, "/alerts", status="open").json()["items"] == []
    said = httpx.post(f"{address}/feedback", json={"verdict": "restocked", "who": "Ada"})
    assert (said.status_code, said.json()["who"]) == (201, "Ada")
    judged = {kind["kind"]: kind for kind in get(kept, "/alerts/precision").json()["items"]}
    assert (judged["facings"]["alerts"], judged["facings"]["precision"]) == (1, 1.0)

    httpx.put(f"{kept.url}/stores/Berlin 1/bays/Cereal", json={"min_facings": 1})
    assert post(kept, photo(2, sample)).status_code == 201
    (alert,) = get(kept, "/alerts", status="resolved").json()["items"]
    assert httpx.post(f"{address}/acknowledge").json()["type"] == "/problems/conflict"

    told = ["alert.opened", "alert.acknowledged", "alert.resolved"]
    deadline = time.monotonic() + 30
    while [event["type"] for event in receiver.events()] != told:
        assert time.monotonic() < deadline, receiver.events()
        time.sleep(0.05)
    receiver.close()


def test_what_cannot_be_is_told(kept: Service) -> None:
    missing = f"{kept.url}/alerts/01968bd1-9a10-7c11-8a44-2f6f3c1b7d90"
    assert httpx.post(f"{missing}/acknowledge").json()["type"] == "/problems/not-found"
    assert httpx.get(f"{missing}/image").json()["type"] == "/problems/not-found"
    assert httpx.post(f"{missing}/feedback", json={"verdict": "restocked"}).json()["type"] == "/problems/not-found"
    assert httpx.post(f"{missing}/feedback", json={"verdict": "bought"}).status_code == 422
    assert get(kept, "/alerts", status="lost").status_code == 422
    assert get(kept, "/alerts", cursor="mine").json()["type"] == "/problems/invalid-request"
    assert get(kept, "/alerts", bay="Cereal").json()["type"] == "/problems/invalid-request"
