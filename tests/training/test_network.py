import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("ultralytics", reason="the extra `train` is not installed")

from shelfwatch.inference.model import Model, ModelError  # noqa: E402
from shelfwatch.training.dequantize import weights  # noqa: E402
from shelfwatch.training.export import export  # noqa: E402
from shelfwatch.training.loss import decode  # noqa: E402
from shelfwatch.training.network import (  # noqa: E402
    held_statistics,
    load_network,
    run,
    save_network,
    settle_batch_norm,
    with_classes,
)
from shelfwatch.training.quantize import quantize  # noqa: E402

pytestmark = pytest.mark.train

NAMES = ("bottle", "can", "snack")


@pytest.fixture(scope="module")
def checkpoint(random_checkpoint):
    return random_checkpoint(NAMES)


@pytest.fixture(scope="module")
def exported(checkpoint, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "float32.onnx"
    export(checkpoint, path, name="random", version="1", input_size=128)
    return path


@pytest.fixture(scope="module")
def images():
    """Noise, float32 (2, 3, 96, 160) in 0..1."""
    return torch.from_numpy(np.random.default_rng(1).random((2, 3, 96, 160), np.float32))


def predict(model, images):
    with torch.no_grad():
        return run(model.eval(), images)


def parameters(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


class TestRun:
    def test_same_as_ultralytics_own_forward(self, checkpoint, images):
        model = load_network(checkpoint).eval()
        found = predict(model, images)
        with torch.no_grad():
            answer, raw = model(images)
        anchors = sum((96 // stride) * (160 // stride) for stride in (8, 16, 32))
        assert found.logits.shape == (2, anchors, len(NAMES))
        assert found.distributions.shape == (2, anchors, 64)
        assert torch.allclose(found.logits, raw["scores"].mT, atol=1e-5)
        assert torch.allclose(found.distributions, raw["boxes"].mT, atol=1e-5)
        boxes = decode(found.distributions, found.anchors, 16)
        centre, size = answer[:, :2].mT, answer[:, 2:4].mT
        assert torch.allclose(boxes, torch.cat([centre - size / 2, centre + size / 2], 2), atol=1e-2)

    def test_in_float32_whatever_it_was_computed_in(self, checkpoint, images):
        model = load_network(checkpoint).eval()
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            found = run(model, images)
        assert found.logits.dtype == torch.bfloat16
        assert {found.float().logits.dtype, found.float().distributions.dtype} == {torch.float32}

    def test_gradients_reach_every_weight(self, checkpoint, images):
        model = load_network(checkpoint).train()
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        found = run(model, images)
        (found.logits.sum() + found.distributions.pow(2).sum()).backward()
        for name, parameter in model.named_parameters():
            assert "dfl" in name or parameter.grad.isfinite().all(), name


class TestFromOnnx:
    def test_float32_is_the_checkpoint_again(self, checkpoint, exported, images):
        model = load_network(exported)
        assert model.names == dict(enumerate(NAMES))
        expected, found = (predict(network, images) for network in (load_network(checkpoint), model))
        assert torch.allclose(found.logits, expected.logits, atol=1e-4)
        assert torch.allclose(found.distributions, expected.distributions, atol=1e-4)

    def test_int8_is_close(self, exported, small_photos, images, tmp_path):
        quantize(exported, tmp_path / "int8.onnx", small_photos)
        model, original = load_network(tmp_path / "int8.onnx"), load_network(exported)
        for name, value in model.state_dict().items():
            if name.endswith("conv.weight") and "dfl" not in name:
                step = original.state_dict()[name].abs().amax((1, 2, 3), keepdim=True) / 127
                assert ((value - original.state_dict()[name]).abs() <= 0.51 * step + 1e-7).all(), name
        expected, found = (predict(network, images).logits.flatten().numpy() for network in (original, model))
        assert np.corrcoef(expected, found)[0, 1] > 0.97

    def test_exported_once_more(self, exported, images, tmp_path):
        info = export(exported, tmp_path / "again.onnx", name="random", version="1", input_size=128)
        assert info == Model(exported, threads=1).info
        first, second = (weights(path) for path in (exported, tmp_path / "again.onnx"))
        assert list(first) == list(second)
        for name in first:
            assert np.allclose(first[name], second[name], atol=1e-6), name

    def test_a_head_made_for_another_number_of_classes(self, random_checkpoint, images, tmp_path):
        """Ultralytics makes the class branches of a YOLOv8n 64 wide for one class, 90 wide for 90."""
        many = tuple(f"sku {i}" for i in range(90))
        for start, names in ((("product",), many), (many, ("product",))):
            model = load_network(random_checkpoint(start))
            assert with_classes(model, names)
            save_network(model, tmp_path / "own.pt")
            export(tmp_path / "own.pt", tmp_path / "own.onnx", name="own", version="1", input_size=128)
            expected, found = (predict(load_network(tmp_path / f"own.{end}"), images) for end in ("pt", "onnx"))
            assert found.logits.shape[2] == len(names)
            assert torch.allclose(found.logits, expected.logits, atol=1e-3)


class TestWithClasses:
    def test_as_many_as_before_are_renamed(self, checkpoint, images):
        model = load_network(checkpoint)
        before = parameters(model)
        assert not with_classes(model, ("a", "b", "c"))
        assert model.names == {0: "a", 1: "b", 2: "c"}
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())

    @pytest.mark.parametrize("names", [("product",), tuple("abcde")], ids=["fewer", "more"])
    def test_only_the_class_scores_start_anew(self, checkpoint, images, names, tmp_path):
        model = load_network(checkpoint)
        before, expected = parameters(model), predict(copy.deepcopy(model), images)
        assert with_classes(model, names)
        changed = {name for name, value in model.state_dict().items() if value.shape != before[name].shape}
        assert changed == {f"model.22.cv3.{i}.2.{part}" for i in range(3) for part in ("weight", "bias")}
        assert all(torch.equal(v, before[name]) for name, v in model.state_dict().items() if name not in changed)
        found = predict(model, images)
        assert torch.equal(found.distributions, expected.distributions)
        assert found.logits.shape[2] == len(names)
        save_network(model, tmp_path / "own.pt")
        assert load_network(tmp_path / "own.pt").names == dict(enumerate(names))

    def test_the_prior_is_that_of_ultralytics(self, checkpoint):
        model = load_network(checkpoint)
        with_classes(model, ("a", "b"))
        head = model.model[-1]
        found = [branch[-1].bias.detach().clone() for branch in head.cv3]
        assert (head.nc, head.no) == (2, 66)
        head.bias_init()
        for bias, branch in zip(found, head.cv3, strict=True):
            assert torch.allclose(bias, branch[-1].bias)


class TestSettleBatchNorm:
    def test_says_the_same_with_real_statistics(self, exported, images):
        model = load_network(exported)
        expected, before = predict(model, images), parameters(model)
        settle_batch_norm(model, iter([images[:1], images[1:]]))
        found = predict(model, images)
        assert torch.allclose(found.logits, expected.logits, atol=1e-3)
        assert torch.allclose(found.distributions, expected.distributions, atol=1e-3)
        state = model.state_dict()
        assert all(torch.equal(value, state[name]) for name, value in before.items() if name.endswith("conv.weight"))
        assert (state["model.0.bn.running_var"] != before["model.0.bn.running_var"]).all()
        # A BatchNorm that trains uses the batch's own statistics: on the same images they are those it was given.
        with torch.no_grad():
            trained = run(model.train(), images)
        assert torch.allclose(trained.logits, expected.logits, atol=0.05)

    def test_without_it_training_would_start_elsewhere(self, exported, images):
        model = load_network(exported)
        expected = predict(model, images)
        with torch.no_grad():
            trained = run(model.train(), images)
        assert not torch.allclose(trained.logits, expected.logits, atol=0.5)

    def test_leaves_no_hooks(self, exported, images):
        model = load_network(exported)
        settle_batch_norm(model, [images])
        assert not any(module._forward_hooks for module in model.modules())


class TestSaveNetwork:
    def test_opens_with_ultralytics(self, checkpoint, tmp_path, images):
        from ultralytics import YOLO

        model = load_network(checkpoint)
        save_network(model, tmp_path / "new" / "saved.pt", {"shelfwatch": {"step": 3}})
        yolo = YOLO(tmp_path / "new" / "saved.pt")
        assert yolo.names == dict(enumerate(NAMES))
        found = yolo.predict(np.zeros((64, 64, 3), np.uint8), imgsz=64, verbose=False, device="cpu")
        assert len(found) == 1
        assert torch.allclose(
            predict(load_network(tmp_path / "new" / "saved.pt"), images).logits,
            predict(model, images).logits,
            atol=0.05,
        )
        assert torch.load(tmp_path / "new" / "saved.pt", weights_only=False)["shelfwatch"] == {"step": 3}
        assert [path.name for path in (tmp_path / "new").iterdir()] == ["saved.pt"]

    def test_the_network_itself_stays_as_it_is(self, checkpoint, tmp_path):
        model = load_network(checkpoint).train()
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        save_network(model, tmp_path / "saved.pt")
        assert model.training
        assert all(p.requires_grad and p.dtype == torch.float32 for p in model.parameters())


class TestErrors:
    @pytest.mark.parametrize("name", ["absent.pt", "absent.onnx"])
    def test_no_file(self, tmp_path, name):
        with pytest.raises(FileNotFoundError, match=rf"{name}: no such checkpoint"):
            load_network(tmp_path / name)

    def test_not_a_checkpoint(self, tmp_path):
        (tmp_path / "noise.pt").write_bytes(b"no checkpoint")
        with pytest.raises(ValueError, match=r"noise\.pt: not an Ultralytics checkpoint"):
            load_network(tmp_path / "noise.pt")

    def test_a_classifier(self, tmp_path):
        from ultralytics import YOLO

        YOLO("yolov8n-cls.yaml").save(str(tmp_path / "classifier.pt"))
        with pytest.raises(ValueError, match=r"classifier\.pt: not a YOLOv8 detection checkpoint"):
            load_network(tmp_path / "classifier.pt")

    def test_not_an_onnx_model(self, tmp_path):
        (tmp_path / "noise.onnx").write_bytes(b"no model")
        with pytest.raises(ModelError, match=r"noise\.onnx"):
            load_network(tmp_path / "noise.onnx")

    def test_another_network(self, networks, tmp_path):
        path = networks["write_network"](tmp_path / "small.onnx")
        with pytest.raises(ValueError, match=r"small\.onnx: its weights are not those of a YOLOv8"):
            load_network(path)


class TestHeldStatistics:
    def test_computes_what_the_network_computes(self, checkpoint, images):
        model = load_network(checkpoint)
        expected = predict(model, images)
        with held_statistics(), torch.no_grad():
            found = run(model.train(), images)  # in training mode a BatchNorm would use the images' own statistics
        assert torch.allclose(found.logits, expected.logits, atol=1e-4)
        assert torch.allclose(found.distributions, expected.distributions, atol=1e-4)

    def test_weights_learn_and_statistics_stay(self, checkpoint, images):
        model = load_network(checkpoint).requires_grad_(True).train()
        before = parameters(model)
        with held_statistics():
            found = run(model, images)
        (found.logits.sum() + found.distributions.sum()).backward()
        norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        assert norms
        for norm in norms:
            assert norm.weight.grad is not None
            assert norm.bias.grad is not None
        after = parameters(model)
        assert all(torch.equal(value, after[name]) for name, value in before.items())

    def test_only_meanwhile(self, checkpoint, images):
        model = load_network(checkpoint).train()
        with pytest.raises(ZeroDivisionError), held_statistics():
            raise ZeroDivisionError
        before = parameters(model)["model.0.bn.running_mean"]
        with torch.no_grad():
            run(model, images)
        assert not torch.equal(parameters(model)["model.0.bn.running_mean"], before)
