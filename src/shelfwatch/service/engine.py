"""The served models and the lanes they run in: the one place that knows whether work can be taken."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime

from shelfwatch.inference.cpus import lacks_int8_dot_products
from shelfwatch.inference.detector import Detector, Result, packaged_models
from shelfwatch.inference.image import Photo
from shelfwatch.inference.model import Model, ModelError
from shelfwatch.service.lanes import Lanes, QueueFullError
from shelfwatch.service.problems import Problem
from shelfwatch.service.settings import Settings

log = logging.getLogger("shelfwatch")

State = Literal["starting", "ok", "failed", "draining"]
INFERENCE_LANES = 1  # one photo at a time with every thread: the least latency for one phone in an aisle


@dataclass(frozen=True, eq=False)
class Answer:
    """What became of one photo, with the seconds each stage took."""

    photo: Photo
    result: Result
    queue_seconds: float
    decode_seconds: float


class Engine:
    """Loads models, warms them up and runs photos through them off the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.state: State = "starting"
        self.detectors: dict[str, Detector] = {}
        self.lanes = Lanes(INFERENCE_LANES, settings.queue_limit)

    def load(self) -> None:
        """Load and warm up every model. Raises `ModelError`; blocks, so call it off the event loop."""
        detectors: dict[str, Detector] = {}
        try:
            for path in self.settings.model_paths or self._packaged():
                detector = Detector(Model(path, threads=self.settings.threads or None))
                size = detector.info.input_size
                detector.detect(Photo(np.zeros((size, size, 3), np.uint8), size, size))
                if detector.info.name in detectors:
                    raise ModelError(f"{path}: a model named {detector.info.name!r} is served already")
                detectors[detector.info.name] = detector
        except Exception:
            self.state = "failed"
            raise
        self.detectors = detectors  # at once: health may be looking
        if any(detector.info.precision == "int8" for detector in detectors.values()) and lacks_int8_dot_products():
            log.warning(
                "this x86 CPU has no VNNI: 8-bit products may saturate and counts may be off; "
                "compare with a float32 model before you rely on them"
            )
        if self.state == "starting":
            self.state = "ok"

    @staticmethod
    def _packaged() -> list[Path]:
        found = list(packaged_models().values())
        if not found:
            raise ModelError("the package holds no model; name one with SHELFWATCH_MODELS")
        return found

    def detector(self, name: str | None) -> Detector:
        """The model of that name, or the default. Raises `Problem` where it is unknown or work cannot be taken."""
        if self.state == "draining":
            raise Problem("draining", "The service is stopping; send the photo again shortly.", headers=retry(2))
        if self.state == "failed":
            raise Problem("overloaded", "No model could be loaded; whoever runs the service sees why in its log.",
                          headers=retry(60))  # fmt: skip
        if self.state == "starting":
            raise Problem("overloaded", "The model is not loaded yet; try again shortly.", headers=retry(2))
        if name is None:
            return next(iter(self.detectors.values()))
        if name not in self.detectors:
            known = ", ".join(self.detectors)
            raise Problem("invalid-request", f"query.model: no model named {name!r}; there is {known}.")
        return self.detectors[name]

    async def analyse(
        self, detector: Detector, data: bytes, *, confidence: float | None, max_detections: int, tiles: bool
    ) -> Answer:
        """Decode one photo and detect in it, in a lane, with a closer look at a dense one where `tiles` says so.

        Raises `shelfwatch.inference.image.ImageError`, and `Problem` where the queue is full.
        """

        def job() -> tuple[Photo, Result, float]:
            start = time.perf_counter()
            photo = detector.decode(data, max_pixels=self.settings.max_pixels, tiles=tiles)
            decode_seconds = time.perf_counter() - start
            result = detector.detect(photo, confidence=confidence, max_detections=max_detections, tiles=tiles)
            return photo, result, decode_seconds

        try:
            (photo, result, decode_seconds), queue_seconds = await self.lanes.run(job)
        except QueueFullError as full:
            raise Problem(
                "overloaded",
                f"{self.settings.queue_limit} photos are waiting already; try again in {full.retry_after} s.",
                headers=retry(full.retry_after),
            ) from full
        return Answer(photo, result, queue_seconds, decode_seconds)

    def drain(self) -> None:
        """Take no more work; what was accepted goes on."""
        self.state = "draining"

    def close(self) -> None:
        """Take no more work and finish what was accepted."""
        self.drain()
        self.lanes.close()

    def runtime(self, detector: Detector) -> str:
        """What runs the model, for people."""
        threads = detector.model.threads
        return f"ONNX Runtime {onnxruntime.__version__}, CPU, {threads} thread{'s' if threads != 1 else ''}"


def retry(seconds: int) -> dict[str, str]:
    """The `Retry-After` header."""
    return {"Retry-After": str(seconds)}
