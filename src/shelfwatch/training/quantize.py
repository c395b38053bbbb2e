"""Static INT8 quantisation of an exported detector, calibrated on real photos."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static, save_tensors_data
from onnxruntime.quantization.shape_inference import quant_pre_process

from shelfwatch.inference.model import Model, ModelInfo
from shelfwatch.training.calibrate import MEAN_EXTREMES, QUANTISED_OPS, Calibration, find_ranges, share_ranges
from shelfwatch.training.integers import Links, group_pixels, repeat_pixels
from shelfwatch.training.onnx_file import save


@contextlib.contextmanager
def only_errors() -> Iterator[None]:
    """Keep the quantiser quiet meanwhile: it warns of each tensor it leaves alone."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def float_nodes(graph: Any) -> list[str]:
    """Names of the nodes that stay in float: the pixels' scaling, and all from the head's last convolutions on.

    The last convolution of each branch gives logits and distance distributions whose softmax, sigmoid and
    comparison need more than 256 levels; they are 1 × 1 and cheap.
    """
    links = Links(graph.graph)
    producers, consumers = links.makers, links.readers
    # Walk back from the outputs up to the first convolution on every path, that convolution included.
    kept: dict[str, Any] = {}
    queue = [producers[output.name] for output in graph.graph.output]
    while queue:
        node = queue.pop()
        if node.name in kept:
            continue
        kept[node.name] = node
        if node.op_type != "Conv":
            queue += [producers[value] for value in node.input if value in producers]
    # And forward from the pixels to the first convolution, which itself takes integers.
    value = "image"
    while consumers[value][0].op_type != "Conv":
        node = consumers[value][0]
        kept[node.name] = node
        value = node.output[0]
    return list(kept)


def quantize(
    source: Path,
    out: Path,
    photos: Sequence[Path],
    *,
    calibration: Calibration = MEAN_EXTREMES,
    follow: Callable[[Sequence[Path]], Iterable[Path]] = iter,
) -> ModelInfo:
    """Quantise the float32 ONNX `source` to `out`, calibrating on `photos`, and return the new metadata.

    Activations are unsigned and weights signed 8-bit integers, weights with a scale a channel. `follow`
    may wrap the photos to show progress. Raises
    `shelfwatch.inference.model.ModelError` where `source` is not an exported detector and `ValueError` where there is
    no photo or it is quantised already.
    """
    info = Model(source).info
    if not photos:
        raise ValueError("calibration needs at least one photo")
    if info.precision != "float32":
        raise ValueError(f"{source}: already {info.precision}")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        prepared, quantised, ranges = (Path(folder) / name for name in ("prepared.onnx", "quantised.onnx", "ranges"))
        with only_errors():
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            graph = onnx.load(prepared)
            in_float = float_nodes(graph)
            found = find_ranges(prepared, info, follow(photos), calibration)
            share_ranges(graph, in_float, found)
            save_tensors_data(found, ranges)
            quantize_static(
                str(prepared),
                str(quantised),
                None,
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=QUANTISED_OPS,
                nodes_to_exclude=in_float,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=calibration.method,
                calibration_cache_path=ranges,
            )
        graph = onnx.load(quantised)
    bytes_to_first_convolution(graph)
    group_pixels(graph)
    repeat_pixels(graph)
    info = dataclasses.replace(info, precision="int8")
    save(graph, info, out)
    return info


def bytes_to_first_convolution(graph: Any) -> None:
    """Let the first convolution take the photo's bytes as they are.

    The exported graph casts to float, scales by 1/255 and quantises again. A pixel already is an 8-bit integer with
    scale 1/255 and zero point 0, so one DequantizeLinear on the input says the same and costs nothing.
    """
    nodes = graph.graph.node
    consumers = Links(graph.graph).readers
    chain, value = [], "image"
    while consumers[value][0].op_type != "Conv":
        (node,) = consumers[value]
        chain.append(node)
        value = node.output[0]
    first = consumers[value][0]
    transposes = [node for node in chain if node.op_type == "Transpose"]
    if len(transposes) != 1:
        raise ValueError("the graph does not start with one Transpose: not made by `shelfwatch export`")
    scale = onnx.numpy_helper.from_array(np.array(1 / 255, np.float32), "pixel_scale")
    zero = onnx.numpy_helper.from_array(np.array(0, np.uint8), "pixel_zero")
    graph.graph.initializer.extend([scale, zero])
    planes = onnx.helper.make_node("Transpose", ["image"], ["image_planes"], name="image_planes", perm=[0, 3, 1, 2])
    dequantise = onnx.helper.make_node(
        "DequantizeLinear",
        ["image_planes", "pixel_scale", "pixel_zero"],
        ["image_scaled"],
        name="image_scaled",
    )
    first.input[0] = "image_scaled"
    for node in chain:
        nodes.remove(node)
    nodes.insert(0, dequantise)
    nodes.insert(0, planes)
