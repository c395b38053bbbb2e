"""Tiny real ONNX detectors, and the packaged one."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shelfwatch.inference.detector import Detector
from shelfwatch.inference.model import Model, ModelInfo

IMAGE = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 3])
CONFIDENCE = helper.make_tensor_value_info("confidence", TensorProto.FLOAT, [])
OUTPUTS = [
    helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["candidates", 4]),
    helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["candidates"]),
    helper.make_tensor_value_info("class_id", TensorProto.INT64, ["candidates"]),
]


def constant(name, value, dtype):
    return numpy_helper.from_array(np.asarray(value, dtype), name)


def tiny_info(**changes):
    fields = {
        "name": "tiny",
        "version": "1.2.3",
        "precision": "float32",
        "classes": ("product",),
        "input_size": 640,
        "stride": 32,
        "operating_threshold": 0.4,
        "iou_threshold": 0.6,
    }
    return ModelInfo(**{**fields, **changes})


def save_graph(path, nodes, initialisers, properties, inputs=(IMAGE, CONFIDENCE), outputs=OUTPUTS):
    graph = helper.make_graph(nodes, "tiny", list(inputs), list(outputs), initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, properties)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


@pytest.fixture
def info():
    """Make a `ModelInfo`, with changes to plain values by keyword."""
    return tiny_info


@pytest.fixture
def graph_file(tmp_path):
    """Save any graph; the defaults are the graph contract of `Model`."""

    def make(nodes, initialisers=(), properties=None, **ends):
        properties = tiny_info().to_metadata() if properties is None else properties
        return save_graph(tmp_path / "graph.onnx", nodes, initialisers, properties, **ends)

    return make


@pytest.fixture
def fixed_model(tmp_path):
    """A model file that always sees the given candidates, filtered by confidence inside the graph."""

    def make(boxes, scores, class_id=None, properties=None, **changes):
        scores = np.asarray(scores, np.float32)
        initialisers = [
            constant("all_boxes", np.reshape(boxes, (-1, 4)), np.float32),
            constant("all_scores", scores, np.float32),
            constant("all_ids", np.zeros(len(scores)) if class_id is None else class_id, np.int64),
            constant("axis", [0], np.int64),
        ]
        nodes = [
            helper.make_node("GreaterOrEqual", ["all_scores", "confidence"], ["passes"]),
            helper.make_node("NonZero", ["passes"], ["places"]),
            helper.make_node("Squeeze", ["places", "axis"], ["chosen"]),
            helper.make_node("Gather", ["all_boxes", "chosen"], ["boxes"]),
            helper.make_node("Gather", ["all_scores", "chosen"], ["scores"]),
            helper.make_node("Gather", ["all_ids", "chosen"], ["class_id"]),
        ]
        properties = tiny_info(**changes).to_metadata() if properties is None else properties
        return save_graph(tmp_path / "fixed.onnx", nodes, initialisers, properties)

    return make


@pytest.fixture
def red_patch_detector(tmp_path):
    """A detector that really looks: its one box bounds the pixels that are red and not green."""
    initialisers = [
        constant("red_at", 0, np.int64),
        constant("green_at", 1, np.int64),
        constant("bright", 200, np.float32),
        constant("dark", 60, np.float32),
        constant("corner", [2, 1], np.int64),  # x, y among the coordinates (0, y, x)
        constant("one", [1.0], np.float32),
        constant("score", [0.9], np.float32),
        constant("zeroth", [0], np.int64),
    ]
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["pixels", "red_at"], ["red"], axis=3),
        helper.make_node("Gather", ["pixels", "green_at"], ["green"], axis=3),
        helper.make_node("Greater", ["red", "bright"], ["is_red"]),
        helper.make_node("Less", ["green", "dark"], ["not_green"]),
        helper.make_node("And", ["is_red", "not_green"], ["patch"]),
        helper.make_node("NonZero", ["patch"], ["where"]),
        helper.make_node("Gather", ["where", "corner"], ["xy"], axis=0),
        helper.make_node("Cast", ["xy"], ["points"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMin", ["points"], ["low"], axes=[1], keepdims=0),
        helper.make_node("ReduceMax", ["points"], ["last"], axes=[1], keepdims=0),
        helper.make_node("Add", ["last", "one"], ["high"]),
        helper.make_node("Concat", ["low", "high"], ["box"], axis=0),
        helper.make_node("Unsqueeze", ["box", "zeroth"], ["boxes"]),
        helper.make_node("Identity", ["score"], ["scores"]),
        helper.make_node("Identity", ["zeroth"], ["class_id"]),
    ]
    return Detector(Model(save_graph(tmp_path / "red.onnx", nodes, initialisers, tiny_info().to_metadata())))
