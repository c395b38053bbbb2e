"""The served models and the lanes they run in: the one place that knows whether work can be taken."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import onnxruntime

from shelfwatch.inference.cpus import available_cpus, lacks_int8_dot_products
from shelfwatch.inference.detector import Detector, Result, packaged_models
from shelfwatch.inference.image import Photo
from shelfwatch.inference.model import ModelError
from shelfwatch.inference.quality import Quality, measure
from shelfwatch.inference.weight import decoding_weight
from shelfwatch.service.lanes import Lanes, QueueFullError, WaitedTooLongError
from shelfwatch.service.memory import give_back
from shelfwatch.service.problems import Problem
from shelfwatch.service.served import Served
from shelfwatch.service.settings import Settings
from shelfwatch.shelf import ShelfReport, analyze

log = logging.getLogger("shelfwatch")

T = TypeVar("T")
State = Literal["starting", "ok", "failed", "draining"]

HEAVY = 6_000_000  # decoding weight above which a photo takes the heavy lane: about a quarter of a second
MOST_LANES = 8  # unless the settings say otherwise: each holds a photo's activations, some 40 MB
RETRY_SECONDS = 2  # when to ask again a service that starts or stops


class ReloadRefusedError(Exception):
    """The models cannot be changed now, or those to change to cannot be loaded; the message says which."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What became of one photo, with the seconds each stage took."""

    photo: Photo
    result: Result
    queue_seconds: float
    decode_seconds: float
    quality: Quality
    report: ShelfReport | None = None


class Engine:
    """Loads models, warms them up and runs photos through them off the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.state: State = "starting"
        self.detectors: dict[str, Served] = {}
        self.on_models: Callable[[dict[str, Served]], None] | None = None  # called with each new set of models
        self.in_hand = 0  # requests admitted whose answer is not ready
        self.cpus = max(1, available_cpus() // settings.workers)  # the share of this process
        count = settings.lanes or min(self.cpus, MOST_LANES)
        self.lanes = Lanes(count, settings.queue_limit, settings.wait_seconds)
        self._loading = threading.Lock()
        self._large = threading.Lock()  # held while a large picture is decoded, which takes up to 480 MB

    def load(self) -> None:
        """Load and warm up every model. Raises `ModelError`; blocks, so call it off the event loop."""
        with self._loading:
            try:
                self._swap(self._load())
            except Exception:
                self.state = "failed"
                raise
            if self.state == "starting":
                self.state = "ok"

    def reload(self) -> None:
        """Load the model files again and swap all at once; requests under way end with the models they began with.

        Raises `ReloadRefusedError`, and keeps the models there are, where a file does not load, another reload is
        running, or the service is starting or stopping. Blocks, so call it off the event loop.
        """
        if not self._loading.acquire(blocking=False):
            raise ReloadRefusedError("The models are being loaded already.")
        try:
            if self.state == "draining":
                raise ReloadRefusedError("The service is stopping.")
            log.info("models are loaded again")
            try:
                self._swap(self._load())
            except ModelError as error:
                raise ReloadRefusedError(f"The models were not changed. {error}") from error
            if self.state == "failed":
                self.state = "ok"
            log.info("models reloaded: %s", ", ".join(f"{name} {d.info.version}" for name, d in self.detectors.items()))
        finally:
            self._loading.release()
            give_back()

    def _load(self) -> dict[str, Served]:
        detectors: dict[str, Served] = {}
        for path in self.settings.model_paths or self._packaged():
            detector = Served(path, threads=self.settings.threads or self.cpus, lanes=self.lanes.infer.threads)
            if detector.info.name in detectors:
                raise ModelError(f"{path}: a model named {detector.info.name!r} is served already")
            detectors[detector.info.name] = detector
        return detectors

    def _swap(self, detectors: dict[str, Served]) -> None:
        if any(detector.info.precision == "int8" for detector in detectors.values()) and lacks_int8_dot_products():
            log.warning(
                "this x86 CPU has no VNNI: 8-bit products may saturate and counts may be off; "
                "compare with a float32 model before you rely on them"
            )
        self.detectors = detectors  # at once: requests may be looking
        if self.on_models is not None:
            self.on_models(detectors)

    @staticmethod
    def _packaged() -> list[Path]:
        found = list(packaged_models().values())
        if not found:
            raise ModelError("the package holds no model; name one with SHELFWATCH_MODELS")
        return found

    @contextlib.contextmanager
    def admit(self, name: str | None) -> Iterator[Served]:
        """Take a request on: the model of that name, or the default. A stopping service waits for its end.

        Raises `Problem` where the model is unknown or work cannot be taken, so that its photo need not be read.
        """
        detector = self._detector(name)
        self.check()
        self.in_hand += 1
        try:
            yield detector
        finally:
            self.in_hand -= 1

    def check(self) -> None:
        """Raise `Problem` where no place is left."""
        try:
            self.lanes.check()
        except QueueFullError as full:
            raise overloaded(full) from full

    def _detector(self, name: str | None) -> Served:
        if self.state == "draining":
            raise Problem(
                "draining", "The service is stopping; send the photo again shortly.", headers=retry(RETRY_SECONDS)
            )
        if self.state == "failed":
            raise Problem("model-failed", "No model could be loaded; whoever runs the service sees why in its log.")
        if self.state == "starting":
            raise Problem("overloaded", "The model is not loaded yet; try again shortly.", headers=retry(RETRY_SECONDS))
        if name is None:
            return next(iter(self.detectors.values()))
        if name not in self.detectors:
            known = ", ".join(self.detectors)
            raise Problem("invalid-request", f"query.model: no model named {name!r}; there is {known}.")
        return self.detectors[name]

    async def analyse(
        self,
        detector: Served,
        data: bytes,
        *,
        confidence: float | None,
        max_detections: int,
        tiles: bool,
        report: bool = False,
        report_confidence: float = 0.0,
    ) -> Answer:
        """Decode one photo and detect in it, in lanes, with a closer look at a dense one where `tiles` says so.

        With `report`, the shelf is analysed too, as detections of at least `report_confidence` show it.

        Raises `shelfwatch.inference.image.ImageError`, and `Problem` where there is no place or its turn never came.
        """

        def decode() -> tuple[Photo, float, Quality]:
            start = time.perf_counter()
            photo = detector.decode(data, max_pixels=self.settings.max_pixels, tiles=tiles)
            return photo, time.perf_counter() - start, measure(photo.pixels)

        def decode_large() -> tuple[Photo, float, Quality]:
            photo, seconds, quality = self._alone(decode)
            if photo.finer is not None:
                photo = replace(photo, finer=partial(self._alone, photo.finer))
            return photo, seconds, quality

        def infer(photo: Photo) -> tuple[Result, ShelfReport | None]:
            chosen = detector.beside if lanes.infer.crowded else detector
            result = chosen.detect(photo, confidence=confidence, max_detections=max_detections, tiles=tiles)
            if not report:
                return result, None
            found = result.detections
            sure = found[found.confidence >= report_confidence]  # these lead, since the surest come first
            shelf = analyze(sure, width=photo.width, height=photo.height, pixels=photo.pixels)
            return result, shelf

        def decode_and_infer() -> tuple[tuple[Photo, float, Quality], tuple[Result, ShelfReport | None]]:
            decoded = decode()
            return decoded, infer(decoded[0])

        lanes = self.lanes
        try:
            with lanes.enter() as place:
                if await place.run(lanes.sort, lambda: decoding_weight(data, self.settings.max_pixels)) > HEAVY:
                    decoded = await place.run(lanes.heavy, decode_large)
                    found = await place.run(lanes.infer, lambda: infer(decoded[0]))
                else:
                    decoded, found = await place.run(lanes.infer, decode_and_infer)
                photo, decode_seconds, quality = decoded
        except QueueFullError as full:
            raise overloaded(full) from full
        except WaitedTooLongError as late:
            raise Problem(
                "overloaded",
                f"The photo's turn did not come within {self.settings.wait_seconds} s.",
                headers=retry(lanes.pace.retry_after()),
            ) from late
        result, shelf = found
        return Answer(photo, result, place.waited, decode_seconds, quality, shelf)

    def _alone(self, work: Callable[[], T]) -> T:
        """`work` that decodes a large picture, while nobody else does; it leaves nothing behind for the next."""
        with self._large:
            try:
                return work()
            finally:
                give_back()

    def drain(self) -> None:
        """Take no more work; what was accepted goes on."""
        self.state = "draining"

    def close(self) -> None:
        """Take no more work and finish what was accepted."""
        self.drain()
        with self._loading:  # a reload under way has its end: a process that exits from under it aborts
            self.lanes.close()

    def runtime(self, detector: Detector) -> str:
        """What runs the model, for people."""
        threads = detector.model.threads
        return f"ONNX Runtime {onnxruntime.__version__}, CPU, {threads} thread{'s' if threads != 1 else ''}"


def overloaded(full: QueueFullError) -> Problem:
    """The problem that a full queue is to a client."""
    return Problem(
        "overloaded",
        f"Too many photos are waiting already; try again in {full.retry_after} s.",
        headers=retry(full.retry_after),
    )


def retry(seconds: int) -> dict[str, str]:
    """The `Retry-After` header."""
    return {"Retry-After": str(seconds)}
