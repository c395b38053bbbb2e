"""Request bodies: how large, how slow and how many at once, and what becomes of one that nobody reads to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfwatch.service.problems import Problem, problem_response

LINGER_SECONDS = 2.0  # for which the rest of an unread body is taken in and dropped
LINGER_BYTES = 256_000_000  # of it; a sender of more is cut off
STOPPED = "The service stopped before the answer was ready; send the request again."


class BodyLimits:
    """Refuses a body that is too large, announced or not, or too slow, or for which no memory is left.

    Every route that reads a body is held to it: the refusals are raised to it, as `Problem`, from `receive`.
    """

    def __init__(
        self, app: ASGIApp, limit: int, seconds: float, held_limit: int, retry_after: Callable[[], int]
    ) -> None:
        """Bytes of one body, seconds it may take to arrive, bytes of all bodies held at once until their answers."""
        self.app = app
        self.limit = limit
        self.seconds = seconds
        self.held_limit = held_limit
        self.retry_after = retry_after
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        too_large = announced.isdecimal() and int(announced) > self.limit
        deadline = asyncio.get_running_loop().time() + self.seconds
        seen = 0
        more = True

        async def limited() -> Message:
            nonlocal seen, more
            if too_large:
                raise self._too_large()
            try:
                async with asyncio.timeout_at(deadline if more else None):
                    message = await receive()
            except TimeoutError:
                raise Problem("slow-upload", f"The body did not arrive within {self.seconds:g} s.") from None
            if message["type"] == "http.disconnect":
                scope["client_gone"] = True
                return message
            size = len(message.get("body", b""))
            seen += size
            self.held += size
            more = message.get("more_body", False)
            if seen > self.limit:
                raise self._too_large()
            if self.held > self.held_limit:
                wait = self.retry_after()
                raise Problem(
                    "overloaded",
                    f"Too many photos are arriving at once; try again in {wait} s.",
                    headers={"Retry-After": str(wait)},
                )
            return message

        try:
            await self.app(scope, limited, send)
        finally:
            self.held -= seen

    def _too_large(self) -> Problem:
        return Problem("payload-too-large", f"At most {self.limit / 1e6:g} MB are accepted.")


class Leftovers:
    """Lets a client whose body was not read to its end see the answer: reads on for a while before it hangs up.

    Closing a connection on a client that still sends resets it, and the answer is lost with it. This is the outermost
    layer, so that the answer counts as given before the rest of the body is taken in. Answers of a service that is
    `stopping` end their connection too: a kept one could be closed on the next request. A request that is given up
    because the service cannot wait any longer is told so.
    """

    def __init__(self, app: ASGIApp, stopping: Callable[[], bool]) -> None:
        self.app = app
        self.stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        unread = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        started = held_back = False

        async def reading() -> Message:
            nonlocal unread
            message = await receive()
            unread = message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            nonlocal started, held_back
            if message["type"] == "http.response.start":
                started = True
                if unread or self.stopping():
                    MutableHeaders(scope=message)["Connection"] = "close"
            elif unread and not message.get("more_body", False):
                # Everything is sent but the end, which would close the connection.
                held_back = True
                message = {**message, "more_body": True}
            await send(message)

        try:
            await self.app(scope, reading, sending)
        except asyncio.CancelledError:  # the grace time is over
            if started:
                raise
            request_id = str(scope.get("request_id", ""))
            told = {"Connection": "close", "Retry-After": "2", "X-Request-ID": request_id}
            await problem_response("draining", STOPPED, request_id, told)(scope, receive, send)
        if held_back:
            taken = 0
            try:
                async with asyncio.timeout(LINGER_SECONDS):
                    while unread and taken < LINGER_BYTES:
                        taken += len((await reading()).get("body", b""))
            except TimeoutError:
                pass
            await send({"type": "http.response.body", "body": b""})
