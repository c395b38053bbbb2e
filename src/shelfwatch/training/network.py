"""YOLOv8 networks as torch modules: from a checkpoint or a served model, to raw predictions, to a checkpoint."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from shelfwatch.inference.model import Model
from shelfwatch.training.dequantize import weights
from shelfwatch.training.loss import Anchors

os.environ.setdefault("YOLO_OFFLINE", "true")  # Ultralytics would look for new versions and fonts


@dataclass(frozen=True)
class Predictions:
    """Raw predictions of a batch, all levels behind one another, finest first.

    `logits` is (B, A, classes), `distributions` (B, A, 4 * bins).
    """

    logits: Tensor
    distributions: Tensor
    anchors: Anchors

    def float(self) -> Predictions:
        """The same in float32."""
        return Predictions(self.logits.float(), self.distributions.float(), self.anchors)

    def of(self, views: Tensor) -> Predictions:
        """Those of some `views` of the batch: bool (B,)."""
        return Predictions(self.logits[views], self.distributions[views], self.anchors)


def load_network(source: Path) -> Any:
    """The float32 detection model of an Ultralytics YOLOv8 checkpoint, or of an ONNX model of `shelfwatch export`.

    A model from ONNX, INT8 or not, has its BatchNorms folded into the convolutions; `settle_batch_norm` gives it new
    ones to train with. Raises `FileNotFoundError` where there is none and `ValueError` where it is no YOLOv8 detector.
    """
    if not source.is_file():
        raise FileNotFoundError(f"{source}: no such checkpoint")
    if source.suffix == ".onnx":
        return from_onnx(source)
    from ultralytics import YOLO  # type: ignore[attr-defined]

    try:
        model: Any = YOLO(str(source)).model
        model.float()
        head = model.model[-1]
    except Exception as error:  # unpickling raises almost anything
        raise ValueError(f"{source}: not an Ultralytics checkpoint ({error})") from error
    if not all(hasattr(head, part) for part in ("cv2", "cv3", "reg_max")):
        raise ValueError(f"{source}: not a YOLOv8 detection checkpoint")
    return model


def from_onnx(source: Path) -> Any:
    """A YOLOv8 with the weights of a served model: each BatchNorm only adds the convolution's bias.

    Raises `shelfwatch.inference.model.ModelError` where the file is not a served model and `ValueError` where the
    network is neither YOLOv8n, s, m, l nor x.
    """
    from ultralytics.nn.tasks import DetectionModel, yaml_model_load

    info = Model(source, threads=1).info
    try:
        held = {
            name.replace("layers.", "model.", 1).replace("head.", "model.22.", 1): torch.from_numpy(value)
            for name, value in weights(source).items()
        }
        size = {16: "n", 32: "s", 48: "m", 64: "l", 80: "x"}[held["model.0.conv.weight"].shape[0]]
        # The class branches are as wide as the number of classes they were first made for asks, which is no more known.
        width = held["model.22.cv3.0.0.conv.weight"].shape[0]
        structure = {**yaml_model_load(f"yolov8{size}.yaml"), "nc": width}
        model: Any = DetectionModel(structure, verbose=False).float()
        with_classes(model, info.classes)
        take_folded(model, held)
    except (KeyError, RuntimeError, ValueError) as error:  # weights that are missing or of other shapes
        raise ValueError(f"{source}: its weights are not those of a YOLOv8 ({error})") from error
    return model


def fold(conv: Any, norm: Any) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one convolution that computes what `conv` and then `norm`, by its statistics, compute."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return conv.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale


@torch.no_grad()
def only_bias(norm: Any, bias: Tensor) -> None:
    """Let a BatchNorm add `bias` and nothing else."""
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
    norm.bias.copy_(bias)


def to_image(pixels: Tensor) -> Tensor:
    """The network's input, float32 (B, 3, H, W) in 0..1, from uint8 (B, H, W, 3) pixels."""
    return (pixels.permute(0, 3, 1, 2).float() / 255).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def folded(model: Any) -> dict[str, Tensor]:
    """Weight and bias of each convolution of `model` by their names, its BatchNorm folded in."""
    found: dict[str, Tensor] = {}
    for name, module in model.named_modules():
        if not isinstance(module, nn.Conv2d) or name.endswith("dfl.conv"):
            continue
        weight, bias = module.weight, module.bias
        norm: Any = getattr(model.get_submodule(name.rpartition(".")[0]), "bn", None)
        if norm is not None:
            weight, bias = fold(module, norm)
        found |= {f"{name}.weight": weight.clone(), f"{name}.bias": bias.clone()}
    return found


@torch.no_grad()
def take_folded(model: Any, held: Mapping[str, Tensor]) -> None:
    """Give a `model` with BatchNorms what `folded` tells: each BatchNorm then adds the bias and nothing else.

    Raises `KeyError` or `RuntimeError` where a weight is missing or of another shape.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d) and not name.endswith("dfl.conv"):
            module.weight.copy_(held[f"{name}.weight"])
            if module.bias is not None:
                module.bias.copy_(held[f"{name}.bias"])
        elif isinstance(module, nn.BatchNorm2d):
            only_bias(module, held[f"{name.removesuffix('.bn')}.conv.bias"])


def with_classes(model: Any, names: Sequence[str]) -> bool:
    """Let `model` tell `names` apart; whether that made its class scores new.

    With as many classes as before they are only renamed. Otherwise the last convolution of each class branch starts
    anew: random weights, and the prior of Ultralytics' `Detect.bias_init` as bias, by which a photo of 640 × 640
    pixels holds about five products a level. The rest of the network stays.
    """
    head = model.model[-1]
    model.names = dict(enumerate(names))
    if head.nc == len(names):
        return False
    for branch, stride in zip(head.cv3, head.stride, strict=True):
        old = branch[-1]
        branch[-1] = nn.Conv2d(old.in_channels, len(names), 1).to(old.weight)
        nn.init.constant_(branch[-1].bias, math.log(5 / len(names) / (640 / float(stride)) ** 2))
    head.nc = len(names)
    head.no = head.nc + 4 * head.reg_max
    return True


@torch.no_grad()
def settle_batch_norm(model: Any, images: Iterable[Tensor]) -> None:
    """Give the BatchNorms of a `from_onnx` model the statistics of `images`, without changing what it computes.

    `images` are float (B, 3, H, W) in 0..1. A BatchNorm that normalises nothing trains badly: here each gets the mean
    and variance that its convolution really gives, and weight and bias that undo them.
    """
    sums: dict[nn.Module, list[Any]] = {}

    def note(module: nn.Module, _: Any, output: Tensor) -> None:
        values = output.float().transpose(0, 1).flatten(1)
        held = sums.setdefault(module, [0, 0.0, 0.0])
        held[0] += values.shape[1]
        held[1] = held[1] + values.sum(1, dtype=torch.float64)
        held[2] = held[2] + values.pow(2).sum(1, dtype=torch.float64)

    pairs = [(m.conv, m.bn) for m in model.modules() if isinstance(getattr(m, "bn", None), nn.BatchNorm2d)]
    hooks = [conv.register_forward_hook(note) for conv, _ in pairs]
    model.eval()
    for image in images:
        run(model, image)
    for hook in hooks:
        hook.remove()
    for conv, norm in pairs:
        number, total, squares = sums[conv]
        mean = total / number
        spread = (squares / number - mean.pow(2)).clamp(min=1e-6).float()
        norm.bias.add_(mean.float())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(spread)
        norm.weight.copy_((spread + norm.eps).sqrt())


@contextmanager
def held_statistics() -> Iterator[None]:
    """Meanwhile BatchNorms use the statistics they hold, in training too, and run as part of their convolution.

    Weight and bias go on learning. A step then touches each activation three times less, which on a CPU, where memory
    is what a small network waits for, is a fifth of its time.
    """
    from ultralytics.nn.modules import Conv

    def folded(block: Any, image: Tensor) -> Tensor:
        conv = block.conv
        weight, bias = fold(conv, block.bn)
        output: Tensor = block.act(
            functional.conv2d(image, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)
        )
        return output

    plain = Conv.forward
    Conv.forward = folded  # type: ignore[method-assign]
    try:
        yield
    finally:
        Conv.forward = plain  # type: ignore[method-assign]


def forward(layers: Iterable[Any], saved: Container[int], image: Any) -> list[Any]:
    """The output of each of `layers`, None where nobody asks for it later; `layers` are those before the head."""
    outputs: list[Any] = []
    x = image
    for layer in layers:
        source = layer.f
        if source != -1:
            x = outputs[source] if isinstance(source, int) else [x if j == -1 else outputs[j] for j in source]
        x = layer(x)
        outputs.append(x if layer.i in saved else None)
    return outputs


def run(model: Any, image: Tensor) -> Predictions:
    """Predictions for a batch of images, float (B, 3, H, W) in 0..1 with H and W multiples of the largest stride."""
    *layers, head = list(model.model)
    outputs = forward(layers, model.save, image)
    logits, distributions, shapes = [], [], []
    for level, source in enumerate(head.f):
        feature = outputs[source]
        logits.append(head.cv3[level](feature).flatten(2))
        distributions.append(head.cv2[level](feature).flatten(2))
        shapes.append((feature.shape[2], feature.shape[3]))
    anchors = Anchors.of(shapes, [float(stride) for stride in head.stride]).to(image.device)
    return Predictions(torch.cat(logits, 2).mT.contiguous(), torch.cat(distributions, 2).mT.contiguous(), anchors)


def save_network(model: nn.Module, out: Path, extra: dict[str, Any] | None = None) -> None:
    """Write `model` as an Ultralytics checkpoint in float16; `extra` goes beside it. The file appears whole or not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    frozen = copy.deepcopy(model).half().eval()
    for parameter in frozen.parameters():
        parameter.requires_grad_(False)
    draft = out.with_suffix(".part")
    torch.save({"model": frozen, "ema": None, "optimizer": None, "epoch": -1, "train_args": {}, **(extra or {})}, draft)
    draft.replace(out)
