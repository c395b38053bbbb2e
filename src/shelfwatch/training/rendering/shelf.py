"""One rendered shelf photo and everything that is true about it."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shelfwatch.training.rendering.camera import Camera, aim, develop
from shelfwatch.training.rendering.layout import MIN_GAP_FACINGS, Gap, Plan, RenderOptions, plan_shelf
from shelfwatch.training.rendering.packages import silhouette
from shelfwatch.training.rendering.scene import Scene, draw_scene

MIN_VISIBLE = 0.35  # a product counts when at least this share of its silhouette shows in the photo


@dataclass(frozen=True)
class RenderedShelf:
    """A photo of a shelf with exact truth, as arrays.

    All coordinates are pixels of the photo, x right, y down, edges rather than pixel centres; boxes are
    left, top, right, bottom, clipped to the photo.

    image: (H, W, 3) uint8 RGB.
    boxes: (N, 4) float32, tight round the visible part of each product; products less than MIN_VISIBLE
        visible are left out. Sorted by row, then position, then level.
    row: (N,) int32, 0 = top row that shows a product; where each bay has rows of its own, they count by their feet.
    position: (N,) int32, column within the row from 0, left to right across all bays it runs through; stacked
        items share it. level: (N,) int32, 0 = lowest seen of a stack.
    bay: (N,) int32, 0 = left. sku: (N,) int32, index into sku_names. facing: (N,) int32, its number in the plan.
    row_boxes: (R, 4) float32, bounds of each row: from the board above to the front edge of its own board.
    row_quads: (R, 4, 2) float32, the same rows as quadrilaterals (top left, top right, bottom right, bottom
        left), not clipped.
    gap_boxes: (G, 4) float32, places where an out-of-stock SKU is missing. gap_row: (G,) int32.
        gap_width_facings: (G,) float32, visible width in facings of the missing SKU.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    row: NDArray[np.int32]
    position: NDArray[np.int32]
    level: NDArray[np.int32]
    bay: NDArray[np.int32]
    sku: NDArray[np.int32]
    facing: NDArray[np.int32]
    sku_names: tuple[str, ...]
    row_boxes: NDArray[np.float32]
    row_quads: NDArray[np.float32]
    gap_boxes: NDArray[np.float32]
    gap_row: NDArray[np.int32]
    gap_width_facings: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.boxes)

    def to_jpeg(self, quality: int = 90) -> bytes:
        """Encode the photo as a JPEG file."""
        out = io.BytesIO()
        Image.fromarray(self.image).save(out, "JPEG", quality=quality, optimize=True)
        return out.getvalue()

    def to_truth(self) -> dict[str, Any]:
        """Everything but the pixels, ready for JSON."""
        height, width = self.image.shape[:2]
        return {
            "width": width,
            "height": height,
            "sku_names": list(self.sku_names),
            "products": [
                {"box": box, "row": row, "position": position, "level": level, "bay": bay, "sku": sku}
                for box, row, position, level, bay, sku in zip(
                    _rounded(self.boxes),
                    self.row.tolist(),
                    self.position.tolist(),
                    self.level.tolist(),
                    self.bay.tolist(),
                    self.sku.tolist(),
                    strict=True,
                )
            ],
            "rows": [
                {"box": box, "quad": quad}
                for box, quad in zip(_rounded(self.row_boxes), _rounded(self.row_quads), strict=True)
            ],
            "gaps": [
                {"box": box, "row": row, "facings": facings}
                for box, row, facings in zip(
                    _rounded(self.gap_boxes),
                    self.gap_row.tolist(),
                    _rounded(self.gap_width_facings),
                    strict=True,
                )
            ],
        }

    def to_yolo(self) -> str:
        """One line a product: class 0, then centre, width and height as shares of the photo."""
        height, width = self.image.shape[:2]
        scale = np.array([width, height, width, height], np.float64)
        lines = []
        for left, top, right, bottom in (self.boxes / scale).tolist():
            lines.append(f"0 {(left + right) / 2:.6f} {(top + bottom) / 2:.6f} {right - left:.6f} {bottom - top:.6f}\n")
        return "".join(lines)


def render_shelf(seed: int, options: RenderOptions | None = None) -> RenderedShelf:
    """Render one shelf photo; the same seed and options give the same bytes."""
    options = options or RenderOptions()
    plan_rng, aim_rng, scene_rng, photo_rng = np.random.default_rng(seed).spawn(4)
    camera = aim(aim_rng, options)
    extent = camera.extent(options.width, options.height)
    margin = max(0, -extent[0], extent[2] - options.width) + options.width * 0.1
    plan = plan_shelf(plan_rng, options, margin)
    scene = draw_scene(plan, scene_rng, extent)
    clean = camera.shoot(scene.image, scene.origin, options.width, options.height)
    image = develop(clean, photo_rng, options)
    return measure(image, plan, scene, camera)


def measure(image: NDArray[np.uint8], plan: Plan, scene: Scene, camera: Camera) -> RenderedShelf:
    """Measure in a finished photo what the plan put on the shelf and the scene left visible."""
    height, width = image.shape[:2]
    size = np.array([width, height], np.float64)
    origin = np.array(scene.origin, np.float64)
    kept: list[int] = []
    boxes: list[NDArray[np.float64]] = []
    for number, window in _windows(scene):
        mask = scene.owners[window] == number
        corner = origin + np.array([window[1].start, window[0].start])
        points = camera.to_photo(silhouette(mask) + corner)
        seen = float(mask.sum())
        low, high = points.min(axis=0), points.max(axis=0)
        if (low < 0).any() or (high > size).any():
            # Cut by the photo's edge: measure the part inside, pixel by pixel.
            ys, xs = np.nonzero(mask)
            centres = camera.to_photo(np.stack([xs, ys], axis=1) + 0.5 + corner)
            inside = ((centres >= 0) & (centres <= size)).all(axis=1)
            seen = float(inside.sum())
            if seen == 0:
                continue
            low, high = (
                np.maximum(centres[inside].min(axis=0) - 0.5, 0),
                np.minimum(centres[inside].max(axis=0) + 0.5, size),
            )
        if seen < MIN_VISIBLE * scene.areas[number]:
            continue
        kept.append(number)
        boxes.append(np.concatenate([low, high]))
    # Facings come row by row, left to right, bottom to top already; numbers close up over what was left out.
    facings = [plan.facings[number] for number in kept]
    shown = sorted({facing.row for facing in facings})
    row = np.array([shown.index(facing.row) for facing in facings], np.int32)
    position, level = _numbered(facings_keys=[(facing.row, facing.column) for facing in facings])
    skus = sorted({facing.sku for facing in facings})
    quads = np.array([_quad(plan, index, camera) for index in shown], np.float32).reshape(-1, 4, 2)
    bounds = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)
    seen_gaps = (_gap(gap, camera, size) for gap in plan.gaps if gap.row in shown)
    gaps = [entry for entry in seen_gaps if entry is not None]
    return RenderedShelf(
        image=image,
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        row=row,
        position=position,
        level=level,
        bay=np.array([facing.bay for facing in facings], np.int32),
        sku=np.array([skus.index(facing.sku) for facing in facings], np.int32),
        facing=np.array(kept, np.int32),
        sku_names=tuple(plan.skus[sku].name for sku in skus),
        row_boxes=bounds.clip(0, np.tile(size, 2)).astype(np.float32),
        row_quads=quads,
        gap_boxes=np.array([entry[0] for entry in gaps], np.float32).reshape(-1, 4),
        gap_row=np.array([shown.index(entry[1]) for entry in gaps], np.int32),
        gap_width_facings=np.array([entry[2] for entry in gaps], np.float32),
    )


def _rounded(values: NDArray[np.float32]) -> list[Any]:
    """Nested lists with hundredths of a pixel."""
    rounded: list[Any] = np.round(values.astype(np.float64), 2).tolist()
    return rounded


def _windows(scene: Scene) -> list[tuple[int, tuple[slice, slice]]]:
    """For each facing with visible pixels, the smallest window of the owner map that holds them."""
    ys, xs = np.nonzero(scene.owners >= 0)
    owners = scene.owners[ys, xs]
    count = len(scene.areas)
    lows = np.full((count, 2), np.iinfo(np.int64).max)
    highs = np.full((count, 2), -1)
    for axis, values in enumerate((ys, xs)):
        np.minimum.at(lows[:, axis], owners, values)
        np.maximum.at(highs[:, axis], owners, values)
    return [
        (number, (slice(int(low[0]), int(high[0]) + 1), slice(int(low[1]), int(high[1]) + 1)))
        for number, (low, high) in enumerate(zip(lows, highs, strict=True))
        if high[0] >= 0
    ]


def _numbered(facings_keys: list[tuple[int, int]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Positions and levels without holes, from (row, column) in drawing order."""
    positions, levels = [], []
    last: tuple[int, int] | None = None
    for key in facings_keys:
        if last is None or key[0] != last[0]:
            position, level = 0, 0
        elif key == last:
            level += 1
        else:
            position, level = position + 1, 0
        positions.append(position)
        levels.append(level)
        last = key
    return np.array(positions, np.int32), np.array(levels, np.int32)


def _quad(plan: Plan, index: int, camera: Camera) -> NDArray[np.float64]:
    row = plan.rows[index]
    spans = plan.spans(row)
    left, right = spans[0][0], spans[-1][1]
    return camera.to_photo(np.array([[left, row.top], [right, row.top], [right, row.deck], [left, row.deck]]))


def _gap(gap: Gap, camera: Camera, size: NDArray[np.float64]) -> tuple[NDArray[np.float64], int, float] | None:
    """Box, row and visible facings of one gap, or nothing when the photo shows too little of it."""
    corners = camera.to_photo(
        np.array([[gap.left, gap.top], [gap.right, gap.top], [gap.right, gap.bottom], [gap.left, gap.bottom]])
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    shown_low, shown_high = np.maximum(low, 0), np.minimum(high, size)
    shares = (shown_high - shown_low) / (high - low)
    facings = gap.facings * float(shares[0])
    if shares.min() < MIN_VISIBLE or facings < MIN_GAP_FACINGS:
        return None
    return np.concatenate([shown_low, shown_high]), gap.row, facings
