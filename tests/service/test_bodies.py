"""Bodies: limits on size, time and memory, and answers that a client still sending gets to see."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from support import Service
from wire import connect, hung_up, read_reply

FORM = "multipart/form-data; boundary=x"
OPENING = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'


def head(length: int | None, *lines: str) -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return "\r\n".join(
        ["POST /predict HTTP/1.1", "Host: localhost", f"Content-Type: {FORM}", size, *lines, "", ""]
    ).encode()


def body_of(size: int) -> Iterator[bytes]:
    yield OPENING
    for _ in range(size // 100_000):
        yield bytes(100_000)
    yield b"\r\n--x--\r\n"


@pytest.mark.parametrize("announced", [True, False])
def test_asyncio_clients_see_the_refusal_of_a_large_body(service: Service, announced: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in body_of(40_000_000):
            yield piece

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(timeout=60) as client:
            headers = {"Content-Type": FORM}
            if announced:
                headers["Content-Length"] = str(sum(map(len, body_of(40_000_000))))
            return await client.post(f"{service.url}/predict", content=pieces(), headers=headers)

    answer = asyncio.run(ask())
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/payload-too-large"
    assert answer.headers["connection"] == "close"


def test_a_client_that_asks_first_is_not_told_to_go_on(service: Service) -> None:
    with connect(service.url) as connection:
        connection.sendall(head(100_000_000, "Expect: 100-continue"))
        reply = read_reply(connection)
    assert (reply.status, reply.problem()) == (413, "payload-too-large")


def test_a_refused_sender_is_cut_off_in_the_end(service: Service) -> None:
    with connect(service.url) as connection:
        connection.sendall(head(10_000_000_000))
        assert read_reply(connection).status == 413
        deadline = time.monotonic() + 20
        cut_off = False
        while not cut_off:
            assert time.monotonic() < deadline
            try:
                connection.sendall(bytes(100_000))
                time.sleep(0.05)
            except OSError:  # reset or broken pipe, as the system has it
                cut_off = True
    assert httpx.get(f"{service.url}/health/live").status_code == 200


def test_routes_that_read_no_body_answer_whatever_comes(service: Service) -> None:
    answer = httpx.request("GET", f"{service.url}/health/live", content=bytes(30_000_000), timeout=60)
    assert answer.status_code == 200


def test_a_slow_body_is_given_up(run_service: Callable[..., Service]) -> None:
    service = run_service("--upload-seconds", "1")
    with connect(service.url) as connection:
        connection.sendall(head(10_000) + OPENING)
        for _ in range(5):  # a byte now and then does not help
            time.sleep(0.1)
            connection.sendall(b"x")
        reply = read_reply(connection)
        assert (reply.status, reply.problem()) == (408, "slow-upload")
        assert hung_up(connection)


def test_bodies_share_one_budget(run_service: Callable[..., Service], sample: bytes) -> None:
    service = run_service(SHELFWATCH_MAX_BODY_BYTES="1000000", SHELFWATCH_MAX_HELD_BYTES="1500000")
    waiting: list[socket.socket] = []
    try:
        for size in (900_000, 400_000):
            connection = connect(service.url)
            waiting.append(connection)
            connection.sendall(head(990_000) + OPENING + bytes(size))
        deadline = time.monotonic() + 20
        while (answer := httpx.post(f"{service.url}/predict", files={"image": bytes(500_000)})).status_code != 503:
            assert time.monotonic() < deadline  # what was sent above is still being taken in
        assert answer.json()["type"] == "/problems/overloaded"
        assert int(answer.headers["retry-after"]) >= 1
    finally:
        for connection in waiting:
            connection.close()
    while httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60).status_code != 200:
        assert time.monotonic() < deadline  # the budget is given back with the connections
        time.sleep(0.05)


def test_connections_are_kept_where_the_body_was_read(service: Service) -> None:
    with httpx.Client() as client:
        answer = client.post(f"{service.url}/predict", files={"image": b"no picture"})
        assert answer.status_code == 415
        assert "connection" not in answer.headers
