"""Draws a plan: store, fixture, products, rails and tags, seen square to the shelf.

Everything is painted back to front into one picture, and every package also into a map of facing numbers, so
what hides what is known to the pixel.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shelfwatch.training.rendering.labels import Colour, hsv, luminance, mix, noise_field, write
from shelfwatch.training.rendering.layout import Block, Facing, Plan, Row
from shelfwatch.training.rendering.packages import View, paint_package

FINENESS = 1.5  # packages are painted this much larger than they stand on the shelf
MIN_PAINTED = 90  # pixels; smaller packages are painted this high, so their print keeps its strokes
NOBODY = -1  # in the map of facing numbers: no product here
BEHIND_SCALE = 0.955  # size of the second item of a column
BEHIND_SHIFT = 0.035  # how far it moves towards the middle of the photo, share of its distance from there
LAMP_GLOW = 0.2  # strength of a cooler's lamp beside it, 0..1
LAMP_REACH = 6.0  # of a cooler's lamp, in widths of its upright
TRAY_RATE = 0.08  # share of SKUs sold from their opened transport case
TRAYED = frozenset({"can", "tin", "tub", "pouch", "box", "jar"})
ROUND = frozenset({"bottle", "can", "tin", "jar", "tub", "spray", "flask"})
SIGNS = {
    "grocery": ("PANTRY", "Breakfast", "everyday value"),
    "drinks": ("DRINKS", "Thirsty?", "Water & Juice"),
    "care": ("Daily Care", "Hair & Body", "HOUSEHOLD"),
    "snacks": ("Snacks & more", "SWEET & SALTY"),
    "dairy": ("DAIRY", "Fresh", "Yoghurt & Milk"),
}


@dataclass(frozen=True)
class Scene:
    """The painted shelf, before any camera."""

    image: Image.Image  # RGB
    owners: NDArray[np.int32]  # (H, W) index into `Plan.facings`, NOBODY elsewhere
    origin: tuple[int, int]  # plane coordinate of pixel 0, 0
    areas: NDArray[np.int64]  # (F,) silhouette of each facing in pixels, before anything covers it


@dataclass(frozen=True)
class Stock:
    """How the shelf differs from its plan; nothing else in the picture changes with it."""

    absent: frozenset[int] = frozenset()  # facings, as indices into `Plan.facings`, that are not there
    swapped: Mapping[int, int] = field(default_factory=dict)  # facing -> the SKU that stands there instead


@dataclass(frozen=True)
class _Look:
    """The colours of one store, drawn once per shelf."""

    wall: Colour
    board: Colour
    rail: Colour
    tag: Colour
    pegboard: bool
    frame: Colour
    gloom: float  # how dark the inside of the shelf gets, 0..1
    shadow: float  # strength of the shadow each board throws on the row below, 0..1


class _Canvas:
    """A picture addressed in plane coordinates."""

    def __init__(self, extent: tuple[int, int, int, int]) -> None:
        self.left, self.top, self.right, self.bottom = extent
        self.size = (self.right - self.left, self.bottom - self.top)
        self.image = Image.new("RGB", self.size)
        self.draw = ImageDraw.Draw(self.image)
        self.owners = np.full((self.size[1], self.size[0]), NOBODY, np.int32)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[int, int, int, int]:
        left, top = round(x0) - self.left, round(y0) - self.top
        return left, top, max(left, round(x1) - self.left), max(top, round(y1) - self.top)

    def fill(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        left, top, right, bottom = self.box(x0, y0, x1, y1)
        if right > left and bottom > top:
            self.image.paste(colour, (left, top, right, bottom))

    def veil(self, x0: float, y0: float, x1: float, y1: float, ramp: list[float], colour: Colour = (0, 0, 0)) -> None:
        """Lay `colour` over a region, its strength (0..1) running down through `ramp`."""
        left, top, right, bottom = self.box(x0, y0, x1, y1)
        if right <= left or bottom <= top:
            return
        column = np.interp(np.linspace(0, 1, bottom - top), np.linspace(0, 1, len(ramp)), ramp) * 255
        mask = Image.fromarray(column.astype(np.uint8)[:, None]).resize((right - left, bottom - top))
        self.image.paste(colour, (left, top, right, bottom), mask)

    def glow(self, x0: float, y0: float, x1: float, y1: float, strength: float) -> None:
        """Brighten a region, most along its upright middle line, fading to nothing at both sides."""
        left, top, right, bottom = self.box(x0, y0, x1, y1)
        if right <= left or bottom <= top:
            return
        hump = (1 - np.abs(np.linspace(-1, 1, right - left))) ** 2 * strength * 255
        mask = Image.fromarray(hump.astype(np.uint8)[None, :]).resize((right - left, bottom - top))
        self.image.paste((235, 244, 255), (left, top, right, bottom), mask)

    def put(self, sprite: Image.Image, x: int, y: int, owner: int | None = None) -> None:
        """Paste a cut-out; a number in `owner` claims its solid pixels, NOBODY included."""
        left, top = x - self.left, y - self.top
        self.image.paste(sprite, (left, top), sprite)
        if owner is None:
            return
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + sprite.width, self.size[0]), min(top + sprite.height, self.size[1])
        if x1 > x0 and y1 > y0:
            solid = np.asarray(sprite.getchannel("A"))[y0 - top : y1 - top, x0 - left : x1 - left] >= 128
            self.owners[y0:y1, x0:x1][solid] = owner

    def clear(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Mark a region as hiding whatever products stand behind it."""
        left, top, right, bottom = self.box(x0, y0, x1, y1)
        self.owners[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = NOBODY


def draw_scene(
    plan: Plan, rng: np.random.Generator, extent: tuple[int, int, int, int], stock: Stock | None = None
) -> Scene:
    """Paint the part of the plane inside `extent` (left, top, right, bottom)."""
    canvas = _Canvas(extent)
    look = _pick_look(plan, rng)
    middle = (plan.bays[0][0] + plan.bays[-1][1]) / 2
    _store(canvas, plan, look, rng)
    for row in plan.rows:
        for left, right in plan.spans(row):
            _interior(canvas, plan, row, look, left, right, rng)
    areas = np.zeros(len(plan.facings), np.int64)
    by_row: list[list[int]] = [[] for _ in plan.rows]
    for number, facing in enumerate(plan.facings):
        by_row[facing.row].append(number)
    for index, numbers in enumerate(by_row):
        _products(canvas, plan, index, numbers, areas, middle, rng, stock or Stock())
        _row_shade(canvas, plan, index, look)
    for index in range(len(plan.rows)):
        _rail(canvas, plan, index, look, rng)
    _uprights(canvas, plan, look)
    return Scene(canvas.image, canvas.owners, (canvas.left, canvas.top), areas)


def place_sprite(painted: Image.Image, facing: Facing) -> tuple[Image.Image, int, int]:
    """Bring a painted package to a facing's size, lean and brightness; say where its first pixel goes."""
    size = (max(2, round(facing.width)), max(2, round(facing.height)))
    sprite = painted.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    if abs(facing.lean) > 0.15:
        sprite = sprite.rotate(facing.lean, Image.Resampling.BICUBIC, expand=True)
    if abs(facing.gain - 1) > 0.01:
        curve = [min(255, round(level * facing.gain)) for level in range(256)]
        sprite = sprite.point(curve * 3 + list(range(256)))
    return sprite, round(facing.x - sprite.width / 2), round(facing.y - sprite.height)


def _pick_look(plan: Plan, rng: np.random.Generator) -> _Look:
    if plan.cooler:
        dark = hsv(0.6, 0.1, rng.uniform(0.06, 0.16))
        return _Look(
            dark,
            (70, 74, 78),
            mix((228, 230, 232), (90, 90, 92), float(rng.random() < 0.4)),
            (250, 250, 246),
            False,
            (24, 24, 26),
            0.95,
            0.1,
        )
    kind = rng.integers(4)
    wall = (hsv(0.1, 0.12, 0.74), hsv(0.6, 0.03, 0.62), hsv(0.07, 0.3, 0.2), hsv(0.6, 0.05, 0.28))[int(kind)]
    board = (hsv(0.12, 0.08, 0.88), hsv(0.6, 0.02, 0.78), hsv(0.6, 0.03, 0.5), hsv(0.08, 0.35, 0.55))[
        int(rng.integers(4))
    ]
    rails = (
        (236, 236, 232),
        (205, 207, 208),
        (226, 219, 200),
        (38, 140, 112),
        (190, 30, 36),
        (40, 72, 140),
        (45, 45, 48),
    )
    rail = rails[int(rng.choice(7, p=[0.4, 0.2, 0.14, 0.07, 0.07, 0.06, 0.06]))]
    tag = (252, 252, 248) if rng.random() < 0.65 or luminance(rail) < 150 else (250, 220, 40)
    return _Look(
        wall,
        board,
        rail,
        tag,
        bool(rng.random() < 0.35),
        mix(board, (60, 60, 60), 0.25),
        float(rng.uniform(0.5, 1.0)),
        float(rng.uniform(0.12, 0.42)),
    )


# --- the store round the shelf ------------------------------------------------------------------------------


def _store(canvas: _Canvas, plan: Plan, look: _Look, rng: np.random.Generator) -> None:
    """Wall or aisle above and beside the shelf, plinth and floor below."""
    width, height = canvas.size
    # The far end of the aisle, long out of focus: coloured hills with lamps above.
    hues = np.stack(
        [np.asarray(noise_field(rng, width // 8 + 2, height // 8 + 2, 12), np.float32) for _ in range(3)],
        axis=2,
    )
    tint = np.array(hsv(rng.uniform(), 0.12, rng.uniform(0.35, 0.75)), np.float32)
    aisle = np.clip(tint + (hues.mean(axis=2, keepdims=True) - 128) * 0.5 + (hues - 128) * 0.1, 0, 255).astype(np.uint8)
    canvas.image.paste(Image.fromarray(aisle).resize((width, height), Image.Resampling.BICUBIC))
    first, foot = plan.rows[0], plan.foot
    left, right = plan.bays[0][0], plan.bays[-1][1]
    sign = first.top - canvas.top
    if sign > 12:
        _header(canvas, plan, first, left, right, rng)
    base = foot + (canvas.bottom - foot) * rng.uniform(0.2, 0.5)
    canvas.fill(left, foot, right, base, mix(look.frame, (0, 0, 0), 0.35))
    canvas.veil(left, foot, right, base, [0.85, 0.25, 0.1])
    if canvas.bottom > base:
        _floor(canvas, base, rng)


def _header(canvas: _Canvas, plan: Plan, first: Row, left: float, right: float, rng: np.random.Generator) -> None:
    panel = hsv(rng.uniform(), rng.uniform(0.0, 0.6), rng.uniform(0.12, 0.3) if plan.cooler else rng.uniform(0.5, 0.95))
    top = first.top - (first.deck - first.top) * rng.uniform(0.22, 0.5)
    canvas.veil(canvas.left, canvas.top, canvas.right, top, [0.75, 0.5, 0.25], (225, 228, 230))
    canvas.fill(left, top, right, first.top, panel)
    ink = (252, 252, 250) if luminance(panel) < 170 else (60, 50, 50)
    # The words sit in the part of the panel the photo shows.
    x0, y0, x1, y1 = canvas.box(max(left, canvas.left), max(top, 0.0), min(right, canvas.right), first.top)
    tall = (y1 - y0) * 0.5
    start = x0 + (x1 - x0) * rng.uniform(0.1, 0.5)
    word = str(rng.choice(SIGNS[plan.theme]))
    write(canvas.image, word, (start, (y0 + y1 - tall) / 2, start + tall * 6, (y0 + y1 + tall) / 2), ink, weight=1)
    canvas.veil(left, first.top - (first.top - top) * 0.12, right, first.top, [0.0, 0.5])


def _floor(canvas: _Canvas, base: float, rng: np.random.Generator) -> None:
    tone = hsv(rng.uniform(0.05, 0.15), rng.uniform(0.03, 0.3), rng.uniform(0.45, 0.85))
    x0, y0, x1, y1 = canvas.box(canvas.left, base, canvas.right, canvas.bottom)
    if y1 - y0 < 2:
        return
    speckle = (
        rng.normal(0, 9, ((y1 - y0) // 2 + 1, (x1 - x0) // 2 + 1))
        .astype(np.float32)
        .repeat(2, 0)
        .repeat(2, 1)[: y1 - y0, : x1 - x0]
    )
    floor = np.clip(np.array(tone, np.float32) + speckle[..., None], 0, 255).astype(np.uint8)
    canvas.image.paste(Image.fromarray(floor), (x0, y0))
    joint = mix(tone, (0, 0, 0), 0.3)
    middle = (x0 + x1) / 2
    for line in range(-14, 15):
        canvas.draw.line([(middle + line * 120, y0), (middle + line * 300, y0 + 700)], fill=joint, width=2)
    for depth in (0.1, 0.34, 0.8):
        canvas.draw.line([(x0, y0 + depth * 330), (x1, y0 + depth * 330)], fill=joint, width=2)
    canvas.veil(canvas.left, base, canvas.right, base + 120, [0.6, 0.0])


def _interior(
    canvas: _Canvas,
    plan: Plan,
    row: Row,
    look: _Look,
    left: float,
    right: float,
    rng: np.random.Generator,
) -> None:
    """Paint the empty shelf row: back wall, board, shadow of the row above."""
    floor_edge = row.deck - max(row.rise, 0.0)
    canvas.fill(left, row.top, right, row.deck + row.rail, look.wall)
    if look.pegboard:
        pitch = max(9.0, (row.deck - row.top) / 14)
        hole = mix(look.wall, (0, 0, 0), 0.6)
        size = max(1.0, pitch * 0.12)
        for y in np.arange(row.top + pitch / 2, floor_edge, pitch).tolist():
            for x in np.arange(max(left, canvas.left) + pitch / 2, min(right, canvas.right), pitch).tolist():
                canvas.draw.ellipse(
                    (
                        x - size - canvas.left,
                        y - size - canvas.top,
                        x + size - canvas.left,
                        y + size - canvas.top,
                    ),
                    fill=hole,
                )
    canvas.veil(
        left,
        row.top,
        right,
        floor_edge,
        [
            look.gloom * share
            for share in ([0.95, 0.72, 0.6, 0.66] if not row.first or plan.cooler else [0.2, 0.3, 0.45, 0.55])
        ],
    )
    if row.rise > 1:
        canvas.fill(left, floor_edge, right, row.deck, look.board)
        canvas.veil(left, floor_edge, right, row.deck, [0.68, 0.42, 0.2])
        step = max(8.0, row.rise / 5)
        line = mix(look.board, (0, 0, 0), 0.45)
        if plan.cooler or look.pegboard:
            for y in np.arange(floor_edge, row.deck, step).tolist():
                canvas.draw.line(
                    [(left - canvas.left, y - canvas.top), (right - canvas.left, y - canvas.top)], fill=line
                )
    under = -row.rise
    if under > 1 and not row.first:
        canvas.fill(left, row.top, right, row.top + under, mix(look.board, (0, 0, 0), 0.5))
        canvas.veil(left, row.top, right, row.top + under, [0.3, 0.7])


def _row_shade(canvas: _Canvas, plan: Plan, index: int, look: _Look) -> None:
    """Shadow the board above throws on whatever stands in this row."""
    row = plan.rows[index]
    clear = row.deck - row.top
    deep = 0.0 if row.first else look.shadow
    depth = index / max(1, len(plan.rows) - 1)
    for left, right in plan.spans(row):
        canvas.veil(left, row.top, right, row.top + clear * 0.45, [deep, deep * 0.35, 0.0])
        if not plan.cooler:
            canvas.veil(left, row.top, right, row.deck, [0.16 * depth, 0.2 * depth])


def _uprights(canvas: _Canvas, plan: Plan, look: _Look) -> None:
    top, foot = plan.top, plan.foot
    spans = [(a[1], b[0]) for a, b in zip(plan.bays[:-1], plan.bays[1:], strict=True)]
    thick = (spans[0][1] - spans[0][0] if spans else 18.0) * (2.2 if plan.cooler else 1.0)
    spans += [(plan.bays[0][0] - thick, plan.bays[0][0]), (plan.bays[-1][1], plan.bays[-1][1] + thick)]
    for left, right in spans:
        canvas.fill(left, top - 20, right, foot, look.frame)
        canvas.fill(
            left,
            top - 20,
            left + (right - left) * 0.3,
            foot,
            mix(look.frame, (255, 255, 255), 0.8 if plan.cooler else 0.3),
        )
        canvas.clear(left, top - 20, right, foot)
        if plan.cooler:
            # The lamps of a cooler run up its uprights and light the products next to them.
            reach = LAMP_REACH * (right - left)
            canvas.glow(left - reach, top, right + reach, foot, LAMP_GLOW)
            canvas.fill(left, top - 20, right, foot, look.frame)
            canvas.fill(left + (right - left) * 0.3, top, left + (right - left) * 0.7, foot, (250, 253, 255))
        slots = np.arange(top, foot, max(10.0, (right - left) * 1.1)).tolist()
        if not plan.cooler:
            for y in slots:
                canvas.fill((left + right) / 2 - 2, y, (left + right) / 2 + 2, y + 6, (30, 30, 30))


# --- products -----------------------------------------------------------------------------------------------


def _products(
    canvas: _Canvas,
    plan: Plan,
    index: int,
    numbers: list[int],
    areas: NDArray[np.int64],
    middle: float,
    rng: np.random.Generator,
    stock: Stock,
) -> None:
    row = plan.rows[index]
    sprites: dict[tuple[int, int], Image.Image] = {}
    placed: list[tuple[int, Image.Image, int, int]] = []
    tops: dict[int, int] = {}
    for number in numbers:
        tops[plan.facings[number].column] = number
    edges = [edge for gap in plan.gaps if gap.row == index for edge in (gap.left, gap.right)]
    sides: dict[int, float] = {}
    visible = (canvas.left - 2, canvas.right + 2)
    for number in numbers:
        facing = plan.facings[number]
        if facing.x + facing.width < visible[0] or facing.x - facing.width > visible[1]:
            continue
        shown = stock.swapped.get(number, facing.sku)
        design = plan.skus[shown]
        if facing.sku not in sides:
            # Cartons left of the camera show their right cheek and the other way round.
            turned = float(rng.uniform(0.03, 0.12)) if rng.random() < 0.3 else 0.0
            sides[facing.sku] = math.copysign(turned, middle - facing.x)
        # A second picture, turned a little, for round packages; flat ones face the aisle.
        variant = facing.variant % 2 if design.shape in ROUND else 0
        key = (shown, variant)
        if key not in sprites:
            factor = max(FINENESS, MIN_PAINTED / facing.height)
            view = View(row.pitch, sides[facing.sku], (-0.5, 0.6)[variant])
            sprites[key] = paint_package(
                design, max(8, round(facing.width * factor)), max(8, round(facing.height * factor)), view
            )
        if number in stock.absent:  # only now: the other facings of the SKU share what was painted
            continue
        sprite, x, y = place_sprite(sprites[key], facing)
        placed.append((number, sprite, x, y))
        areas[number] = int((np.asarray(sprite.getchannel("A")) >= 128).sum())
        near_gap = any(abs(edge - facing.x) < facing.width for edge in edges)
        if facing.behind and (near_gap or tops[facing.column] == number):
            _behind(canvas, sprite, facing, row, middle)
    for _, sprite, x, y in placed:
        _contact(canvas, x, y + sprite.height, sprite.width, row)
    for number, sprite, x, y in placed:
        canvas.put(sprite, x, y, number)
    short = {gap.sku for gap in plan.gaps}
    for block in plan.blocks:
        trayed = plan.skus[block.sku].shape in TRAYED and block.sku not in short
        if block.row == index and trayed and rng.random() < TRAY_RATE:
            _tray(canvas, block, row, rng)
    if plan.cooler:
        _wires(canvas, plan, row)


def _contact(canvas: _Canvas, x: int, foot: int, width: int, row: Row) -> None:
    """Paint the soft dark pool a package stands in."""
    size = (round(width * 1.12), max(4, round(width * 0.06 + max(row.rise, 0.0) * 0.12)))
    canvas.image.paste(
        (0, 0, 0),
        (x - round(width * 0.06) - canvas.left, foot - size[1] // 2 - canvas.top),
        _pool().resize(size),
    )


@lru_cache(maxsize=1)
def _pool() -> Image.Image:
    return Image.radial_gradient("L").point([round(200 * max(0.0, 1 - level / 180)) for level in range(256)])


def _tray(canvas: _Canvas, block: Block, row: Row, rng: np.random.Generator) -> None:
    """Fold the cardboard lip of a shelf-ready case; it hides the feet of its products."""
    card = (
        hsv(0.08, rng.uniform(0.3, 0.5), rng.uniform(0.5, 0.72)) if rng.random() < 0.6 else hsv(rng.uniform(), 0.7, 0.6)
    )
    top = row.deck - min(block.height * rng.uniform(0.08, 0.17), (row.deck - row.top) * 0.16)
    canvas.fill(block.left, top, block.right, row.deck, card)
    canvas.veil(block.left, top, block.right, row.deck, [0.0, 0.3])
    canvas.fill(block.left, top, block.right, top + 2, mix(card, (255, 255, 255), 0.5))
    canvas.clear(block.left, top, block.right, row.deck)


def _behind(canvas: _Canvas, sprite: Image.Image, facing: Facing, row: Row, middle: float) -> None:
    """Put the next item of the column, smaller and darker, a little towards the vanishing point."""
    size = (max(2, round(sprite.width * BEHIND_SCALE)), max(2, round(sprite.height * BEHIND_SCALE)))
    second = sprite.resize(size, Image.Resampling.BILINEAR).point(
        [round(level * 0.5) for level in range(256)] * 3 + list(range(256))
    )
    x = facing.x + (middle - facing.x) * BEHIND_SHIFT
    y = facing.y - max(row.rise, 0.0) * 0.22
    top = round(y - size[1])
    over = 0 if row.first else max(0, math.ceil(row.top) - top)  # the board above hides what reaches behind it
    if over < size[1]:
        canvas.put(second.crop((0, over, *size)), round(x - size[0] / 2), top + over)


def _wires(canvas: _Canvas, plan: Plan, row: Row) -> None:
    """Draw the low wire fence of a cooler's shelf, thin enough to hide nothing that matters."""
    wire = (214, 216, 218)
    thick = max(1, round((row.deck - row.top) / 150))
    for left, right in plan.spans(row):
        for share in (0.05, 0.13):
            y = row.deck - (row.deck - row.top) * share - canvas.top
            canvas.draw.line([(left - canvas.left, y), (right - canvas.left, y)], fill=wire, width=thick)


# --- rails and tags -----------------------------------------------------------------------------------------


def _rail(canvas: _Canvas, plan: Plan, index: int, look: _Look, rng: np.random.Generator) -> None:
    row = plan.rows[index]
    for left, right in plan.spans(row):
        # From below, the front edge hides the feet of what stands behind it.
        lip = row.deck - min(max(-row.rise, 0.0) * 0.08, row.rail * 0.3)
        canvas.fill(left, lip, right, row.deck + row.rail, look.rail)
        canvas.veil(left, lip, right, row.deck + row.rail * 0.2, [0.0, 0.3], (255, 255, 255))
        canvas.veil(left, row.deck + row.rail * 0.55, right, row.deck + row.rail, [0.0, 0.15, 0.45])
        canvas.fill(left, row.deck + row.rail - 2, right, row.deck + row.rail, mix(look.rail, (0, 0, 0), 0.55))
        canvas.clear(left, lip, right, row.deck + row.rail)
    stock = [_tag(rng, row.rail * 0.82, look.tag) for _ in range(5)]
    promo = float(rng.uniform(0, 0.35)) if rng.random() < 0.6 else 0.0
    dense = rng.random() < 0.3
    for block in plan.blocks:
        if block.row != index or block.right < canvas.left or block.left > canvas.right:
            continue
        tag = stock[int(rng.integers(len(stock)))]
        span = block.right - block.left
        marks = max(1, round(span / (tag.width * 2.2))) if dense else 1
        for mark in range(marks):
            x = block.left + span * (mark + float(rng.uniform(0.05, 0.5))) / marks
            canvas.put(tag, round(x), round(row.deck + row.rail * 0.09), NOBODY)
        if rng.random() < promo:
            _hang(canvas, row, block, rng)


def _hang(canvas: _Canvas, row: Row, block: Block, rng: np.random.Generator) -> None:
    """Hang a sale tag, clipped to the rail; in front of the row below."""
    ground = ((250, 222, 30), (214, 28, 34), (252, 252, 250))[int(rng.integers(3))]
    tag = _tag(rng, row.rail * rng.uniform(1.3, 1.9), ground, aspect=float(rng.uniform(0.75, 1.1)), sale=True)
    tag = tag.rotate(float(rng.normal(0, 2)), Image.Resampling.BICUBIC, expand=True)
    x = block.left + (block.right - block.left) * float(rng.uniform(0.15, 0.6))
    canvas.put(tag, round(x), round(row.deck + row.rail * 0.12), NOBODY)


def _tag(
    rng: np.random.Generator,
    height: float,
    ground: Colour,
    aspect: float | None = None,
    *,
    sale: bool = False,
) -> Image.Image:
    tall = max(6, math.ceil(height))
    wide = max(6, round(tall * (aspect or rng.uniform(1.3, 1.9))))
    tag = Image.new("RGBA", (wide * 2, tall * 2), (*ground, 255))
    plain = Image.new("RGB", tag.size, ground)
    ink = (20, 20, 22) if luminance(ground) > 140 else (255, 255, 255)
    price = f"{int(rng.integers(0, 15))}.{int(rng.choice([9, 19, 29, 49, 79, 95, 99])):02d}"
    if sale:
        write(
            plain,
            "SALE",
            (wide * 0.2, tall * 0.1, wide * 1.8, tall * 0.7),
            (200, 20, 30) if luminance(ground) > 140 else (255, 235, 60),
            weight=4,
        )
        write(plain, price, (wide * 0.15, tall * 0.85, wide * 1.85, tall * 1.75), ink, weight=3)
    else:
        write(plain, price, (wide * 0.85, tall * 0.3, wide * 1.9, tall * 1.5), ink, weight=2)
        pen = ImageDraw.Draw(plain)
        for line in range(3):
            y = tall * (0.3 + 0.25 * line)
            pen.line([(wide * 0.12, y), (wide * rng.uniform(0.45, 0.75), y)], fill=mix(ground, ink, 0.6), width=2)
        for bar in range(int(wide * 0.12), int(wide * 0.7), 4):
            if rng.random() < 0.6:
                pen.line([(bar, tall * 1.15), (bar, tall * 1.7)], fill=ink, width=2)
    tag.paste(plain)
    ImageDraw.Draw(tag).rectangle((0, 0, wide * 2 - 1, tall * 2 - 1), outline=(*mix(ground, (0, 0, 0), 0.35), 255))
    return tag.resize((wide, tall), Image.Resampling.BOX)
