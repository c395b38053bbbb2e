"""Value ranges of a detector's tensors, found on real photos through the service's own letterbox."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, create_calibrator

from shelfwatch.inference.image import decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import ModelInfo

# What runs in integers. SiLU is Sigmoid and Mul: left in float, each would force a round trip through float and
# INT8 would be slower than float32.
QUANTISED_OPS = ["Conv", "Sigmoid", "Mul", "Add", "Concat", "MaxPool", "Resize", "Split"]

PASSING_OPS = ["Concat", "MaxPool", "Resize", "Split"]  # values go through them unchanged


@dataclass(frozen=True)
class Calibration:
    """How ranges follow from the photos: one of ONNX Runtime's methods and its options."""

    method: CalibrationMethod = CalibrationMethod.MinMax
    options: Mapping[str, Any] = field(default_factory=dict)


# The mean over photos of each photo's extremes: with the extremes of all, one glaring photo would stretch the scale of
# every other. Measured against the other methods by scripts/calibrations.py (table in docs/training.md).
MEAN_EXTREMES = Calibration(options={"moving_average": True})


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


def find_ranges(source: Path, info: ModelInfo, photos: Iterable[Path], calibration: Calibration) -> Any:
    """The range of each tensor of the float32 ONNX file `source` on `photos`, ONNX Runtime's `TensorsData`."""
    with tempfile.TemporaryDirectory() as folder:
        calibrator = create_calibrator(
            source,
            QUANTISED_OPS,
            augmented_model_path=str(Path(folder) / "augmented.onnx"),
            calibrate_method=calibration.method,
            extra_options=dict(calibration.options),
        )
        if calibration.method is CalibrationMethod.MinMax:  # keeps two numbers a tensor and photo
            calibrator.collect_data(LetterboxReader(photos, info))
        else:  # keeps all values until the call ends: those of all photos would not fit into memory
            for path in photos:
                calibrator.collect_data(LetterboxReader([path], info))
        return calibrator.compute_data()


def share_ranges(graph: Any, in_float: Sequence[str], ranges: Any) -> None:
    """In `ranges`, as `find_ranges` gives them, let all that is joined or passed on unchanged have one.

    With one scale, joining copies bytes; with several, each byte is looked up in a table, and rounded once more.
    """
    leader: dict[str, str] = {}

    def lead(name: str) -> str:
        while name in leader:
            name = leader[name]
        return name

    for node in graph.graph.node:
        if node.op_type in PASSING_OPS and node.name not in in_float:
            first, *others = [name for name in (*node.input, *node.output) if name in ranges]
            for name in others:
                if lead(name) != lead(first):
                    leader[lead(name)] = lead(first)
    groups: dict[str, list[Any]] = {}
    for name in ranges:
        groups.setdefault(lead(name), []).append(ranges[name])
    for members in groups.values():
        low, high = min(item.lowest for item in members), max(item.highest for item in members)
        for item in members:
            item.lowest, item.highest = low, high
