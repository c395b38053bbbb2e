"""YOLOv8's detection loss with a sparse task-aligned assignment: only anchors that lie inside a box are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

TOP_ANCHORS = 10  # anchors a box may claim; alpha, beta and gains below are YOLOv8's published values
ALPHA, BETA = 0.5, 6.0  # alignment = score^alpha * IoU^beta (Feng et al., TOOD, ICCV 2021)
BOX_GAIN, CLASS_GAIN, DFL_GAIN = 7.5, 0.5, 1.5
TINY = 16.0  # network pixels; thinner boxes are widened to it when anchors are looked for


@dataclass(frozen=True)
class Targets:
    """The true boxes of a batch: `image` int64 (T,), `class_id` int64 (T,), `boxes` float32 (T, 4) xyxy in pixels.

    `exact`, bool (T,), says which are exact enough to learn from where a product's edges run; None: all.
    """

    image: Tensor
    class_id: Tensor
    boxes: Tensor
    exact: Tensor | None = None

    def to(self, device: torch.device) -> Targets:
        """The same boxes on another device."""
        exact = None if self.exact is None else self.exact.to(device)
        return Targets(self.image.to(device), self.class_id.to(device), self.boxes.to(device), exact)


@dataclass(frozen=True)
class Losses:
    """The three parts of the loss, scaled by their gains and summed over the batch's photos; scalars."""

    box: Tensor
    classes: Tensor
    dfl: Tensor

    @property
    def total(self) -> Tensor:
        """The value to differentiate."""
        return self.box + self.classes + self.dfl


@dataclass(frozen=True)
class Anchors:
    """Grid cells of all levels, finest first.

    `centres` is float32 (A, 2) and `strides` float32 (A,), both in network pixels; `levels` holds
    (stride, columns, rows, index of the level's first anchor).
    """

    centres: Tensor
    strides: Tensor
    levels: tuple[tuple[float, int, int, int], ...]

    @classmethod
    def of(cls, shapes: Sequence[tuple[int, int]], strides: Sequence[float]) -> Anchors:
        """The anchors of feature maps with `shapes` (rows, columns)."""
        centres, sizes, levels, first = [], [], [], 0
        for (rows, columns), stride in zip(shapes, strides, strict=True):
            y, x = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
            centres.append(torch.stack([x.flatten(), y.flatten()], 1) * stride)
            sizes.append(torch.full((rows * columns,), float(stride)))
            levels.append((float(stride), columns, rows, first))
            first += rows * columns
        return cls(torch.cat(centres), torch.cat(sizes), tuple(levels))

    def to(self, device: torch.device) -> Anchors:
        """The same anchors on another device."""
        return Anchors(self.centres.to(device), self.strides.to(device), self.levels)


@dataclass(frozen=True)
class Assignment:
    """The anchors that answer for a box: P matches.

    `image`, `anchor` and `target` are int64 (P,); `score` is float32 (P,), the class score each should reach.
    """

    image: Tensor
    anchor: Tensor
    target: Tensor
    score: Tensor


def complete_iou(a: Tensor, b: Tensor) -> Tensor:
    """Complete IoU of box pairs, float32 (N, 4) xyxy twice to (N,) (Zheng et al., Distance-IoU Loss, AAAI 2020)."""
    size_a, size_b = (a[:, 2:] - a[:, :2]), (b[:, 2:] - b[:, :2]).clamp(min=1e-7)
    inner = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    iou = inner / (size_a.prod(1) + size_b.prod(1) - inner + 1e-7)
    hull = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    apart = (a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]).pow(2).sum(1) / 4
    turn = torch.atan(size_a[:, 0] / size_a[:, 1].clamp(min=1e-7)) - torch.atan(size_b[:, 0] / size_b[:, 1])
    shape = turn.pow(2) * (4 / torch.pi**2)
    with torch.no_grad():
        weight = shape / (shape - iou + 1 + 1e-7)
    return iou - apart / (hull.pow(2).sum(1) + 1e-7) - shape * weight


def inside_pairs(targets: Targets, anchors: Anchors) -> tuple[Tensor, Tensor]:
    """All (target, anchor) pairs whose anchor centre lies inside the target's box: int64 (N,) each."""
    centre = (targets.boxes[:, :2] + targets.boxes[:, 2:]) / 2
    half = ((targets.boxes[:, 2:] - targets.boxes[:, :2]) / 2).clamp(min=TINY / 2)
    pair_targets, pair_anchors = [], []
    device = targets.boxes.device
    for stride, columns, rows, first in anchors.levels:
        limit = torch.tensor([columns, rows], device=device)
        # Cell i has its centre at (i + 0.5) * stride: strictly inside means above `low` and below `high`.
        low = (((centre - half) / stride - 0.5).floor().long() + 1).clamp(min=0)
        high = torch.minimum(((centre + half) / stride - 0.5).ceil().long() - 1, limit - 1)
        across, down = (high - low + 1).clamp(min=0).unbind(1)
        number = across * down
        target = torch.repeat_interleave(torch.arange(len(number), device=device), number)
        nth = torch.arange(len(target), device=device) - (number.cumsum(0) - number)[target]
        x = low[target, 0] + nth % across[target]
        y = low[target, 1] + torch.div(nth, across[target], rounding_mode="floor")
        pair_targets.append(target)
        pair_anchors.append(first + y * columns + x)
    return torch.cat(pair_targets), torch.cat(pair_anchors)


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, targets: Targets, anchors: Anchors) -> Assignment:
    """Match anchors with true boxes by how well score and box already agree with them (TOOD).

    `scores` is float32 (B, A, classes) in 0..1 and `boxes` float32 (B, A, 4) xyxy in network pixels. Each box claims
    its `TOP_ANCHORS` best-aligned anchors; an anchor claimed twice goes to the box it overlaps most. Memory grows
    with the pairs inside boxes, not with boxes times anchors, which on shelves of hundreds of products is what
    makes a step on the CPU affordable.
    """
    target, anchor = inside_pairs(targets, anchors)
    image = targets.image[target]
    overlap = complete_iou(targets.boxes[target], boxes[image, anchor]).clamp(min=0)
    alignment = scores[image, anchor, targets.class_id[target]].pow(ALPHA) * overlap.pow(BETA)
    order = torch.argsort(alignment, descending=True, stable=True)
    order = order[torch.argsort(target[order], stable=True)]  # by target, best aligned first
    number = torch.bincount(target, minlength=len(targets.boxes))
    rank = torch.arange(len(order), device=order.device) - (number.cumsum(0) - number)[target[order]]
    chosen = order[rank < TOP_ANCHORS]
    # One box an anchor: sort by overlap, keep the first of each (image, anchor).
    chosen = chosen[torch.argsort(overlap[chosen], descending=True, stable=True)]
    place = image[chosen] * len(anchors.centres) + anchor[chosen]
    order = torch.argsort(place, stable=True)
    first = torch.ones_like(order, dtype=torch.bool)
    first[1:] = place[order][1:] != place[order][:-1]
    chosen = chosen[order[first]]
    matched = target[chosen]
    zeros = torch.zeros(len(targets.boxes), device=overlap.device)
    best_alignment = zeros.scatter_reduce(0, matched, alignment[chosen], "amax")
    best_overlap = zeros.scatter_reduce(0, matched, overlap[chosen], "amax")
    score = alignment[chosen] * best_overlap[matched] / (best_alignment[matched] + 1e-9)
    return Assignment(image[chosen], anchor[chosen], matched, score)


def decode(distributions: Tensor, anchors: Anchors, bins: int) -> Tensor:
    """Boxes (B, A, 4) xyxy in network pixels from side distributions (B, A, 4 * bins)."""
    line = torch.arange(bins, dtype=distributions.dtype, device=distributions.device)
    sides = distributions.unflatten(2, (4, bins)).softmax(3).matmul(line) * anchors.strides[:, None]
    return torch.cat([anchors.centres - sides[..., :2], anchors.centres + sides[..., 2:]], 2)


def detection_loss(logits: Tensor, distributions: Tensor, targets: Targets, anchors: Anchors) -> Losses:
    """The loss of one batch.

    `logits` is float32 (B, A, classes), `distributions` float32 (B, A, 4 * bins). Class scores meet the assignment's
    soft scores by binary cross entropy; matched boxes meet their truth by complete IoU and by the distribution
    focal loss (Li et al., *Generalized Focal Loss*, NeurIPS 2020), both weighted by the soft score and only where the
    truth is exact.
    """
    bins = distributions.shape[2] // 4
    with torch.no_grad():
        match = assign(logits.sigmoid(), decode(distributions, anchors, bins), targets, anchors)
    wanted = torch.zeros_like(logits)
    wanted[match.image, match.anchor, targets.class_id[match.target]] = match.score
    weight = match.score.sum().clamp(min=1)
    photos = logits.shape[0]
    classes = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum") / weight
    share_of_box = match.score if targets.exact is None else match.score * targets.exact[match.target]
    # Only matched anchors are decoded with a gradient: the rest carry no box loss.
    own = distributions[match.image, match.anchor]
    stride = anchors.strides[match.anchor, None]
    centre = anchors.centres[match.anchor] / stride
    truth = targets.boxes[match.target] / stride
    line = torch.arange(bins, dtype=own.dtype, device=own.device)
    sides = own.unflatten(1, (4, bins)).softmax(2).matmul(line)
    found = torch.cat([centre - sides[:, :2], centre + sides[:, 2:]], 1)
    box = ((1 - complete_iou(found, truth)) * share_of_box).sum() / weight
    distance = torch.cat([centre - truth[:, :2], truth[:, 2:] - centre], 1).clamp(0, bins - 1 - 0.01)
    lower = distance.long()
    share = distance - lower
    log = own.unflatten(1, (4, bins)).log_softmax(2)
    dfl = -(log.gather(2, lower[..., None])[..., 0] * (1 - share) + log.gather(2, lower[..., None] + 1)[..., 0] * share)
    dfl = (dfl.mean(1) * share_of_box).sum() / weight
    return Losses(BOX_GAIN * box * photos, CLASS_GAIN * classes * photos, DFL_GAIN * dfl * photos)
