import dataclasses

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shelfwatch.inference.cpus import available_cpus
from shelfwatch.inference.model import Model, ModelError, ModelInfo

BOXES = [[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]]
SCORES = [0.9, 0.5, 0.2]


def picture(height=32, width=64):
    return np.zeros((1, height, width, 3), np.uint8)


class TestInfo:
    def test_metadata_there_and_back(self, info):
        before = info(classes=("Getränk", 'a "quoted" name', "snack"), operating_threshold=0.37, precision="int8")
        properties = before.to_metadata()
        assert all(isinstance(value, str) for value in properties.values())
        assert set(properties) == {f"shelfwatch.{field.name}" for field in dataclasses.fields(ModelInfo)}
        after = ModelInfo.from_metadata({**properties, "author": "somebody"})
        assert after == before
        assert isinstance(after.classes, tuple)

    @pytest.mark.parametrize(
        "change",
        [
            {"classes": ()},
            {"input_size": 16},
            {"stride": 0},
            {"operating_threshold": 0},
            {"operating_threshold": 1},
            {"iou_threshold": 0},
            {"iou_threshold": 1.01},
        ],
    )
    def test_impossible_values_are_refused(self, info, change):
        with pytest.raises(ValueError, match=r"model needs classes|thresholds lie between"):
            info(**change)


class TestLoading:
    def test_metadata_of_the_file(self, fixed_model, info):
        path = fixed_model(BOXES, SCORES, classes=("bottle", "can"), input_size=832)
        model = Model(path)
        assert model.info == info(classes=("bottle", "can"), input_size=832)
        assert model.path == path

    def test_missing_file(self, tmp_path):
        with pytest.raises(ModelError, match=r"absent\.onnx: not a readable ONNX model"):
            Model(tmp_path / "absent.onnx")

    @pytest.mark.parametrize("content", [b"", b"not a model", bytes(range(256)) * 9])
    def test_garbage(self, tmp_path, content):
        path = tmp_path / "garbage.onnx"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"garbage\.onnx: "):
            Model(path)

    def test_folder(self, tmp_path):
        with pytest.raises(ModelError, match="not a readable ONNX model"):
            Model(tmp_path)

    def test_cut_short(self, fixed_model):
        path = fixed_model(BOXES, SCORES)
        path.write_bytes(path.read_bytes()[:-300])
        with pytest.raises(ModelError, match=r"fixed\.onnx: "):
            Model(path)

    def test_another_graph(self, graph_file):
        ends = {
            "inputs": [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
            "outputs": [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 3, 64, 64])],
        }
        path = graph_file([helper.make_node("Identity", ["images"], ["output0"])], **ends)
        with pytest.raises(ModelError, match=r"graph\.onnx: its inputs \['images'\] and outputs \['output0'\]"):
            Model(path)

    def test_outputs_in_another_order(self, fixed_model):
        path = fixed_model(BOXES, SCORES)
        graph = onnx.load(path)
        outputs = list(graph.graph.output)
        del graph.graph.output[:]
        graph.graph.output.extend(reversed(outputs))
        onnx.save(graph, path)
        with pytest.raises(ModelError, match="not those of `shelfwatch export`"):
            Model(path)

    def test_no_metadata(self, fixed_model):
        with pytest.raises(ModelError, match=r"fixed\.onnx: metadata missing or malformed .*shelfwatch\.name"):
            Model(fixed_model(BOXES, SCORES, properties={}))

    @pytest.mark.parametrize(
        "field", [field.name for field in dataclasses.fields(ModelInfo) if field.default is dataclasses.MISSING]
    )
    def test_each_field_is_needed(self, fixed_model, info, field):
        properties = info().to_metadata()
        del properties[f"shelfwatch.{field}"]
        with pytest.raises(ModelError, match=f"metadata missing or malformed .*{field}"):
            Model(fixed_model(BOXES, SCORES, properties=properties))

    def test_the_size_of_products_may_be_unknown(self, fixed_model, info):
        properties = info(product_size=50.0).to_metadata()
        assert Model(fixed_model(BOXES, SCORES, properties=properties)).info.product_size == 50.0
        del properties["shelfwatch.product_size"]
        assert Model(fixed_model(BOXES, SCORES, properties=properties)).info.product_size == 0.0

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("product_size", "-1"),
            ("product_size", "Infinity"),
            ("operating_threshold", "2"),
            ("classes", "[]"),
            ("classes", "7"),
            ("input_size", "not json"),
            ("stride", '"32"'),
        ],
    )
    def test_malformed_fields(self, fixed_model, info, field, value):
        properties = {**info().to_metadata(), f"shelfwatch.{field}": value}
        with pytest.raises(ModelError, match="metadata missing or malformed"):
            Model(fixed_model(BOXES, SCORES, properties=properties))

    @pytest.mark.parametrize("threads", [1, 2])
    def test_threads(self, fixed_model, threads):
        model = Model(fixed_model(BOXES, SCORES), threads=threads)
        assert model.threads == threads
        options = model.session.get_session_options()
        assert options.intra_op_num_threads == threads
        assert options.inter_op_num_threads == 1

    def test_threads_by_default_every_available_cpu(self, fixed_model):
        assert Model(fixed_model(BOXES, SCORES)).threads == available_cpus()


class TestRun:
    @pytest.mark.parametrize(("confidence", "count"), [(0.01, 3), (0.2, 3), (0.21, 2), (0.5, 2), (0.7, 1), (0.95, 0)])
    def test_candidates_from_the_confidence_up(self, fixed_model, confidence, count):
        boxes, scores, class_id = Model(fixed_model(BOXES, SCORES, [0, 1, 0], classes=("a", "b"))).run(
            picture(), confidence
        )
        assert boxes.tolist() == BOXES[:count]
        assert scores.tolist() == np.array(SCORES[:count], np.float32).tolist()
        assert class_id.tolist() == [0, 1, 0][:count]
        assert (boxes.shape, boxes.dtype) == ((count, 4), np.float32)
        assert scores.dtype == np.float32
        assert class_id.dtype == np.int32

    def test_any_size(self, graph_file):
        # A graph that answers with the size it was given proves that each run meets its own picture.
        nodes = [
            helper.make_node("Shape", ["image"], ["size"], start=1, end=3),
            helper.make_node("Concat", ["zero", "zero", "size"], ["corners"], axis=0),
            helper.make_node("Cast", ["corners"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["numbers", "one_row"], ["boxes"]),
            helper.make_node("Reshape", ["confidence", "one"], ["scores"]),
            helper.make_node("Identity", ["zero"], ["class_id"]),
        ]
        initialisers = [
            numpy_helper.from_array(np.array([0], np.int64), "zero"),
            numpy_helper.from_array(np.array([1], np.int64), "one"),
            numpy_helper.from_array(np.array([1, 4], np.int64), "one_row"),
        ]
        model = Model(graph_file(nodes, initialisers))
        for height, width in ((32, 32), (640, 96), (96, 640)):
            boxes, scores, _ = model.run(picture(height, width), 0.25)
            assert boxes.tolist() == [[0, 0, height, width]]
            assert scores.tolist() == [0.25]
