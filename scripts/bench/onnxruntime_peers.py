"""ONNX Runtime: the packaged INT8 model as it is served, and its float32 twin."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.peer import Peer, Subject
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.model import Model
from shelfwatch.training.evaluate import local_predict


def int8(subject: Subject) -> Peer:
    """The packaged model."""
    return served(subject, subject.int8)


def float32(subject: Subject) -> Peer:
    """The twin."""
    return served(subject, subject.float32)


def served(subject: Subject, path: Path) -> Peer:
    """A model file on the service's own path."""
    model = Model(path)
    network = partial(model.run, subject.image, subject.info.operating_threshold)
    return Peer(network, local_predict(Detector(model)), path.stat().st_size)
