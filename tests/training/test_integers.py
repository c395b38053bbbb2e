import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from shelfwatch.inference.model import Model
from shelfwatch.training.integers import group_pixels, grouped, is_grouped, repeat_pixels, ungroup_pixels, ungrouped
from shelfwatch.training.onnx_file import save
from shelfwatch.training.quantize import quantize

QUARTER, SEVEN = np.array(0.25, np.float32), np.array(7, np.uint8)


@pytest.fixture(scope="module")
def quantised(networks, small_photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("integers")
    source = networks["write_network"](folder / "float32.onnx")
    quantize(source, folder / "int8.onnx", small_photos)
    return folder / "int8.onnx"


class TestGroupedWeight:
    @pytest.mark.parametrize("dtype", [np.int8, np.float32])
    def test_back_and_forth(self, dtype):
        weight = np.random.default_rng(0).integers(-128, 128, (5, 3, 3, 3)).astype(dtype)
        new = grouped(weight)
        assert new.shape == (10, 12, 3, 2)
        assert new.dtype == dtype
        assert is_grouped(new)
        assert not is_grouped(weight)
        assert np.array_equal(ungrouped(new), weight)

    def test_each_weight_stands_twice_and_nothing_else(self):
        weight = np.arange(1, 82, dtype=np.float32).reshape(3, 3, 3, 3)
        values, times = np.unique(grouped(weight), return_counts=True)
        assert values.tolist() == [0, *range(1, 82)]
        assert set(times[1:]) == {2}


class TestGroupPixels:
    def stem(self, model):
        (node,) = [node for node in model.graph.node if node.name == "node.stem"]
        return {item.name: helper.get_attribute_value(item) for item in node.attribute}

    @pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (96, 64), (160, 32)])
    def test_not_a_bit_of_the_answer_changes(self, quantised, tmp_path, height, width):
        model = onnx.load(quantised)
        assert self.stem(model)["kernel_shape"] == [3, 2]
        ungroup_pixels(model)
        assert self.stem(model)["kernel_shape"] == [3, 3]
        plain = tmp_path / "plain.onnx"
        save(model, Model(quantised).info, plain)
        image = np.random.default_rng(height).integers(0, 256, (1, height, width, 3), np.uint8)
        for found, expected in zip(Model(quantised).run(image, 0.0), Model(plain).run(image, 0.0), strict=True):
            assert len(found)
            assert np.array_equal(found, expected)

    def test_undone_is_as_before(self, quantised):
        model = onnx.load(quantised)
        ungroup_pixels(model)
        before = model.SerializeToString()
        ungroup_pixels(model)  # nothing left to undo
        assert model.SerializeToString() == before
        group_pixels(model)
        first = {node.name for node in onnx.load(quantised).graph.node}
        assert {node.name for node in model.graph.node} == first
        ungroup_pixels(model)
        assert {node.name for node in model.graph.node} < first

    def test_another_first_convolution_stays(self, quantised):
        model = onnx.load(quantised)
        ungroup_pixels(model)
        (stem,) = [node for node in model.graph.node if node.name == "node.stem"]
        for item in stem.attribute:
            if item.name == "strides":
                item.ints[:] = [1, 1]
        before = model.SerializeToString()
        group_pixels(model)
        assert model.SerializeToString() == before


class TestRepeatPixels:
    def model(self, scales=(1, 1, 2, 2), out_scale=QUARTER, **attributes):
        """Bytes (1, C, H, W), quantised, resized and quantised again."""
        attributes = {
            "mode": "nearest",
            "nearest_mode": "floor",
            "coordinate_transformation_mode": "asymmetric",
        } | attributes
        nodes = [
            helper.make_node("DequantizeLinear", ["x", "scale", "zero"], ["real"], "real"),
            helper.make_node("Resize", ["real", "", "scales"], ["large"], "large", **attributes),
            helper.make_node("QuantizeLinear", ["large", "out_scale", "zero"], ["y"], "y"),
        ]
        constants = {"scale": QUARTER, "out_scale": out_scale, "zero": SEVEN, "scales": np.array(scales, np.float32)}
        graph = helper.make_graph(
            nodes,
            "resize",
            [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 5, "h", "w"])],
            [helper.make_tensor_value_info("y", TensorProto.UINT8, [1, 5, "h2", "w2"])],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)

    def run(self, model, x):
        session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, {"x": x})[0]

    @pytest.mark.parametrize("size", [(1, 1), (3, 4), (8, 2)])
    def test_the_same_bytes(self, size):
        model = self.model()
        x = np.random.default_rng(1).integers(0, 256, (1, 5, *size), np.uint8)
        expected = self.run(model, x)
        repeat_pixels(model)
        onnx.checker.check_model(model)
        assert {"Resize", "QuantizeLinear", "DequantizeLinear"}.isdisjoint(node.op_type for node in model.graph.node)
        found = self.run(model, x)
        assert found.shape == (1, 5, 2 * size[0], 2 * size[1])
        assert np.array_equal(found, expected)
        assert np.array_equal(found, x.repeat(2, axis=2).repeat(2, axis=3))

    def test_a_value_that_others_read_stays(self):
        model = self.model()
        model.graph.node.append(helper.make_node("Neg", ["real"], ["other"], "other"))
        model.graph.output.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, [1, 5, "h", "w"]))
        repeat_pixels(model)
        assert "DequantizeLinear" in {node.op_type for node in model.graph.node}
        onnx.checker.check_model(model)

    @pytest.mark.parametrize(
        "change",
        [
            {"scales": (1, 1, 3, 3)},
            {"scales": (1, 1, 2, 1)},
            {"mode": "linear"},
            {"nearest_mode": "ceil"},
            {"out_scale": np.array(0.5, np.float32)},
        ],
    )
    def test_whatever_is_no_doubling_stays(self, change):
        model = self.model(**change)
        before = model.SerializeToString()
        repeat_pixels(model)
        assert model.SerializeToString() == before
