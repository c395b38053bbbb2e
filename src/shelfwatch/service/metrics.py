"""The service's Prometheus metrics, in a registry of its own for each app."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from shelfwatch.inference.detector import Detector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10)
PRODUCTS = (0, 1, 5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 600, 1000, 3000)
CONFIDENCES = tuple(round(0.05 * i, 2) for i in range(1, 20))


class Metrics:
    """Every metric of the public contract; `docs/metrics.md` says what each is for."""

    def __init__(self, queue_depth: Callable[[], float]) -> None:
        self.registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self.requests = Counter("shelfwatch_requests", "Requests answered.", ["endpoint", "status"], registry=registry)
        self.request_seconds = self._seconds("request", "From the first byte to the end of the answer.", ["endpoint"])
        self.queue_seconds = self._seconds("queue", "Waiting for an inference lane.")
        self.decode_seconds = self._seconds("decode", "Photo bytes to pixels.")
        self.inference_seconds = self._seconds("inference", "Letterbox, network and suppression.")
        self.in_flight = Gauge("shelfwatch_in_flight_requests", "Requests being answered now.", registry=registry)
        self.queue_depth = Gauge("shelfwatch_queue_depth", "Photos waiting for a lane.", registry=registry)
        self.queue_depth.set_function(queue_depth)
        self.rejected = Counter(
            "shelfwatch_rejected", "Requests refused, by problem type.", ["reason"], registry=registry
        )
        self.key_requests = Counter(
            "shelfwatch_key_requests", "Requests admitted, by the API key's name.", ["key"], registry=registry
        )
        self.detections_per_image = Histogram(
            "shelfwatch_detections_per_image",
            "Products in an answered photo at the operating threshold or the one asked for.",
            buckets=PRODUCTS,
            registry=registry,
        )
        self.detection_confidence = Histogram(
            "shelfwatch_detection_confidence",
            "Confidence of answered detections; a drift of this curve means photos unlike the training's.",
            buckets=CONFIDENCES,
            registry=registry,
        )
        self.model_info = Gauge(
            "shelfwatch_model_info", "Always 1; the labels name a served model.",
            ["name", "version", "precision"], registry=registry,
        )  # fmt: skip

    def show_models(self, detectors: Mapping[str, Detector]) -> None:
        """Name the models served now, and only them."""
        self.model_info.clear()
        for info in (detector.info for detector in detectors.values()):
            self.model_info.labels(info.name, info.version, info.precision).set(1)

    def _seconds(self, what: str, text: str, labels: list[str] | None = None) -> Histogram:
        return Histogram(f"shelfwatch_{what}_seconds", text, labels or [], buckets=SECONDS, registry=self.registry)
