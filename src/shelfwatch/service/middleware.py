"""Plain ASGI middleware: request ids and request metrics."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shelfwatch.service.metrics import Metrics
from shelfwatch.service.problems import problem_response

log = logging.getLogger("shelfwatch")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """Outermost layer: gives the request an id, counts and times it, and turns a crash into a problem document."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Collection[str]) -> None:
        self.app = app
        self.metrics = metrics
        self.paths = frozenset(paths)  # those without parameters, for what is refused before it reaches a route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = request_id
        status = 0
        start = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        self.metrics.in_flight.inc()
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            log.exception("request %s failed", request_id, extra={"request_id": request_id})
            scope["problem"] = "internal-error"
            if not status:
                response = problem_response(
                    "internal-error",
                    "The request could not be finished. Try again; the log has the id.",
                    request_id,
                )
                await response(scope, receive, send_with_headers)
        finally:
            self.metrics.in_flight.dec()
            # The route's template, never the raw path: a label a caller can invent would grow without bound.
            if "client_gone" in scope and status >= 400:  # what the handler made of half a body is no verdict
                scope.pop("problem", None)
                status = 499
            known = scope["path"] if scope["path"] in self.paths else "other"
            endpoint = getattr(scope.get("route"), "path", None) or known
            scope["route_label"], scope["status"] = endpoint, status or 499
            self.metrics.requests.labels(endpoint, str(status or 499)).inc()
            self.metrics.request_seconds.labels(endpoint).observe(time.perf_counter() - start)
            if "problem" in scope:
                self.metrics.rejected.labels(scope["problem"]).inc()
