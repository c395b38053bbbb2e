"""Every packaged model against its peers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.progress import Progress

from bench import onnxruntime_peers, openvino_peer, ultralytics_peer
from bench.peer import Peer, SkippedPeerError, Subject
from bench.timing import Times, alternate
from shelfwatch.inference.detector import packaged_models
from shelfwatch.inference.image import decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.training.dataset import Sample
from shelfwatch.training.dequantize import dequantize
from shelfwatch.training.evaluate import evaluate, predict_all

OURS = "ShelfWatch INT8"
BUILDERS: dict[str, Callable[[Subject], Peer]] = {
    "Ultralytics predict": ultralytics_peer.float32,
    "ONNX Runtime float32": onnxruntime_peers.float32,
    "OpenVINO INT8": openvino_peer.int8,
    OURS: onnxruntime_peers.int8,
}


@dataclass(frozen=True, eq=False)
class Row:
    """One peer's figures: milliseconds of the network alone and from file bytes to detections, AP, size on disk."""

    model: str
    peer: str
    network: Times
    photo: Times
    ap: float | None
    file_bytes: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """The rows, ours last for each model, and what was skipped and why."""

    rows: list[Row]
    skipped: list[str]
    inputs: dict[str, str]  # the network input of each model, "width × height"


def compare(
    data: bytes,
    runs: int,
    calibration: Callable[[], Sequence[bytes]],
    samples: Sequence[Sample],
    classes: Sequence[str],
    folder: Path,
    progress: Progress,
) -> Comparison:
    """Time every peer of every packaged model on the photo `data`; where there are `samples`, judge it on them too."""
    result = Comparison([], [], {})
    for name, path in packaged_models().items():
        info = Model(path).info
        photo = decode(data, target=info.input_size)
        letterbox = Letterbox.fit(photo.width, photo.height, info.input_size, info.stride)
        result.inputs[name] = f"{letterbox.width} × {letterbox.height}"
        twin = folder / f"{name}-float32.onnx"
        dequantize(path, twin)
        subject = Subject(path, twin, info, letterbox.apply(photo), calibration, folder)
        peers: dict[str, Peer] = {}
        for peer, build in progress.track(BUILDERS.items(), description=f"{name}: making its peers"):
            try:
                peers[peer] = build(subject)
            except ModuleNotFoundError as error:
                result.skipped.append(f"{name}: {peer}: {error.name} is not installed")
            except SkippedPeerError as error:
                result.skipped.append(f"{name}: {peer}: {error}")
        follow = partial(progress.track, description=f"{name}: network")
        network = alternate({peer: job.network for peer, job in peers.items()}, runs, follow)
        paths = {peer: partial(job.predict, data, info.operating_threshold) for peer, job in peers.items()}
        whole = alternate(paths, runs, partial(progress.track, description=f"{name}: photo to detections"))
        for peer, job in peers.items():
            ap = None
            if samples:
                tracked = progress.track(samples, description=f"{name}: AP of {peer}")
                ap = evaluate(samples, predict_all(tracked, job.predict), classes, info.operating_threshold).ap
            result.rows.append(Row(name, peer, network[peer], whole[peer], ap, job.file_bytes))
    return result
