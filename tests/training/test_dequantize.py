import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from shelfwatch.inference.model import Model
from shelfwatch.training.dequantize import dequantize, weights
from shelfwatch.training.quantize import quantize


@pytest.fixture(scope="module")
def models(networks, small_photos, tmp_path_factory):
    """The small detector in float32 and in INT8."""
    folder = tmp_path_factory.mktemp("models")
    source = networks["write_network"](folder / "float32.onnx")
    quantize(source, folder / "int8.onnx", small_photos)
    return source, folder / "int8.onnx"


def test_weights_of_a_float32_model(models, networks):
    graph = onnx.load(models[0]).graph
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = weights(models[0])
    assert set(found) == {f"{name}.{part}" for name in networks["CONVOLUTIONS"] for part in ("weight", "bias")}
    for name, value in found.items():
        assert np.array_equal(value, held[name])


def test_weights_of_an_int8_model_are_half_a_step_off(models):
    exact, found = weights(models[0]), weights(models[1])
    assert set(found) == set(exact)
    for name, value in exact.items():
        assert found[name].dtype == np.float32
        step = np.abs(value).max((1, 2, 3), keepdims=True) / 127 if value.ndim == 4 else 1e-3
        assert (np.abs(found[name] - value) <= 0.51 * step + 1e-7).all()


def test_a_bias_that_several_convolutions_share(models, tmp_path):
    """The exporter keeps one of several equal constants and leads the others to it by Identity."""
    model = onnx.load(models[0])
    graph = model.graph
    (bias,) = [tensor for tensor in graph.initializer if tensor.name == "body.bias"]
    bias.name = "kept"
    graph.node.insert(0, onnx.helper.make_node("Identity", ["kept"], ["body.bias"], name="identity"))
    onnx.save(model, tmp_path / "shared.onnx")
    expected, found = weights(models[0]), weights(tmp_path / "shared.onnx")
    assert list(found) == list(expected)
    assert np.array_equal(found["body.bias"], expected["body.bias"])


def test_the_twin_computes_with_the_same_weights(models, tmp_path):
    info = dequantize(models[1], tmp_path / "twin.onnx")
    assert info.precision == "float32"
    assert Model(tmp_path / "twin.onnx").info == info
    shapes = [values.shape for name, values in weights(tmp_path / "twin.onnx").items() if name == "stem.weight"]
    assert shapes == [(8, 3, 3, 3)]  # a pixel at a time: four at a time only pay in integers
    assert "DequantizeLinear" not in {node.op_type for node in onnx.load(tmp_path / "twin.onnx").graph.node}
    expected, found = weights(models[1]), weights(tmp_path / "twin.onnx")
    values = [{key.split(".")[0]: v for key, v in part.items() if v.ndim == 4} for part in (expected, found)]
    for name, value in values[0].items():
        assert np.array_equal(values[1][name], value)
    image = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8)
    _, int8, _ = Model(models[1]).run(image, 0.0)
    _, twin, _ = Model(tmp_path / "twin.onnx").run(image, 0.0)
    assert np.abs(int8 - twin).mean() < 0.02


def test_only_int8_has_a_twin(models, tmp_path):
    with pytest.raises(ValueError, match="float32, not int8"):
        dequantize(models[0], tmp_path / "twin.onnx")
