"""The planogram behind a rendered photo: where each facing, gap and shelf row stands.

Pure numbers, no pixels. Lengths are pixels of the shelf's plane, x to the right and y down, in which the
finished photo would be the rectangle (0, 0, width, height) if the camera stood square to the shelf.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from shelfwatch.training.rendering.labels import SkuDesign
from shelfwatch.training.rendering.packages import SHAPES, invent_sku, pick_brand

MIN_GAP_FACINGS = 0.6  # an empty place narrower than this is spacing, not a gap
RAIL_SHARE = 0.1  # height of a price rail over the height of its shelf row
EYE_LEVEL = (0.28, 0.5)  # height of the camera from the photo's top, share of its height
PITCH_RATE = 0.62  # tangent of the camera's angle to a row, per photo height away from eye level
DECK_RATE = 0.16  # visible depth of a shelf board, share of its distance from eye level
FILL = (0.72, 0.95)  # height of a stack over the clear height of its row
HEADROOM = 0.97  # share of a row's clear height its products may reach
MIN_SHRINK = 0.6  # how far a package may fall short of the height its row offers
MAX_GROWTH = 1.09  # how much wider packages may get so that a row comes out full
BAY_SEAM = 0.012  # width of the upright between two bays, share of the photo's width

Theme = Literal["any", "grocery", "drinks", "care", "snacks", "dairy"]
Fixture = Literal["any", "gondola", "cooler"]

THEMES: dict[str, dict[str, float]] = {
    "grocery": {"carton": 4, "box": 3, "tin": 3, "jar": 2, "bottle": 1, "pouch": 1, "bag": 1, "tube": 0.4},
    "drinks": {"bottle": 4, "can": 4, "gable": 1.5, "multipack": 1},
    "care": {"flask": 5, "spray": 2, "tube": 2, "box": 2, "carton": 2, "jar": 0.5},
    "snacks": {"bag": 4, "box": 3, "carton": 2, "pouch": 2, "tin": 1, "tub": 0.5},
    "dairy": {"tub": 5, "gable": 2, "bottle": 1.5, "box": 1, "carton": 0.5, "can": 0.5},
}


@dataclass(frozen=True)
class RenderOptions:
    """How one shelf photo is composed and taken. Pairs are inclusive ranges."""

    width: int = 1500  # pixels of the finished photo
    height: int = 2000
    rows: tuple[int, int] = (3, 6)  # shelf rows in the photo
    facings: tuple[int, int] = (10, 18)  # facings side by side across the photo, stacked items counted once
    bays: tuple[int, int] = (1, 2)
    own_rows: float = 0.0  # share of shelves of two bays in which each bay has rows of its own
    gap_rate: float = 0.08  # share of SKUs with an out-of-stock place
    stack_rate: float = 0.35  # share of SKUs stacked where the package allows it
    perspective: float = 0.35  # 0 square to the shelf .. 1 strongly from the side
    tilt: float = 2.0  # degrees; the camera rolls by at most this much either way
    noise: float = 0.5  # each effect: 0 none .. 1 strong
    blur: float = 0.4
    glare: float = 0.4
    theme: Theme = "any"  # what the shelf sells
    fixture: Fixture = "any"  # what it stands in; "any" is mostly gondolas

    def __post_init__(self) -> None:
        if self.width < 64 or self.height < 64:
            raise ValueError("a photo is at least 64 x 64 pixels")
        for name, least, (low, high) in (
            ("rows", 1, self.rows),
            ("facings", 1, self.facings),
            ("bays", 1, self.bays),
        ):
            if not least <= low <= high:
                raise ValueError(f"{name} must be an ascending range from {least}: {low}, {high}")
        if self.bays[1] > 2:
            raise ValueError("a photo shows one or two bays")
        for name in ("own_rows", "gap_rate", "stack_rate", "perspective", "noise", "blur", "glare"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} lies between 0 and 1")


DENSE = RenderOptions(
    rows=(9, 9),
    facings=(28, 30),
    gap_rate=0.02,
    stack_rate=0.85,
    perspective=0.15,
    theme="grocery",
    fixture="gondola",
)


@dataclass(frozen=True)
class Row:
    """One shelf row: the clear height between `top` and `deck`, then the price rail."""

    top: float
    deck: float  # front edge of the board
    rail: float  # height of the price rail under the front edge
    pitch: float  # tangent of the camera's angle: above 0 when the row is seen from above
    rise: float  # visible depth of the board, upwards from the front edge; negative: its underside
    first: bool  # whether nothing but air is above it
    bay: int | None = None  # the only bay it runs through; None: through all


@dataclass(frozen=True)
class Facing:
    """One package at the front of its row."""

    row: int
    column: int  # counts columns of products along the whole row, left to right
    level: int  # 0 stands on the board
    bay: int
    sku: int
    x: float  # middle of the foot
    y: float  # foot
    width: float
    height: float
    lean: float  # degrees, anticlockwise
    gain: float  # brightness, 1 as painted
    variant: int  # which of the SKU's pictures
    behind: bool  # whether the column continues behind this item


@dataclass(frozen=True)
class Gap:
    """An empty place that belongs to an out-of-stock SKU."""

    row: int
    sku: int
    left: float
    top: float
    right: float
    bottom: float
    facings: float  # width over the width of one facing of the missing SKU


@dataclass(frozen=True)
class Block:
    """Facings of one SKU side by side, as the planogram wants them."""

    row: int
    bay: int
    sku: int
    left: float
    right: float
    height: float  # of one facing


@dataclass(frozen=True)
class Plan:
    """Everything that stands on the shelf."""

    rows: tuple[Row, ...]  # top to bottom
    facings: tuple[Facing, ...]
    gaps: tuple[Gap, ...]
    blocks: tuple[Block, ...]
    skus: tuple[SkuDesign, ...]
    bays: tuple[tuple[float, float], ...]  # left and right edge of each bay
    theme: str
    cooler: bool

    @property
    def top(self) -> float:
        """Where the first row begins."""
        return min(row.top for row in self.rows)

    @property
    def foot(self) -> float:
        """Where the last rail ends."""
        return max(row.deck + row.rail for row in self.rows)

    def spans(self, row: Row) -> tuple[tuple[float, float], ...]:
        """Left and right edge of a row in each bay it runs through."""
        return self.bays if row.bay is None else (self.bays[row.bay],)


def plan_shelf(rng: np.random.Generator, options: RenderOptions, margin: float) -> Plan:
    """Compose one shelf; `margin` is how far beyond the photo's left and right edge it must reach."""
    cooler = options.fixture == "cooler" or (options.fixture == "any" and rng.random() < 0.12)
    theme = options.theme
    if theme == "any":
        theme = str(rng.choice(["drinks", "dairy"] if cooler else list(THEMES)))  # type: ignore[assignment]
    rows, eye = _rows(rng, options)
    bays = _bays(rng, options, margin)
    if options.own_rows and len(bays) == 2 and rng.random() < options.own_rows:
        own = [replace(row, bay=0) for row in rows] + list(_rows_beside(rng, options, rows, eye))
        rows = tuple(sorted(own, key=lambda row: row.deck))
    builder = _Builder(rng, options, theme, rows)
    for index, row in enumerate(rows):
        column = 0
        for bay, (left, right) in enumerate(bays):
            if row.bay in (None, bay):
                column = builder.fill(index, bay, left, right, column)
    return Plan(
        rows,
        tuple(builder.facings),
        tuple(builder.gaps),
        tuple(builder.blocks),
        tuple(builder.skus),
        bays,
        theme,
        cooler,
    )


def _rows(rng: np.random.Generator, options: RenderOptions) -> tuple[tuple[Row, ...], float]:
    """The rows of a shelf, top to bottom, and the height of the camera."""
    count = int(rng.integers(options.rows[0], options.rows[1] + 1))
    few = 1.0 / (1.0 + count)
    top = options.height * rng.uniform(0.0, 0.25 * few)
    bottom = options.height * (1.0 - rng.uniform(0.0, 0.5 * few))
    shares = rng.uniform(0.82, 1.18, count)
    eye = options.height * rng.uniform(*EYE_LEVEL)
    rail_share = RAIL_SHARE * rng.uniform(0.8, 1.3)
    return _divide(options, top, bottom, shares.tolist(), eye, rail_share), eye


def _rows_beside(
    rng: np.random.Generator, options: RenderOptions, rows: tuple[Row, ...], eye: float
) -> tuple[Row, ...]:
    """Rows for the second bay, from the same top to the same foot as those of the first."""
    count = int(rng.integers(options.rows[0], options.rows[1] + 1))
    shares = rng.uniform(0.82, 1.18, count)
    rail_share = RAIL_SHARE * rng.uniform(0.8, 1.3)
    bottom = rows[-1].deck + rows[-1].rail
    return _divide(options, rows[0].top, bottom, shares.tolist(), eye, rail_share, bay=1)


def _divide(
    options: RenderOptions,
    top: float,
    bottom: float,
    shares: list[float],
    eye: float,
    rail_share: float,
    bay: int | None = None,
) -> tuple[Row, ...]:
    rows: list[Row] = []
    height = bottom - top
    for share in shares:
        pitch = share / sum(shares) * height
        rail = min(max(pitch * rail_share, options.height * 0.012), options.height * 0.04)
        deck = top + pitch - rail
        away = deck - eye
        rise = min(away * DECK_RATE, (deck - top) * 0.4)
        slant = float(np.clip(away / options.height * PITCH_RATE, -0.16, 0.34))
        rows.append(Row(top, deck, rail, slant, rise, not rows, bay))
        top += pitch
    return tuple(rows)


def _bays(rng: np.random.Generator, options: RenderOptions, margin: float) -> tuple[tuple[float, float], ...]:
    width = float(options.width)
    left, right = -margin, width + margin
    # Half of all photos cut the shelf at both sides; the others show where it ends.
    if rng.random() < 0.35:
        left = width * rng.uniform(0.0, 0.08)
    if rng.random() < 0.35:
        right = width * rng.uniform(0.92, 1.0)
    if int(rng.integers(options.bays[0], options.bays[1] + 1)) == 1:
        return ((left, right),)
    seam = width * rng.uniform(0.35, 0.65)
    half = width * BAY_SEAM / 2
    return ((left, seam - half), (seam + half, right))


class _Builder:
    """Fills rows block by block and collects what stands there."""

    def __init__(self, rng: np.random.Generator, options: RenderOptions, theme: str, rows: tuple[Row, ...]) -> None:
        self.rng, self.options, self.rows = rng, options, rows
        weights = THEMES[theme]
        self.shapes = tuple(weights)
        self.weights = np.array(list(weights.values()))
        self.facings: list[Facing] = []
        self.gaps: list[Gap] = []
        self.blocks: list[Block] = []
        self.skus: list[SkuDesign] = []
        self._brand = pick_brand(rng)
        self._brand_shape = ""
        self._brand_left = 0
        self._across = float(rng.uniform(*options.facings))  # facings across the photo, for the shelf as a whole

    def fill(self, index: int, bay: int, left: float, right: float, column: int) -> int:
        """Fill one row of one bay; returns the number of the next free column."""
        row = self.rows[index]
        pending: list[tuple[SkuDesign, float, float, int, int, float]] = []
        used, room = 0.0, right - left
        while True:
            design, width, height, levels = self._choose(row)
            spacing = width * (SHAPES[design.shape].spacing + self.rng.uniform(-0.01, 0.015))
            fit = int((room - used) / (width + spacing))
            if fit < 1:
                break
            count = min(fit, int(self.rng.choice([1, 2, 3, 4, 5, 6], p=[0.14, 0.28, 0.26, 0.17, 0.1, 0.05])))
            pending.append((design, width, height, levels, count, spacing))
            used += count * (width + spacing)
        if not pending:
            return column
        # What is left at the end of the row goes into wider packages first, then into the spaces.
        grow = min(room / used, MAX_GROWTH)
        slack = (room - used * grow) / sum(entry[4] for entry in pending)
        x, was_gap = left, False
        for design, bare_width, height, levels, count, bare_spacing in pending:
            width, spacing = bare_width * grow, bare_spacing * grow
            sku = len(self.skus)
            self.skus.append(design)
            step = width + spacing + slack
            self.blocks.append(Block(index, bay, sku, x, x + count * step, height))
            missing = 0
            if not was_gap and self.rng.random() < self.options.gap_rate:
                missing = count if self.rng.random() < 0.4 else int(self.rng.integers(1, count + 1))
            start = 0 if self.rng.random() < 0.5 else count - missing
            was_gap = missing > 0
            if missing:
                tall = (levels * height) * self.rng.uniform(0.97, 1.0)
                span = (
                    x + start * step + (spacing + slack) / 2,
                    x + (start + missing) * step - (spacing + slack) / 2,
                )
                self.gaps.append(
                    Gap(index, sku, span[0], row.deck - tall, span[1], row.deck, (span[1] - span[0]) / width)
                )
            # A tall stack cannot stand far back: it would reach behind the board above.
            room_above = (row.deck - row.top) * HEADROOM - levels * height
            push = min(self._push(row), max(0.0, room_above / max(row.rise, 1.0)))
            for place in range(count):
                if start <= place < start + missing:
                    continue
                self._stand(index, column, bay, sku, x + (place + 0.5) * step, width, height, levels, push)
                column += 1
            x += count * step
        return column

    def _choose(self, row: Row) -> tuple[SkuDesign, float, float, int]:
        """Choose a SKU for this row with the width and height of its facing and the height of its stack."""
        rng = self.rng
        if self._brand_left <= 0:
            self._brand, self._brand_left = pick_brand(rng), int(rng.integers(1, 5))
            self._brand_shape = ""
        self._brand_left -= 1
        clear = row.deck - row.top
        wanted = self.options.width / self._across * rng.uniform(0.78, 1.25)
        fill = rng.uniform(*FILL)
        keep = self._brand_shape if rng.random() < 0.75 else ""
        shape, levels = self._shape(wanted, fill * clear, keep)
        self._brand_shape = shape
        low, high = SHAPES[shape].aspect
        height = fill * clear / levels
        aspect = float(np.clip(wanted / height, low, high))
        # A package too slim for its place is made shorter, within limits; one too wide, narrower.
        height = max(min(height, wanted / aspect), MIN_SHRINK * height)
        width = aspect * height
        brand, hue, mood = self._brand
        return invent_sku(rng, shape, aspect, brand, hue, mood), width, height, levels

    def _shape(self, width: float, height: float, keep: str) -> tuple[str, int]:
        """Pick the shape and stack that suit a place of this size; `keep` is preferred where it fits."""
        stacked = self.rng.random() < self.options.stack_rate
        choices: list[tuple[str, int]] = []
        weights: list[float] = []
        for name, weight in zip(self.shapes, self.weights.tolist(), strict=True):
            shape = SHAPES[name]
            for levels in range(1, shape.stacks + 1):
                if stacked != (levels > 1) and shape.stacks > 1:
                    continue
                natural = width / (height / levels)
                low, high = shape.aspect
                misfit = max(low / natural, natural / high, 1.0)
                choices.append((name, levels))
                weights.append(weight * (6.0 if name == keep else 1.0) * misfit**-6.0)
        share = np.array(weights) / sum(weights)
        return choices[int(self.rng.choice(len(choices), p=share))]

    def _push(self, row: Row) -> float:
        """How far a block is pushed back on its board, 0 front .. 1 back."""
        return float(self.rng.uniform(0, 0.12) if self.rng.random() < 0.85 else self.rng.uniform(0.2, 0.6))

    def _stand(
        self,
        index: int,
        column: int,
        bay: int,
        sku: int,
        x: float,
        width: float,
        height: float,
        levels: int,
        push: float,
    ) -> None:
        rng, row = self.rng, self.rows[index]
        if levels > 1 and rng.random() < 0.15:
            levels -= 1
        push = max(0.0, push + rng.uniform(-0.05, 0.0))
        shrink = 1.0 - 0.1 * push
        foot = row.deck - max(row.rise, 0.0) * push
        gain = float(rng.uniform(0.93, 1.05)) * (1.0 - 0.35 * push)
        for level in range(levels):
            scale = shrink * float(rng.uniform(0.98, 1.0))
            lean = float(rng.normal(0, 0.35))
            if levels == 1 and rng.random() < 0.02:
                lean = float(rng.uniform(-4, 4))
            drift = float(rng.normal(0, 0.008)) * width
            self.facings.append(
                Facing(
                    index, column, level, bay, sku, x + drift, foot, width * scale, height * scale, lean,
                    gain * float(rng.uniform(0.97, 1.03)), int(rng.integers(3)), bool(rng.random() < 0.8),
                )
            )  # fmt: skip
            foot -= height * scale * 0.995
