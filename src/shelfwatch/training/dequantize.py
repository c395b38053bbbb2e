"""A float32 twin of an INT8 model: the same graph without its quantisation, for comparing speed on one machine."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import onnx
from onnx import numpy_helper

from shelfwatch.inference.model import Model, ModelInfo
from shelfwatch.training.onnx_file import save


def dequantize(source: Path, out: Path) -> ModelInfo:
    """Write the float32 twin of the INT8 model `source` to `out` and return its metadata.

    Weights become what their integers stand for, activations lose their rounding: the arithmetic of the float32
    model, with weights rounded to 8 bits. It measures time; for accuracy, compare with the exported checkpoint.
    Raises `ValueError` where `source` is not INT8.
    """
    info = Model(source).info
    if info.precision != "int8":
        raise ValueError(f"{source}: {info.precision}, not int8")
    model = onnx.load(source)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    producers = {name: node for node in graph.node for name in node.output}
    renamed: dict[str, str] = {}
    removed = set()
    for node in list(graph.node):
        if node.op_type != "DequantizeLinear":
            continue
        value, scale_name, zero_name = node.input
        scale, zero = constants[scale_name], constants[zero_name]
        if value in constants:
            integers = constants[value].astype("float32") - zero.astype("float32").reshape(
                per_channel(zero.size, constants[value].ndim)
            )
            weights = integers * scale.reshape(per_channel(scale.size, constants[value].ndim))
            graph.initializer.append(numpy_helper.from_array(weights.astype("float32"), node.output[0]))
            removed.add(node.name)
        elif value in producers and producers[value].op_type == "QuantizeLinear":
            renamed[node.output[0]] = producers[value].input[0]
            removed |= {node.name, producers[value].name}
        else:  # the photo's bytes: no quantiser before them, so the scaling stays, as arithmetic
            cast = onnx.helper.make_node("Cast", [value], [f"{value}_float"], f"{node.name}_cast", to=1)
            scaled = onnx.helper.make_node(
                "Mul", [f"{value}_float", scale_name], [node.output[0]], f"{node.name}_scaled"
            )
            position = list(graph.node).index(node)
            graph.node.insert(position, scaled)
            graph.node.insert(position, cast)
            removed.add(node.name)
    for node in [node for node in graph.node if node.name in removed]:
        graph.node.remove(node)
    for node in graph.node:
        for i, name in enumerate(node.input):
            while name in renamed:
                name = renamed[name]
            node.input[i] = name
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
    info = dataclasses.replace(info, precision="float32")
    save(model, info, out)
    return info


def per_channel(size: int, dimensions: int) -> list[int]:
    """The shape that lines a scale of `size` values up with a weight's first axis."""
    return [size] + [1] * (dimensions - 1) if size > 1 else [1] * dimensions
