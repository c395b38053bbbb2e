"""Ultralytics `predict` in PyTorch, with the same weights: what a prototype would run."""

from __future__ import annotations

import logging
import os
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from bench.peer import Peer, SkippedPeerError, Subject
from shelfwatch.inference.cpus import available_cpus
from shelfwatch.inference.detections import Detections
from shelfwatch.inference.model import Model

SCALES = {16: "n", 32: "s", 48: "m", 64: "l", 80: "x"}  # YOLOv8's letter by the channels of its first convolution
MAX_DETECTIONS = 3000  # a photo, as `shelfwatch.training.evaluate.local_predict` allows
AGREEMENT = 0.01  # network pixels and score; float32 summed in another order differs by less than a thousandth


def float32(subject: Subject) -> Peer:
    """A YOLOv8 of Ultralytics with the weights of the subject's float32 twin."""
    # Threads that spin while they wait cost nothing on an idle machine and, on a busy one, many times the work itself.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch
    from ultralytics import YOLO

    info = subject.info
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    weights = folded_weights(onnx.load(subject.float32).graph)
    scale = SCALES.get(len(weights["model.0.conv.bias"]) if "model.0.conv.bias" in weights else 0)
    if scale is None:
        raise SkippedPeerError("its first convolution is not that of a YOLOv8")
    yolo = YOLO(f"yolov8{scale}.yaml")
    yolo.model = build(scale, info.classes, weights)
    check_agreement(yolo.model, subject)

    settings = {
        "imgsz": info.input_size,
        "iou": info.iou_threshold,
        "max_det": MAX_DETECTIONS,
        "device": "cpu",
        "verbose": False,
    }

    def predict(data: bytes, confidence: float) -> Detections:
        import cv2

        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        (result,) = yolo.predict(pixels, conf=confidence, **settings)
        boxes = result.boxes
        return Detections(boxes.xyxy.numpy(), boxes.conf.numpy(), boxes.cls.numpy().astype(np.int32))

    # Its first call takes one thread less than there are CPUs; later calls keep what is set then.
    yolo.predict(subject.image[0], **settings)
    torch.set_num_threads(available_cpus())
    planes = as_planes(subject)

    def network() -> object:
        with torch.inference_mode():
            return yolo.model(planes)

    file = subject.folder / f"{info.name}.pt"
    torch.save({name: tensor.half() for name, tensor in yolo.model.state_dict().items()}, file)  # as it keeps them
    return Peer(network, predict, file.stat().st_size)


def folded_weights(graph: onnx.GraphProto) -> dict[str, Any]:
    """Convolution weights and biases of an exported graph under the names of Ultralytics' fused model."""
    import torch

    constants = {tensor.name: tensor for tensor in graph.initializer}
    weights = {}
    last = max(int(name.split(".")[1]) for name in constants if name.startswith("layers.")) + 1
    for node in graph.node:
        if node.op_type == "Conv":
            module = node.input[2].removesuffix(".bias")
            module = module.replace("head.", f"{last}.", 1) if module.startswith("head.") else module[len("layers.") :]
            for part, name in zip(("weight", "bias"), node.input[1:3], strict=True):
                weights[f"model.{module}.{part}"] = torch.from_numpy(numpy_helper.to_array(constants[name]).copy())
    return weights


def build(scale: str, classes: tuple[str, ...], weights: dict[str, Any]) -> Any:
    """A fused YOLOv8 with the given weights; skips where they are not all of its weights."""
    from ultralytics.nn.tasks import DetectionModel

    model = DetectionModel(f"yolov8{scale}.yaml", nc=len(classes), verbose=False).fuse(verbose=False).eval()
    # The head's softmax sum is a convolution with constant weights, which the export writes as arithmetic.
    fixed = {name: value for name, value in model.state_dict().items() if ".dfl." in name}
    try:
        model.load_state_dict({**weights, **fixed})
    except RuntimeError as error:
        raise SkippedPeerError(f"its layers are not those of a YOLOv8{scale}") from error
    model.names = dict(enumerate(classes))
    return model


def as_planes(subject: Subject) -> Any:
    """The subject's network input as Ultralytics takes it: float32 (1, 3, H, W) in 0..1."""
    import torch

    return torch.from_numpy(subject.image).permute(0, 3, 1, 2).float().contiguous() / 255


def check_agreement(model: Any, subject: Subject) -> None:
    """Raise `SkippedPeerError` where the network finds other candidates than the float32 twin."""
    import torch

    with torch.inference_mode():
        output = model(as_planes(subject))[0][0].numpy()  # (4 + classes, anchors), xywh and scores
    confidence = subject.info.operating_threshold
    expected, expected_scores, _ = Model(subject.float32).run(subject.image, confidence)
    scores = output[4:].max(axis=0)
    centre, half = output[:2], output[2:4] / 2
    boxes = np.concatenate([centre - half, centre + half]).T[scores >= confidence]
    scores = scores[scores >= confidence]
    if boxes.shape != expected.shape or not (
        np.allclose(boxes, expected, rtol=0, atol=AGREEMENT)
        and np.allclose(scores, expected_scores, rtol=0, atol=AGREEMENT)
    ):
        raise SkippedPeerError("with these weights it finds other boxes than the model itself")
