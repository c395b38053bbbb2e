"""A service under hostile files and forms: each gets its documented answer soon, and a good photo is answered after."""

from __future__ import annotations

import io
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from service.hostile import END, FILES, IMAGE, MULTIPART, OK, SMALL, Case, encode, forms, part
from shelfwatch.service.problems import TYPES
from support import Service, start_service

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="time and memory are read from /proc")

CPU_SECONDS = 2.0  # of the service, for one request; the wall clock would also tell how busy the machine is
WALL_SECONDS = 30.0  # after which a request counts as hanging
MEMORY = 800 * 2**20  # bytes the service may take at its peak: both models, and the largest picture allowed
LEAST_CASES = 700
QUERY = {"model": "fast"}  # what is tested here comes before any model


@dataclass
class Target:
    """A service of its own, with what a good photo is answered before anything bad was sent."""

    service: Service
    client: httpx.Client
    photo: bytes
    good: Any = None
    seen: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)

    def post(self, case: Case) -> httpx.Response:
        if case.content_type is None:
            files = {"image": ("shelf.jpg", case.data, "image/jpeg")}
            return self.client.post("/predict", params=QUERY, files=files)
        headers = {"Content-Type": case.content_type}
        return self.client.post("/predict", params=QUERY, content=case.data, headers=headers)

    def cpu_seconds(self) -> float:
        numbers = Path(f"/proc/{self.service.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    def peak(self) -> int:
        status = Path(f"/proc/{self.service.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def good_answer(self) -> Any:
        return self.post(Case("good", self.photo, (OK,))).json()["detections"]

    def fault(self, case: Case) -> str | None:
        """What was wrong with the answer to a case, or None."""
        before = self.cpu_seconds()
        response = self.post(case)
        spent = self.cpu_seconds() - before
        self.seen.append(case.name)
        self.slowest = sorted([*self.slowest, (spent, case.name)], reverse=True)[:5]
        if spent > CPU_SECONDS:
            return f"took {spent:.2f} s"
        if response.status_code == 200:
            answer = OK if "detections" in response.json() else "no detections"
        else:
            answer = verdict(response)
        if answer not in case.answers:
            return f"{answer}, not {' or '.join(case.answers)}: {response.text[:200]}"
        return None if self.good_answer() == self.good else "a good photo is answered otherwise after it"


def verdict(response: httpx.Response) -> str:
    """The slug of a problem document, or what is wrong with the document."""
    if response.headers.get("content-type") != "application/problem+json":
        return f"no problem document but {response.status_code} {response.headers.get('content-type')}"
    problem = response.json()
    kind = TYPES.get(problem["type"].removeprefix("/problems/"))
    if kind is None or (kind.status, kind.title) != (response.status_code, problem["title"]):
        return f"unknown problem {problem}"
    words = problem["detail"]
    return kind.slug if words and "Traceback" not in words and len(words) < 1_000 else f"strange words {words!r}"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, sample: bytes) -> Iterator[Target]:
    service = start_service(tmp_path_factory.mktemp("hostile") / "service.log")
    with httpx.Client(base_url=service.url, timeout=WALL_SECONDS) as client:
        target = Target(service, client, small_shelf(sample))
        target.good = target.good_answer()
        assert target.good
        yield target
    service.process.kill()
    service.process.wait()


def small_shelf(sample: bytes) -> bytes:
    """A corner of the sample shelf: it has products, and costs a few milliseconds."""
    return encode(Image.open(io.BytesIO(sample)).crop((400, 500, 480, 564)), "JPEG", quality=90)


def check(target: Target, cases: Iterable[Case]) -> None:
    faults = {case.name: fault for case in cases if (fault := target.fault(case))}
    assert not faults, "\n".join(f"{name}: {fault}" for name, fault in faults.items())


@pytest.mark.parametrize("family", FILES, ids=lambda family: family.__name__)
def test_files(target: Target, family: Callable[[], Iterator[Case]]) -> None:
    check(target, family())


def test_forms(target: Target) -> None:
    check(target, forms())


def test_nothing_was_left_behind(target: Target) -> None:
    """After all of the above: memory stayed bounded, nothing failed inside, and the cases were as many as promised."""
    print(f"{len(target.seen)} cases, peak {target.peak() / 1e6:.0f} MB, slowest {target.slowest}")
    assert len(set(target.seen)) == len(target.seen) >= LEAST_CASES
    assert target.peak() < MEMORY
    log = target.service.log.read_text()
    assert "Traceback" not in log
    assert "internal-error" not in log
    metrics = target.client.get("/metrics").text
    assert 'reason="internal-error"' not in metrics
    assert "shelfwatch_queue_depth 0.0" in metrics


def trickle(service: Service, head: bytes, pause: float, give_up: float) -> tuple[bytes, float]:
    """Send `head`, then a byte each `pause` seconds, until the service answers; the answer and the seconds it took."""
    address = urlsplit(service.url)
    start = time.monotonic()
    with socket.create_connection((address.hostname, address.port), timeout=pause) as connection:
        connection.sendall(head)
        while time.monotonic() - start < give_up:
            try:
                connection.sendall(b"z")
                first = connection.recv(65_536)
            except TimeoutError:
                continue
            seconds = time.monotonic() - start
            connection.settimeout(give_up)
            return b"".join([first, *iter(lambda: connection.recv(65_536), b"")]), seconds
    return b"", give_up


def test_slow_senders_are_sent_away(run_service: Callable[..., Service], sample: bytes) -> None:
    """A body that trickles in is given up after `upload_seconds`, whether its length was announced or not."""
    service = run_service(SHELFWATCH_UPLOAD_SECONDS="1")
    start = part(IMAGE, SMALL["jpeg"])[:-2]
    chunk = f"{len(start) + 50_000:x}\r\n".encode()
    for length, before in (("Content-Length: 100000", b""), ("Transfer-Encoding: chunked", chunk)):
        lines = ["POST /predict HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {MULTIPART}", length, "", ""]
        head = "\r\n".join(lines).encode() + before + start
        answer, seconds = trickle(service, head, pause=0.1, give_up=15)
        assert answer.startswith(b"HTTP/1.1 408 "), length
        assert b"/problems/slow-upload" in answer
        assert seconds >= 0.9
    assert httpx.post(f"{service.url}/predict", files={"image": sample}).status_code == 200


def test_slow_senders_do_not_stand_in_the_way(target: Target) -> None:
    """Two hundred half-sent uploads take no lane and no place in the queue."""
    address = urlsplit(target.service.url)
    lines = ["POST /predict HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {MULTIPART}", "Content-Length: 9999", "", ""]
    head = "\r\n".join(lines).encode()
    held = [socket.create_connection((address.hostname, address.port)) for _ in range(200)]
    try:
        for connection in held:
            connection.sendall(head + part(IMAGE)[:40])
        assert target.good_answer() == target.good
        assert target.client.get("/health/ready").status_code == 200
    finally:
        for connection in held:
            connection.close()
    whole = Case("good-form", part(IMAGE, SMALL["jpeg"]) + END, (OK,), MULTIPART)
    assert target.fault(whole) is None
