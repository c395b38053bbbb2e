"""Float32 out of INT8: a model's weights, and its twin without quantisation for comparing speed on one machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from shelfwatch.inference.model import Model, ModelInfo
from shelfwatch.training.integers import drop_unused, is_grouped, ungroup_pixels, ungrouped
from shelfwatch.training.onnx_file import save

SUFFIX = "_DequantizeLinear_Output"  # what the quantiser appends to the name of a weight it wraps


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
    ungroup_pixels(model)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    producers = {name: node for node in graph.node for name in node.output}
    renamed: dict[str, str] = {}
    removed = set()
    for node in list(graph.node):
        if node.op_type == "QuantizeLinear":
            renamed[node.output[0]] = node.input[0]
            removed.add(node.name)
        if node.op_type != "DequantizeLinear":
            continue
        value, scale = node.input[:2]
        if value in constants:
            graph.initializer.append(numpy_helper.from_array(dequantized(node, constants), node.output[0]))
            removed.add(node.name)
        elif not from_photo(value, producers):
            renamed[node.output[0]] = value
            removed.add(node.name)
        else:  # the photo's bytes: no quantiser before them, so the scaling stays, as arithmetic
            cast = onnx.helper.make_node("Cast", [value], [f"{value}_float"], f"{node.name}_cast", to=1)
            scaled = onnx.helper.make_node("Mul", [f"{value}_float", scale], [node.output[0]], f"{node.name}_scaled")
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
    drop_unused(graph)
    info = dataclasses.replace(info, precision="float32")
    save(model, info, out)
    return info


def from_photo(value: str, producers: Mapping[str, Any]) -> bool:
    """Whether a value is the photo's bytes, moved about perhaps, and not what a quantiser made."""
    while value in producers and producers[value].op_type != "QuantizeLinear":
        value = producers[value].input[0]
    return value not in producers


def weights(source: Path) -> dict[str, NDArray[np.float32]]:
    """Weights and biases of an exported model's convolutions, by their exported names.

    The weights of an INT8 model are what their integers stand for. A bias is named after its weight: the exporter
    keeps only one of several that are equal.
    """
    graph = onnx.load(source).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    producers = {name: node for node in graph.node for name in node.output}

    def constant(value: str) -> NDArray[np.float32]:
        if value in constants:
            return constants[value].astype(np.float32)
        node = producers[value]
        return constant(node.input[0]) if node.op_type == "Identity" else dequantized(node, constants)

    found: dict[str, NDArray[np.float32]] = {}
    for node in graph.node:
        if node.op_type == "Conv":
            name = node.input[1].removesuffix(SUFFIX).removesuffix(".weight")
            weight, *bias = (constant(value) for value in node.input[1:])
            if is_grouped(weight):  # one of its two results is enough
                weight, bias = ungrouped(weight), [values[: len(values) // 2] for values in bias]
            found |= {f"{name}.weight": weight} | {f"{name}.bias": values for values in bias}
    return found


def dequantized(node: Any, constants: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    """The constant that a DequantizeLinear `node` stands for."""
    value, scale, zero = (constants[name] for name in node.input)
    shape = per_channel(scale.size, value.ndim)
    result: NDArray[np.float32] = (value.astype(np.float32) - zero.astype(np.float32).reshape(shape)) * scale.reshape(
        shape
    ).astype(np.float32)
    return result


def per_channel(size: int, dimensions: int) -> list[int]:
    """The shape that lines a scale of `size` values up with a weight's first axis."""
    return [size] + [1] * (dimensions - 1) if size > 1 else [1] * dimensions
