"""A small real convolutional detector, written node by node in the shape that `shelfwatch export` gives."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shelfwatch.inference.model import ModelInfo
from shelfwatch.training.onnx_file import save

STRIDE = 4  # pixels between the network's anchors
CONVOLUTIONS = ("stem", "body", "classes", "sides")


def network_info(classes=("product",), precision="float32"):
    return ModelInfo(
        name="small",
        version="0.1.0",
        precision=precision,
        classes=tuple(classes),
        input_size=128,
        stride=32,
        operating_threshold=0.3,
        iou_threshold=0.6,
    )


def network_graph(classes=1, seed=0):
    """Bytes, scaling, two convolutions with SiLU, one 1 × 1 convolution for logits and one for sides, decode."""
    rng = np.random.default_rng(seed)

    def convolution(name, source, channels, count, kernel, step):
        weight = rng.normal(0, 1.5 / np.sqrt(channels * kernel**2), (count, channels, kernel, kernel))
        initialisers.append(numpy_helper.from_array(weight.astype(np.float32), f"{name}.weight"))
        bias = rng.normal(0, 0.3, count).astype(np.float32)
        initialisers.append(numpy_helper.from_array(bias, f"{name}.bias"))
        pad = kernel // 2
        add("Conv", [source, f"{name}.weight", f"{name}.bias"], name, pads=[pad] * 4, strides=[step] * 2)
        return name

    def silu(source):
        add("Sigmoid", [source], f"{source}.gate")
        return add("Mul", [source, f"{source}.gate"], f"{source}.silu")

    def add(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=f"node.{output}", **attributes))
        return output

    def constant(name, value, dtype):
        initialisers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    nodes, initialisers = [], []
    add("Transpose", ["image"], "planes", perm=[0, 3, 1, 2])
    add("Cast", ["planes"], "floats", to=TensorProto.FLOAT)
    add("Mul", ["floats", constant("share", 1 / 255, np.float32)], "shares")
    stem = silu(convolution("stem", "shares", 3, 8, 3, 2))
    body = silu(convolution("body", stem, 8, 16, 3, 2))
    convolution("classes", body, 16, classes, 1, 1)
    convolution("sides", body, 16, 4, 1, 1)
    first = constant("first", 0, np.int64)
    one, two = constant("one", 1.0, np.float32), constant("axis_one", 1, np.int64)
    half, stride = constant("half", 0.5, np.float32), constant("stride", STRIDE, np.float32)
    rows = constant("rows", [0, -1], np.int64)
    add("Gather", ["classes", first], "class_planes", axis=0)
    add("Reshape", ["class_planes", rows], "logits")
    add("ReduceMax", ["logits"], "best", axes=[0], keepdims=0)
    add("ArgMax", ["logits"], "best_id", axis=0, keepdims=0)
    add("Sigmoid", ["best"], "all_scores")
    add("GreaterOrEqual", ["all_scores", "confidence"], "passes")
    add("NonZero", ["passes"], "places")
    add("Squeeze", ["places", constant("axes", [0], np.int64)], "chosen")
    # Distances are positive; centres come from the map's own shape.
    add("Gather", ["sides", first], "side_planes", axis=0)
    add("Softplus", ["side_planes"], "positive")
    add("Reshape", ["positive", rows], "distances")
    add("Gather", ["side_planes", first], "any_plane", axis=0)
    add("Sub", ["any_plane", "any_plane"], "zero_plane")
    add("Add", ["zero_plane", one], "line")
    flat = constant("flat", [1, -1], np.int64)
    for name, axis in (("x", two), ("y", first)):
        add("CumSum", ["line", axis], f"{name}.count")
        add("Sub", [f"{name}.count", half], f"{name}.middle")
        add("Reshape", [f"{name}.middle", flat], f"{name}.flat")
    add("Concat", ["x.flat", "y.flat"], "centres", axis=0)
    add("Slice", ["distances", constant("s0", [0], np.int64), constant("s2", [2], np.int64)], "before")
    add("Slice", ["distances", "s2", constant("s4", [4], np.int64)], "after")
    add("Sub", ["centres", "before"], "low")
    add("Add", ["centres", "after"], "high")
    add("Concat", ["low", "high"], "cells", axis=0)
    add("Mul", ["cells", stride], "pixels")
    add("Transpose", ["pixels"], "all_boxes", perm=[1, 0])
    add("Gather", ["all_boxes", "chosen"], "boxes", axis=0)
    add("Gather", ["all_scores", "chosen"], "scores", axis=0)
    add("Gather", ["best_id", "chosen"], "class_id", axis=0)
    graph = helper.make_graph(
        nodes,
        "small",
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 3]),
            helper.make_tensor_value_info("confidence", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["candidates", 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["candidates"]),
            helper.make_tensor_value_info("class_id", TensorProto.INT64, ["candidates"]),
        ],
        initialisers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def write_network(path, classes=("product",), precision="float32"):
    """Save the detector with random weights and return its path."""
    save(network_graph(len(classes)), network_info(classes, precision), path)
    return path


def producers(graph: onnx.ModelProto) -> dict:
    """The node behind each value of a graph."""
    return {output: node for node in graph.graph.node for output in node.output}
