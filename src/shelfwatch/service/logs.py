"""Logs: one pipeline for the service's own lines, its libraries' and one line a request, as JSON or for a terminal."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, Processor, WrappedLogger

FORMATS = ("auto", "console", "json")
PROBES = re.compile(r"/health(/.*)?|/metrics")  # asked for every few seconds by machines: only at debug level
LONGEST_TEXT = 200  # characters of a path or a user agent that a line shows; a caller may send thousands

# What a request's line can hold beside `timestamp`, `level`, `logger` and `event`; docs/observability.md lists it.
REQUEST_FIELDS = {
    "request_id": "the id in the answer's `X-Request-ID` and in its problem document",
    "method": "HTTP method",
    "route": "template of the route, `other` where there is none",
    "path": "the path itself where the route is not it, at most 200 characters",
    "status": "HTTP status; 499 where the client left first",
    "problem": "type of the problem answered, without `/problems/`",
    "duration_ms": "from the first byte of the request to the end of the answer",
    "upload_ms": "until the last byte of the body had come, where one was read",
    "queue_ms": "waiting for a lane",
    "decode_ms": "photo bytes to pixels",
    "inference_ms": "letterbox, network and suppression",
    "recording_ms": "until an audit's photo and rows were durable",
    "audit": "id of the audit that was recorded",
    "model": "name of the model that answered",
    "detections": "products answered",
    "brightness": "mean luma of the photo, 0 black to 1 white",
    "sharpness": "focus of the photo, 0 plain or blurred to 1 noise",
    "bytes_in": "bytes of the body that were read",
    "bytes_out": "bytes of the answer's body",
    "peer": "address of the client, or of the proxy before it",
    "user_agent": "what the client calls itself, at most 200 characters",
    "key_name": "name of the API key, never the key",
    "trace_id": "trace of the request, where tracing is on",
    "worker": "number of the worker process, where there are several",
    "pid": "its process id, where there are several",
}

requests = logging.getLogger("shelfwatch.request")


def configure(form: str, level: str, worker: int | None = None) -> None:
    """Send every log line of this process to standard error.

    `form` is one of `FORMATS`, `auto` for `console` on a terminal and `json` elsewhere; `level` is debug, info, warning
    or error; `worker` numbers this process among several.
    """
    if form == "auto":
        form = "console" if sys.stderr.isatty() else "json"
    identity = {} if worker is None else {"worker": worker, "pid": os.getpid()}

    def identify(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.pop("color_message", None)  # uvicorn's second copy of a line, for terminals
        return {**event, **identity}

    common: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        identify,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    # Local variables stay out of tracebacks: they may hold keys and photos.
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    last: list[Processor] = (
        [structlog.processors.ExceptionRenderer(frames), structlog.processors.JSONRenderer()]
        if form == "json"
        else [
            structlog.processors.ExceptionRenderer(),
            escape_controls,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), sort_keys=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    threshold = logging.getLevelName(level.upper())
    root = logging.getLogger()
    root.handlers = [handler]
    # What libraries say at debug level is not for us, and some of it is the bytes of photos.
    root.setLevel(max(threshold, logging.INFO))
    for name in ("shelfwatch", "uvicorn"):
        logging.getLogger(name).setLevel(threshold)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # else four lines at each look at a database that is away
    logging.captureWarnings(True)


def escape_controls(_: WrappedLogger, __: str, event: EventDict) -> MutableMapping[str, Any]:
    """Make control characters visible, so that nothing a caller sends moves the cursor or begins a line of its own."""
    escaped = {key: visible(value) if isinstance(value, str) else value for key, value in event.items()}
    if isinstance(event.get("exception"), str):
        lines = event["exception"].splitlines()
        escaped["exception"] = "\n".join(
            f"    {visible(line)}" for line in lines
        )  # a line of the log is never indented
    return escaped


def visible(text: str) -> str:
    """Text in which all that does not print, line breaks and marks of direction included, is escaped as in Python."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def note(scope: Scope, **fields: object) -> None:
    """Add fields of `REQUEST_FIELDS` to the line of the request in `scope`."""
    scope.setdefault("log_fields", {}).update(fields)


class RequestLog:
    """Writes a line for each request when it is over; goes around the layer that gives it an id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()
        bytes_in = bytes_out = 0

        async def counted() -> Message:
            nonlocal bytes_in
            message = await receive()
            if message["type"] == "http.request":
                bytes_in += len(message.get("body", b""))
                if bytes_in and not message.get("more_body"):
                    note(scope, upload_ms=milliseconds(time.perf_counter() - start))
            return message

        async def counting(message: Message) -> None:
            nonlocal bytes_out
            if message["type"] == "http.response.start":
                scope["status"] = message["status"]
            bytes_out += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, counted, counting)
        finally:
            seconds = time.perf_counter() - start
            note(scope, bytes_in=bytes_in, bytes_out=bytes_out, duration_ms=milliseconds(seconds))
            write(scope)


def write(scope: Scope) -> None:
    """Write the line of the request in `scope`."""
    path, route = scope["path"], scope.get("route_label", "other")
    level = logging.DEBUG if is_probe(path) else logging.INFO
    if not requests.isEnabledFor(level):
        return
    agent = Headers(scope=scope).get("user-agent", "")
    fields = {
        "request_id": scope.get("request_id"),
        "method": scope["method"],
        "route": route,
        "path": path[:LONGEST_TEXT] if path != route else None,
        "status": scope.get("status", 499),
        "problem": scope.get("problem"),
        **scope.get("log_fields", {}),
        "peer": scope["client"][0] if scope.get("client") else None,
        "user_agent": agent[:LONGEST_TEXT] or None,
        "key_name": scope.get("api_key"),
        "trace_id": scope.get("trace_id"),
    }
    requests.log(level, "request", extra={name: value for name, value in fields.items() if value is not None})


def is_probe(path: str) -> bool:
    """Whether it is machines that ask for a path, to see how the service is."""
    return PROBES.fullmatch(path) is not None


def milliseconds(seconds: float) -> float:
    """Seconds as milliseconds, to ten microseconds."""
    return round(seconds * 1000, 2)
