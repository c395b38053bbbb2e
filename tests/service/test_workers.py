"""Several worker processes: real ones, one of them killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from shelfwatch.inference.detector import packaged_models
from shelfwatch.service.workers import GROWN_UP, LONGEST_DELAY, Worker, bind
from support import COMMAND, Service

FAST = packaged_models()["fast"]  # alone it loads soonest


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def series(url: str) -> dict[tuple[str, ...], float]:
    """Every sample of /metrics by its name and label values."""
    with httpx.Client() as client:
        text = client.get(f"{url}/metrics", timeout=30).text
    return {(s.name, *s.labels.values()): s.value for f in text_string_to_metric_families(text) for s in f.samples}


def processes(service: Service) -> dict[int, int]:
    """The process id of each worker that has started, the last one of each number."""
    found = {}
    for line in service.lines():
        if line["event"] == "Application startup complete.":
            found[line["worker"]] = line["pid"]
    return found


def photo_lines(service: Service) -> list[dict[str, object]]:
    return [line for line in service.lines() if line.get("route") == "/predict"]


@pytest.fixture
def pair(run_service: Callable[..., Service]) -> Iterator[Service]:
    """Two workers, both ready."""
    service = run_service("--workers", "2", "--models", str(FAST))
    wait_until(lambda: len(processes(service)) == 2)
    wait_until(lambda: all(httpx.get(f"{service.url}/health/ready").status_code == 200 for _ in range(16)))
    yield service
    service.stop()


def send(service: Service, sample: bytes) -> int:
    """Ask over a connection of its own, which the kernel gives to either worker."""
    return httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60).status_code


def test_workers_answer_add_up_and_survive_each_other(pair: Service, sample: bytes) -> None:
    sent = 0
    while len({line["worker"] for line in photo_lines(pair)}) < 2:
        assert sent < 30, "one worker has answered everything"
        assert send(pair, sample) == 200
        sent += 1
    first = processes(pair)
    # A request is counted a moment after its answer is out.
    wait_until(lambda: series(pair.url)["shelfwatch_requests_total", "/predict", "200"] == sent)
    wait_until(lambda: series(pair.url)["shelfwatch_queue_depth",] == 0)  # told to the others now and then
    # Whichever worker is asked, the sums are of both; each process has its own figures.
    for _ in range(6):
        seen = series(pair.url)
        assert seen["shelfwatch_requests_total", "/predict", "200"] == sent
        assert seen["shelfwatch_inference_seconds_count",] == sent
        assert seen["shelfwatch_queue_depth",] == 0
        assert seen["shelfwatch_in_flight_requests",] >= 1  # the one that asks
        assert [key[1] for key in seen if key[0] == "shelfwatch_model_info"] == ["fast"]
        assert {key[1] for key in seen if key[0] == "process_resident_memory_bytes"} == {"0", "1", "parent"}

    os.kill(first[0], signal.SIGKILL)
    outcomes: Counter[str] = Counter()
    while processes(pair)[0] == first[0]:
        try:
            outcomes[str(httpx.get(f"{pair.url}/health/ready", timeout=30).status_code)] += 1
        except httpx.TransportError:
            outcomes["lost"] += 1
        time.sleep(0.02)
    assert outcomes["200"] >= 10
    assert outcomes["lost"] <= 1  # one whose connection the dead worker had
    assert set(outcomes) <= {"200", "lost"}, "the new worker listened before it could answer"
    assert processes(pair)[1] == first[1]

    assert send(pair, sample) == 200
    # The dead one's counts are kept, but not what it had in flight.
    wait_until(lambda: series(pair.url)["shelfwatch_requests_total", "/predict", "200"] == sent + 1)
    wait_until(lambda: series(pair.url)["shelfwatch_in_flight_requests",] == 1)
    assert pair.stop() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(processes(pair)[0], 0)


def test_what_was_accepted_is_finished_when_the_parent_is_told_to_stop(pair: Service, sample: bytes) -> None:
    with httpx.Client(base_url=pair.url, timeout=60) as client:
        body = client.build_request("POST", "/predict", files={"image": sample}).read()
    head = re.search(rb"--([0-9a-f]+)\r\n", body)
    assert head is not None
    host, port = pair.url.removeprefix("http://").split(":")
    open_requests = []
    for _ in range(6):
        connection = socket.create_connection((host, int(port)), timeout=60)
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: multipart/form-data; boundary="
            + head[1] + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        )  # fmt: skip
        open_requests.append(connection)
    wait_until(lambda: series(pair.url)["shelfwatch_in_flight_requests",] >= 4)
    pair.process.send_signal(signal.SIGTERM)
    for connection in open_requests:
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
        assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")), answer[:80]
        connection.close()
    assert pair.process.wait(timeout=60) == 0


def test_workers_end_and_tidy_up_when_their_parent_was_killed(
    run_service: Callable[..., Service], tmp_path: Path
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    service = run_service("--workers", "2", "--models", str(FAST), wait_ready=False, SHELFWATCH_DATA_DIR=str(folder))
    wait_until(lambda: len(processes(service)) == 2)
    assert len(list(folder.glob("shelfwatch-*/*.pid"))) == 3
    service.process.kill()

    def gone(process: int) -> bool:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        # In a container without an init nobody takes leave of an orphan.
        stat = Path(f"/proc/{process}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"

    wait_until(lambda: all(gone(process) for process in processes(service).values()))
    assert list(folder.glob("shelfwatch-*")) == []


def test_a_port_in_use_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [COMMAND, "serve", "--workers", "2", "--port", port], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_several_workers_listen_beyond_loopback_only_with_keys() -> None:
    done = subprocess.run(
        [COMMAND, "serve", "--workers", "2", "--host", "0.0.0.0"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "SHELFWATCH_API_KEYS" in done.stderr


def test_every_socket_of_port_zero_has_the_same_port() -> None:
    first = bind("127.0.0.1", 0)
    port = first[0].getsockname()[1]
    second = bind("127.0.0.1", port) if sys.platform.startswith("linux") else []
    try:
        assert {listener.getsockname()[1] for listener in (*first, *second)} == {port}
    finally:
        for listener in (*first, *second):
            listener.close()


def test_a_worker_that_keeps_dying_is_started_less_and_less_often() -> None:
    worker = Worker(0, started=time.monotonic())
    delays = [worker.postpone() for _ in range(9)]
    assert delays[0] == 0  # the first death may be an accident
    assert delays[1:4] == [1, 2, 4]
    assert delays[-1] == LONGEST_DELAY
    worker.started -= GROWN_UP
    assert worker.postpone() == 0


@pytest.mark.parametrize("by_signal", [True, False])
def test_a_reload_reaches_every_worker(pair: Service, by_signal: bool) -> None:
    if by_signal:
        pair.process.send_signal(signal.SIGHUP)
    else:
        assert httpx.post(f"{pair.url}/admin/reload", timeout=60).status_code == 200

    def reloaded() -> set[int]:
        return {line["worker"] for line in pair.lines() if line["event"].startswith("models reloaded")}

    wait_until(lambda: reloaded() == {0, 1})
    assert httpx.get(f"{pair.url}/health/ready").status_code == 200
    assert len(processes(pair)) == 2
