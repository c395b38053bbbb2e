"""Package shapes: each turns a `SkuDesign` into one shaded, cut-out picture of a facing.

Two families cover the store. Round packages (bottles, cans, jars, tubs, tubes) are surfaces of revolution:
a profile of radii, lit from the front and wrapped in a label whose lines bend with the height of the camera.
Flat packages (cartons, bags, gable tops) are drawn face by face.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shelfwatch.training.rendering.labels import (
    BRANDS,
    GROUNDS,
    HUES,
    MOTIFS,
    VARIETIES,
    Colour,
    SkuDesign,
    draw_label,
    hsv,
    mix,
    noise_field,
    pick_palette,
)

AMBIENT = 0.42  # share of light that reaches a surface turned away from the aisle
STREAKS = (
    (-0.46, 0.07, 1.0),
    (0.55, 0.1, 0.55),
)  # lamp reflections on a cylinder: place, width (of the radius), strength
LABEL_TURN = 0.09  # turns of the label round a bottle between its facings, share of half its girth
BOX_DEPTH = 0.55  # depth of a carton over its width

Floats = NDArray[np.float32]
Surface = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class View:
    """How the camera looks at a shelf row."""

    pitch: float = 0.0  # tangent of the angle: above 0 from above (tops show), below 0 from below
    side: float = 0.0  # share of a carton's width taken by its visible side; its sign tells which side
    turn: float = 0.0  # rotation of a round package about its axis, in LABEL_TURN


@dataclass(frozen=True)
class Shape:
    """One kind of package: how slim it may be, whether it stacks, who draws it."""

    aspect: tuple[float, float]  # width over height, inclusive
    stacks: int  # highest stack seen in a store
    paint: Callable[[SkuDesign, int, int, View, np.random.Generator], Image.Image]
    spacing: float = 0.02  # usual free width beside a facing, share of its width


def invent_sku(rng: np.random.Generator, shape: str, aspect: float, brand: str, hue: float, mood: str) -> SkuDesign:
    """Invent a SKU of `brand`; SKUs of one brand share hue and mood, so they look like a family."""
    return SkuDesign(
        brand=brand,
        variety=str(rng.choice(VARIETIES)),
        shape=shape,
        aspect=aspect,
        palette=pick_palette(rng, hue, mood),
        ground=str(rng.choice(GROUNDS)),
        motif=str(rng.choice(MOTIFS)),
        plate=str(rng.choice(["none", "none", "band", "oval", "tag"])),
        seed=int(rng.integers(2**31)),
    )


def pick_brand(rng: np.random.Generator) -> tuple[str, float, str]:
    """Draw a brand name with the hue and mood of its range."""
    mood = str(rng.choice(["bright", "white", "pastel", "dark"], p=[0.5, 0.24, 0.14, 0.12]))
    return str(rng.choice(BRANDS)), float(rng.choice(HUES) + rng.normal(0, 0.025)) % 1.0, mood


def paint_package(design: SkuDesign, width: int, height: int, view: View | None = None) -> Image.Image:
    """One facing, RGBA, `width` x `height` pixels; alpha is the silhouette."""
    rng = np.random.default_rng([design.seed, 1])
    return SHAPES[design.shape].paint(design, width, height, view or View(), rng)


# --- round packages -----------------------------------------------------------------------------------------


def _revolve(
    width: int,
    height: int,
    profile: Sequence[tuple[float, float]],
    surface: Surface,
    pitch: float,
    *,
    gloss: float = 0.5,
    top: Colour = (200, 200, 200),
    metallic: bool = False,
    roundness: float = 1.0,
) -> Image.Image:
    """Render a surface of revolution.

    `profile` holds (place from top 0 to bottom 1, radius as a share of half the width). `surface` gets places
    (H, W) and label coordinates -1..1 (H, W), and returns colours (H, W, 3) float 0-255.
    """
    half = width / 2 - 0.5
    places = np.array([p[0] for p in profile])
    radii = np.array([p[1] for p in profile])
    sag = abs(pitch) * half
    lead = sag * radii[0]
    body = max(2.0, height - lead - sag * radii[-1])
    xs = (np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, :]
    ys = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
    fine = np.linspace(0, 1, 256)
    table = (np.interp(fine, places, radii) * half).astype(np.float32)

    def radius_at(place: Floats) -> Floats:
        radii_there: Floats = table[np.clip(place * 255, 0, 255).astype(np.intp)]
        return radii_there

    place: Floats = np.broadcast_to((ys - lead) / body, (height, width)).astype(np.float32)
    radius = radius_at(place)
    for _ in range(2):  # the radius depends on the place and the place on the radius: two rounds settle it
        u = xs / radius
        place = ((ys - lead - pitch * radius * np.sqrt(np.clip(1 - u * u, 0, 1))) / body).astype(np.float32)
        radius = radius_at(place)
    u = (xs / radius).astype(np.float32)
    inside = (np.abs(u) <= 1) & (place >= 0) & (place <= 1)
    place = np.clip(place, 0, 1)
    u = np.clip(u, -1, 1)
    facing = np.sqrt(1 - u * u)
    colours = surface(place, (np.arcsin(u) * (2 / math.pi)).astype(np.float32))
    slope = np.gradient(table, 1 / 255 * body).astype(np.float32)[np.clip(place * 255, 0, 255).astype(np.intp)]
    light = AMBIENT + (1 - AMBIENT) * facing ** np.float32(0.75 / roundness)
    light = light * (1 + np.clip(slope, -0.8, 0.8) * 0.22) * (1.06 - 0.16 * place)
    if metallic:
        light *= 0.86 + 0.16 * np.cos(u * np.float32(9.5))
    shine = np.zeros_like(u)
    for at, spread, strength in STREAKS:
        shine += np.float32(strength) * np.exp(-(((u - at) / spread) ** 2)).astype(np.float32)
    shine *= np.float32(gloss * 120) * (0.35 + 0.65 * np.sin(place * np.float32(math.pi)))
    picture = colours * light[..., None] + shine[..., None]
    alpha = inside.astype(np.float32)
    rim = radii[0 if pitch > 0 else -1] * half
    if sag * radii[0 if pitch > 0 else -1] >= 1.0:
        centre = lead if pitch > 0 else lead + body
        inner = (xs / rim) ** 2 + ((ys - centre) / (abs(pitch) * rim)) ** 2
        disc = (inner <= 1) & ~inside
        lid = np.array(top, np.float32) * (1.0 if pitch > 0 else 0.35)
        ring = np.where(inner > 0.78, np.float32(1.12), np.float32(0.92))
        picture = np.where(disc[..., None], lid * ring[..., None], picture)
        alpha = np.maximum(alpha, disc.astype(np.float32))
    rgba = np.dstack([np.clip(picture, 0, 255), alpha * 255]).astype(np.uint8)
    return Image.fromarray(rgba)


def _wrap(label: Image.Image, place: Floats, across: Floats, band: tuple[float, float], turn: float) -> Floats:
    """Colours of a label glued round the body between the two places of `band`; (H, W, 3) float."""
    texture = np.asarray(label)
    rows, columns = texture.shape[:2]
    y = np.clip((place - band[0]) / (band[1] - band[0]) * rows, 0, rows - 1).astype(np.intp)
    x = np.clip(((across + 1) / 2 + turn * LABEL_TURN) * columns, 0, columns - 1).astype(np.intp)
    wrapped: Floats = texture[y, x].astype(np.float32)
    return wrapped


def _bands(place: Floats, stops: Sequence[tuple[float, Colour]]) -> Floats:
    """Plain colours by place: each stop colours everything below it until the next."""
    colours = np.array([colour for _, colour in stops], np.float32)
    index = np.searchsorted(np.array([start for start, _ in stops], np.float32), place, side="right") - 1
    banded: Floats = colours[np.maximum(index, 0)]
    return banded


def _bottle(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Drinks, oils and sauces: neck, cap, and the liquid's level under the shoulder."""
    neck, shoulder = rng.uniform(0.26, 0.4), rng.uniform(0.3, 0.46)
    cap_end = rng.uniform(0.05, 0.085)
    waist = rng.uniform(0.88, 1.0)
    profile = [
        (0.0, neck * 0.95), (cap_end, neck), (cap_end + 0.002, neck * 0.82), (shoulder * 0.5, neck * 0.95),
        (shoulder * 0.75, 0.66), (shoulder, 0.94), (shoulder + 0.06, 1.0), (0.62, waist),
        (0.9, 1.0), (0.985, 0.97), (1.0, 0.88),
    ]  # fmt: skip
    liquid = hsv(rng.choice([0.02, 0.06, 0.1, 0.13, 0.3, 0.58, 0.95]), rng.uniform(0.35, 0.95), rng.uniform(0.3, 0.95))
    if rng.random() < 0.3:
        liquid = hsv(0.06, 0.7, 0.16)  # cola, soy sauce
    glass = mix(liquid, (215, 225, 225), 0.6)
    level = rng.uniform(0.12, max(0.14, shoulder * 0.8))
    top_edge = shoulder + rng.uniform(0.03, 0.08)
    band = (top_edge, rng.uniform(max(0.72, top_edge + 0.25), 0.92))
    label = draw_label(design, max(8, int(width * 1.4)), max(8, int(height * (band[1] - band[0]))), safe=0.7)
    cap = design.palette.accent

    def surface(place: Floats, across: Floats) -> Floats:
        colours = _bands(place, [(0, cap), (cap_end, glass), (level, liquid)])
        colours *= (0.82 + 0.3 * np.abs(across) ** 3)[..., None]  # thick glass gathers light at its edges
        ribs = (place < cap_end) & (np.sin(across * 60) > 0.2)
        colours = np.where(ribs[..., None], colours * 0.85, colours)
        on_label = (place >= band[0]) & (place <= band[1])
        return np.where(on_label[..., None], _wrap(label, place, across, band, view.turn), colours)

    return _revolve(width, height, profile, surface, view.pitch * 0.9, gloss=0.85, top=cap)


def _flask(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Shampoo, lotion, cleaner: an opaque body with a broad cap or a pump."""
    kind = rng.integers(3)
    cap_end = float(rng.uniform(0.1, 0.2))
    body = design.palette.base
    cap = (
        design.palette.accent
        if rng.random() < 0.5
        else mix(body, (255, 255, 255) if rng.random() < 0.5 else (0, 0, 0), 0.6)
    )
    cap_radius = float(rng.uniform(0.42, 0.8))
    shoulder = cap_end + rng.uniform(0.05, 0.14)
    waist = rng.uniform(0.82, 1.0)
    profile = [
        (0.0, cap_radius * 0.92), (cap_end, cap_radius), (cap_end + 0.002, cap_radius * 0.9),
        (shoulder * 0.8, 0.88), (shoulder, 0.97), (0.4, 1.0), (0.6, waist),
        (0.9, 0.95), (0.98, 0.9), (1.0, 0.8),
    ]  # fmt: skip
    if kind == 2:  # a pump: thin stem, then collar
        profile = [
            (0.0, 0.34),
            (0.035, 0.36),
            (0.04, 0.1),
            (cap_end - 0.03, 0.1),
            (cap_end - 0.03, 0.3),
            (cap_end, 0.34),
            *profile[3:],
        ]
    band = (shoulder + 0.02, float(rng.uniform(0.86, 0.95)))
    label = draw_label(design, max(8, int(width * 1.15)), max(8, int(height * (band[1] - band[0]))), safe=0.68)
    inset = float(rng.choice([0.62, 0.8, 2.0]))

    def surface(place: Floats, across: Floats) -> Floats:
        colours = _bands(place, [(0, cap), (cap_end, body)])
        on_label = (place >= band[0]) & (place <= band[1]) & (np.abs(across) < inset)
        return np.where(on_label[..., None], _wrap(label, place, across, band, view.turn * 0.3), colours)

    return _revolve(width, height, profile, surface, view.pitch * 0.5, gloss=0.55, top=cap, roundness=1.9)


def _can(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Drink and food cans: printed metal or a paper sleeve between two rims."""
    food = design.aspect > 0.66
    lip = 0.022 if food else 0.05
    profile = (
        [(0.0, 1.0), (lip, 1.0), (lip + 0.005, 0.96), (0.97, 0.96), (0.975, 1.0), (1.0, 1.0)]
        if food
        else [
            (0.0, 0.84),
            (0.015, 0.87),
            (lip * 0.6, 0.82),
            (lip * 2.2, 1.0),
            (0.93, 1.0),
            (0.985, 0.85),
            (1.0, 0.83),
        ]
    )
    steel = (205, 207, 212)
    label = draw_label(design, max(8, int(width * 1.5)), max(8, height), safe=0.68)
    band = (0.025, 0.972) if food else (0.045, 0.95)

    def surface(place: Floats, across: Floats) -> Floats:
        colours = np.broadcast_to(np.array(steel, np.float32), (*place.shape, 3))
        on_label = (place >= band[0]) & (place <= band[1])
        return np.where(on_label[..., None], _wrap(label, place, across, band, view.turn), colours)

    return _revolve(width, height, profile, surface, view.pitch, gloss=0.7, top=(170, 172, 176), metallic=not food)


def _jar(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Jam, pickles, spread: glass under a wide lid."""
    lid_end = float(rng.uniform(0.13, 0.2))
    profile = [
        (0.0, 0.84), (0.02, 0.88), (lid_end, 0.88), (lid_end + 0.005, 0.8),
        (lid_end + 0.1, 0.98), (0.5, 1.0), (0.94, 1.0), (1.0, 0.92),
    ]  # fmt: skip
    filling = hsv(rng.choice([0.0, 0.04, 0.09, 0.12, 0.25, 0.97]), rng.uniform(0.5, 0.95), rng.uniform(0.3, 0.85))
    lid = design.palette.accent if rng.random() < 0.6 else (225, 205, 140)
    band = (lid_end + 0.15, 0.9)
    label = draw_label(design, max(8, int(width * 1.4)), max(8, int(height * (band[1] - band[0]))), safe=0.7)
    pieces = np.asarray(noise_field(rng, width, height, 14), np.float32) / 255

    def surface(place: Floats, across: Floats) -> Floats:
        colours = _bands(place, [(0, lid), (lid_end, mix(filling, (230, 230, 220), 0.5)), (lid_end + 0.07, filling)])
        colours = np.where((place > lid_end + 0.07)[..., None], colours * (0.7 + 0.6 * pieces)[..., None], colours)
        on_label = (place >= band[0]) & (place <= band[1]) & (np.abs(across) < 0.85)
        return np.where(on_label[..., None], _wrap(label, place, across, band, view.turn), colours)

    return _revolve(width, height, profile, surface, view.pitch, gloss=0.8, top=lid)


def _tub(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Yoghurt, margarine, ice cream: tapering downwards under a flat lid."""
    foot = float(rng.uniform(0.7, 0.92))
    lid_end = float(rng.uniform(0.06, 0.14))
    profile = [
        (0.0, 0.98),
        (lid_end * 0.3, 1.0),
        (lid_end, 1.0),
        (lid_end + 0.004, 0.95),
        (0.97, foot),
        (1.0, foot * 0.96),
    ]
    lid = design.palette.accent if rng.random() < 0.5 else (238, 238, 240)
    label = draw_label(design, max(8, int(width * 1.35)), max(8, height), safe=0.7)

    def surface(place: Floats, across: Floats) -> Floats:
        wrapped = _wrap(label, place, across, (lid_end, 1.0), view.turn)
        return np.where((place < lid_end)[..., None], np.array(lid, np.float32), wrapped)

    return _revolve(width, height, profile, surface, view.pitch, gloss=0.4, top=lid, roundness=1.3)


def _spray(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Deodorant and hair spray: a slim can under a rounded cap."""
    cap_end = float(rng.uniform(0.16, 0.26))
    profile = [
        (0.0, 0.45), (0.02, 0.66), (0.05, 0.78), (cap_end, 0.82), (cap_end + 0.003, 0.76),
        (cap_end + 0.05, 0.98), (0.5, 1.0), (0.985, 1.0), (1.0, 0.95),
    ]  # fmt: skip
    cap = design.palette.second if rng.random() < 0.5 else (235, 235, 235)
    label = draw_label(design, max(8, int(width * 1.5)), max(8, int(height * (0.98 - cap_end))), safe=0.68)

    def surface(place: Floats, across: Floats) -> Floats:
        wrapped = _wrap(label, place, across, (cap_end, 0.98), view.turn)
        return np.where((place < cap_end)[..., None], np.array(cap, np.float32), wrapped)

    return _revolve(width, height, profile, surface, view.pitch, gloss=0.75, top=cap, metallic=True)


def _tube(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Cream and mustard tubes standing on their caps."""
    cap_start = float(rng.uniform(0.83, 0.9))
    profile = [
        (0.0, 0.98), (0.05, 0.98), (0.06, 0.95), (0.4, 0.9),
        (cap_start - 0.06, 0.72), (cap_start, 0.66), (cap_start + 0.004, 0.6), (1.0, 0.58),
    ]  # fmt: skip
    cap = (245, 245, 245) if rng.random() < 0.5 else design.palette.accent
    label = draw_label(design, max(8, int(width * 1.1)), max(8, int(height * cap_start)), safe=0.74)

    def surface(place: Floats, across: Floats) -> Floats:
        wrapped = _wrap(label, place, across, (0.0, cap_start), view.turn * 0.2)
        crimp = (place < 0.05) & (np.sin(across * 90) > 0)
        wrapped = np.where(crimp[..., None], wrapped * 0.8 + 30, wrapped)
        return np.where((place >= cap_start)[..., None], np.array(cap, np.float32), wrapped)

    return _revolve(
        width, height, profile, surface, view.pitch * 0.3, gloss=0.45, top=design.palette.base, roundness=1.6
    )


# --- flat packages ------------------------------------------------------------------------------------------


def _carton(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Cereal, tea, detergent: front, and the top and side the camera happens to see."""
    side = int(abs(view.side) * width)
    front_width = max(4, width - side)
    rise = int(min(max(view.pitch, 0.0) * BOX_DEPTH * front_width, height * 0.3))
    front_height = max(4, height - rise)
    front = draw_label(design, front_width, front_height, barcode=rng.random() < 0.12)
    image = Image.new("RGBA", (width, height))
    left = side if view.side < 0 else 0
    image.paste(_sheen(front, rng), (left, rise))
    draw = ImageDraw.Draw(image)
    if rise > 1:
        inset = int(front_width * 0.05 * min(1.0, rise / 12))
        lid = mix(mix(design.palette.base, (255, 255, 255), 0.25), design.palette.second, 0.2)
        draw.polygon(
            [
                (left, rise),
                (left + inset, 0),
                (left + front_width - 1 - inset, 0),
                (left + front_width - 1, rise),
            ],
            fill=(*lid, 255),
        )
        draw.line(
            [(left + front_width // 2, 0), (left + front_width // 2, rise)],
            fill=(*mix(lid, (0, 0, 0), 0.25), 255),
        )
        draw.line(
            [(left, rise), (left + front_width - 1, rise)],
            fill=(*mix(lid, (255, 255, 255), 0.5), 255),
            width=max(1, height // 160),
        )
    if side > 1:
        cheek = front.resize((side, front_height), box=(0, 0, front_width * 0.4, front_height)).point(
            lambda v: v * 0.52
        )
        drop = int(rise * 0.6)
        mask = Image.new("L", cheek.size, 255)
        near, far = (0, side) if view.side > 0 else (side, 0)
        ImageDraw.Draw(mask).polygon(
            [(near, front_height), (far, front_height), (far, front_height - 1 - int(drop * 0.5))], fill=0
        )
        image.paste(cheek, (left + front_width if view.side > 0 else 0, rise), mask)
    edge = max(1, width // 90)
    draw.line(
        [(left, rise), (left, height)],
        fill=(*mix(design.palette.base, (255, 255, 255), 0.45), 255),
        width=edge,
    )
    draw.line(
        [(left + front_width - edge, rise), (left + front_width - edge, height)],
        fill=(*mix(design.palette.base, (0, 0, 0), 0.5), 255),
        width=edge,
    )
    return image


def _multipack(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Carrier cartons with a hand hole."""
    image = _carton(design, width, height, view, rng)
    draw = ImageDraw.Draw(image)
    x, y = width * (0.5 - view.side / 2), height * 0.16
    draw.rounded_rectangle(
        (x - width * 0.14, y, x + width * 0.14, y + height * 0.07),
        radius=max(2, int(height * 0.03)),
        fill=(22, 20, 20, 255),
    )
    return image


def _gable(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Milk and juice: a body under a sloping roof, a fin, often a screw cap."""
    image = Image.new("RGBA", (width, height))
    roof, fin = int(height * 0.2), int(height * 0.06)
    body = draw_label(design, width, height - roof)
    image.paste(_sheen(body, rng), (0, roof))
    draw = ImageDraw.Draw(image)
    slope = mix(design.palette.base, (255, 255, 255), 0.3)
    pinch = int(width * rng.uniform(0.0, 0.1))
    draw.polygon([(0, roof), (pinch, fin), (width - 1 - pinch, fin), (width - 1, roof)], fill=(*slope, 255))
    draw.polygon([(0, roof), (pinch, fin), (width * 0.26, roof)], fill=(*mix(slope, (0, 0, 0), 0.22), 255))
    draw.polygon(
        [(width - 1, roof), (width - 1 - pinch, fin), (width * 0.74, roof)],
        fill=(*mix(slope, (0, 0, 0), 0.3), 255),
    )
    draw.rectangle((pinch, 0, width - 1 - pinch, fin), fill=(*mix(slope, (255, 255, 255), 0.4), 255))
    draw.line([(pinch, fin), (width - pinch, fin)], fill=(*mix(slope, (0, 0, 0), 0.35), 255), width=2)
    if rng.random() < 0.7:
        r = width * 0.16
        x, y = width * 0.5, roof * 0.62
        draw.ellipse(
            (x - r, y - r * 0.55, x + r, y + r * 0.75),
            fill=(*mix(design.palette.accent, (0, 0, 0), 0.35), 255),
        )
        draw.ellipse((x - r, y - r * 0.75, x + r, y + r * 0.5), fill=(*design.palette.accent, 255))
    return image


def _bag(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Crisps, sweets, coffee: film that bulges, creases and shines between two seals."""
    label = np.asarray(draw_label(design, width, height, safe=0.82), np.float32)
    hills = np.asarray(noise_field(rng, width, height, 7), np.float32) / 255
    fine = np.asarray(noise_field(rng, width, height, 18), np.float32) / 255
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    bulge = np.sin(np.clip(ys, 0.02, 0.98) * np.float32(math.pi)) ** 0.6 * np.sqrt(np.clip(1 - xs * xs, 0, 1))
    relief = (bulge * 0.8 + hills * 0.28 + fine * 0.1) * np.float32(min(width, height))
    slope_y, slope_x = np.gradient(relief)
    bend = 1 / np.sqrt(1 + (slope_x * slope_x + slope_y * slope_y) * 0.16)
    light = 0.42 + 0.62 * bend - 0.12 * np.clip(slope_y, -1.2, 1.2) * np.float32(-1) * bend
    shine = np.exp(-(((slope_x + 0.35) / 0.16) ** 2) - ((slope_y - 0.2) / 0.5) ** 2) * 70
    seal = ((ys < 0.055) | (ys > 0.95)).astype(np.float32)
    teeth = 0.85 + 0.2 * (np.sin(ys * height * 0.9) > 0)
    picture = label * np.where(seal > 0, teeth, light)[..., None] + (shine * (1 - seal))[..., None]
    # The sides pull in at the seals' height and waver a little everywhere.
    waver = np.asarray(noise_field(rng, 2, height, 9).resize((2, height)), np.float32) / 255
    inset = 0.1 * np.abs(np.linspace(-1, 1, height, dtype=np.float32)) ** 3 * rng.uniform(-0.4, 0.5)
    left = np.clip(0.06 * waver[:, :1] + 0.05 - inset[:, None], 0.0, 0.12)
    right = np.clip(0.06 * waver[:, 1:] + 0.05 - inset[:, None], 0.0, 0.12)
    alpha = (xs >= -1 + left) & (xs <= 1 - right)
    if rng.random() < 0.6:  # a pinked edge along the top seal
        alpha &= (ys * height) >= (np.abs((np.arange(width) % 7) - 3)[None, :] * max(1.0, height / 260))
    return Image.fromarray(np.dstack([np.clip(picture, 0, 255), alpha * 255.0]).astype(np.uint8))


def _pouch(design: SkuDesign, width: int, height: int, view: View, rng: np.random.Generator) -> Image.Image:
    """Stand-up pouch: narrow on top, round gusset at the foot, sometimes a spout."""
    bag = np.asarray(_bag(design, width, height, view, rng)).copy()
    ys = np.linspace(0, 1, height)[:, None]
    xs = np.linspace(-1, 1, width)[None, :]
    reach = np.interp(ys, [0, 0.15, 0.6, 0.93, 1.0], [0.84, 0.88, 0.98, 1.0, 0.93])
    foot = 1 - 0.05 * (1 - np.sqrt(np.clip(1 - xs * xs, 0, 1)))
    bag[..., 3] = np.where((np.abs(xs) <= reach) & (ys <= foot), 255, 0)
    gusset = ys > foot - 0.09
    bag[..., :3] = np.where(gusset[..., None], bag[..., :3] * 0.72, bag[..., :3]).astype(np.uint8)
    return Image.fromarray(bag)


def _sheen(front: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Lay a broad soft reflection across a flat face, and darken its foot."""
    width, height = front.size
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    line = xs * np.float32(rng.uniform(-0.5, 0.5)) + ys - np.float32(rng.uniform(0.0, 0.5))
    # Worn edges and the shadow of the neighbour above and below set one box of a stack off from the next.
    seam = 1 - 0.3 * np.exp(-(((ys * height) / 2.5) ** 2)) - 0.35 * np.exp(-((((1 - ys) * height) / 3.5) ** 2))
    light = seam * (1.02 - 0.15 * ys) + np.float32(rng.uniform(0.02, 0.1)) * np.exp(-((line / 0.2) ** 2))
    shaded = np.asarray(front, np.float32) * light[..., None] + np.float32(rng.uniform(0, 10))
    return Image.fromarray(np.clip(shaded, 0, 255).astype(np.uint8))


SHAPES: dict[str, Shape] = {
    "carton": Shape((0.42, 0.95), 3, _carton, 0.012),
    "box": Shape((0.95, 2.2), 4, _carton, 0.012),
    "multipack": Shape((0.9, 1.7), 3, _multipack, 0.015),
    "bottle": Shape((0.25, 0.4), 1, _bottle, 0.03),
    "flask": Shape((0.3, 0.52), 1, _flask, 0.04),
    "can": Shape((0.48, 0.62), 3, _can, 0.02),
    "tin": Shape((0.68, 1.1), 4, _can, 0.02),
    "jar": Shape((0.58, 0.85), 2, _jar, 0.025),
    "tub": Shape((0.8, 1.45), 4, _tub, 0.02),
    "spray": Shape((0.25, 0.36), 1, _spray, 0.04),
    "tube": Shape((0.3, 0.44), 1, _tube, 0.05),
    "gable": Shape((0.36, 0.52), 1, _gable, 0.015),
    "bag": Shape((0.62, 0.85), 1, _bag, 0.01),
    "pouch": Shape((0.55, 0.8), 1, _pouch, 0.02),
}


def silhouette(alpha: NDArray[Any]) -> NDArray[np.float32]:
    """Outline points of a cut-out: per pixel row its leftmost and rightmost edge.

    `alpha` is (H, W), solid where true or at least half opaque. Returns (P, 2) float32 x, y at pixel edges;
    their convex hull is the hull of the solid pixels, so any homography of them bounds the package.
    """
    solid = alpha if alpha.dtype == np.bool_ else alpha >= 128
    rows = np.flatnonzero(solid.any(axis=1))
    if rows.size == 0:
        return np.zeros((0, 2), np.float32)
    filled = solid[rows]
    left = filled.argmax(axis=1)
    right = filled.shape[1] - filled[:, ::-1].argmax(axis=1)
    corners = [(left, rows), (right, rows), (left, rows + 1), (right, rows + 1)]
    return np.concatenate([np.stack([x, y], axis=1) for x, y in corners]).astype(np.float32)
