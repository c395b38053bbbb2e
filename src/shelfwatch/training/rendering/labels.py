"""Invented brands and the artwork printed on their packages.

Nothing here knows a package's shape: a label is a flat RGB picture, wrapped round a bottle or glued on a
box by `packages`. Every brand name is made up.
"""

import colorsys
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TEXT_SIZE = 56  # pixels; every word is set once at this size and scaled to its place
# Reds, yellows, greens and blues crowd a store; purple is rare.
HUES = (0.0, 0.0, 0.02, 0.07, 0.09, 0.12, 0.14, 0.15, 0.3, 0.36, 0.47, 0.55, 0.58, 0.6, 0.63, 0.78, 0.93)
MAX_STRETCH = 1.35  # how far lettering may be condensed or extended against its natural proportions

BRANDS = (
    "Zumbrel", "Kavollo", "Pelandri", "Mirvash", "Toskelly", "Brundle", "Ovarune", "Quessima",
    "Hollowmere", "Fennick", "Larkspool", "Dapplin", "Yondry", "Wexcombe", "Tarvolo", "Solbrisa",
    "Grunewyk", "Marzelo", "Pippleton", "Fjordig", "Ellabruk", "Crumtor", "Vellmoor", "Junibel",
    "Oakhusk", "Sprizzan", "Kettlewyn", "Batterby", "Rumolo", "Zafferel", "Aquellin", "Lumbrasa",
    "Minktail", "Tullivan", "Kastrell", "Bellowby", "Hazelwyk", "Umbrielo", "Dovetry", "Ozmo Bay",
)  # fmt: skip
VARIETIES = (
    "Lemon", "Classic", "Mild", "Rich & Dark", "Wild Berry", "Apple Mint", "Sea Salt", "Honey", "Peach",
    "Original", "Zero", "Extra Fresh", "Cocoa", "Almond", "Vanilla", "Ginger", "Oat & Spelt", "Chili",
    "Herb Garden", "Cherry", "Blue Ocean", "Sensitive", "Orange", "Tomato", "Coconut", "Smoked", "Light",
)  # fmt: skip
KINDS = (
    "crunchy flakes", "daily care", "fine blend", "whole grain", "sparkling", "family size", "for all days",
    "slow roasted", "natural source", "with real fruit", "no added sugar", "creamy", "oven baked",
)  # fmt: skip
WEIGHTS = ("250 g", "330 ml", "400 g", "500 g", "500 ml", "75 cl", "1 L", "12 oz", "180 g", "6 x 40 g")
BADGES = ("NEW", "+20%", "BIO", "2 in 1", "XL", "0%", "FREE", "50+", "MAX")
GROUNDS = ("solid", "gradient", "horizon", "diagonal", "stripes", "rays", "waves", "dots", "cloud")
MOTIFS = (
    "fruit",
    "leaf",
    "splash",
    "bowl",
    "drop",
    "burst",
    "hills",
    "beans",
    "plate",
    "plate",
    "none",
    "none",
)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """The four inks of a package, each sRGB 0-255."""

    base: Colour
    second: Colour
    accent: Colour
    ink: Colour


@dataclass(frozen=True)
class SkuDesign:
    """What tells one SKU from another: its name, its package shape, its colours, its artwork."""

    brand: str
    variety: str
    shape: str  # a key of `packages.SHAPES`
    aspect: float  # width over height of one facing
    palette: Palette
    ground: str  # one of GROUNDS
    motif: str  # one of MOTIFS
    plate: str  # what stands behind the brand name: "none", "band", "oval", "tag"
    seed: int  # everything the fields above leave open

    @property
    def name(self) -> str:
        """Brand, variety and package, as an audit would list it."""
        return f"{self.brand} {self.variety} {self.shape}"


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """Make an sRGB colour 0-255 from hue, saturation and value in 0..1; the hue wraps."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0))
    return round(red * 255), round(green * 255), round(blue * 255)


def mix(first: Colour, other: Colour, share: float) -> Colour:
    """`share` 0 gives the first colour, 1 the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, other, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """Perceived lightness, 0..255."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def pick_palette(rng: np.random.Generator, hue: float, mood: str) -> Palette:
    """Four inks that belong together; `mood` is "bright", "white", "pastel" or "dark"."""
    accent = hsv(rng.choice(HUES) + rng.normal(0, 0.02), rng.uniform(0.7, 1.0), rng.uniform(0.8, 1.0))
    if mood == "white":
        base = hsv(hue, rng.uniform(0.0, 0.08), rng.uniform(0.9, 0.98))
        return Palette(base, hsv(hue, 0.75, 0.75), accent, hsv(hue, 0.85, rng.uniform(0.3, 0.6)))
    if mood == "pastel":
        base = hsv(hue, rng.uniform(0.2, 0.38), rng.uniform(0.85, 0.97))
        return Palette(base, hsv(hue + 0.05, 0.1, 0.98), accent, hsv(hue, 0.7, 0.35))
    if mood == "dark":
        base = hsv(hue, rng.uniform(0.3, 0.9), rng.uniform(0.1, 0.3))
        return Palette(base, hsv(hue, 0.6, 0.5), accent, (240, 232, 214))
    base = hsv(hue, rng.uniform(0.6, 0.95), rng.uniform(0.5, 0.92))
    ink = (252, 252, 248) if luminance(base) < 165 else hsv(hue + 0.5, 0.9, 0.3)
    return Palette(base, hsv(hue + rng.uniform(-0.12, 0.12), 0.8, rng.uniform(0.4, 1.0)), accent, ink)


def draw_label(design: SkuDesign, width: int, height: int, *, safe: float = 0.88, barcode: bool = False) -> Image.Image:
    """Print the front of one SKU, RGB, `width` x `height` pixels; words keep to the middle `safe`."""
    rng = np.random.default_rng(design.seed)
    image = _ground(design, width, height, rng)
    unit = math.sqrt(width * height)
    tall = height > 1.7 * width
    # From here on: a column of motif, brand, variety and small print, in one of three orders.
    order = rng.permutation(3)
    brand_y = (0.2, 0.3, 0.46)[order[0]]
    motif_y = 0.68 if brand_y < 0.4 else 0.24
    _motif(
        image,
        design,
        width * rng.uniform(0.38, 0.62),
        height * motif_y,
        min(width, height * 0.62) * rng.uniform(0.3, 0.46),
        rng,
    )
    if _brand(image, design, brand_y, safe, rng, tall=tall):
        _small_print(image, design, safe, rng, barcode=barcode)
        return image
    draw = ImageDraw.Draw(image)
    under = brand_y + (0.17 if not tall else 0.1)
    edge = width * (1 - safe) / 2
    ground_ink = image.getpixel((width // 2, min(height - 1, int(under * height))))
    assert isinstance(ground_ink, tuple)
    ink = design.palette.ink
    if abs(luminance((int(ground_ink[0]), int(ground_ink[1]), int(ground_ink[2]))) - luminance(ink)) < 60:
        ink = (255, 255, 255) if luminance(ink) < 128 else (25, 25, 30)
    if rng.random() < 0.55:
        pad = 0.035 * height
        fill = design.palette.accent
        middle = height * under
        draw.rounded_rectangle(
            (edge, middle - pad, width - edge, middle + pad),
            radius=int(pad * rng.choice([0.0, 1.0])),
            fill=fill,
        )
        ink = (255, 255, 255) if luminance(fill) < 150 else (20, 20, 25)
    write(
        image,
        design.variety,
        (edge * 1.3, height * (under - 0.03), width - edge * 1.3, height * (under + 0.03)),
        ink,
    )
    kind = str(rng.choice(KINDS))
    write(
        image,
        kind,
        (edge * 1.5, height * (under + 0.045), width - edge * 1.5, height * (under + 0.085)),
        design.palette.ink,
    )
    if rng.random() < 0.45:
        # Beside the motif, where it covers no words.
        side = 0.5 + rng.choice([-0.5, 0.5]) * safe * 0.72
        _badge(
            image,
            width * side,
            height * (motif_y + rng.uniform(-0.1, 0.12)),
            unit * rng.uniform(0.07, 0.11),
            rng,
        )
    _small_print(image, design, safe, rng, barcode=barcode)
    return image


def write(
    image: Image.Image,
    text: str,
    box: tuple[float, float, float, float],
    ink: Colour | int,
    *,
    weight: int = 0,
    slant: float = 0.0,
) -> None:
    """Set `text` as large as fits into box (left, top, right, bottom; pixels), centred."""
    left, top, right, bottom = box
    if right - left < 3 or bottom - top < 3:
        return
    mask = _word(text, weight, round(slant, 1))
    scale_y = (bottom - top) / mask.height
    scale_x = min((right - left) / mask.width, scale_y * MAX_STRETCH)
    scale_y = min(scale_y, scale_x * MAX_STRETCH)
    size = (max(1, round(mask.width * scale_x)), max(1, round(mask.height * scale_y)))
    place = (round((left + right - size[0]) / 2), round((top + bottom - size[1]) / 2))
    image.paste(
        ink,
        (place[0], place[1], place[0] + size[0], place[1] + size[1]),
        mask.resize(size, Image.Resampling.BILINEAR),
    )


@lru_cache(maxsize=1024)
def _word(text: str, weight: int, slant: float) -> Image.Image:
    font = ImageFont.load_default(TEXT_SIZE)
    left, top, right, bottom = font.getbbox(text, stroke_width=weight)
    lean = abs(slant) * (bottom - top)
    mask = Image.new("L", (math.ceil(right - left + lean) + 2, math.ceil(bottom - top) + 2))
    ImageDraw.Draw(mask).text((1 - left, 1 - top), text, 255, font=font, stroke_width=weight)
    if slant:
        # A shear about the baseline: italics without a second font.
        mask = mask.transform(mask.size, Image.Transform.AFFINE, (1, slant, -lean, 0, 1, 0), Image.Resampling.BILINEAR)
    return mask


def _ground(design: SkuDesign, width: int, height: int, rng: np.random.Generator) -> Image.Image:
    palette = design.palette
    image = Image.new("RGB", (width, height), palette.base)
    draw = ImageDraw.Draw(image)
    soft = mix(palette.base, palette.second, 0.55)
    match design.ground:
        case "gradient":
            ramp = Image.linear_gradient("L").resize((width, height))
            image.paste(palette.second, (0, 0, width, height), ramp)
        case "horizon":
            line = height * rng.uniform(0.45, 0.7)
            bulge = height * rng.uniform(-0.16, 0.16)
            draw.rectangle((0, line, width, height), fill=palette.second)
            draw.ellipse(
                (-0.2 * width, line - abs(bulge), 1.2 * width, line + abs(bulge)),
                fill=palette.second if bulge > 0 else palette.base,
            )
        case "diagonal":
            a, b = rng.uniform(0.1, 0.5), rng.uniform(0.5, 0.95)
            draw.polygon(
                [(0, height * a), (width, height * (a - 0.25)), (width, height * b), (0, height * (b + 0.2))],
                fill=palette.second,
            )
            draw.line(
                [(0, height * (b + 0.2)), (width, height * b)],
                fill=palette.accent,
                width=max(2, height // 50),
            )
        case "stripes":
            count = int(rng.integers(3, 9))
            for stripe in range(0, 2 * count, 2):
                draw.rectangle((width * stripe / count / 2, 0, width * (stripe + 1) / count / 2, height), fill=soft)
        case "rays":
            centre = (width * 0.5, height * rng.uniform(0.3, 0.75))
            reach = width + height
            for ray in range(14):
                angle = ray * math.tau / 14
                spread = math.tau / 56
                draw.polygon(
                    [
                        centre,
                        *(
                            (
                                centre[0] + reach * math.cos(angle + side),
                                centre[1] + reach * math.sin(angle + side),
                            )
                            for side in (-spread, spread)
                        ),
                    ],
                    fill=soft,
                )
        case "waves":
            phase = rng.uniform(0, math.tau)
            for step, tint in ((0.0, palette.second), (0.14, soft), (0.28, palette.accent)):
                level = height * (0.55 + step)
                crest = [
                    (x, level + height * 0.05 * math.sin(phase + step * 9 + x / width * 5))
                    for x in np.linspace(0, width, 16).tolist()
                ]
                draw.polygon([*crest, (width, height), (0, height)], fill=tint)
        case "dots":
            size = max(3.0, width * rng.uniform(0.03, 0.08))
            for row, y in enumerate(np.arange(0, height, size * 2.6).tolist()):
                for x in np.arange((row % 2) * size * 1.3, width, size * 2.6).tolist():
                    draw.ellipse((x, y, x + size, y + size), fill=soft)
        case "cloud":
            grain = rng.uniform(0, 255, (5, 4)).astype(np.uint8)
            image.paste(
                palette.second,
                (0, 0, width, height),
                Image.fromarray(grain).resize((width, height), Image.Resampling.BICUBIC),
            )
        case _:
            if rng.random() < 0.5:
                draw.rectangle((0, 0, width, height * rng.uniform(0.08, 0.3)), fill=palette.second)
            if rng.random() < 0.5:
                draw.rectangle((0, height * rng.uniform(0.72, 0.92), width, height), fill=palette.accent)
    return image


def _motif(image: Image.Image, design: SkuDesign, x: float, y: float, radius: float, rng: np.random.Generator) -> None:
    """Draw the picture on the pack: shaded blobs that read as fruit, leaves, a bowl, a splash."""
    if design.motif == "none" or radius < 4:
        return
    hue = rng.uniform(0, 1)
    # The layer is drawn twice as fine and scaled down, so edges are smooth.
    side = max(8, int(radius * 2.4))
    layer = Image.new("RGBA", (side * 2, side * 2), (*mix(design.palette.accent, design.palette.base, 0.3), 0))
    draw = ImageDraw.Draw(layer)
    c, r = float(side), side * 0.8
    match design.motif:
        case "fruit":
            for _ in range(int(rng.integers(1, 4))):
                cx, cy, cr = (
                    c + rng.uniform(-0.35, 0.35) * r,
                    c + rng.uniform(-0.3, 0.3) * r,
                    r * rng.uniform(0.5, 0.7),
                )
                _ball(draw, cx, cy, cr, hsv(hue + rng.uniform(-0.04, 0.04), 0.85, 0.85))
                draw.polygon(
                    [(cx, cy - cr * 0.9), (cx + cr * 0.7, cy - cr * 1.3), (cx + cr * 0.35, cy - cr * 0.75)],
                    fill=(60, 130, 50, 255),
                )
        case "leaf":
            for angle in rng.uniform(0, math.tau, int(rng.integers(3, 7))).tolist():
                tip = (c + r * math.cos(angle), c + r * math.sin(angle))
                side_x, side_y = -math.sin(angle) * r * 0.25, math.cos(angle) * r * 0.25
                mid = ((c + tip[0]) / 2, (c + tip[1]) / 2)
                draw.polygon(
                    [(c, c), (mid[0] + side_x, mid[1] + side_y), tip, (mid[0] - side_x, mid[1] - side_y)],
                    fill=(*hsv(0.3 + rng.uniform(-0.06, 0.06), 0.7, rng.uniform(0.35, 0.7)), 255),
                )
                draw.line([(c, c), tip], fill=(220, 235, 190, 255), width=3)
        case "splash":
            angles = np.sort(rng.uniform(0, math.tau, 18))
            reach = rng.uniform(0.45, 1.0, 18) * r
            draw.polygon(
                [
                    (c + a * math.cos(t), c + a * math.sin(t))
                    for a, t in zip(reach.tolist(), angles.tolist(), strict=True)
                ],
                fill=(*mix(design.palette.accent, (255, 255, 255), 0.35), 255),
            )
            _ball(draw, c, c, r * 0.45, hsv(hue, 0.8, 0.9))
        case "bowl":
            draw.pieslice(
                (c - r, c - r * 0.9, c + r, c + r * 0.9),
                0,
                180,
                fill=(*mix(design.palette.second, (255, 255, 255), 0.6), 255),
            )
            for _ in range(26):
                bx, by = c + rng.uniform(-0.8, 0.8) * r, c - rng.uniform(0.0, 0.45) * r
                _ball(draw, bx, by, r * 0.17, hsv(0.09 + rng.uniform(-0.03, 0.03), 0.7, rng.uniform(0.6, 0.95)))
            draw.ellipse((c - r, c - r * 0.12, c + r, c + r * 0.12), outline=(255, 255, 255, 255), width=4)
        case "plate":
            # Anything cooked: many small shaded pieces of related colours in a dish or a free heap.
            if rng.random() < 0.5:
                _ball(draw, c, c, r, mix(design.palette.second, (255, 255, 255), 0.75))
            for _ in range(60):
                angle, away = rng.uniform(0, math.tau), r * 0.72 * math.sqrt(rng.uniform())
                tint = hsv(hue * 0.35 + rng.normal(0, 0.035), rng.uniform(0.45, 0.9), rng.uniform(0.45, 0.95))
                _ball(
                    draw,
                    c + away * math.cos(angle),
                    c + away * math.sin(angle),
                    r * rng.uniform(0.07, 0.2),
                    tint,
                )
        case "drop":
            draw.polygon(
                [(c, c - r), (c + r * 0.55, c + r * 0.2), (c - r * 0.55, c + r * 0.2)],
                fill=(*design.palette.accent, 255),
            )
            _ball(draw, c, c + r * 0.3, r * 0.58, design.palette.accent)
        case "burst":
            points = [
                (
                    c + r * (1 - 0.35 * (k % 2)) * math.cos(k * math.pi / 14),
                    c + r * (1 - 0.35 * (k % 2)) * math.sin(k * math.pi / 14),
                )
                for k in range(28)
            ]
            draw.polygon(points, fill=(*design.palette.accent, 255))
            _ball(draw, c, c, r * 0.5, design.palette.second)
        case "hills":
            draw.ellipse((c - r * 0.3, c - r * 0.9, c + r * 0.3, c - r * 0.3), fill=(250, 210, 90, 255))
            for offset, green in ((-0.3, 0.3), (0.25, 0.36), (0.0, 0.28)):
                draw.pieslice(
                    (c - r + offset * r, c - r * 0.4, c + r + offset * r, c + r * 1.4),
                    180,
                    360,
                    fill=(*hsv(green, 0.6, 0.45 + green), 255),
                )
        case _:
            for _ in range(18):
                bx, by = c + rng.uniform(-0.8, 0.8) * r, c + rng.uniform(-0.8, 0.8) * r
                br = r * rng.uniform(0.13, 0.24)
                draw.ellipse(
                    (bx - br, by - br * 0.65, bx + br, by + br * 0.65),
                    fill=(*hsv(hue, 0.65, rng.uniform(0.3, 0.8)), 255),
                )
                draw.arc(
                    (bx - br, by - br * 0.65, bx + br, by + br * 0.65),
                    180,
                    330,
                    fill=(255, 250, 235, 255),
                    width=2,
                )
    layer = layer.resize((side, side), Image.Resampling.BOX)
    image.paste(layer, (int(x - side / 2), int(y - side / 2)), layer)


def _ball(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    steps = max(3, min(14, int(radius / 3)))  # enough rings for the shading to read as smooth
    for step in range(steps):
        share = step / steps
        r = radius * (1 - share * 0.8)
        shift = radius * share * 0.3
        tint = mix(mix(colour, (0, 0, 0), 0.35), mix(colour, (255, 255, 255), 0.6), share)
        draw.ellipse((x - shift - r, y - shift - r, x - shift + r, y - shift + r), fill=(*tint, 255))


def _brand(
    image: Image.Image, design: SkuDesign, centre: float, safe: float, rng: np.random.Generator, *, tall: bool
) -> bool:
    """Set the brand name about `centre` (share of the height); True when it ran up the pack instead."""
    width, height = image.size
    palette = design.palette
    edge = width * (1 - safe) / 2
    draw = ImageDraw.Draw(image)
    half = 0.11 if not tall else 0.055
    box = (edge, height * (centre - half), width - edge, height * (centre + half))
    ink = palette.ink
    if design.plate != "none":
        fill = palette.accent if luminance(palette.accent) < 190 else palette.second
        grown = (edge * 0.3, box[1] - height * 0.02, width - edge * 0.3, box[3] + height * 0.02)
        if design.plate == "oval":
            draw.ellipse(grown, fill=fill, outline=(255, 255, 255), width=max(1, width // 50))
            box = (
                edge + width * 0.08,
                box[1] + height * half * 0.4,
                width - edge - width * 0.08,
                box[3] - height * half * 0.4,
            )
        elif design.plate == "tag":
            draw.rounded_rectangle(
                grown,
                radius=max(2, width // 12),
                fill=(252, 252, 250),
                outline=fill,
                width=max(1, width // 40),
            )
            fill = (252, 252, 250)
        else:
            draw.rectangle((0, grown[1], width, grown[3]), fill=fill)
        ink = (255, 255, 255) if luminance(fill) < 170 else mix(palette.second, (0, 0, 0), 0.55)
    slant = float(rng.choice([0.0, 0.0, 0.2, 0.3]))
    weight = int(rng.choice([1, 3, 4]))
    text = design.brand.upper() if rng.random() < 0.4 else design.brand
    if tall and design.plate == "none" and rng.random() < 0.35:
        # Tall, slim packs often carry the name turned by a quarter.
        strip = Image.new("L", (int(height * 0.55), max(4, int(width * safe * 0.62))))
        write(strip, text, (0, 0, strip.width, strip.height), 255, weight=weight)
        turned = strip.transpose(Image.Transpose.ROTATE_90)
        image.paste(ink, (int(width / 2 - turned.width / 2), int(height * 0.06)), turned)
        return True
    if design.plate == "none" and rng.random() < 0.6:
        shade = mix(ink, (0, 0, 0), 0.8) if luminance(ink) > 128 else (255, 255, 255)
        nudge = max(1.0, width * 0.012)
        write(
            image,
            text,
            (box[0] + nudge, box[1] + nudge, box[2] + nudge, box[3] + nudge),
            shade,
            weight=weight,
            slant=slant,
        )
    write(image, text, box, ink, weight=weight, slant=slant)
    return False


def _badge(image: Image.Image, x: float, y: float, radius: float, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    fill = hsv(float(rng.choice([0.0, 0.14, 0.33, 0.6])), 0.9, 0.9)
    draw.ellipse(
        (x - radius, y - radius, x + radius, y + radius),
        fill=fill,
        outline=(255, 255, 255),
        width=max(1, int(radius * 0.12)),
    )
    ink = (255, 255, 255) if luminance(fill) < 150 else (150, 20, 20)
    write(
        image,
        str(rng.choice(BADGES)),
        (x - radius * 0.7, y - radius * 0.35, x + radius * 0.7, y + radius * 0.35),
        ink,
        weight=2,
    )


def _small_print(
    image: Image.Image, design: SkuDesign, safe: float, rng: np.random.Generator, *, barcode: bool
) -> None:
    width, height = image.size
    draw = ImageDraw.Draw(image)
    edge = (1 - safe) / 2
    write(
        image,
        str(rng.choice(WEIGHTS)),
        (width * 0.55, height * 0.93, width * (1 - edge), height * 0.97),
        design.palette.ink,
        weight=1,
    )
    pen = mix(design.palette.ink, design.palette.base, 0.4)
    for line in range(3):
        y = height * (0.925 + 0.018 * line)
        draw.line(
            [(width * edge, y), (width * rng.uniform(edge + 0.2, 0.5), y)],
            fill=pen,
            width=max(1, height // 220),
        )
    if barcode:
        left, top = width * 0.62, height * 0.8
        draw.rectangle((left, top, width * 0.94, height * 0.91), fill=(255, 255, 255))
        for bar in np.arange(left + 3, width * 0.92, max(2.0, width / 90)).tolist():
            if rng.random() < 0.55:
                draw.line([(bar, top + 2), (bar, height * 0.895)], fill=(20, 20, 20), width=max(1, width // 160))


def noise_field(rng: np.random.Generator, width: int, height: int, cells: int) -> Image.Image:
    """Smooth random hills, mode L, about `cells` hills along the longer side."""
    longer = max(width, height)
    grid = (max(2, round(cells * height / longer)), max(2, round(cells * width / longer)))
    hills = Image.fromarray(rng.uniform(0, 255, grid).astype(np.uint8))
    return hills.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(longer / cells / 6))
