"""uvicorn's HTTP protocol with bounds on what comes before a request: its head, the time for it, and connections."""

from __future__ import annotations

import asyncio
import logging
import uuid
from asyncio import Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shelfwatch.service.headers import DATA_HEADERS
from shelfwatch.service.metrics import Metrics
from shelfwatch.service.problems import TYPES, problem_response

log = logging.getLogger("shelfwatch")


class BoundedProtocol(HttpToolsProtocol):
    """Refuses what never becomes a request, with a problem document, and hangs up."""

    head_seconds = 10.0  # from the first byte of a request, or from connecting, to the end of its headers
    max_head_bytes = 32_768  # of target and headers; a key, cookies of a shared domain and a proxy's additions fit
    max_connections = 512  # at once, idle ones included: below the 1,024 files a process may usually open
    metrics: Metrics | None = None  # where what is refused here is counted; no other layer sees it
    linger_seconds = 1.0  # for which a refused client may still send, so that it is not reset before it reads why

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.refused = False
        self._silent = True
        self._too_large = False
        self._in_head = False
        self._heads = 0  # seen in the present read
        self._head_bytes = 0  # of target and headers that are complete
        self._head_read = 0  # bytes taken in for a head that is not complete
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self.refuse("overloaded", "Too many connections are open; try again shortly.", {"Retry-After": "2"})
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        self._silent = False
        began_before, idle = self._in_head, self._idle()
        self._heads = int(began_before)
        super().data_received(data)
        if self.refused:
            return
        if self._in_head:
            if self._heads == 1 and (began_before or idle):  # it is all of one head
                self._head_read += len(data)
            if self._head_read > self.max_head_bytes:
                self._refuse_head()
        elif self._deadline is None and self._idle():
            self._expect_head()  # blank lines between requests have stopped the clock of the idle connection

    def _idle(self) -> bool:
        """Whether no request is being read or answered."""
        return self.cycle is None or self.cycle.response_complete

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._heads += 1
        self._head_bytes = self._head_read = 0
        if self._deadline is None:
            self._expect_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._clear_deadline()
        if self._head_bytes > self.max_head_bytes:
            self._too_large = True
            raise ValueError("headers too large")  # the parser stops here and `send_400_response` is called
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Called for what the parser does not take."""
        if self._too_large:
            self._refuse_head()
        else:
            self.refuse("bad-request", msg)

    def _refuse_head(self) -> None:
        self.refuse("headers-too-large", f"At most {self.max_head_bytes // 1024} kB of headers are accepted.")

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(self.head_seconds, self._give_up)

    def _give_up(self) -> None:
        if self._silent:  # browsers open connections ahead of need: an answer would be to no request
            self._deadline = None
            self.transport.close()
        else:
            self.refuse("slow-upload", f"No whole request came within {self.head_seconds:g} s.")

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def refuse(self, slug: str, detail: str, headers: dict[str, str] | None = None) -> None:
        """Answer with a problem document and hang up; what the client still sends is dropped."""
        if self.refused or self.transport.is_closing():
            return
        self.refused = True
        self._clear_deadline()
        if not self._idle():  # an earlier request is being answered
            self.transport.close()
            return
        request_id = uuid.uuid4().hex
        headers = {**DATA_HEADERS, **(headers or {}), "X-Request-ID": request_id}
        response = problem_response(slug, detail, request_id, headers)
        lines = [*self.server_state.default_headers, *response.raw_headers, (b"connection", b"close")]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
        self.transport.write(STATUS_LINE[TYPES[slug].status] + head + b"\r\n" + bytes(response.body))
        self.transport.write_eof()
        self._deadline = self.loop.call_later(self.linger_seconds, self.transport.close)
        if self.metrics is not None:
            self.metrics.requests.labels("other", str(TYPES[slug].status)).inc()
            self.metrics.rejected.labels(slug).inc()
        log.debug("connection refused: %s", slug)


def counting(metrics: Metrics) -> type[BoundedProtocol]:
    """The protocol for a server whose refusals are counted in `metrics`; uvicorn makes one object a connection."""
    return type("CountingProtocol", (BoundedProtocol,), {"metrics": metrics})
