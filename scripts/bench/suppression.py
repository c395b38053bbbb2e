"""Duplicates dropped in numpy, as the service does, or by ONNX Runtime's NonMaxSuppression, as in the graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from rich.progress import Progress

from bench.timing import Times, alternate
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.nms import nms

CONFIDENCES = (0.01, 0.25)  # of the candidates: what evaluation asks for, what a request may ask for
MOST = 3000  # boxes kept, as `POST /predict` allows


@dataclass(frozen=True, eq=False)
class Suppression:
    """One list of candidates: from which confidence, how many, how many are kept, and how long each way takes."""

    confidence: float
    candidates: int
    kept: int
    numpy: Times
    graph: Times


def compare(detector: Detector, data: bytes, runs: int, progress: Progress) -> list[Suppression]:
    """Both ways on one photo's candidates. Raises `AssertionError` where they do not keep the same boxes."""
    photo = detector.decode(data)
    info = detector.info
    image = Letterbox.fit(photo.width, photo.height, info.input_size, info.stride).apply(photo)
    session = build(info.iou_threshold)
    found = []
    for confidence in CONFIDENCES:
        boxes, scores, class_id = detector.model.run(image, confidence)
        feed = {"boxes": boxes[None], "scores": scores[None, None]}
        jobs = {
            "numpy": lambda b=boxes, s=scores, c=class_id: nms(b, s, c, info.iou_threshold),
            "graph": lambda f=feed: session.run(None, f)[0][:, 2],
        }
        kept: list[NDArray[np.int64]] = [np.sort(job()) for job in jobs.values()]
        assert np.array_equal(*kept), "the two ways keep other boxes"
        times = alternate(jobs, runs, lambda rounds: progress.track(rounds, description="suppression"))
        found.append(Suppression(confidence, len(boxes), len(kept[0]), times["numpy"], times["graph"]))
    return found


def build(iou_threshold: float) -> ort.InferenceSession:
    """A session that holds nothing but NonMaxSuppression."""
    constants = {
        "most": np.array([MOST], np.int64),
        "iou": np.array([iou_threshold], np.float32),
        "least": np.array([0.0], np.float32),
    }
    graph = helper.make_graph(
        [helper.make_node("NonMaxSuppression", ["boxes", "scores", *constants], ["chosen"])],
        "suppression",
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, "n", 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1, "n"]),
        ],
        [helper.make_tensor_value_info("chosen", TensorProto.INT64, ["kept", 3])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
