"""Prometheus and Alertmanager with our settings beside the real service: data in every panel, alerts that arrive."""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dashboards.__main__ import expressions
from infra.monitoring import Monitoring, monitoring, wait_for
from infra.test_dashboards import DASHBOARDS, filled
from service.audit_calls import photo
from support import Service, start_service

KEY = secrets.token_hex(16)
COMPARISON = re.compile(r"\s(?:==|!=|<=|>=|<|>)\s[\d.\s*]+")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Monitoring]]:
    """A service with keys and the two that watch it."""
    folder = tmp_path_factory.mktemp("watched")
    service = start_service(folder / "service.log", SHELFWATCH_API_KEYS=f"prometheus={KEY}")
    (folder / "monitoring").mkdir()
    with monitoring(folder / "monitoring", service.url.removeprefix("http://"), KEY) as found:
        yield service, found
    service.process.kill()
    service.process.wait()


def use(service: Service, sample: bytes) -> None:
    """Some of everything: photos, audits of a bay that falls below its threshold, a file that is none."""
    with httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as client:
        client.put("/stores/Kiel/bays/Cereal", json={"min_fill_rate": 1.0, "max_gaps": 0})
        for number in range(6):
            image = photo(number, sample)
            client.post("/predict", files={"image": image}).raise_for_status()
            form = {"store": "Kiel", "bay": "Cereal"}
            client.post("/audits", data=form, files={"image": image}).raise_for_status()
        assert client.post("/predict", files={"image": b"no photo"}).status_code == 415


@contextlib.contextmanager
def load(service: Service, sample: bytes, clients: int = 3) -> Iterator[None]:
    """Clients that send photos and audits one after the other for as long as the block lasts."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            use(service, sample)

    threads = [threading.Thread(target=go_on) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_every_panel_and_every_rule_has_data(watched: tuple[Service, Monitoring], sample: bytes) -> None:
    service, found = watched
    wait_for("nothing is scraped", lambda: found.query('up{job="shelfwatch"} == 1'))

    def empty() -> list[tuple[str, str]]:
        asked = [(title, filled(text)) for board in DASHBOARDS.values() for title, text in expressions(board)]
        for rule in found.rules():
            assert rule["health"] == "ok", rule
            if rule["type"] == "recording":
                asked.append((rule["name"], rule["name"]))
            elif not rule["query"].startswith("absent("):
                # What it compares, since nothing is past its limits here.
                for part in re.split(r"\sand(?: on \(job\))?\s", rule["query"]):
                    asked.append((rule["name"], COMPARISON.sub(" ", part + " ")))
        return [(title, text) for title, text in asked if not found.query(text)]

    with load(service, sample):
        wait_for("without data", lambda: not (missing := empty()) or print(missing), seconds=90)
        assert not empty()
    targets = httpx.get(f"{found.prometheus}/api/v1/targets").json()["data"]["activeTargets"]
    assert {target["labels"]["job"]: target["health"] for target in targets} == dict.fromkeys(
        ("shelfwatch", "prometheus", "alertmanager"), "up"
    )


def test_a_dead_service_is_told_of_and_a_living_one_resolves_it(
    watched: tuple[Service, Monitoring], tmp_path: Path
) -> None:
    service, found = watched
    wait_for("nothing is scraped", lambda: found.query('up{job="shelfwatch"} == 1'))
    service.process.kill()
    service.process.wait()
    # The load before may have raised others.
    wait_for("not told of", lambda: ("ShelfWatchDown", "firing") in found.receiver.alerts())
    port = service.url.rpartition(":")[2]
    again = start_service(
        tmp_path / "again.log", wait_ready=False, SHELFWATCH_PORT=port, SHELFWATCH_API_KEYS=f"p={KEY}"
    )
    try:
        wait_for("not resolved", lambda: ("ShelfWatchDown", "resolved") in found.receiver.alerts())
    finally:
        again.process.kill()
        again.process.wait()
