"""OpenTelemetry spans of requests and their stages, where a collector is named and the extra `tracing` is installed."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shelfwatch import __version__
from shelfwatch.service.logs import is_probe

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger("shelfwatch")

# The standard variables that name a collector, and so switch tracing on.
COLLECTOR = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE = "shelfwatch"  # the service's name unless OTEL_SERVICE_NAME says another


def provider() -> TracerProvider | None:
    """What makes and sends spans, after the standard `OTEL_*` variables; None where they name no collector.

    Where one is named but the extra is missing, a warning says so.
    """
    named = next((name for name in COLLECTOR if os.environ.get(name)), None)
    if named is None or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        log.warning(
            "%s is set, but %s is missing and nothing is traced: pip install 'shelfwatch[tracing]'", named, error.name
        )
        return None
    resource = Resource.create()
    name = str(resource.attributes[SERVICE_NAME])
    if name.startswith("unknown_service"):  # what OpenTelemetry calls one that nobody named
        name = SERVICE
    made = TracerProvider(resource=resource.merge(Resource({SERVICE_NAME: name, SERVICE_VERSION: __version__})))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


class Tracing:
    """A span for each request but health and metrics, as part of the caller's trace where it brings `traceparent`."""

    def __init__(self, app: ASGIApp, provider: TracerProvider) -> None:
        self.app = app
        self.tracer = provider.get_tracer(SERVICE, __version__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_probe(scope["path"]):
            await self.app(scope, receive, send)
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, StatusCode, format_trace_id

        method = scope["method"]
        caller = extract(dict(Headers(scope=scope)))
        with self.tracer.start_as_current_span(method, caller, SpanKind.SERVER) as span:
            scope["tracer"] = self.tracer
            scope["trace_id"] = format_trace_id(span.get_span_context().trace_id)
            try:
                await self.app(scope, receive, send)
            finally:
                route, status = scope.get("route_label", "other"), scope.get("status", 499)
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": status,
                        "url.scheme": scope["scheme"],
                        "shelfwatch.request_id": scope.get("request_id", ""),
                    }
                )
                if "problem" in scope:
                    span.set_attribute("error.type", scope["problem"])
                if status >= 500:
                    span.set_status(StatusCode.ERROR)


def record_stages(scope: Scope, seconds: dict[str, float], model: str, detections: int) -> None:
    """Spans of a photo's stages, which have just ended one after the other, below its request's; nothing without one.

    `seconds` is how long each took, in order.
    """
    if "tracer" not in scope:
        return
    start = time.time_ns() - round(sum(seconds.values()) * 1e9)
    for stage, taken in seconds.items():
        span = scope["tracer"].start_span(stage, start_time=start)
        if stage == "inference":
            span.set_attributes({"shelfwatch.model": model, "shelfwatch.detections": detections})
        start += round(taken * 1e9)
        span.end(end_time=start)
