"""The running service under load, on the real process: overload, large photos, and a stop while clients send."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image

from shelfwatch.inference.detector import packaged_models
from support import Service
from wire import connect, read_reply

FAST = {"SHELFWATCH_MODELS": str(packaged_models()["fast"])}
REFUSED_CONNECTION = "refused"


@pytest.fixture(scope="module")
def large() -> bytes:
    """60 megapixels with alpha, which are decoded whole and take longer than any other photo."""
    out = io.BytesIO()
    Image.new("RGBA", (7700, 7700), (90, 60, 30, 128)).save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.fixture(scope="module")
def small(sample: bytes) -> bytes:
    """A shelf that costs a tenth of a photo: so small that it is not enlarged to the network's full input."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(sample)) as picture:
        picture.resize((75, 100)).save(out, "JPEG")
    return out.getvalue()


def test_liveness_and_small_photos_do_not_wait_for_a_large_one(
    run_service: Callable[..., Service], sample: bytes, large: bytes
) -> None:
    service = run_service(**FAST)
    order: list[str] = []

    def send(name: str, photo: bytes) -> None:
        assert httpx.post(f"{service.url}/predict", files={"image": photo}, timeout=120).status_code == 200
        order.append(name)

    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(send, "large", large)]
        time.sleep(0.1)  # it is being decoded
        sent.append(pool.submit(send, "small", sample))
        alive = 0
        with httpx.Client(timeout=60) as client:
            while not order:
                assert client.get(f"{service.url}/health/live").status_code == 200
                alive += 1
    for each in sent:
        each.result()
    assert order == ["small", "large"]
    assert alive >= 3


def test_overload_is_refused_with_a_time_to_come_back(run_service: Callable[..., Service], small: bytes) -> None:
    service = run_service("--queue-limit", "4", **FAST)
    answers: list[httpx.Response] = []

    def client() -> None:
        with httpx.Client(timeout=60) as client:
            answers.extend(client.post(f"{service.url}/predict", files={"image": small}) for _ in range(3))

    threads = [threading.Thread(target=client) for _ in range(64)]
    for thread in threads:
        thread.start()
    with httpx.Client(timeout=60) as probe:
        while any(thread.is_alive() for thread in threads):
            assert probe.get(f"{service.url}/health/live").status_code == 200
            assert probe.get(f"{service.url}/health/ready").status_code == 200  # a full queue is not unready
            time.sleep(0.05)
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) == {200, 503}
    assert counts.total() == 64 * 3
    assert counts[200] >= 5
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["type"] == "/problems/overloaded"
            assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert httpx.post(f"{service.url}/predict", files={"image": small}, timeout=60).status_code == 200


def test_a_stop_under_load_loses_no_request(run_service: Callable[..., Service], small: bytes) -> None:
    """Each client sends on one connection until it is told that the service stops, or finds nobody listening."""
    service = run_service("--queue-limit", "32", **FAST)
    seen: list[str] = []

    def client() -> None:
        with httpx.Client(timeout=60) as client:
            last = "200"
            while last == "200":
                try:
                    answer = client.post(f"{service.url}/predict", files={"image": small})
                    last = "200" if answer.status_code == 200 else answer.json()["type"]
                    if last != "200":
                        assert int(answer.headers["retry-after"]) >= 1
                except httpx.ConnectError:
                    last = REFUSED_CONNECTION
                seen.append(last)

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while len(seen) < 20:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    service.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert service.process.wait(timeout=30) == 0
    assert set(seen) - {REFUSED_CONNECTION} == {"200", "/problems/draining"}
    assert sum(last != "200" for last in seen) == 16  # every client came to an orderly end


def test_an_upload_under_way_is_finished_before_the_stop(run_service: Callable[..., Service], sample: bytes) -> None:
    service = run_service(**FAST)
    sending, go_on = threading.Event(), threading.Event()

    def body() -> object:
        yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + sample[:1000]
        sending.set()
        go_on.wait(30)
        yield sample[1000:] + b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(httpx.post, f"{service.url}/predict", content=body(), headers=headers, timeout=60)  # type: ignore[arg-type]
        assert sending.wait(30)
        time.sleep(0.3)  # it has arrived
        service.process.send_signal(signal.SIGTERM)
        while httpx.get(f"{service.url}/health/ready").status_code == 200:
            time.sleep(0.02)
        assert httpx.get(f"{service.url}/health/live").headers["connection"] == "close"
        go_on.set()
        answer = upload.result()
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"
    assert service.process.wait(timeout=30) == 0


def test_what_outlasts_the_grace_time_is_told(run_service: Callable[..., Service]) -> None:
    service = run_service("--grace-seconds", "1", **FAST)
    with connect(service.url) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        time.sleep(0.3)  # it has arrived, and its body never will
        service.process.send_signal(signal.SIGTERM)
        reply = read_reply(connection)
    assert (reply.status, reply.problem()) == (503, "draining")
    assert service.process.wait(timeout=15) == 0


def test_a_stop_while_models_are_reloaded_is_clean(run_service: Callable[..., Service]) -> None:
    service = run_service()
    service.process.send_signal(signal.SIGHUP)
    while "models are loaded again" not in service.log.read_text():
        time.sleep(0.01)
    assert service.stop() == 0
    assert "terminate called" not in service.log.read_text()
    assert "models reloaded" in service.log.read_text()
