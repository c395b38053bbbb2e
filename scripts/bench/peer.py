"""What is compared: one packaged model as subject, and one way of running its weights as peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.model import ModelInfo
from shelfwatch.training.evaluate import Predict


class SkippedPeerError(Exception):
    """The peer cannot run the model here; the message says why."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A packaged INT8 model and what its peers are made from.

    `float32` is its twin with the same weights and without quantisation, the common source of weights; `image` is a
    network input, uint8 (1, H, W, 3); `calibration` gives photos, as file bytes; `folder` is for a peer's files.
    """

    int8: Path
    float32: Path
    info: ModelInfo
    image: NDArray[np.uint8]
    calibration: Callable[[], Sequence[bytes]]
    folder: Path


@dataclass(frozen=True, eq=False)
class Peer:
    """One way of running a subject's weights: `network` runs them once, `predict` leads from a photo to detections."""

    network: Callable[[], object]
    predict: Predict
    file_bytes: int
