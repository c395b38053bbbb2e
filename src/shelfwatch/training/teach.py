"""What a network learns from others: their predictions, one or several, mirrored or not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from shelfwatch.inference.model import Model
from shelfwatch.training.network import Predictions

HEARD = 0.1  # teacher's score from which it has a say in boxes
# How much larger than in its own training products may look to a teacher. At twice their usual size a look is still as
# good as one from further away, at three times it takes labels for products (docs/training.md, "Photos from close by").
KNOWS_UP_TO = 2.0
CLASS_GAIN, BOX_GAIN = 2.0, 3.0
LEFT_AND_RIGHT = [2, 1, 0, 3]  # sides come as left, top, right, bottom


def distillation_loss(student: Predictions, teacher: Predictions, *, boxes: bool = True) -> Tensor:
    """How far a student is from its teacher: class scores everywhere, side distributions where there is a product.

    Class scores meet by binary cross entropy weighted by the squared gap (Li et al., *Generalized Focal Loss*, NeurIPS
    2020), distributions by Kullback-Leibler divergence weighted by the teacher's score (Zheng et al., *Localization
    Distillation*, CVPR 2022). Summed over photos, in proportion to the teacher's scores. Without `boxes` only the
    scores count: for labels whose boxes are better than the teacher's.
    """
    with torch.no_grad():
        wanted = teacher.logits.sigmoid()
        score = wanted.amax(2)
        weight = score[score > HEARD].sum().clamp(min=1)
        gap = (wanted - student.logits.sigmoid()).pow(2)
    entropy = functional.binary_cross_entropy_with_logits(student.logits, wanted, reduction="none")
    classes = (entropy * gap).sum() / weight
    if not boxes:
        return CLASS_GAIN * classes * student.logits.shape[0]
    chosen = score > HEARD
    bins = student.distributions.shape[2] // 4
    own = student.distributions[chosen].unflatten(1, (4, bins)).log_softmax(2)
    other = teacher.distributions[chosen].unflatten(1, (4, bins)).log_softmax(2)
    divergence = functional.kl_div(own, other, reduction="none", log_target=True).sum(2).mean(1)
    box = (divergence * score[chosen]).sum() / weight
    return (CLASS_GAIN * classes + BOX_GAIN * box) * student.logits.shape[0]


def largest_known(teachers: Sequence[Path]) -> float:
    """The side, in network pixels, of the largest typical product that every one of `teachers` knows.

    Infinite for those that do not say how large products look to them: checkpoints, and models without `product_size`.
    """
    sizes = [Model(path, threads=1).info.product_size for path in teachers if path.suffix == ".onnx"]
    return KNOWS_UP_TO * min(filter(None, sizes), default=math.inf)


@torch.no_grad()
def teach(
    teachers: Sequence[Any], pixels: Tensor, predict: Callable[[Any, Tensor], Predictions], *, mirror: bool
) -> Predictions:
    """What `teachers` together see in uint8 (B, H, W, 3) `pixels`: the mean of their predictions by `predict`.

    With `mirror` each looks at the mirrored views too, which makes a better teacher of the same network. Teachers must
    have the same anchors and classes.
    """
    parts = [predict(teacher, pixels) for teacher in teachers]
    if mirror:
        parts += [mirrored(predict(teacher, pixels.flip(2))) for teacher in teachers]
    return parts[0] if len(parts) == 1 else mean(parts)


def mirrored(found: Predictions) -> Predictions:
    """Predictions of mirrored views, as those of the views themselves."""
    order = torch.cat(
        [
            (first + torch.arange(rows)[:, None] * columns + torch.arange(columns).flip(0)).flatten()
            for _, columns, rows, first in found.anchors.levels
        ]
    ).to(found.logits.device)
    sides = found.distributions[:, order].unflatten(2, (4, -1))[:, :, LEFT_AND_RIGHT].flatten(2)
    return Predictions(found.logits[:, order], sides, found.anchors)


def mean(parts: Sequence[Predictions]) -> Predictions:
    """Predictions whose class scores and side distributions are the means of those of `parts`."""
    scores = torch.stack([part.logits.sigmoid() for part in parts]).mean(0)
    shares = torch.stack([part.distributions.unflatten(2, (4, -1)).softmax(3) for part in parts]).mean(0)
    distributions = shares.clamp(min=1e-9).log().flatten(2)
    return Predictions(torch.logit(scores, eps=1e-7), distributions, parts[0].anchors)
