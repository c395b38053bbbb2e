"""Photo to Detections: letterbox, network, suppression, and back to photo pixels."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference import distance
from shelfwatch.inference import tiles as tiling
from shelfwatch.inference.detections import Detections
from shelfwatch.inference.image import MAX_PIXELS, Photo, decode, sniff_format
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import VOTE_SHARE, nms, vote

MAX_DETECTIONS = 1000  # default cap of an answer; the densest shelf photos known hold about 700 products


@dataclass(frozen=True, eq=False)
class Result:
    """What one photo gave: detections in photo pixels, highest confidence first, and where the time went."""

    detections: Detections
    truncated: bool  # whether `max_detections` cut the list
    inference_ms: float  # letterbox, network and suppression; a closer look also decodes again
    tiles: int = 0  # looked at more closely


class Detector:
    """Finds products in photos with one model. Calls from several threads at once are safe."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.info = model.info

    def decode(self, data: bytes, *, max_pixels: int = MAX_PIXELS, tiles: bool = False) -> Photo:
        """Decode photo bytes at the size of this model's input; raises as `shelfwatch.inference.image.decode`.

        With `tiles`, the photo can be had in more detail should `detect` with `tiles` want it: few photos are so dense,
        and all others are seen the same and cost the same as without.
        """
        size = self.info.input_size
        photo = decode(data, target=size, max_pixels=max_pixels, shrink=True)
        if not tiles or max(photo.pixels.shape) >= max(photo.width, photo.height):
            return photo
        wanted = tiling.needed(photo.width, photo.height, size)
        return replace(photo, finer=partial(_decode_finer, data, wanted, max_pixels))

    def detect(
        self,
        photo: Photo,
        *,
        confidence: float | None = None,
        max_detections: int = MAX_DETECTIONS,
        tiles: bool = False,
    ) -> Result:
        """Detect products; `confidence` defaults to the model's operating threshold.

        Detections at a higher confidence are exactly those at a lower one without the weaker.

        With `tiles`, a photo that is dense at the operating threshold, or a panorama, is looked at a second time in
        overlapping tiles, if it has more detail to show; all others give the same as without. The confidence of a
        product that both looks see is their mean, for which boxes down to half of the threshold count: from the
        operating threshold up the above holds here too, while a lower confidence lets weaker second opinions in.
        """
        start = time.perf_counter()
        threshold = self.info.operating_threshold if confidence is None else confidence
        sure = self.info.operating_threshold
        # No higher than from `sure`: whether a photo is dense or shot from close by, and what its products' means are,
        # does not turn on how much more than that was asked for.
        doubtful = min(threshold, sure) * (tiling.DOUBT if tiles else 1)
        found, letterbox = self.look_from_afar(photo, doubtful)
        number = 0
        if tiles and max(letterbox.inner_width, letterbox.inner_height) >= self.info.input_size:
            counted = found[found.confidence >= sure]
            zoom = tiling.zoom(counted, photo, distance.room(counted, letterbox, self.info.product_size))
            found, number = self.look_closer(photo, found, doubtful, zoom)
        detections = found[found.confidence >= threshold]
        truncated = len(detections) > max_detections
        milliseconds = (time.perf_counter() - start) * 1000
        return Result(detections[:max_detections], truncated, milliseconds, number)

    def look_from_afar(self, photo: Photo, threshold: float) -> tuple[Detections, Letterbox]:
        """The photo's detections, and the letterbox through which they were seen.

        It has the model's input size, unless the photo was shot from so close by that its products look too large
        there: then the next look is at a smaller size. That it is depends on what reaches the operating threshold.
        """
        sure = self.info.operating_threshold
        letterbox = Letterbox.fit(photo.width, photo.height, self.info.input_size, self.info.stride)
        found = self.look(photo, letterbox, threshold)
        for _ in range(distance.STEPS):
            counted = found[found.confidence >= sure]
            size = distance.smaller_input(counted, letterbox, self.info.product_size, self.info.stride)
            if size is None:
                break
            smaller = Letterbox.fit(photo.width, photo.height, size, self.info.stride)
            again = self.look(photo, smaller, threshold)
            if not np.any(again.confidence >= sure):
                break
            found, letterbox = again, smaller
        return found, letterbox

    def look(self, photo: Photo, letterbox: Letterbox, threshold: float) -> Detections:
        """One pass of the network over one photo, or part of one: detections in its pixels, duplicates suppressed."""
        candidates = self.model.run(letterbox.apply(photo), threshold * VOTE_SHARE)
        return to_detections(*candidates, letterbox, threshold, self.info.iou_threshold)

    def look_closer(self, photo: Photo, first: Detections, threshold: float, zoom: float) -> tuple[Detections, int]:
        """The `first` look joined with one through tiles, and how many tiles; none where they would show no more.

        Tiles show the photo at `zoom` times the scale of the first look.
        """
        if zoom < tiling.WORTHWHILE:
            return first, 0
        photo = photo if photo.finer is None else photo.finer()
        tiles = tiling.plan(photo, self.info.input_size, zoom)
        if not tiles:
            return first, 0
        found = []
        for tile in tiles:
            part = tiling.cut(photo, tile)
            letterbox = Letterbox.fit(part.width, part.height, tiling.TILE, self.info.stride)
            found.append(tiling.place(self.look(part, letterbox, threshold), tile, photo))
        return tiling.join(first, tiles, found, photo, self.info.iou_threshold), len(tiles)

    def to_json(self, photo: Photo, result: Result) -> dict[str, Any]:
        """The JSON-ready answer for one photo: detections, count, truncated, tiles, image and model."""
        info = self.info
        return {
            "detections": result.detections.to_json(info.classes),
            "count": len(result.detections),
            "truncated": result.truncated,
            "tiles": result.tiles,
            "image": {"width": photo.width, "height": photo.height},
            "model": {"name": info.name, "version": info.version, "precision": info.precision},
        }


def _decode_finer(data: bytes, wanted: int, max_pixels: int) -> Photo:
    """The photo with its long side between `wanted` and twice that many pixels, where it has them.

    A JPEG's own scales lie there; pictures of other kinds are decoded whole and would stay several times as large.
    """
    if sniff_format(data) == "JPEG":
        return decode(data, target=wanted, max_pixels=max_pixels)
    return decode(data, target=2 * wanted, max_pixels=max_pixels, shrink=True)


def to_detections(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    class_id: NDArray[np.int32],
    letterbox: Letterbox,
    threshold: float,
    iou_threshold: float,
) -> Detections:
    """A photo's detections from the network's candidates, given down to `VOTE_SHARE` of `threshold`.

    `boxes` is float32 (N, 4) xyxy in network pixels, `scores` float32 (N,), `class_id` int32 (N,).
    """
    kept = np.flatnonzero(scores >= threshold)
    kept = kept[nms(boxes[kept], scores[kept], class_id[kept], iou_threshold)]
    moved = vote(boxes, scores, class_id, kept, iou_threshold)
    detections = Detections(letterbox.to_photo(moved), scores[kept], class_id[kept])
    # A box that lay wholly on the grey border has no area left in the photo.
    sides = detections.xyxy[:, 2:] - detections.xyxy[:, :2]
    return detections[np.all(sides > 0, axis=1)]


def packaged_models() -> dict[str, Path]:
    """The models shipped inside the package, by name; `accurate`, the default, comes first."""
    folder = Path(__file__).parent.parent / "models"
    found = {path.stem: path for path in sorted(folder.glob("*.onnx"))}
    return dict(sorted(found.items(), key=lambda item: item[0] != "accurate"))
