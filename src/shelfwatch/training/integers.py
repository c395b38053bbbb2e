"""What ONNX Runtime does slowly in an integer graph, put in a way that it does fast; the answers stay the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

GROUP = 4  # pixels side by side that the first convolution takes as one
COLOURS = 3
TO_ROWS, TO_PLANES = [0, 2, 3, 1], [0, 3, 1, 2]  # (1, C, H, W) to (1, H, W, C) and back


class Links:
    """Who makes and who reads each value of a graph, and its constants."""

    def __init__(self, graph: Any) -> None:
        self.makers = {name: node for node in graph.node for name in node.output}
        self.readers: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.constants = {tensor.name: tensor for tensor in graph.initializer}

    def constant(self, name: str) -> NDArray[Any]:
        """An initialiser's values."""
        return numpy_helper.to_array(self.constants[name])

    def replace(self, name: str, value: NDArray[Any]) -> None:
        """Give an initialiser other values."""
        self.constants[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), name))

    def only_reader(self, name: str) -> Any:
        """The node that alone reads a value, else None."""
        readers = self.readers.get(name, [])
        return readers[0] if len(readers) == 1 else None


def insert_before(graph: Any, node: Any, new: Iterable[Any]) -> None:
    """Put `new` nodes in front of `node`."""
    position = list(graph.node).index(node)
    for i, one in enumerate(new):
        graph.node.insert(position + i, one)


def first_convolution(links: Links) -> Any:
    """The convolution that takes the photo's pixels."""
    value = "image"
    while (node := links.only_reader(value)) is not None:
        if node.op_type == "Conv":
            return node
        value = node.output[0]
    raise ValueError("the graph does not start with one convolution")


def grouped(weight: NDArray[Any]) -> NDArray[Any]:
    """The first convolution's weight (O, 3, 3, 3) for groups of four pixels: (2 · O, 12, 3, 2), the same dtype.

    Two results lie in a group's reach: the first sees the last pixel of the group before and this group's first two,
    the second this group's last three.
    """
    count = weight.shape[0]
    new = np.zeros((2, count, GROUP, COLOURS, 3, 2), weight.dtype)
    for result, column, pixel, group in _places():
        new[result, :, pixel, :, :, group] = weight[:, :, :, column]
    return new.reshape(2 * count, GROUP * COLOURS, 3, 2)


def ungrouped(weight: NDArray[Any]) -> NDArray[Any]:
    """What `grouped` was made of."""
    count = weight.shape[0] // 2
    parts = weight.reshape(2, count, GROUP, COLOURS, 3, 2)
    old = np.zeros((count, COLOURS, 3, 3), weight.dtype)
    for result, column, pixel, group in _places():
        if result == 0:
            old[:, :, :, column] = parts[result, :, pixel, :, :, group]
    return old


def is_grouped(weight: NDArray[Any]) -> bool:
    """Whether `grouped` made this weight."""
    return weight.shape[1:] == (GROUP * COLOURS, 3, 2)


def _places() -> Iterable[tuple[int, int, int, int]]:
    """Where each column of the kernel goes: (result, column, pixel in its group, 0 the group before or 1 this one)."""
    for result in range(2):
        for column in range(3):
            place = 2 * result + column - 1 + GROUP
            yield result, column, place % GROUP, place // GROUP


def group_pixels(model: Any) -> None:
    """Let the first convolution take four pixels side by side as one of twelve channels, where it is YOLOv8's.

    Three channels do not fill the four that ONNX Runtime's fast integer convolution asks for; it would copy each
    pixel's surroundings out and widen every sum to 32 bits in memory. A photo's bytes lie in memory as if they were in
    groups already, so this only names them anew. Widths are multiples of four, as those of the stride are.
    """
    graph = model.graph
    links = Links(graph)
    conv = first_convolution(links)
    scaled = links.makers[conv.input[0]]
    weight, bias = (links.makers[name] for name in conv.input[1:])
    values = links.constant(weight.input[0])
    given = {item.name: helper.get_attribute_value(item) for item in conv.attribute}
    if values.shape[1:] != (COLOURS, 3, 3) or given["strides"] != [2, 2] or given["pads"] != [1, 1, 1, 1]:
        return
    turn = links.makers[scaled.input[0]]
    quantised = links.only_reader(conv.output[0])
    links.replace(weight.input[0], grouped(values))
    for name in {*weight.input[1:], *bias.input}:
        links.replace(name, np.tile(links.constant(name), 2))
    _set(conv, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 1, 1, 0])
    graph.initializer.append(numpy_helper.from_array(np.array([0, 0, -1, GROUP * COLOURS]), "pixel_groups"))
    graph.initializer.append(numpy_helper.from_array(np.array([0, 0, -1, values.shape[0]]), "pixel_pairs"))
    insert_before(
        graph, turn, [helper.make_node("Reshape", ["image", "pixel_groups"], ["image_groups"], "image_groups")]
    )
    turn.input[0] = "image_groups"
    out = quantised.output[0]
    quantised.output[0] = f"{out}_pairs"
    chain = [
        helper.make_node("Transpose", [f"{out}_pairs"], [f"{out}_rows"], f"{out}_rows", perm=TO_ROWS),
        helper.make_node("Reshape", [f"{out}_rows", "pixel_pairs"], [f"{out}_single"], f"{out}_single"),
        helper.make_node("Transpose", [f"{out}_single"], [out], f"{out}_planes", perm=TO_PLANES),
    ]
    insert_before(graph, links.readers[out][0], chain)


def ungroup_pixels(model: Any) -> None:
    """Undo `group_pixels`; a model without groups stays as it is."""
    graph = model.graph
    links = Links(graph)
    conv = first_convolution(links)
    weight, bias = (links.makers[name] for name in conv.input[1:])
    if not is_grouped(links.constant(weight.input[0])):
        return
    links.replace(weight.input[0], ungrouped(links.constant(weight.input[0])))
    for name in {*weight.input[1:], *bias.input}:
        links.replace(name, np.split(links.constant(name), 2)[0])
    _set(conv, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    groups = links.only_reader("image")
    links.only_reader(groups.output[0]).input[0] = "image"
    chain, value = [groups], links.only_reader(conv.output[0]).output[0]
    for _ in range(3):
        chain.append(links.only_reader(value))
        value = chain[-1].output[0]
    links.only_reader(conv.output[0]).output[0] = value
    for node in chain:
        graph.node.remove(node)
    drop_unused(graph)


def repeat_pixels(model: Any) -> None:
    """Let integers be doubled in size by repeating them, where a Resize between quantisers says so.

    ONNX Runtime's Resize looks each value up; repeating copies all channels of a pixel at once.
    """
    graph = model.graph
    links = Links(graph)
    doubled = False
    for resize in [node for node in graph.node if node.op_type == "Resize"]:
        before, after = links.makers.get(resize.input[0]), links.only_reader(resize.output[0])
        if before is None or after is None or (before.op_type, after.op_type) != ("DequantizeLinear", "QuantizeLinear"):
            continue
        given = {item.name: helper.get_attribute_value(item) for item in resize.attribute}
        scales = links.constants.get(resize.input[2]) if len(resize.input) > 2 else None
        nearest = given.get("mode") == b"nearest" and given.get("nearest_mode") == b"floor"
        if not nearest or scales is None or numpy_helper.to_array(scales).tolist() != [1, 1, 2, 2]:
            continue
        if any(links.constant(a) != links.constant(b) for a, b in zip(before.input[1:], after.input[1:], strict=True)):
            continue
        small, name, out = before.input[0], resize.name, after.output[0]
        steps = [
            helper.make_node("Shape", [small], [f"{name}_all"], f"{name}_all"),
            helper.make_node("Mul", [f"{name}_all", "twice"], [f"{name}_planes"], f"{name}_twice"),
            helper.make_node("Gather", [f"{name}_planes", "rows_order"], [f"{name}_size"], f"{name}_size"),
            helper.make_node("Transpose", [small], [f"{name}_rows"], f"{name}_rows", perm=TO_ROWS),
            helper.make_node("Unsqueeze", [f"{name}_rows", "between"], [f"{name}_open"], f"{name}_open"),
            helper.make_node("Expand", [f"{name}_open", "doubled"], [f"{name}_doubled"], f"{name}_doubled"),
            helper.make_node("Reshape", [f"{name}_doubled", f"{name}_size"], [f"{name}_large"], f"{name}_large"),
            helper.make_node("Transpose", [f"{name}_large"], [out], f"{name}_back", perm=TO_PLANES),
        ]
        insert_before(graph, resize, steps)
        graph.node.remove(resize)
        graph.node.remove(after)
        if links.only_reader(before.output[0]) is resize:
            graph.node.remove(before)
        doubled = True
    if doubled:
        constants = {"twice": [1, 1, 2, 2], "rows_order": TO_ROWS, "between": [2, 4], "doubled": [1, 1, 2, 1, 2, 1]}
        graph.initializer.extend(numpy_helper.from_array(np.array(v), name) for name, v in constants.items())
        drop_unused(graph)


def _set(node: Any, **attributes: list[int]) -> None:
    """Give a node's attributes other values."""
    kept = [item for item in node.attribute if item.name not in attributes]
    del node.attribute[:]
    node.attribute.extend([*kept, *(helper.make_attribute(name, value) for name, value in attributes.items())])


def drop_unused(graph: Any) -> None:
    """Drop initialisers that no node reads."""
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
