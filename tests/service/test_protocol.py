"""Before a request: heads have a size and a deadline, connections a number."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from shelfwatch.service.protocol import BoundedProtocol
from support import Service
from wire import Reply, connect, hung_up, read_reply

GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"


def ask(url: str, *pieces: bytes) -> Reply:
    with connect(url) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.02)
        reply = read_reply(connection)
        if reply.status != 200:
            assert reply.headers["connection"] == "close"
            assert hung_up(connection)
    return reply


@pytest.mark.parametrize(
    "pieces",
    [
        [GET + b"X-Large: " + b"x" * 100_000 + b"\r\n\r\n"],
        [GET + b"X-Large: " + b"x" * 100_000],  # never ends
        [GET, *[b"X-Small: " + b"x" * 1000 + b"\r\n"] * 40],
        [b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        [GET + b"X-Small: y\r\n" * 5000 + b"\r\n"],
    ],
)
def test_large_heads_are_refused(service: Service, pieces: list[bytes]) -> None:
    reply = ask(service.url, *pieces)
    assert (reply.status, reply.problem()) == (431, "headers-too-large")


def test_what_is_refused_before_it_is_a_request_is_counted_and_guarded(service: Service) -> None:
    def counted() -> list[float]:
        families = text_string_to_metric_families(httpx.get(f"{service.url}/metrics").text)
        found = {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}
        return [
            found.get(name, 0)
            for name in (
                ("shelfwatch_requests_total", "431", "other"),
                ("shelfwatch_rejected_total", "headers-too-large"),
            )
        ]

    before = counted()
    reply = ask(service.url, GET + b"X-Large: " + b"x" * 100_000 + b"\r\n\r\n")
    assert counted() == [count + 1 for count in before]
    assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_head_of_usual_size_in_many_pieces_is_answered(service: Service) -> None:
    assert ask(service.url, GET, *[b"X-Small: " + b"x" * 1000 + b"\r\n"] * 20, b"\r\n").status == 200


def test_large_bodies_are_no_large_heads(service: Service) -> None:
    large = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n" + bytes(200_000)
    assert ask(service.url, large).problem() == "invalid-request"


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"HELLO\r\n\r\n", b"GET / HTTP/9\r\n\r\n"]
)
def test_what_is_not_http_is_a_problem_too(service: Service, nonsense: bytes) -> None:
    reply = ask(service.url, nonsense)
    assert (reply.status, reply.problem()) == (400, "bad-request")


def test_the_connection_takes_one_request_after_the_other(service: Service) -> None:
    with connect(service.url) as connection:
        for _ in range(3):
            connection.sendall(GET + b"\r\n")
            assert read_reply(connection).status == 200
        connection.sendall((GET + b"\r\n") * 2)  # at once
        reply = read_reply(connection)
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")


class Hasty(BoundedProtocol):
    head_seconds = 0.5
    max_connections = 4


@pytest.fixture
def hasty() -> Iterator[str]:
    """uvicorn with bounds that a test need not wait for, and an application that says hello; its address."""

    async def hello(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})

    config = uvicorn.Config(hello, port=0, http=Hasty, lifespan="off", log_level="critical", timeout_keep_alive=60)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def slow(url: str, *, first: bytes, then: bytes) -> Reply:
    """What a connection gets that sends `first`, and `then` again and again."""
    with connect(url) as connection:
        connection.sendall(first)
        if b"\r\n\r\n" in first:
            assert read_reply(connection).status == 200
        with contextlib.suppress(OSError):
            for _ in range(6):
                time.sleep(0.15)
                connection.sendall(then)
        return read_reply(connection)


def test_heads_have_a_deadline(hasty: str) -> None:
    with connect(hasty) as silent:
        assert hung_up(silent)
    assert slow(hasty, first=GET, then=b"X-A: b\r\n").problem() == "slow-upload"
    assert slow(hasty, first=GET + b"\r\n", then=b"\r\n").problem() == "slow-upload"
    assert slow(hasty, first=GET + b"\r\n" + GET, then=b"X-A: b\r\n").problem() == "slow-upload"


def test_an_idle_connection_has_longer_than_a_head(hasty: str) -> None:
    with connect(hasty) as connection:
        for _ in range(2):
            connection.sendall(GET + b"\r\n")
            assert read_reply(connection).body == b"hello"
            time.sleep(2 * Hasty.head_seconds)


def test_more_connections_than_allowed_are_told(hasty: str) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(Hasty.max_connections):
            connection = stack.enter_context(connect(hasty))
            connection.sendall(GET + b"\r\n")
            assert read_reply(connection).status == 200
        reply = ask(hasty, GET + b"\r\n")
        assert (reply.status, reply.problem()) == (503, "overloaded")
        assert int(reply.headers["retry-after"]) >= 1
    deadline = time.monotonic() + 20
    while httpx.get(hasty).status_code != 200:
        assert time.monotonic() < deadline  # the closed ones are noticed one after the other
