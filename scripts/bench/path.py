"""The service's whole path, file bytes to JSON bytes, by stage and over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from rich.progress import Progress

from bench.timing import Times, timed
from running import running_service
from shelfwatch.inference.detector import Detector, Result, to_detections
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.nms import VOTE_SHARE

STAGES = ("decode", "letterbox", "network", "NMS", "encode")


def by_stage(detector: Detector, data: bytes, runs: int, progress: Progress) -> dict[str, Times]:
    """One model in this process: milliseconds of each stage and of all together."""
    info = detector.info
    rounds = []
    for _ in progress.track(range(runs + 1), description=f"{info.name} by stage"):
        marks = [time.perf_counter()]
        photo = detector.decode(data)
        marks.append(time.perf_counter())
        letterbox = Letterbox.fit(photo.width, photo.height, info.input_size, info.stride)
        image = letterbox.apply(photo)
        marks.append(time.perf_counter())
        candidates = detector.model.run(image, info.operating_threshold * VOTE_SHARE)
        marks.append(time.perf_counter())
        detections = to_detections(*candidates, letterbox, info.operating_threshold, info.iou_threshold)
        marks.append(time.perf_counter())
        json.dumps(detector.to_json(photo, Result(detections, False, 0)), separators=(",", ":")).encode()
        marks.append(time.perf_counter())
        rounds.append([(end - begin) * 1000 for begin, end in pairwise(marks)])
    times = np.array(rounds[1:])  # the first run warms up
    return {**dict(zip(STAGES, times.T, strict=True)), "all": times.sum(axis=1)}


def over_http(models: Iterable[str], data: bytes, runs: int, progress: Progress) -> dict[str, Times]:
    """`POST /predict` against a real service process on loopback, one client, in milliseconds, for each model."""
    times = {}
    with running_service() as client:
        for name in models:

            def send(model: str = name) -> None:
                client.post("/predict", params={"model": model}, files={"image": data}).raise_for_status()

            send()
            rounds = progress.track(range(runs), description=f"{name} over HTTP")
            times[name] = np.array([timed(send) for _ in rounds])
    return times
