"""Where a second, closer look at a dense photo goes: overlapping tiles, and how their boxes join the first look's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.image import Photo
from shelfwatch.inference.nms import add_boxes, mean_boxes, nms, owners

# The figures below were chosen on photos with more than 200 products (docs/training.md, "Tiles").
DENSE = 200  # detections from which a photo is looked at more closely
LONG = 2.0  # sides' ratio from which a photo counts as a panorama, whose products the first look shows too small
ZOOM = 1.3  # least scale of a tile against the first look; more shows products larger than those trained on
MAX_ZOOM = 4.0  # of a panorama's tiles
MAX_UPSCALE = 1.3  # of the pixels a photo really has: more adds arithmetic but no detail
WORTHWHILE = 1.1  # scale against the first look below which tiles show too little more
TILE = 800  # longest side of a tile, network pixels; tiles are enlarged to fill it
OVERLAP = 120  # of neighbouring tiles, network pixels: the widest product that is whole in one of them for sure
EDGE = 2.0  # a box this near a seam is cut by it, photo pixels
MAX_TILES = 24  # bounds what one request may cost
DOUBT = 0.5  # share of the threshold from which each look's boxes take part in the other's


@dataclass(frozen=True)
class Tile:
    """A rectangle of a photo, in pixels as decoded (`Photo.pixels`): no seam then falls inside one of them."""

    left: int
    top: int
    right: int
    bottom: int


def zoom(first: Detections, photo: Photo, room: float) -> float:
    """The scale of tiles against the `first` look, from its detections that count; below `WORTHWHILE`, none pay.

    `room` is how many times larger the products of a panorama may look until they look as large as usual: few large
    ones on a single shelf are no reason to look closer.
    """
    wanted = min(_as_high_as_usual(photo.width, photo.height), room)
    if len(first) > DENSE:
        return max(ZOOM, wanted)
    return wanted if max(photo.width, photo.height) > LONG * min(photo.width, photo.height) else 1.0


def _as_high_as_usual(width: int, height: int) -> float:
    """The scale that brings a photo to the height that one of 4:3 would have."""
    return min(0.75 * max(width, height) / min(width, height), MAX_ZOOM)


def needed(width: int, height: int, input_size: int) -> int:
    """The long side, in pixels, beyond which no tile of a photo of `width` × `height` wants more detail."""
    return round(input_size * max(ZOOM, _as_high_as_usual(width, height)))


def plan(photo: Photo, input_size: int, zoom: float) -> list[Tile]:
    """Overlapping tiles that cover the photo; none where it has no more detail than the first look has seen.

    `input_size` is the long side of the first look in network pixels, `zoom` the scale of tiles against it.
    """
    sides = photo.pixels.shape[1], photo.pixels.shape[0]
    first = input_size / max(sides)  # network pixels a decoded pixel, like `scale`
    scale = min(zoom * first, MAX_UPSCALE)
    while min(scale, 1) >= first * WORTHWHILE:  # beyond a network pixel a decoded one there is no detail
        across, down = (_spans(side, scale) for side in sides)
        if len(across) * len(down) <= MAX_TILES:
            return [Tile(left, top, right, bottom) for top, bottom in down for left, right in across]
        scale *= 0.9
    return []


def _spans(side: int, scale: float) -> list[tuple[int, int]]:
    """Overlapping spans, nearly equal, that cover `side` decoded pixels at `scale`."""
    number = max(1, math.ceil((side * scale - OVERLAP) / (TILE - OVERLAP)))
    overlap = OVERLAP / scale
    length = (side + overlap * (number - 1)) / number
    starts = (i * (length - overlap) for i in range(number))
    return [(math.floor(start), min(side, math.ceil(start + length))) for start in starts]


def cut(photo: Photo, tile: Tile) -> Photo:
    """The part of a photo that a tile shows, as a photo of its own."""
    return Photo(
        photo.pixels[tile.top : tile.bottom, tile.left : tile.right], tile.right - tile.left, tile.bottom - tile.top
    )


def place(found: Detections, tile: Tile, photo: Photo) -> Detections:
    """Detections in a tile's own pixels, as in the photo's full size."""
    # In float64: float32 could put a box that ends with the photo beyond it.
    boxes = (found.xyxy + np.array([tile.left, tile.top] * 2)) * np.tile(_scale(photo), 2)
    return Detections(boxes.astype(np.float32), found.confidence, found.class_id)


def whole(boxes: NDArray[np.float32], tile: Tile, photo: Photo) -> NDArray[np.bool_]:
    """Which boxes (N, 4), in photo pixels, lie in a tile without touching a seam; the photo's own border is none."""
    start, end = np.array([tile.left, tile.top]), np.array([tile.right, tile.bottom])
    sides = np.array([photo.pixels.shape[1], photo.pixels.shape[0]])
    low = np.where(start > 0, start * _scale(photo) + EDGE, -np.inf)
    high = np.where(end < sides, end * _scale(photo) - EDGE, np.inf)
    inside: NDArray[np.bool_] = np.all((boxes[:, :2] > low) & (boxes[:, 2:] < high), axis=1)
    return inside


def _scale(photo: Photo) -> NDArray[np.float64]:
    """Photo pixels a decoded pixel, across and down: float64 (2,)."""
    return np.array([photo.width / photo.pixels.shape[1], photo.height / photo.pixels.shape[0]])


def join(
    first: Detections, tiles: Sequence[Tile], found: Sequence[Detections], photo: Photo, iou_threshold: float
) -> Detections:
    """One list out of the first look and the detections `found` in each tile, all in photo pixels.

    Boxes that a seam cuts are dropped: a neighbour, or the first look, has them whole. What both looks see becomes one
    box, the mean weighted by confidence, and its confidence is the mean of both; what one of them missed although it
    could see it keeps half. Products wider than the tiles' overlap may be whole in no tile: there the first look
    alone decides. Nothing is found twice at a seam: all boxes go through one suppression, and their means through
    another.
    """
    kept = [part[whole(part.xyxy, tile, photo)] for tile, part in zip(tiles, found, strict=True)]
    boxes = np.concatenate([first.xyxy, *(part.xyxy for part in kept)])
    scores = np.concatenate([first.confidence, *(part.confidence for part in kept)])
    class_id = np.concatenate([first.class_id, *(part.class_id for part in kept)])
    closer = (np.arange(len(boxes)) >= len(first)).astype(np.intp)
    chosen = nms(boxes, scores, class_id, iou_threshold)
    owner = owners(boxes, class_id, chosen, iou_threshold)
    sums = np.zeros((5, len(chosen)))
    add_boxes(sums, owner, boxes, scores)
    mean = mean_boxes(sums, boxes[chosen])
    looks = np.zeros((2, len(chosen)), np.float32)  # the best score in the first look and in the closer one
    np.maximum.at(looks, (closer, owner), scores)
    visible = np.any([whole(mean, tile, photo) for tile in tiles], axis=0)
    joined = Detections(mean, np.where(visible, looks.mean(axis=0), looks.max(axis=0)), class_id[chosen])
    return joined[nms(joined.xyxy, joined.confidence, joined.class_id, iou_threshold)]
