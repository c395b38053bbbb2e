"""Draw the app's icons in `ui/icons/`: the mark of `icons.svg`, white on the accent colour.

Phones cut their own shape out of the maskable one, so that its mark stays in the middle four fifths.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).resolve().parent.parent / "ui" / "icons"
ACCENT = "#08704f"
GRID = 24  # units of the mark's own picture
FINE = 4  # drawn so much larger, then scaled down: Pillow does not smooth edges
# The shelf and what stands on it, as left, top, right, bottom.
BARS = ((6.5, 7.2, 9.9, 15.5), (10.6, 10.0, 13.4, 15.5), (14.1, 6.6, 17.5, 15.5), (5.2, 16.2, 18.8, 18.0))
CORNERS = ((2.5, 2.5, 1, 1), (21.5, 2.5, -1, 1), (2.5, 21.5, 1, -1), (21.5, 21.5, -1, -1))  # and where they open to
ARM = 5.0
LINE = 2.0


def icon(side: int, share: float, radius: float) -> Image.Image:
    """An icon of `side` pixels whose mark takes `share` of it, on a ground with corners of `radius` of its side."""
    large = side * FINE
    image = Image.new("RGBA", (large, large))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, large - 1, large - 1), radius * large, fill=ACCENT)
    unit = large * share / GRID
    start = large * (1 - share) / 2

    def box(left: float, top: float, right: float, bottom: float, rounding: float) -> None:
        place = (start + left * unit, start + top * unit, start + right * unit, start + bottom * unit)
        draw.rounded_rectangle(place, rounding * unit, fill="white")

    half = LINE / 2
    for x, y, right, down in CORNERS:
        across = sorted((x - half * right, x + ARM * right))
        upright = sorted((y - half * down, y + ARM * down))
        box(across[0], y - half, across[1], y + half, half)
        box(x - half, upright[0], x + half, upright[1], half)
    for bar in BARS:
        box(*bar, 0.7)
    return image.resize((side, side), Image.Resampling.LANCZOS)


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, side, share, radius in (
        ("icon-192", 192, 0.72, 0.22),
        ("icon-512", 512, 0.72, 0.22),
        ("icon-maskable", 512, 0.58, 0.0),
        ("icon-touch", 180, 0.66, 0.0),
    ):
        file = FOLDER / f"{name}.png"
        icon(side, share, radius).convert("RGB" if radius == 0 else "RGBA").save(file, optimize=True)
        print(f"{file.relative_to(FOLDER.parent.parent)}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
