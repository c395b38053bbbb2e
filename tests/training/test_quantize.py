import dataclasses
import logging

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from PIL import Image

from shelfwatch.inference.detector import Detector
from shelfwatch.inference.image import decode
from shelfwatch.inference.model import Model, ModelError
from shelfwatch.training.quantize import bytes_to_first_convolution, float_nodes, quantize

CLASSES = ("bottle", "can")


@pytest.fixture(autouse=True)
def log_level():
    """The quantiser sets the level of the root logger; other tests keep theirs."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture(scope="module")
def source(networks, tmp_path_factory):
    """The float32 detector."""
    return networks["write_network"](tmp_path_factory.mktemp("network") / "float32.onnx", CLASSES)


@pytest.fixture(scope="module")
def quantised(source, small_photos, tmp_path_factory):
    """Its INT8 form."""
    out = tmp_path_factory.mktemp("quantised") / "deeper" / "int8.onnx"
    quantize(source, out, small_photos)
    return out


def reading(node, values):
    """The nodes behind each input of a node, None for a graph input or an initialiser."""
    return [values.get(name) for name in node.input]


def convolutions(path, networks):
    """Convolutions by name, the node behind each value, and the initialisers by name."""
    graph = onnx.load(path)
    values = networks["producers"](graph)
    found = {node.name.removeprefix("node."): node for node in graph.graph.node if node.op_type == "Conv"}
    assert set(found) == set(networks["CONVOLUTIONS"])
    return found, values, {tensor.name: tensor for tensor in graph.graph.initializer}


def test_float_nodes_are_the_scaling_and_the_head(source):
    graph = onnx.load(source)
    kept = set(float_nodes(graph))
    names = [node.name for node in graph.graph.node]
    integers = {f"node.{name}" for name in ("stem", "stem.gate", "stem.silu", "body", "body.gate", "body.silu")}
    assert kept == set(names) - integers


class TestStructure:
    def test_opens_with_its_metadata(self, source, quantised):
        before, after = Model(source).info, Model(quantised).info
        assert after == dataclasses.replace(before, precision="int8")

    def test_trunk_weights_are_signed_bytes_with_a_scale_a_channel(self, quantised, networks):
        nodes, values, tensors = convolutions(quantised, networks)
        for name in ("stem", "body"):
            _, weight, bias = reading(nodes[name], values)
            assert weight.op_type == bias.op_type == "DequantizeLinear"
            stored = tensors[weight.input[0]]
            assert stored.data_type == TensorProto.INT8
            assert tensors[bias.input[0]].data_type == TensorProto.INT32
            assert list(tensors[weight.input[1]].dims) == [stored.dims[0]]

    def test_trunk_activations_are_unsigned_bytes(self, quantised, networks):
        nodes, values, tensors = convolutions(quantised, networks)
        activation, _, _ = reading(nodes["body"], values)
        assert activation.op_type == "DequantizeLinear"
        assert tensors[activation.input[2]].data_type == TensorProto.UINT8
        # SiLU runs in integers as well: its output is quantised from quantised operands.
        behind = values[values[activation.input[0]].input[0]]
        assert behind.op_type == "Mul"
        assert {node.op_type for node in reading(behind, values)} == {"DequantizeLinear"}

    def test_last_convolutions_and_tail_stay_in_float(self, quantised, networks):
        nodes, values, tensors = convolutions(quantised, networks)
        for name in ("classes", "sides"):
            assert tensors[nodes[name].input[1]].data_type == TensorProto.FLOAT
        graph = onnx.load(quantised)
        queue = [values[output.name] for output in graph.graph.output]
        tail = {}
        while queue:
            node = queue.pop()
            if node.name not in tail and node.name not in {"node.classes", "node.sides"}:
                tail[node.name] = node.op_type
                queue += [values[name] for name in node.input if name in values]
        assert {"Sigmoid", "Softplus", "GreaterOrEqual"} <= set(tail.values())
        assert not {"QuantizeLinear", "DequantizeLinear"} & set(tail.values())

    def test_first_convolution_takes_the_bytes(self, quantised, networks):
        nodes, values, tensors = convolutions(quantised, networks)
        graph = onnx.load(quantised)
        assert "Cast" not in {node.op_type for node in graph.graph.node if "image" in node.input}
        scaled = values[nodes["stem"].input[0]]
        assert scaled.op_type == "DequantizeLinear"
        assert onnx.numpy_helper.to_array(tensors[scaled.input[1]]) == np.float32(1 / 255)
        zero = onnx.numpy_helper.to_array(tensors[scaled.input[2]])
        assert (zero, zero.dtype) == (0, np.uint8)
        turn = values[scaled.input[0]]
        assert turn.op_type == "Transpose"
        groups = values[turn.input[0]]
        assert groups.op_type == "Reshape"
        assert groups.input[0] == "image"

    def test_is_smaller(self, quantised, networks):
        _, _, tensors = convolutions(quantised, networks)
        floats = [t for t in tensors.values() if t.data_type == TensorProto.FLOAT and len(t.dims) == 4]
        assert {tuple(t.dims) for t in floats} == {(2, 16, 1, 1), (4, 16, 1, 1)}


class TestAnswers:
    @pytest.mark.parametrize("size", [(96, 128), (128, 128), (32, 64)], ids=str)
    def test_close_to_float32(self, source, quantised, small_photos, size):
        photo = decode(small_photos[0].read_bytes())
        image = np.resize(photo.pixels, (1, *size, 3))
        image[0, : photo.height, : photo.width] = photo.pixels[: size[0], : size[1]]
        # At confidence 0 every anchor answers, in the same order.
        boxes, scores, class_id = Model(source, threads=1).run(image, 0.0)
        boxes8, scores8, class_id8 = Model(quantised, threads=1).run(image, 0.0)
        assert len(scores) == len(scores8) == size[0] * size[1] // 16
        assert np.ptp(scores) > 0.3  # otherwise closeness says nothing
        assert np.abs(scores - scores8).mean() < 0.01
        assert np.abs(scores - scores8).max() < 0.08
        assert np.abs(boxes - boxes8).mean() < 0.1
        assert np.abs(boxes - boxes8).max() < 1.0
        assert (class_id == class_id8).mean() > 0.97
        assert set(class_id.tolist()) == {0, 1}

    def test_finds_what_float32_finds(self, source, quantised, small_photos):
        for path in small_photos:
            counts = []
            for model in (source, quantised):
                detector = Detector(Model(model, threads=1))
                counts.append(len(detector.detect(detector.decode(path.read_bytes())).detections))
            assert counts[0] > 0
            assert abs(counts[0] - counts[1]) <= max(2, 0.1 * counts[0])

    def test_photos_of_unequal_shape_calibrate_together(self, source, small_photos, tmp_path):
        turned = tmp_path / "turned.png"
        with Image.open(small_photos[0]) as photo:
            photo.rotate(90, expand=True).save(turned)
        info = quantize(source, tmp_path / "model.onnx", [*small_photos[:2], turned])
        model = Model(tmp_path / "model.onnx", threads=1)
        assert model.info == info
        assert info == dataclasses.replace(Model(source, threads=1).info, precision="int8")
        image = np.full((1, 64, 64, 3), 90, np.uint8)
        expected = Model(source, threads=1).run(image, 0.0)[1]
        assert np.abs(model.run(image, 0.0)[1] - expected).mean() < 0.1


class TestRefusals:
    def test_quantised_already(self, quantised, small_photos, tmp_path):
        with pytest.raises(ValueError, match=r"int8\.onnx: already int8"):
            quantize(quantised, tmp_path / "again.onnx", small_photos)
        assert not (tmp_path / "again.onnx").exists()

    def test_no_photos(self, source, tmp_path):
        with pytest.raises(ValueError, match="at least one photo"):
            quantize(source, tmp_path / "out.onnx", [])
        assert not (tmp_path / "out.onnx").exists()

    def test_not_a_detector(self, small_photos, tmp_path):
        with pytest.raises(ModelError, match="not a readable ONNX model"):
            quantize(tmp_path / "absent.onnx", tmp_path / "out.onnx", small_photos)

    def test_a_graph_that_starts_otherwise(self, networks):
        graph = networks["network_graph"]()
        (turn,) = [node for node in graph.graph.node if node.name == "node.planes"]
        turn.op_type = "Identity"
        del turn.attribute[:]
        with pytest.raises(ValueError, match="does not start with one Transpose"):
            bytes_to_first_convolution(graph)
