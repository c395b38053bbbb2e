"""OpenVINO: the same weights in INT8, quantised by NNCF, on the service's own path."""

from __future__ import annotations

import contextlib
import io
import logging
from functools import partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from bench.peer import Peer, Subject
from shelfwatch.inference.cpus import available_cpus
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.image import decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import OUTPUTS, ModelInfo
from shelfwatch.training.evaluate import local_predict
from shelfwatch.training.quantize import float_nodes


class OpenVinoModel:
    """A compiled OpenVINO model that stands in for `shelfwatch.inference.model.Model`."""

    def __init__(self, compiled: Any, info: ModelInfo) -> None:
        self.compiled = compiled
        self.info = info

    def run(
        self, image: NDArray[np.uint8], confidence: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
        """Candidates of one network input, as `Model.run` gives them."""
        found = self.compiled({"image": image, "confidence": np.array(confidence, np.float32)})
        boxes, scores, class_id = (found[name] for name in OUTPUTS)
        return boxes, scores, class_id.astype(np.int32)


def int8(subject: Subject) -> Peer:
    """The float32 twin quantised by NNCF, with the same layers left in float as in the packaged model."""
    import nncf
    import openvino

    info = subject.info

    def feed(data: bytes) -> dict[str, NDArray[Any]]:
        photo = decode(data, target=info.input_size)
        letterbox = Letterbox.fit(photo.width, photo.height, info.input_size, info.stride)
        return {"image": letterbox.apply(photo), "confidence": np.array(info.operating_threshold, np.float32)}

    photos = subject.calibration()
    nncf.set_log_level(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()):  # NNCF draws progress bars
        quantised = nncf.quantize(
            openvino.convert_model(subject.float32),
            nncf.Dataset(photos, feed),
            preset=nncf.QuantizationPreset.MIXED,  # asymmetric activations, as SiLU needs and as ours are
            subset_size=len(photos),
            ignored_scope=nncf.IgnoredScope(names=float_nodes(onnx.load(subject.float32)), validate=False),
        )
    file = subject.folder / f"{info.name}-openvino.xml"
    openvino.save_model(quantised, file)
    threads = {"INFERENCE_NUM_THREADS": available_cpus(), "PERFORMANCE_HINT": "LATENCY"}
    model = OpenVinoModel(openvino.compile_model(file, "CPU", threads), info)
    network = partial(model.run, subject.image, info.operating_threshold)
    predict = local_predict(Detector(model))  # type: ignore[arg-type]
    return Peer(network, predict, sum(path.stat().st_size for path in (file, file.with_suffix(".bin"))))
