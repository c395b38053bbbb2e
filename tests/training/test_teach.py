import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("ultralytics", reason="the extra `train` is not installed")

import onnx  # noqa: E402

from shelfwatch.inference.detector import packaged_models  # noqa: E402
from shelfwatch.inference.model import Model  # noqa: E402
from shelfwatch.training.loss import Anchors, decode  # noqa: E402
from shelfwatch.training.network import Predictions  # noqa: E402
from shelfwatch.training.onnx_file import save  # noqa: E402
from shelfwatch.training.teach import distillation_loss, largest_known, mean, mirrored, teach  # noqa: E402

pytestmark = pytest.mark.train

SHAPES, STRIDES = [(4, 6), (2, 3), (1, 2)], (8.0, 16.0, 32.0)  # rows and columns of each level


def predictions(seed, classes=2):
    torch.manual_seed(seed)
    anchors = Anchors.of(SHAPES, STRIDES)
    number = len(anchors.centres)
    return Predictions(torch.randn(2, number, classes), torch.randn(2, number, 64), anchors)


class TestDistillation:
    def test_nothing_to_learn_from_oneself(self):
        own = predictions(0)
        assert distillation_loss(own, own) == pytest.approx(0, abs=1e-5)

    def test_learning_ends_at_the_teacher(self):
        teacher, student = predictions(0), predictions(1)
        logits, distributions = (part.requires_grad_() for part in (student.logits, student.distributions))
        optimizer = torch.optim.Adam([logits, distributions], lr=0.05)
        losses = []
        for _ in range(300):
            loss = distillation_loss(Predictions(logits, distributions, student.anchors), teacher)
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert losses[-1] < 0.01 * losses[0]
        sure = teacher.logits.sigmoid().amax(2) > 0.1
        assert (logits.sigmoid() - teacher.logits.sigmoid()).abs().mean() < 0.03
        own, other = (part[sure].unflatten(1, (4, 16)).softmax(2) for part in (distributions, teacher.distributions))
        assert (own - other).abs().max() < 0.05

    def test_a_teacher_that_sees_nothing_has_no_say_in_boxes(self):
        student, teacher = predictions(1), predictions(0)
        student.distributions.requires_grad_()
        student.logits.requires_grad_()
        loss = distillation_loss(student, replace(teacher, logits=teacher.logits - 20))
        loss.backward()
        assert torch.isfinite(loss)
        assert not student.distributions.grad.any()
        assert (student.logits.grad > 0).any()

    def test_scores_alone_leave_boxes_to_the_labels(self):
        student, teacher = predictions(1), predictions(0)
        student.distributions.requires_grad_()
        student.logits.requires_grad_()
        loss = distillation_loss(student, teacher, boxes=False)
        loss.backward()
        assert student.distributions.grad is None
        assert student.logits.grad.any()
        assert 0 < loss < distillation_loss(student, teacher)


class TestLargestKnown:
    def test_what_every_teacher_knows(self, tmp_path):
        served, files = packaged_models()["fast"], []
        for number, size in enumerate((50.2, 30.0, 0.0)):  # 0 for one that does not say
            files.append(tmp_path / f"{number}.onnx")
            save(onnx.load(served), replace(Model(served).info, product_size=size), files[-1])
        checkpoint = tmp_path / "best.pt"
        assert largest_known([files[0], checkpoint]) == pytest.approx(100.4)
        assert largest_known([*files, checkpoint]) == pytest.approx(60)
        assert largest_known([files[2], checkpoint]) == largest_known([]) == math.inf


class TestMirrored:
    def test_boxes_change_sides(self):
        found = predictions(0)
        width = SHAPES[0][1] * STRIDES[0]
        turned = mirrored(found)
        boxes, other = (decode(p.distributions, p.anchors, 16) for p in (found, turned))
        expected = boxes.clone()
        expected[..., [0, 2]] = width - boxes[..., [2, 0]]
        # The same boxes, each at the anchor on the other side.
        for _, columns, rows, first in found.anchors.levels:
            if columns * found.anchors.strides[first] != width:
                continue  # a level that reaches beyond the view
            grid = slice(first, first + rows * columns)
            there = expected[:, grid].unflatten(1, (rows, columns)).flip(2)
            assert torch.allclose(other[:, grid].unflatten(1, (rows, columns)), there, atol=1e-4)
        again = mirrored(turned)
        assert torch.equal(again.logits, found.logits)
        assert torch.equal(again.distributions, found.distributions)


class TestTeach:
    def test_the_mean_of_scores_and_shares(self):
        first, second = predictions(1), predictions(2)
        found = mean([first, second])
        assert torch.allclose(found.logits.sigmoid(), (first.logits.sigmoid() + second.logits.sigmoid()) / 2, atol=1e-6)
        shares = [part.distributions.unflatten(2, (4, 16)).softmax(3) for part in (first, second, found)]
        assert torch.allclose(shares[2], (shares[0] + shares[1]) / 2, atol=1e-6)

    @pytest.mark.parametrize("mirror", [False, True])
    def test_who_looks_at_what(self, mirror):
        pixels = torch.arange(2 * 32 * 48 * 3).reshape(2, 32, 48, 3).to(torch.uint8)
        asked = []

        def predict(teacher, seen):
            asked.append((teacher, torch.equal(seen, pixels), torch.equal(seen, pixels.flip(2))))
            return predictions(0)

        found = teach(["a", "b"], pixels, predict, mirror=mirror)
        plain, turned = [("a", True, False), ("b", True, False)], [("a", False, True), ("b", False, True)]
        assert asked == plain + (turned if mirror else [])
        expected = mean([predictions(0)] * 2 + [mirrored(predictions(0))] * (2 if mirror else 0))
        assert torch.allclose(found.logits, expected.logits)

    def test_one_teacher_is_taken_at_its_word(self):
        only = predictions(3)
        assert teach([None], torch.zeros(1, 8, 8, 3), lambda *_: only, mirror=False) is only
