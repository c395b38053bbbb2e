"""A smaller YOLOv8 out of a larger trained one: the channels that say most, refitted layer by layer."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from ultralytics.nn.modules import C2f
from ultralytics.nn.tasks import DetectionModel, yaml_model_load

from shelfwatch.inference.cpus import available_cpus
from shelfwatch.inference.model import Model
from shelfwatch.training.augment import AugmentOptions
from shelfwatch.training.dataset import DatasetError, load_dataset
from shelfwatch.training.loss import detection_loss
from shelfwatch.training.network import load_network, only_bias, run, save_network, settle_batch_norm, to_image
from shelfwatch.training.views import Batch, Source, Views, batches

INPUT_SIZE = 960  # long side at which a checkpoint's photos are looked at, pixels
BATCH = 4  # views at a time
POSITIONS = 1200  # places of each view at which a layer is looked at
RIDGE = 1e-4  # of the inputs' mean square, against near-singular fits


class Caught(Exception):  # noqa: N818
    """Not an error: the input that was wanted is there, and the layers behind it need not run."""


@dataclass
class Channels:
    """What is known of the C channels of one convolution, summed over views."""

    second_moment: Tensor  # (C, C), of the activations
    slope: Tensor  # (C,), mean square of the loss's gradient: how much a channel's error would hurt
    wanted: list[Tensor] = field(default_factory=list)  # (positions, C) a view, what the convolution gives

    @property
    def worth(self) -> Tensor:
        """(C, C): the second moments, weighted by how much an error would hurt."""
        weight = self.slope.sqrt()
        return self.second_moment * weight[:, None] * weight[None, :]


def choose(worth: Tensor, number: int) -> Tensor:
    """Indices, rising, of the `number` channels from which the others follow best: int64 (number,).

    Greedy column subset selection, a Cholesky factorisation with pivots: each next channel is the one whose part that
    the chosen ones cannot express linearly is worth most. `worth` is positive semi-definite (C, C).
    """
    rest = worth.double().clone()
    chosen: list[int] = []
    for _ in range(number):
        left = rest.diagonal().clone()
        left[chosen] = -1
        best = int(left.argmax())
        chosen.append(best)
        column = rest[:, best].clone()
        if float(column[best]) > 0:
            rest -= torch.outer(column, column) / column[best]
    return torch.tensor(sorted(chosen))


def slim(
    teacher: Any,
    student: Any,
    looks: Callable[[], Iterable[Batch]],
    follow: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> None:
    """Give `student` the knowledge of `teacher`, a trained YOLOv8 of the same depth and more channels.

    Each layer of the student gets the teacher's channels that say most (`choose`). Then its convolutions, first to
    last, are refitted by least squares, so that on what the student itself computes so far they come nearest to what
    the teacher computes there (after He, Zhang and Sun, *Channel Pruning for Accelerating Very Deep Neural Networks*,
    ICCV 2017). What comes out wants training, but from a start that knows the task. `looks` gives the same labelled
    views each time; `follow` may wrap the convolutions' names to show progress.

    Raises `ValueError` where the student is not a narrower network of the same layers.
    """
    teacher = copy.deepcopy(teacher).fuse(verbose=False).eval().requires_grad_(True)
    wide, own = convolutions(teacher), convolutions(student)
    if list(wide) != list(own) or any(wide[name].out_channels < conv.out_channels for name, conv in own.items()):
        raise ValueError("a slimmer network has the same layers as the one it learns from, and no more channels")
    student.eval()
    channels = look(teacher, looks())
    kept = select(teacher, channels, {name: conv.out_channels for name, conv in own.items()})
    for name in follow(list(channels)):
        refit(student, name, [part[:, kept[name]] for part in channels[name].wanted], looks())
    settle_batch_norm(student, (to_image(batch.pixels) for batch in looks()))


def slim_to_size(
    weights: Path,
    out: Path,
    data: Path,
    size: str,
    views: int,
    *,
    seed: int = 0,
    follow: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> None:
    """Write a YOLOv8 of `size` (a letter), slimmed from `weights` on `views` views of `data`, as the checkpoint `out`.

    Raises as `shelfwatch.training.network.load_network`, `DatasetError` where the dataset cannot be used or has other
    classes, and `ValueError` where `weights` have other layers or fewer channels.
    """
    torch.set_num_threads(available_cpus())
    teacher = load_network(weights)
    dataset = load_dataset(data)
    if teacher.model[-1].nc != len(dataset.names):
        raise DatasetError(f"{data} has {len(dataset.names)} classes, {weights} knows {teacher.model[-1].nc}")
    student = DetectionModel({**yaml_model_load(f"yolov8{size}.yaml"), "nc": len(dataset.names)}, verbose=False)
    student.names = dict(enumerate(dataset.names))
    input_size = Model(weights, threads=1).info.input_size if weights.suffix == ".onnx" else INPUT_SIZE
    looked_at = Views([Source(dataset.samples("train"))], views, input_size, AugmentOptions(), seed)
    held = list(batches(looked_at, min(BATCH, views), 0))  # views are drawn once: every layer sees the same
    slim(teacher, student, lambda: held, follow)
    save_network(student, out)


def convolutions(model: Any) -> dict[str, nn.Conv2d]:
    """All convolutions with weights of their own, by name."""
    found = {name: module for name, module in model.named_modules() if isinstance(module, nn.Conv2d)}
    return {name: module for name, module in found.items() if "dfl" not in name}


def positions(rows: int, columns: int) -> Tensor:
    """Where a layer of that size is looked at, the same for teacher and student: int64 (POSITIONS,) at most."""
    generator = torch.Generator().manual_seed(rows * 10_007 + columns)
    return torch.randperm(rows * columns, generator=generator)[:POSITIONS]


def look(teacher: Any, views: Iterable[Batch]) -> dict[str, Channels]:
    """What each convolution of the fused `teacher` gives on labelled views, and how much the loss depends on it."""
    channels: dict[str, Channels] = {}
    outputs: dict[str, Tensor] = {}
    hooks = []
    for name, conv in convolutions(teacher).items():
        block = teacher.get_submodule(name.removesuffix(".conv"))  # with its activation, where it has one

        def note(_: Any, __: Any, output: Tensor, name: str = name) -> None:
            rows, columns = output.shape[2:]
            seen = output.detach().flatten(2)[:, :, positions(rows, columns)].transpose(1, 2).float()
            held = channels.setdefault(name, Channels(torch.zeros(()), torch.zeros(())))
            held.wanted.append(seen.flatten(0, 1))

        def keep(_: Any, __: Any, output: Tensor, name: str = name) -> None:
            output.retain_grad()
            outputs[name] = output

        hooks += [conv.register_forward_hook(note), block.register_forward_hook(keep)]
    for batch in views:
        found = run(teacher, to_image(batch.pixels)).float()
        teacher.zero_grad(set_to_none=True)
        detection_loss(found.logits, found.distributions, batch.targets, found.anchors).total.backward()
        for name, output in outputs.items():
            values = output.detach().transpose(0, 1).flatten(1)
            gradient = output.grad
            assert gradient is not None
            channels[name].second_moment = channels[name].second_moment + values @ values.T / values.shape[1]
            channels[name].slope = channels[name].slope + gradient.pow(2).mean((0, 2, 3))
    for hook in hooks:
        hook.remove()
    return channels


def select(teacher: Any, channels: Mapping[str, Channels], widths: Mapping[str, int]) -> dict[str, Tensor]:
    """Which of the teacher's channels each of the student's convolutions stands for.

    Where a block splits a convolution's channels in two, half come from either; where blocks add to a stream, all that
    is added keeps the stream's channels.
    """
    kept = {name: choose(held.worth, widths[name]) for name, held in channels.items()}
    for path, block in teacher.named_modules():
        if not isinstance(block, C2f):
            continue
        first, half = f"{path}.cv1.conv", block.c
        plain, stream = channels[first].worth[:half, :half], channels[first].worth[half:, half:]
        added = [f"{path}.m.{i}.cv2.conv" for i, step in enumerate(block.m) if step.add]
        for name in added:
            stream = stream + channels[name].worth
        number = widths[first] // 2
        kept[first] = torch.cat([choose(plain, number), half + choose(stream, number)])
        for name in added:
            kept[name] = kept[first][number:] - half
    return kept


@torch.no_grad()
def refit(student: Any, name: str, wanted: Sequence[Tensor], views: Iterable[Batch]) -> None:
    """Let the convolution `name` of `student` come as near as it can to `wanted`: (positions, C) a batch.

    Its BatchNorm, if it has one, is made to add the bias and nothing else.
    """
    conv: Any = student.get_submodule(name)
    inputs: list[Tensor] = []

    def catch(_: Any, given: tuple[Tensor]) -> None:
        patches = functional.unfold(given[0].float(), conv.kernel_size, 1, conv.padding, conv.stride)
        sides = zip(given[0].shape[2:], conv.padding, conv.kernel_size, conv.stride, strict=True)
        rows, columns = ((side + 2 * pad - kernel) // step + 1 for side, pad, kernel, step in sides)
        inputs.append(patches[:, :, positions(rows, columns)].transpose(1, 2).flatten(0, 1))
        raise Caught

    hook = conv.register_forward_pre_hook(catch)
    size = conv.weight[0].numel() + 1
    square, product = torch.zeros(size, size), torch.zeros(size, conv.out_channels)
    for batch, target in zip(views, wanted, strict=True):
        with contextlib.suppress(Caught):
            run(student, to_image(batch.pixels))
        patches = functional.pad(inputs.pop(), (0, 1), value=1.0)
        square += patches.T @ patches
        product += patches.T @ target
    hook.remove()
    ridge = square.diagonal().mean() * RIDGE
    solution = torch.linalg.solve(square.double() + ridge * torch.eye(size), product.double()).float()
    conv.weight.copy_(solution[:-1].T.reshape(conv.weight.shape))
    if conv.bias is not None:
        conv.bias.copy_(solution[-1])
    else:
        only_bias(student.get_submodule(name.removesuffix(".conv")).bn, solution[-1])
