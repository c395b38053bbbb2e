"""Turn a YOLOv8 checkpoint into the ONNX graph that `shelfwatch.inference.model` serves."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn
from ultralytics.nn.modules import C2f

from shelfwatch.inference.model import OUTPUTS, ModelInfo
from shelfwatch.training.network import forward, load_network
from shelfwatch.training.onnx_file import save

OPSET = 17  # the newest that ONNX Runtime's static quantisation handles without converting


class DeployableDetector(nn.Module):
    """A YOLOv8 with its pre- and post-processing in the graph, for one photo of any size.

    `forward(image, confidence)` takes uint8 (1, H, W, 3) RGB and a float32 scalar and returns boxes float32 (K, 4)
    xyxy in network pixels, scores float32 (K,) and class ids int64 (K,). Class logits are compared before any box is
    decoded, so the distribution focal loss's softmax runs over the K candidates, not over every anchor. Boxes and
    scores stay separate tensors throughout: a shared quantisation scale would round every score to zero.
    """

    def __init__(self, detection_model: nn.Module) -> None:
        super().__init__()
        *layers, head = list(detection_model.model)  # type: ignore[arg-type]
        for block in detection_model.modules():
            if isinstance(block, C2f):  # split by constants: a split by shape would fall out of the integer graph
                block.forward = block.forward_split  # type: ignore[method-assign]
        self.layers = nn.ModuleList(layers)
        self.head: Any = head
        self.saved = set(detection_model.save)  # type: ignore[arg-type]

    def forward(self, image: Tensor, confidence: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = image.permute(0, 3, 1, 2).float() * (1 / 255)
        outputs = forward(self.layers, self.saved, x)
        logits, distances, centres, strides = [], [], [], []
        for level, source in enumerate(self.head.f):
            feature = outputs[source]
            stride = float(self.head.stride[level])
            logits.append(self.head.cv3[level](feature)[0].flatten(1))  # (classes, h·w)
            box = self.head.cv2[level](feature)[0]  # (4 · bins, h, w)
            distances.append(box.flatten(1))
            # Grids come from the feature's own shape, so that the traced graph follows H and W.
            line = torch.ones_like(box[0])
            columns, rows = line.cumsum(1) - 0.5, line.cumsum(0) - 0.5
            centres.append(torch.stack([columns.flatten(), rows.flatten()]) * stride)
            strides.append(line.flatten() * stride)
        best, class_id = torch.cat(logits, 1).max(0)
        scores = best.sigmoid()
        chosen = (scores >= confidence).nonzero()[:, 0]
        bins = self.head.reg_max
        spread = torch.cat(distances, 1)[:, chosen].reshape(4, bins, -1).softmax(1)
        values = torch.arange(bins, dtype=spread.dtype).reshape(1, bins, 1)
        sides = (spread * values).sum(1) * torch.cat(strides)[chosen]  # left, top, right, bottom
        centre = torch.cat(centres, 1)[:, chosen]
        boxes = torch.cat([centre - sides[:2], centre + sides[2:]]).T
        return boxes, scores[chosen], class_id[chosen]


def export(
    weights: Path,
    out: Path,
    *,
    name: str,
    version: str,
    input_size: int,
    operating_threshold: float = 0.25,
    iou_threshold: float = 0.5,
) -> ModelInfo:
    """Write the float32 ONNX of a YOLOv8, an Ultralytics checkpoint or a served model, to `out`; return its metadata.

    Class names and stride come from `weights`. Raises as `shelfwatch.training.network.load_network`.
    """
    model = load_network(weights).fuse(verbose=False).eval()
    info = ModelInfo(
        name=name,
        version=version,
        precision="float32",
        classes=tuple(model.names[i] for i in sorted(model.names)),
        input_size=input_size,
        stride=int(max(model.stride)),
        operating_threshold=operating_threshold,
        iou_threshold=iou_threshold,
    )
    example = (torch.randint(0, 255, (1, 320, 256, 3), dtype=torch.uint8), torch.tensor(0.0))
    out.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer's remarks on shapes: they are dynamic on purpose
        torch.onnx.export(
            DeployableDetector(model),
            example,
            str(out),
            input_names=["image", "confidence"],
            output_names=OUTPUTS,
            dynamic_axes={
                "image": {1: "height", 2: "width"},
                "boxes": {0: "candidates"},
                "scores": {0: "candidates"},
                "class_id": {0: "candidates"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
    graph = onnx.load(out)
    save(graph, info, out)
    return info
