"""Two photos of one rendered shelf, taken at different times from different spots, and what changed between them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shelfwatch.training.rendering.camera import develop, pose
from shelfwatch.training.rendering.layout import Plan, RenderOptions, plan_shelf
from shelfwatch.training.rendering.scene import Stock, draw_scene
from shelfwatch.training.rendering.shelf import RenderedShelf, measure

MAX_GONE = 0.3  # share of columns that lose products between two photos, at most
MAX_FILLED = 0.3  # share that gain products
MAX_SWAPPED = 0.06  # share of facings that make room for another product
WHOLE = 0.6  # share of the columns concerned that lose or gain all their products; the others, those at the top


@dataclass(frozen=True)
class ShelfPair:
    """Two photos of one shelf.

    `matrix` is float64 (3, 3), from pixels of the earlier photo to those of the later one. `left` and `came` are
    numbers of facings in the plan, as in `RenderedShelf.facing`; one where the product was swapped is in both. A facing
    may be in neither photo, being outside of both.
    """

    earlier: RenderedShelf
    later: RenderedShelf
    matrix: NDArray[np.float64]
    left: frozenset[int]
    came: frozenset[int]


def render_pair(seed: int, options: RenderOptions | None = None) -> ShelfPair:
    """Render two photos of one shelf; the same seed and options give the same bytes."""
    options = options or RenderOptions()
    plan_rng, aim_rng, scene_rng, photo_rng, aside_rng, change_rng = np.random.default_rng(seed).spawn(6)
    first = pose(aim_rng, options)
    cameras = first.camera(options), first.aside(aside_rng).camera(options)
    one, other = (camera.extent(options.width, options.height) for camera in cameras)
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right, bottom = max(one[2], other[2]), max(one[3], other[3])
    plan = plan_shelf(plan_rng, options, max(0, -left, right - options.width) + options.width * 0.1)
    stocks = _stocks(plan, change_rng)
    # Both scenes are drawn by the same random numbers, so they differ in nothing but the products.
    seeds = scene_rng.integers(2**32)
    photos = []
    for camera, stock in zip(cameras, stocks, strict=True):
        scene = draw_scene(plan, np.random.default_rng(seeds), (left, top, right, bottom), stock)
        clean = camera.shoot(scene.image, scene.origin, options.width, options.height)
        photos.append(measure(develop(clean, photo_rng, options), plan, scene, camera))
    first_photo, second_photo = photos
    matrix = cameras[1].matrix @ np.linalg.inv(cameras[0].matrix)
    earlier, later = stocks
    swapped = frozenset(later.swapped)
    return ShelfPair(
        first_photo,
        second_photo,
        matrix=matrix / matrix[2, 2],
        left=later.absent - earlier.absent | swapped,
        came=earlier.absent - later.absent | swapped,
    )


def _stocks(plan: Plan, rng: np.random.Generator) -> tuple[Stock, Stock]:
    """What is missing at either time, and what stands in another's place at the later."""
    gone, filled, swapped = (float(rng.uniform(0, most)) for most in (MAX_GONE, MAX_FILLED, MAX_SWAPPED))
    columns: dict[tuple[int, int], list[int]] = {}
    for number, facing in enumerate(plan.facings):
        columns.setdefault((facing.row, facing.column), []).append(number)
    absent: tuple[set[int], set[int]] = set(), set()
    swaps: dict[int, int] = {}
    for numbers in columns.values():
        draw, kept = rng.random(), 0 if rng.random() < WHOLE else int(rng.integers(len(numbers)))
        if draw < gone + filled:
            absent[int(draw < gone)].update(numbers[kept:])
        elif draw > 1 - swapped:
            own = plan.skus[plan.facings[numbers[-1]].sku]
            others = [sku for sku, design in enumerate(plan.skus) if design.shape == own.shape and design != own]
            if others:
                swaps[numbers[-1]] = others[int(rng.integers(len(others)))]
    earlier, later = (Stock(frozenset(numbers)) for numbers in absent)
    return earlier, replace(later, swapped=swaps)
