"""Killed at any moment while it takes audits, the service keeps what it answered and lists nothing by halves."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from service.audit_calls import QUICK
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.metadata import strip
from shelfwatch.audits.photos import digest
from shelfwatch.audits.verify import verify
from support import COMMAND, Service, start_service

KILLS = 30
CLIENTS = 4
LONGEST_SECONDS = 0.6  # from the first request to the kill, in every second round
LONGEST_WRITE_SECONDS = 0.02  # in the others from the sight of a photo being written to the kill
PHOTOS = 150  # fewer than there are audits, so that audits share photos


@dataclass(frozen=True)
class Sent:
    """One request: which photo, of which bay, under which key."""

    photo: int
    bay: str
    key: str


class Clients:
    """Threads that record audits one after another until the service is gone."""

    def __init__(self, photos: list[bytes]) -> None:
        self.photos = photos
        self.acknowledged: dict[str, Sent] = {}  # by the id of the audit
        self.unanswered: list[Sent] = []
        self.wrong: list[str] = []

    def send(self, client: httpx.Client, sent: Sent) -> httpx.Response:
        return client.post(
            "/audits",
            params={"model": "fast"},
            data={"store": "Berlin 1", "bay": sent.bay},
            files={"image": ("shelf.jpg", self.photos[sent.photo])},
            headers={"Idempotency-Key": sent.key},
        )

    def work(self, url: str, seed: str, begin: threading.Barrier) -> None:
        chance = random.Random(seed)
        with httpx.Client(base_url=url, timeout=60) as client:
            begin.wait()
            while True:
                sent = Sent(chance.randrange(len(self.photos)), f"Bay {chance.randrange(3)}", chance.randbytes(8).hex())
                try:
                    answer = self.send(client, sent)
                except httpx.ConnectError:  # it was killed before this was sent
                    return
                except httpx.TransportError:
                    self.unanswered.append(sent)
                    return
                if answer.status_code != 201:
                    self.wrong.append(answer.text)
                    return
                self.acknowledged[answer.json()["id"]] = sent


def test_every_answered_audit_outlives_kill_9(empty: str, sample: bytes, tmp_path: Path) -> None:
    seed = int(os.environ.get("KILL_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"the moments are those of KILL_SEED={seed}")  # shown where the test fails
    chance = random.Random(seed)
    clients = Clients(distinct_photos(sample))
    data = tmp_path / "data"
    environment = {**QUICK, "SHELFWATCH_DATABASE_URL": empty, "SHELFWATCH_DATA_DIR": str(data)}
    memory = Memory.at(data, empty)
    amid = writing = kept = 0
    service = start_service(tmp_path / "start.log", wrapper=["setsid"], **environment)
    try:
        for number in range(KILLS):
            before = set(clients.acknowledged)
            kill_amid(service, clients, f"{seed}/{number}", chance, data if number % 2 else None)
            assert clients.wrong == []
            unanswered, clients.unanswered = clients.unanswered, []
            amid += bool(unanswered)
            writing += len(files(data / "photos" / "incoming"))
            service = start_service(tmp_path / f"{number}.log", wrapper=["setsid"], **environment)

            found = verify(memory.database, memory.photos)
            assert found.clean, found
            with httpx.Client(base_url=service.url, timeout=60) as client:
                listed = every_audit(client)
                assert set(clients.acknowledged) <= set(listed)
                halves = set(listed) - set(clients.acknowledged)  # recorded, but killed before the answer
                again = {}
                for sent in unanswered:
                    answer = clients.send(client, sent)
                    again[answer.json()["id"]] = answer.status_code
                    clients.acknowledged[answer.json()["id"]] = sent
                    repeated = clients.send(client, sent)
                    assert (repeated.status_code, repeated.json()["id"]) == (200, answer.json()["id"])
                assert len(again) == len(unanswered)
                assert set(again.values()) <= {200, 201}
                assert {audit_id for audit_id, status in again.items() if status == 200} == halves
                kept += len(halves)
                listed = every_audit(client)
                assert set(listed) == set(clients.acknowledged)
                for audit_id in set(listed) - before:
                    is_whole(client, listed[audit_id], clients)
        with httpx.Client(base_url=service.url, timeout=60) as client:
            for audit in every_audit(client).values():
                is_whole(client, audit, clients)
        done = subprocess.run(
            [COMMAND, "db", "verify"],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        service.process.kill()
        service.process.wait()
        memory.close()
    print(
        f"{len(clients.acknowledged)} audits; {amid} of {KILLS} kills left requests unanswered, "
        f"{writing} photos being written and {kept} audits recorded without an answer"
    )
    assert amid > KILLS / 2
    assert writing + kept > 0  # some kills hit the recording itself
    shown = {digest(strip(clients.photos[sent.photo])) for sent in clients.acknowledged.values()}
    assert {path.name for path in files(data / "photos" / "originals")} == shown
    assert files(data / "photos" / "incoming") == []


def kill_amid(service: Service, clients: Clients, seed: str, chance: random.Random, data: Path | None) -> None:
    """Let clients work and kill the service, within `LONGEST_SECONDS` or while it writes a photo below `data`."""
    begin = threading.Barrier(CLIENTS + 1)
    with ThreadPoolExecutor(CLIENTS) as threads:
        work = [threads.submit(clients.work, service.url, f"{seed}/{client}", begin) for client in range(CLIENTS)]
        begin.wait()
        if data is None:
            time.sleep(chance.uniform(0, LONGEST_SECONDS))
        else:
            time.sleep(chance.uniform(0, LONGEST_SECONDS / 2))
            deadline = time.monotonic() + 10
            while not files(data / "photos" / "incoming") and time.monotonic() < deadline:
                time.sleep(0.0005)
            time.sleep(chance.uniform(0, LONGEST_WRITE_SECONDS))
        os.killpg(service.process.pid, signal.SIGKILL)
        service.process.wait()
        for client in work:
            client.result()


def every_audit(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """Everything that is listed, by id."""
    found: dict[str, dict[str, Any]] = {}
    cursor = None
    while True:
        page = client.get("/audits", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
        assert not found.keys() & {audit["id"] for audit in page["items"]}
        found.update((audit["id"], audit) for audit in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def is_whole(client: httpx.Client, listed: dict[str, Any], clients: Clients) -> None:
    """An audit as it was sent: its bay, detections, report, photo and thumbnail."""
    sent = clients.acknowledged[listed["id"]]
    audit = client.get(f"/audits/{listed['id']}").json()
    assert audit["bay"] == listed["bay"] == sent.bay
    assert len(audit["detections"]) == audit["count"] == listed["count"] > 0
    assert audit["report"]["facings"] == listed["report"]["facings"]
    image = client.get(audit["image"]["url"])
    assert digest(image.content) == digest(strip(clients.photos[sent.photo]))
    thumbnail = client.get(audit["image"]["url"], params={"size": "thumbnail"})
    assert thumbnail.status_code == 200
    Image.open(io.BytesIO(thumbnail.content)).load()


def distinct_photos(sample: bytes) -> list[bytes]:
    """Small pictures of the sample shelf that differ in a pattern no compression makes equal."""
    picture = Image.open(io.BytesIO(sample)).convert("RGB")
    picture.thumbnail((400, 400))
    found = []
    for number in range(PHOTOS):
        for bit in range(8):
            picture.paste((255 * (number >> bit & 1),) * 3, (16 * bit, 0, 16 * bit + 16, 16))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=90)
        found.append(out.getvalue())
    return found


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
