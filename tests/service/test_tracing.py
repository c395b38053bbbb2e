"""Spans, as a collector receives them: a small one that reads OTLP over HTTP."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

import shelfwatch
from shelfwatch.inference.detector import packaged_models
from shelfwatch.service import tracing
from support import Service

FAST = str(packaged_models()["fast"])  # alone it loads soonest
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


class Sink:
    """Keeps what is exported to it."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.resource: dict[str, str] = {}
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                    sink.resource = {item.key: item.value.string_value for item in group.resource.attributes}
                    sink.spans += [span for scope in group.scope_spans for span in scope.spans]
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.server.shutdown()
    sink.server.server_close()


def attributes(span: Span) -> dict[str, object]:
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes}


def test_a_collector_receives_requests_and_stages(
    run_service: Callable[..., Service], sink: Sink, sample: bytes
) -> None:
    service = run_service("--models", FAST, OTEL_EXPORTER_OTLP_ENDPOINT=sink.url, OTEL_RESOURCE_ATTRIBUTES="shop=17")
    caller = {"traceparent": f"00-{TRACE_ID}-{CALLER}-01"}
    answer = httpx.post(f"{service.url}/predict", files={"image": sample}, headers=caller, timeout=60).json()
    httpx.post(f"{service.url}/predict", files={"image": b"no picture"})
    httpx.get(f"{service.url}/health")
    assert service.stop() == 0  # sends what it still holds

    good, bad = (span for span in sink.spans if span.kind == Span.SPAN_KIND_SERVER)  # none for health
    assert good.name == bad.name == "POST /predict"
    assert good.trace_id.hex() == TRACE_ID
    assert good.parent_span_id.hex() == CALLER
    assert attributes(good) == {
        "http.request.method": "POST",
        "http.route": "/predict",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "shelfwatch.request_id": answer["request_id"],
    }
    assert bad.trace_id != good.trace_id
    assert attributes(bad)["http.response.status_code"] == 415
    assert attributes(bad)["error.type"] == "unsupported-format"
    assert bad.status.code == Status.STATUS_CODE_UNSET  # the caller's fault, not ours

    stages = {span.name: span for span in sink.spans if span.parent_span_id == good.span_id}
    assert set(stages) == {"queue", "decode", "inference"}
    assert attributes(stages["inference"]) == {"shelfwatch.model": "fast", "shelfwatch.detections": answer["count"]}
    for name, span in stages.items():
        assert good.start_time_unix_nano <= span.start_time_unix_nano
        assert span.end_time_unix_nano <= good.end_time_unix_nano
        taken = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
        assert taken == pytest.approx(answer["timing_ms"][name], abs=0.02)
    assert stages["queue"].end_time_unix_nano == stages["decode"].start_time_unix_nano
    assert sink.resource["service.name"] == "shelfwatch"
    assert sink.resource["service.version"] == shelfwatch.__version__
    assert sink.resource["shop"] == "17"

    assert [line["trace_id"] for line in service.lines() if line.get("route") == "/predict"] == [
        TRACE_ID,
        bad.trace_id.hex(),
    ]


def test_a_collector_that_is_away_costs_no_request_anything(run_service: Callable[..., Service], sample: bytes) -> None:
    service = run_service(
        "--models", FAST, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT="1"
    )
    assert httpx.post(f"{service.url}/predict", files={"image": sample}, timeout=60).status_code == 200
    assert service.stop() == 0


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*tracing.COLLECTOR, "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_nothing_is_traced_unless_a_collector_is_named(clean: pytest.MonkeyPatch) -> None:
    assert tracing.provider() is None
    clean.setenv(tracing.COLLECTOR[0], "http://127.0.0.1:4318")
    clean.setenv("OTEL_TRACES_EXPORTER", "none")
    assert tracing.provider() is None


def test_serving_without_a_collector_loads_nothing_of_it(clean: pytest.MonkeyPatch) -> None:
    code = (
        "import sys, shelfwatch.service.app as app; app.create_app();"
        "sys.exit(bool({'opentelemetry.sdk', 'opentelemetry.exporter', 'requests'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_missing_extra_is_a_warning(clean: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    clean.setenv(tracing.COLLECTOR[0], "http://127.0.0.1:4318")
    clean.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    assert tracing.provider() is None
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "shelfwatch[tracing]" in record.getMessage()


def test_a_name_of_your_own_is_kept(clean: pytest.MonkeyPatch) -> None:
    clean.setenv(tracing.COLLECTOR[1], "http://127.0.0.1:4318/v1/traces")
    clean.setenv("OTEL_SERVICE_NAME", "shop-17")
    provider = tracing.provider()
    assert provider is not None
    assert provider.resource.attributes["service.name"] == "shop-17"
    provider.shutdown()
