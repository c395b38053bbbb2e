"""Static INT8 quantisation of an exported detector, calibrated through the service's own letterbox."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    load_tensors_data,
    quantize_static,
    save_tensors_data,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from shelfwatch.inference.image import decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model, ModelInfo
from shelfwatch.training.integers import Links, group_pixels, repeat_pixels
from shelfwatch.training.onnx_file import save

# What runs in integers. SiLU is Sigmoid and Mul: left in float, each would force a round trip through float and
# INT8 would be slower than float32.
QUANTISED_OPS = ["Conv", "Sigmoid", "Mul", "Add", "Concat", "MaxPool", "Resize", "Split"]

PASSING_OPS = ["Concat", "MaxPool", "Resize", "Split"]  # values go through them unchanged

# Ranges follow the photos by a moving average with this share of the newest: plain extremes let one glaring photo
# stretch the scale of all (measured: docs/training.md).
RANGE_SHARE = 0.05


class LetterboxReader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds photos to calibration exactly as the service feeds them to the network."""

    def __init__(self, photos: Iterable[Path], info: ModelInfo) -> None:
        self.feeds = self._feeds(photos, info)

    @staticmethod
    def _feeds(photos: Iterable[Path], info: ModelInfo) -> Iterator[dict[str, NDArray[Any]]]:
        for path in photos:
            photo = decode(path.read_bytes(), target=info.input_size)
            letterbox = Letterbox.fit(photo.width, photo.height, info.input_size, info.stride)
            yield {
                "image": letterbox.apply(photo),
                "confidence": np.array(info.operating_threshold, np.float32),
            }

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The next feed, or None after the last."""
        return next(self.feeds, None)


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
            in_float = float_nodes(onnx.load(prepared))
            run = partial(
                quantize_static,
                str(prepared),
                str(quantised),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=QUANTISED_OPS,
                nodes_to_exclude=in_float,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                extra_options={"CalibMovingAverage": True, "CalibMovingAverageConstant": RANGE_SHARE},
                calibration_cache_path=ranges,
            )
            run(LetterboxReader(follow(photos), info))  # finds the ranges
            share_ranges(onnx.load(prepared), in_float, ranges)
            run(None)
        graph = onnx.load(quantised)
    bytes_to_first_convolution(graph)
    group_pixels(graph)
    repeat_pixels(graph)
    info = dataclasses.replace(info, precision="int8")
    save(graph, info, out)
    return info


def share_ranges(graph: Any, in_float: Sequence[str], file: Path) -> None:
    """In the calibration `file`, let all that is joined or passed on unchanged have one range.

    With one scale, joining copies bytes; with several, each byte is looked up in a table, and rounded once more.
    """
    data = load_tensors_data(file)
    leader: dict[str, str] = {}

    def lead(name: str) -> str:
        while name in leader:
            name = leader[name]
        return name

    for node in graph.graph.node:
        if node.op_type in PASSING_OPS and node.name not in in_float:
            first, *others = [name for name in (*node.input, *node.output) if name in data]
            for name in others:
                if lead(name) != lead(first):
                    leader[lead(name)] = lead(first)
    groups: dict[str, list[Any]] = {}
    for name in data:
        groups.setdefault(lead(name), []).append(data[name])
    for members in groups.values():
        low, high = min(item.lowest for item in members), max(item.highest for item in members)
        for item in members:
            item.lowest, item.highest = low, high
    save_tensors_data(data, file)


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
