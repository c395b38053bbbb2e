"""Photo to Detections: letterbox, network, suppression, and back to photo pixels."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.image import MAX_PIXELS, Photo, decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import nms

MAX_DETECTIONS = 1000  # default cap of an answer; the densest shelf photos known hold about 700 products


@dataclass(frozen=True, eq=False)
class Result:
    """What one photo gave: detections in photo pixels, highest confidence first, and where the time went."""

    detections: Detections
    truncated: bool  # whether `max_detections` cut the list
    inference_ms: float  # letterbox, network and suppression


class Detector:
    """Finds products in photos with one model. Calls from several threads at once are safe."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.info = model.info

    def decode(self, data: bytes, *, max_pixels: int = MAX_PIXELS) -> Photo:
        """Decode photo bytes at the resolution this model can use; raises as `shelfwatch.inference.image.decode`."""
        return decode(data, target=self.info.input_size, max_pixels=max_pixels)

    def detect(self, photo: Photo, *, confidence: float | None = None, max_detections: int = MAX_DETECTIONS) -> Result:
        """Detect products; `confidence` defaults to the model's operating threshold."""
        start = time.perf_counter()
        threshold = self.info.operating_threshold if confidence is None else confidence
        letterbox = Letterbox.fit(photo.width, photo.height, self.info.input_size, self.info.stride)
        boxes, scores, class_id = self.model.run(letterbox.apply(photo), threshold)
        kept = nms(boxes, scores, class_id, self.info.iou_threshold)
        detections = Detections(letterbox.to_photo(boxes[kept]), scores[kept], class_id[kept])
        # A box that lay wholly on the grey border has no area left in the photo.
        sides = detections.xyxy[:, 2:] - detections.xyxy[:, :2]
        detections = detections[np.all(sides > 0, axis=1)]
        truncated = len(detections) > max_detections
        return Result(detections[:max_detections], truncated, (time.perf_counter() - start) * 1000)

    def to_json(self, photo: Photo, result: Result) -> dict[str, Any]:
        """The JSON-ready answer for one photo: detections, count, truncated, image and model."""
        info = self.info
        return {
            "detections": result.detections.to_json(info.classes),
            "count": len(result.detections),
            "truncated": result.truncated,
            "image": {"width": photo.width, "height": photo.height},
            "model": {"name": info.name, "version": info.version, "precision": info.precision},
        }


def packaged_models() -> dict[str, Path]:
    """The models shipped inside the package, by name; `accurate`, the default, comes first."""
    folder = Path(__file__).parent.parent / "models"
    found = {path.stem: path for path in sorted(folder.glob("*.onnx"))}
    return dict(sorted(found.items(), key=lambda item: item[0] != "accurate"))
