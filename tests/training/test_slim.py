import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("ultralytics", reason="the extra `train` is not installed")

from torch import nn  # noqa: E402
from ultralytics.nn.tasks import DetectionModel, yaml_model_load  # noqa: E402

from shelfwatch.training.augment import View  # noqa: E402
from shelfwatch.training.dataset import DatasetError  # noqa: E402
from shelfwatch.training.network import load_network, run, save_network, to_image  # noqa: E402
from shelfwatch.training.slim import (  # noqa: E402
    Channels,
    choose,
    convolutions,
    look,
    refit,
    select,
    slim,
    slim_to_size,
)
from shelfwatch.training.views import collate  # noqa: E402

pytestmark = pytest.mark.train


def network(width, names=("product",), seed=1):
    """A YOLOv8 as deep as n and s, `width` times as wide as the largest; statistics as training leaves them."""
    torch.manual_seed(seed)
    structure = {**yaml_model_load("yolov8n.yaml"), "nc": len(names)}
    structure["scales"] = {"n": [0.33, width, 1024]}
    model = DetectionModel(structure, verbose=False)
    model.names = dict(enumerate(names))
    model.train()
    with torch.no_grad():
        for _ in range(30):
            run(model, torch.rand(2, 3, 64, 64))
    return model.eval()


@pytest.fixture(scope="module")
def looks():
    """Two batches of two views with a few boxes each."""
    rng = np.random.default_rng(3)

    def view():
        corners = rng.uniform(0, 60, (6, 2)).astype(np.float32)
        boxes = np.concatenate([corners, corners + rng.uniform(10, 35, (6, 2)).astype(np.float32)], 1)
        return View(rng.integers(0, 256, (96, 96, 3), np.uint8), boxes, np.zeros(6, np.int32))

    return [collate([view(), view()]) for _ in range(2)]


class TestChoose:
    def test_the_strongest_of_independent_channels(self):
        worth = torch.diag(torch.tensor([1.0, 5.0, 0.5, 3.0]))
        assert choose(worth, 2).tolist() == [1, 3]

    def test_a_copy_is_not_worth_a_place(self):
        # Channels 0 and 1 are the same but for their size; 2 is small, but nothing else says what it says.
        signal = torch.tensor([[10.0, 9.0, 0.0], [0.0, 0.0, 1.0]])
        assert choose(signal.T @ signal, 2).tolist() == [0, 2]

    def test_as_many_as_asked_for_even_where_nothing_is_left(self):
        assert choose(torch.zeros(4, 4), 3).tolist() == [0, 1, 2]
        assert choose(torch.eye(3), 3).tolist() == [0, 1, 2]


class TestSelect:
    def test_streams_and_halves(self, looks):
        teacher, student = network(0.5).fuse(verbose=False).requires_grad_(True), network(0.25)
        channels = look(teacher, looks)
        widths = {name: conv.out_channels for name, conv in convolutions(student).items()}
        kept = select(teacher, channels, widths)
        assert {name: len(chosen) for name, chosen in kept.items()} == widths
        for name, conv in convolutions(teacher).items():
            assert kept[name].tolist() == sorted(set(kept[name].tolist()))
            assert int(kept[name].max()) < conv.out_channels
        # A block of the trunk adds to the second half of what it splits; each half gives half of the student's.
        first, half = kept["model.4.cv1.conv"], teacher.model[4].c
        assert (first < half).sum() == len(first) // 2
        for step in (0, 1):
            assert torch.equal(kept[f"model.4.m.{step}.cv2.conv"], first[len(first) // 2 :] - half)

    def test_moments_and_slopes_are_those_of_the_activations(self, looks):
        teacher = network(0.25).fuse(verbose=False).requires_grad_(True)
        stem = look(teacher, looks)["model.0.conv"]
        with torch.no_grad():
            seen = [teacher.model[0](to_image(batch.pixels)).transpose(0, 1).flatten(1) for batch in looks]
        expected = sum(values @ values.T / values.shape[1] for values in seen)
        assert torch.allclose(stem.second_moment, expected, rtol=1e-4, atol=1e-6)
        assert stem.slope.shape == (16,)
        assert bool((stem.slope > 0).all())
        worth = Channels(torch.ones(2, 2), torch.tensor([4.0, 9.0])).worth
        assert worth.tolist() == [[4, 6], [6, 9]]


class TestRefit:
    @pytest.mark.parametrize("name", ["model.0.conv", "model.2.cv1.conv", "model.22.cv2.1.2"])
    def test_what_can_be_met_is_met(self, looks, name):
        """Wanted is what the layer gave before its weights were lost."""
        student = network(0.25)

        def given():
            return look(copy.deepcopy(student).fuse(verbose=False).requires_grad_(True), looks)[name].wanted

        wanted = given()
        block = student.get_submodule(name.removesuffix(".conv"))
        with torch.no_grad():
            student.get_submodule(name).weight.normal_()
            if hasattr(block, "bn"):
                block.bn.weight.normal_()
                block.bn.running_mean.normal_()
        lost = [float((a - b).std() / b.std()) for a, b in zip(given(), wanted, strict=True)]
        refit(student, name, wanted, looks)
        found = [float((a - b).std() / b.std()) for a, b in zip(given(), wanted, strict=True)]
        assert min(lost) > 0.5
        assert max(found) < 0.05


class TestSlim:
    def test_follows_the_teacher_from_the_start(self, looks):
        teacher, student = network(0.5), network(0.25, seed=2)
        image = to_image(looks[0].pixels)

        def distance(model):
            with torch.no_grad():
                found, wanted = run(model.eval(), image), run(teacher, image)
            return float((found.distributions - wanted.distributions).pow(2).mean())

        before, asked = distance(student), []
        slim(teacher, student, lambda: looks, lambda names: asked.extend(names) or names)
        assert distance(student) < 0.2 * before
        assert sorted(asked) == sorted(convolutions(student))
        assert asked.index("model.2.m.0.cv2.conv") < asked.index("model.2.cv2.conv")  # in the order they run
        for module in student.modules():
            if isinstance(module, nn.BatchNorm2d):  # ready to train: statistics are those of the views
                assert not torch.equal(module.running_mean, torch.zeros_like(module.running_mean))

    @pytest.mark.parametrize("other", ["deeper", "wider"])
    def test_only_a_narrower_network_of_the_same_layers(self, looks, other):
        student = network(0.5) if other == "wider" else DetectionModel("yolov8m.yaml", nc=1, verbose=False)
        with pytest.raises(ValueError, match="the same layers as the one it learns from, and no more channels"):
            slim(network(0.25), student, lambda: looks)


class TestToSize:
    @pytest.fixture
    def data(self, write_dataset):
        return write_dataset({"train": {"a.png": ["0 0.5 0.5 0.4 0.6"], "b.png": ["0 0.3 0.4 0.2 0.2"]}}, size=(96, 64))

    def test_a_checkpoint_ready_to_train(self, data, tmp_path):
        torch.manual_seed(0)
        wide = DetectionModel("yolov8s.yaml", nc=1, verbose=False)
        wide.names = {0: "product"}
        save_network(wide, tmp_path / "wide.pt")
        slim_to_size(tmp_path / "wide.pt", tmp_path / "new" / "slim.pt", data, "n", 2)
        found = load_network(tmp_path / "new" / "slim.pt")
        assert found.model[0].conv.out_channels == 16
        assert found.names == {0: "product"}

    def test_other_classes(self, random_checkpoint, data, tmp_path):
        with pytest.raises(DatasetError, match=r"has 1 classes, .* knows 2"):
            slim_to_size(random_checkpoint(("a", "b")), tmp_path / "slim.pt", data, "n", 1)
