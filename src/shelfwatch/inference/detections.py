"""The value everyone passes on: boxes, confidences and class ids as arrays, not objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Detections:
    """N detections in one photo.

    `xyxy` is float32 (N, 4), `[x1, y1, x2, y2]` in pixels of the upright photo, origin top left; `confidence` is
    float32 (N,) in 0..1; `class_id` is int32 (N,). Raises `ValueError` where the lengths differ.
    """

    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    class_id: NDArray[np.int32]

    def __post_init__(self) -> None:
        count = len(self.confidence)
        if self.xyxy.shape != (count, 4) or self.class_id.shape != (count,):
            raise ValueError(
                f"detections of unequal length: {self.xyxy.shape}, {self.confidence.shape}, {self.class_id.shape}"
            )

    @classmethod
    def empty(cls) -> Self:
        """No detections."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))

    def to_json(self, classes: Sequence[str]) -> list[dict[str, Any]]:
        """JSON-ready detections with their labels; confidences are cut, not rounded, to four digits.

        Rounding up could lift a detection over a threshold it did not reach, and whoever filters the answer would
        then count otherwise than the detector did.
        """
        confidences = (np.floor(self.confidence.astype(np.float64) * 1e4) / 1e4).tolist()
        boxes = np.round(self.xyxy.astype(np.float64), 2).tolist()
        return [
            {"label": classes[class_id], "class_id": class_id, "confidence": confidence, "box": box}
            for class_id, confidence, box in zip(self.class_id.tolist(), confidences, boxes, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.confidence)

    def __getitem__(self, index: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """The detections chosen by a slice, a boolean mask (N,) or an index array."""
        return type(self)(self.xyxy[index], self.confidence[index], self.class_id[index])
