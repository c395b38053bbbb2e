"""The sparse loss against Ultralytics' dense one."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("ultralytics", reason="the extra `train` is not installed")

from shelfwatch.training.loss import (  # noqa: E402
    TINY,
    Anchors,
    Targets,
    assign,
    complete_iou,
    decode,
    detection_loss,
    inside_pairs,
)

pytestmark = pytest.mark.train

STRIDES = (8, 16, 32)
HEIGHT, WIDTH = 256, 512  # powers of two, so that boxes survive Ultralytics' division by them to the last bit
SHAPES = [(HEIGHT // stride, WIDTH // stride) for stride in STRIDES]
BINS = 16


@pytest.fixture(scope="module")
def anchors():
    return Anchors.of(SHAPES, STRIDES)


@pytest.fixture(scope="module")
def reference():
    """Ultralytics' loss for a number of classes."""
    from ultralytics.nn.modules import Detect
    from ultralytics.utils.loss import v8DetectionLoss

    def make(classes):
        model = torch.nn.Module()
        head = Detect(nc=classes, ch=(16, 16, 16))
        head.stride = torch.tensor(STRIDES, dtype=torch.float32)
        model.model = torch.nn.ModuleList([head])
        model.args = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5)
        return v8DetectionLoss(model)

    return make


def apart(rng, count):
    """Boxes of up to 100 pixels, none of which overlap: one a cell of 4 × 2."""
    cells = rng.permutation(8)[:count]
    low = np.stack([cells % 4 * 128, cells // 4 * 128], 1) + rng.integers(1, 20, (count, 2))
    return np.concatenate([low, low + rng.integers(6, 100, (count, 2))], 1)


def shelf(rng, rows=4, columns=16):
    """Products side by side in rows, a few pixels into their neighbours."""
    left, top = np.meshgrid(np.arange(columns) * WIDTH / columns, np.arange(rows) * HEIGHT / rows)
    low = np.stack([left.ravel(), top.ravel()], 1)
    boxes = np.concatenate([low, low + np.array([WIDTH / columns, HEIGHT / rows])], 1)
    return (boxes + rng.integers(-12, 13, boxes.shape) / 4).clip(0, [WIDTH, HEIGHT] * 2)


def make_targets(rng, photos, classes):
    """Targets of the boxes (N, 4) of each photo."""
    numbers = [len(boxes) for boxes in photos]
    boxes = np.concatenate([np.reshape(boxes, (-1, 4)) for boxes in photos])
    return Targets(
        torch.from_numpy(np.repeat(np.arange(len(photos)), numbers)),
        torch.from_numpy(rng.integers(0, classes, len(boxes))),
        torch.from_numpy(boxes.astype(np.float32)),
    )


def guess(rng, targets, photos, classes, anchors):
    """Logits and side distributions of a network that knows the boxes roughly; leaves that want a gradient."""
    logits = torch.from_numpy(rng.normal(-3, 1, (photos, len(anchors.centres), classes)).astype(np.float32))
    sides = rng.uniform(0, 4, (photos, len(anchors.centres), 4))
    x, y = anchors.centres.T.numpy()
    for image, class_id, box in zip(targets.image, targets.class_id, targets.boxes.numpy(), strict=True):
        inside = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
        logits[image, torch.from_numpy(inside), class_id] += 3
        distance = np.stack([x - box[0], y - box[1], box[2] - x, box[3] - y], 1) / anchors.strides.numpy()[:, None]
        sides[image, inside] = distance[inside] * rng.uniform(0.7, 1.3, (inside.sum(), 4))
    peaks = np.arange(BINS) - sides[..., None].clip(0, BINS - 1)
    distributions = torch.from_numpy((-(peaks**2) + rng.normal(0, 0.3, peaks.shape)).astype(np.float32)).flatten(2)
    return logits.requires_grad_(), distributions.requires_grad_()


def dense_inputs(logits, distributions, targets):
    """The same for Ultralytics: its predictions and its batch."""
    photos = len(logits)
    feats = [torch.zeros(photos, 1, *shape) for shape in SHAPES]
    centre = (targets.boxes[:, :2] + targets.boxes[:, 2:]) / 2
    size = torch.tensor([WIDTH, HEIGHT])
    boxes = torch.cat([centre / size, (targets.boxes[:, 2:] - targets.boxes[:, :2]) / size], 1)
    batch = {"batch_idx": targets.image.float(), "cls": targets.class_id.float(), "bboxes": boxes}
    return {"boxes": distributions.mT, "scores": logits.mT, "feats": feats}, batch


def parts(losses):
    return torch.stack([losses.box, losses.classes, losses.dfl])


class TestAgainstUltralytics:
    @pytest.mark.parametrize("classes", [1, 3])
    @pytest.mark.parametrize("seed", range(5))
    def test_boxes_apart(self, reference, anchors, seed, classes):
        rng = np.random.default_rng(seed)
        targets = make_targets(rng, [apart(rng, int(number)) for number in rng.integers(0, 9, 3)], classes)
        logits, distributions = guess(rng, targets, 3, classes, anchors)
        expected, _ = reference(classes)(*dense_inputs(logits, distributions, targets))
        expected.sum().backward()
        gradients = [logits.grad, distributions.grad]
        logits.grad = distributions.grad = None
        losses = detection_loss(logits, distributions, targets, anchors)
        losses.total.backward()
        assert torch.allclose(parts(losses), expected, rtol=1e-4)
        for found, gradient in zip((logits.grad, distributions.grad), gradients, strict=True):
            assert (found - gradient).norm() < 1e-4 * gradient.norm()

    @pytest.mark.parametrize("seed", range(5))
    def test_a_dense_shelf(self, reference, anchors, seed):
        rng = np.random.default_rng(seed)
        targets = make_targets(rng, [shelf(rng), shelf(rng, 6, 24)], 1)
        logits, distributions = guess(rng, targets, 2, 1, anchors)
        expected, _ = reference(1)(*dense_inputs(logits, distributions, targets))
        assert torch.allclose(parts(detection_loss(logits, distributions, targets, anchors)), expected, rtol=0.01)

    @pytest.mark.parametrize("seed", range(3))
    def test_predictions_that_know_nothing(self, reference, anchors, seed):
        rng = np.random.default_rng(seed)
        targets = make_targets(rng, [apart(rng, 6), shelf(rng)], 2)
        shape = (2, len(anchors.centres))
        logits, distributions = torch.randn(*shape, 2), torch.randn(*shape, 4 * BINS)
        expected, _ = reference(2)(*dense_inputs(logits, distributions, targets))
        assert torch.allclose(parts(detection_loss(logits, distributions, targets, anchors)), expected, rtol=0.05)

    @pytest.mark.parametrize(("seed", "scene"), [(0, apart), (1, apart), (2, shelf), (3, shelf)])
    def test_assignment(self, reference, anchors, seed, scene):
        rng = np.random.default_rng(seed)
        targets = make_targets(rng, [scene(rng, 6)], 2)
        logits, distributions = guess(rng, targets, 1, 2, anchors)
        scores, boxes = logits.detach().sigmoid(), decode(distributions.detach(), anchors, BINS)
        _, _, expected, _, index = reference(2).assigner(
            scores,
            boxes,
            anchors.centres,
            targets.class_id[None, :, None],
            targets.boxes[None],
            torch.ones(1, len(targets.boxes), 1),
        )
        match = assign(scores, boxes, targets, anchors)
        found = torch.zeros_like(expected)
        found[match.image, match.anchor, targets.class_id[match.target]] = match.score
        assert len(torch.unique(match.anchor)) == len(match.anchor)  # an anchor answers for one box
        if scene is apart:
            assert torch.allclose(found, expected, atol=1e-5)
            known = match.score > 0
            assert torch.equal(match.target[known], index[0][match.anchor[known]])
        else:  # who gets an anchor claimed twice differs in rare cases
            assert ((found - expected).abs() > 1e-3).sum() <= 0.01 * (expected > 0).sum()

    def test_complete_iou(self):
        from ultralytics.utils.metrics import bbox_iou

        rng = np.random.default_rng(4)
        low = rng.uniform(-20, 200, (2, 500, 2))
        a, b = torch.from_numpy(np.concatenate([low, low + rng.uniform(1, 150, low.shape)], 2).astype(np.float32))
        a[:50], b[:10] = b[:50], torch.tensor([30.0, 30, 90, 80])
        a.requires_grad_()
        expected, found = bbox_iou(a, b, xywh=False, CIoU=True)[:, 0], complete_iou(a, b)
        assert torch.allclose(found, expected, atol=1e-5)
        gradients = [torch.autograd.grad(value.sum(), a)[0] for value in (expected, found)]
        assert torch.allclose(*gradients, atol=1e-4)

    def test_anchors(self, anchors):
        from ultralytics.utils.tal import make_anchors

        points, strides = make_anchors([torch.zeros(1, 1, *shape) for shape in SHAPES], torch.tensor(STRIDES), 0.5)
        assert torch.equal(anchors.centres, points * strides)
        assert torch.equal(anchors.strides, strides[:, 0])
        assert [level[3] for level in anchors.levels] == [0, 2048, 2560]


side = st.integers(-300, 900).map(lambda value: value / 4)


@given(st.lists(st.tuples(side, side, st.integers(0, 700), st.integers(0, 700)), max_size=6))
@settings(deadline=None, max_examples=60)
def test_pairs_are_those_of_a_brute_force(sides):
    anchors = Anchors.of([(4, 8), (2, 4), (1, 2)], STRIDES)
    boxes = torch.tensor([[x, y, x + w / 4, y + h / 4] for x, y, w, h in sides], dtype=torch.float32).reshape(-1, 4)
    targets = Targets(torch.zeros(len(boxes), dtype=torch.long), torch.zeros(len(boxes), dtype=torch.long), boxes)
    expected = set()
    for i, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        half_w, half_h = max(x2 - x1, TINY) / 2, max(y2 - y1, TINY) / 2
        for j, (x, y) in enumerate(anchors.centres.tolist()):
            if abs(x - (x1 + x2) / 2) < half_w and abs(y - (y1 + y2) / 2) < half_h:
                expected.add((i, j))
    target, anchor = inside_pairs(targets, anchors)
    found = list(zip(target.tolist(), anchor.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(found) == expected


class TestEdges:
    def outputs(self, anchors, photos=2, classes=2):
        torch.manual_seed(0)
        shape = (photos, len(anchors.centres))
        return torch.randn(*shape, classes, requires_grad=True), torch.randn(*shape, 4 * BINS, requires_grad=True)

    def test_no_boxes_at_all(self, anchors):
        logits, distributions = self.outputs(anchors)
        targets = make_targets(np.random.default_rng(0), [[], []], 2)
        losses = detection_loss(logits, distributions, targets, anchors)
        losses.total.backward()
        assert (losses.box, losses.dfl) == (0, 0)
        assert torch.isfinite(losses.total)
        assert (logits.grad > 0).all()  # every score is too high
        assert not distributions.grad.any()

    def test_boxes_outside_the_view_change_nothing(self, anchors):
        rng = np.random.default_rng(1)
        logits, distributions = self.outputs(anchors)
        inside = apart(rng, 4)
        outside = [[-90, 10, -20, 60], [WIDTH + 20, 10, WIDTH + 80, 90], [10, HEIGHT + 20, 70, HEIGHT + 90]]
        expected = detection_loss(logits, distributions, make_targets(rng, [inside, []], 1), anchors)
        targets = make_targets(rng, [inside, outside], 1)
        assert torch.equal(parts(detection_loss(logits, distributions, targets, anchors)), parts(expected))

    def test_a_box_larger_than_the_view(self, anchors):
        logits, distributions = self.outputs(anchors)
        targets = make_targets(np.random.default_rng(2), [[[-50, -50, WIDTH + 50, HEIGHT + 50]], []], 2)
        losses = detection_loss(logits, distributions, targets, anchors)
        assert torch.isfinite(parts(losses)).all()

    def test_boxes_without_area(self, anchors):
        logits, distributions = self.outputs(anchors)
        targets = make_targets(np.random.default_rng(3), [[[40, 40, 40, 40]], [[60, 60, 61, 200]]], 2)
        losses = detection_loss(logits, distributions, targets, anchors)
        losses.total.backward()
        for gradient in (logits.grad, distributions.grad):
            assert torch.isfinite(gradient).all()

    def test_boxes_that_are_not_exact_teach_only_where_products_are(self, anchors):
        rng = np.random.default_rng(6)
        targets = make_targets(rng, [apart(rng, 8), shelf(rng)], 2)
        logits, distributions = guess(rng, targets, 2, 2, anchors)
        plain = detection_loss(logits, distributions, targets, anchors)
        every, none = (replace(targets, exact=torch.full((len(targets.boxes),), value)) for value in (True, False))
        assert torch.equal(parts(detection_loss(logits, distributions, every, anchors)), parts(plain))
        losses = detection_loss(logits, distributions, none, anchors)
        assert torch.equal(losses.classes, plain.classes)
        assert (losses.box, losses.dfl) == (0, 0)
        # In a batch of both, only the exact photo's boxes count.
        losses = detection_loss(logits, distributions, replace(targets, exact=targets.image == 0), anchors)
        losses.total.backward()
        assert distributions.grad[0].any()
        assert not distributions.grad[1].any()

    def test_gradients_reach_what_they_should(self, anchors):
        rng = np.random.default_rng(5)
        targets = make_targets(rng, [apart(rng, 8), shelf(rng)], 2)
        logits, distributions = guess(rng, targets, 2, 2, anchors)
        detection_loss(logits, distributions, targets, anchors).total.backward()
        assert (logits.grad != 0).all()
        match = assign(logits.detach().sigmoid(), decode(distributions.detach(), anchors, BINS), targets, anchors)
        wanted = torch.zeros(2, len(anchors.centres), dtype=torch.bool)
        wanted[match.image, match.anchor] = match.score > 1e-6
        assert distributions.grad.any(2)[wanted].all()
        matched = torch.zeros_like(wanted)
        matched[match.image, match.anchor] = True
        assert not distributions.grad[~matched].any()

    def test_twice_the_photos_is_twice_the_loss(self, anchors):
        rng = np.random.default_rng(6)
        targets = make_targets(rng, [shelf(rng)], 1)
        logits, distributions = guess(rng, targets, 1, 1, anchors)
        double = Targets(torch.arange(2).repeat_interleave(64), targets.class_id.repeat(2), targets.boxes.repeat(2, 1))
        once = detection_loss(logits, distributions, targets, anchors)
        twice = detection_loss(logits.repeat(2, 1, 1), distributions.repeat(2, 1, 1), double, anchors)
        assert torch.allclose(parts(twice), 2 * parts(once), rtol=1e-4)
