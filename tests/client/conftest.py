"""Both clients behind one face, and a server that answers what a test tells it to."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shelfwatch.client import AsyncClient, Client


class Driven:
    """An `AsyncClient` whose methods block, in one event loop of its own, so that one test serves both clients."""

    def __init__(self, base_url: str, *, sleep: Callable[[float], None] | None = None, **options: Any) -> None:
        async def sleep_async(seconds: float) -> None:
            assert sleep is not None
            sleep(seconds)

        self.loop = asyncio.Runner()
        self.client = AsyncClient(base_url, **options, **({"sleep": sleep_async} if sleep else {}))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> Any:
            answer = getattr(self.client, name)(*words, **named)
            return self.loop.run(answer) if inspect.isawaitable(answer) else self._items(answer)

        return call

    def _items(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        async def following() -> Any:
            return await anext(items, self)

        while (item := self.loop.run(following())) is not self:
            yield item

    def __repr__(self) -> str:
        return repr(self.client)


@pytest.fixture(params=["blocking", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Make clients, of the one kind or the other; they are closed with the test."""
    made: list[Any] = []

    def make(base_url: str, **options: Any) -> Any:
        made.append((Client if request.param == "blocking" else Driven)(base_url, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()
        if isinstance(client, Driven):
            client.loop.close()


@dataclass
class Received:
    """A request as the scripted server got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """A real HTTP server on loopback that gives the answers in `answers`, each a function, in turn."""

    url: str = ""
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def answer(self, status: int, body: bytes = b"", content_type: str = "application/json", **headers: str) -> None:
        """Add a whole answer; underscores in header names stand for dashes."""

        def act(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)

        self.answers.append(act)

    def problem(self, status: int, slug: str, **headers: str) -> None:
        """Add a problem document."""
        body = f'{{"type": "/problems/{slug}", "title": "No", "status": {status}, "detail": "Not now."}}'
        self.answer(status, body.encode(), "application/problem+json", **headers)

    def hang_up(self, sent: bytes = b"") -> None:
        """Add a connection that ends after the request was read and `sent` was written."""

        def act(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(sent)
            handler.close_connection = True

        self.answers.append(act)

    def stall(self, seconds: float) -> None:
        """Add a silence."""
        self.answers.append(lambda _: threading.Event().wait(seconds) and None)


@pytest.fixture
def script() -> Iterator[Script]:
    """The scripted server; a test that asks more often than it has answers gets a 418."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.received.append(Received(self.command, self.path, headers, body))
            if script.answers:
                script.answers.pop(0)(self)
            else:
                self.send_error(418, "not in the script")

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield script
    server.shutdown()
    thread.join()
    server.server_close()
