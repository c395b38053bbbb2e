"""The service's Prometheus metrics: a registry of its own for each app, summed where several workers answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shelfwatch.inference.detector import Detector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10)
PRODUCTS = (0, 1, 5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 600, 1000, 3000)
CONFIDENCES = tuple(round(0.05 * i, 2) for i in range(1, 20))
BRIGHTNESSES = tuple(round(0.05 * i, 2) for i in range(1, 20))
SHARPNESSES = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # names the folder of the counts that workers share, and so switches sharing on
FOLLOW_SECONDS = 0.25  # how old the queue depth that a worker tells the others may be


class Metrics:
    """Every metric of the public contract; `docs/metrics.md` says what each is for."""

    def __init__(self, queue_depth: Callable[[], float], others: Iterable[Collector] = ()) -> None:
        self.shared = FOLDER in os.environ
        self.registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self.requests = Counter("shelfwatch_requests", "Requests answered.", ["endpoint", "status"], registry=registry)
        self.request_seconds = self._seconds("request", "From the first byte to the end of the answer.", ["endpoint"])
        self.queue_seconds = self._seconds("queue", "Waiting for a lane.")
        self.decode_seconds = self._seconds("decode", "Photo bytes to pixels.")
        self.inference_seconds = self._seconds("inference", "Letterbox, network and suppression.")
        self.recording_seconds = self._seconds("recording", "An audit's photo and rows to where they are kept.")
        self.audits_recorded = Counter("shelfwatch_audits_recorded", "Audits recorded.", registry=registry)
        self.in_flight = Gauge(
            "shelfwatch_in_flight_requests", "Requests being answered now.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self.queue_depth = Gauge(
            "shelfwatch_queue_depth", "Photos waiting for a lane.", registry=registry, multiprocess_mode="livesum"
        )
        self._waiting = queue_depth
        if not self.shared:  # a shared gauge must be set, see `follow`
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
        self.photo_brightness = Histogram(
            "shelfwatch_photo_brightness",
            "Mean luma of answered photos, 0 black to 1 white; a drift means another light or camera.",
            buckets=BRIGHTNESSES,
            registry=registry,
        )
        self.photo_sharpness = Histogram(
            "shelfwatch_photo_sharpness",
            "Focus of answered photos, 0 blurred to 1 noise; a drift down means shaken hands or a dirty lens.",
            buckets=SHARPNESSES,
            registry=registry,
        )
        self.others = tuple(others)  # tell the same in every worker
        if not self.shared:
            for other in self.others:
                registry.register(other)
        self._shown: set[tuple[str, str, str]] = set()
        self.model_info = Gauge(
            "shelfwatch_model_info", "Always 1; the labels name a served model.",
            ["name", "version", "precision"], registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip

    def show_models(self, detectors: Mapping[str, Detector]) -> None:
        """Name the models served now, and only them."""
        infos = [detector.info for detector in detectors.values()]
        now = {(info.name, info.version, info.precision) for info in infos}
        for labels in self._shown - now:
            if self.shared:
                self.model_info.labels(*labels).set(0)  # shared gauges cannot be removed; `render` leaves it out
            else:
                self.model_info.remove(*labels)
        for labels in now:
            self.model_info.labels(*labels).set(1)
        self._shown = now

    def _seconds(self, what: str, text: str, labels: list[str] | None = None) -> Histogram:
        return Histogram(f"shelfwatch_{what}_seconds", text, labels or [], buckets=SECONDS, registry=self.registry)

    async def follow(self) -> None:
        """Tell the other workers how deep this one's queue is, until cancelled; at once over where there are none."""
        while self.shared:
            self.queue_depth.set(self._waiting())
            await asyncio.sleep(FOLLOW_SECONDS)

    def render(self) -> bytes:
        """Everything in Prometheus text format, over all workers where there are several."""
        if not self.shared:
            return generate_latest(self.registry)
        self.queue_depth.set(self._waiting())
        registry = CollectorRegistry()
        registry.register(WorkerCounts())
        for other in self.others:
            registry.register(other)
        PlatformCollector(registry=registry)
        registry.register(WorkerProcesses(Path(os.environ[FOLDER])))
        return generate_latest(registry)


class WorkerCounts(Collector):
    """What all workers have counted, without models that none serves any more."""

    def collect(self) -> Iterable[Metric]:
        """One family a metric."""
        for family in MultiProcessCollector(None).collect():  # type: ignore[no-untyped-call]
            if family.name == "shelfwatch_model_info":
                family.samples = [sample for sample in family.samples if sample.value]
            yield family


class WorkerProcesses(Collector):
    """The `process_*` metrics of the parent and each worker, told apart by the label `worker`.

    Any worker answers for all: with its own figures alone a counter would jump from one scrape to the next.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(self) -> Iterable[Metric]:
        """One family a figure, one sample a process; of this process alone where none is announced in the folder."""
        announced = {}
        for file in sorted(self.folder.glob("*.pid")):
            with contextlib.suppress(FileNotFoundError):  # it has just died
                announced[file.stem] = file.read_text()
        families: dict[str, Metric] = {}
        for worker, process in (announced or {"": "self"}).items():
            for family in ProcessCollector(pid=lambda process=process: process, registry=None).collect():  # type: ignore[misc]
                joined = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    joined.add_sample(sample.name, {"worker": worker} if worker else {}, sample.value)
        return families.values()


def announce(worker: str) -> None:
    """Leave this process's id where `WorkerProcesses` finds it."""
    file = Path(os.environ[FOLDER]) / f"{worker}.pid"
    unfinished = file.with_suffix(".new")
    unfinished.write_text(str(os.getpid()))
    unfinished.replace(file)  # at once, as others may be reading


def count_as(worker: int) -> None:
    """Count in the files of worker `worker`, before the first metric is made.

    A worker that takes the place of a dead one goes on with its counts: sums never fall and files never pile up.
    """
    values.ValueClass = values.MultiProcessValue(lambda: worker)  # type: ignore[no-untyped-call]
    announce(str(worker))
