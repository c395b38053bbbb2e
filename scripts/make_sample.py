"""Write the sample pictures the web page offers: a grocery shelf and a drinks cooler.

Rendered, so they carry nobody's trade marks and may be given away with the project.
"""

from pathlib import Path

from shelfwatch.training.rendering import RenderedShelf, RenderOptions, render_shelf

FOLDER = Path(__file__).resolve().parent.parent / "ui" / "samples"
MAX_BYTES = 450_000  # each; the page loads them on a click

SHELF = RenderOptions(
    rows=(5, 5), facings=(12, 13), bays=(2, 2), gap_rate=0.12, stack_rate=0.5, perspective=0.25, tilt=1.0,
    noise=0.1, blur=0.2, glare=0.3, theme="grocery", fixture="gondola",
)  # fmt: skip
SHELF_SEED = 14
COOLER = RenderOptions(
    width=2000, height=1500, rows=(4, 4), facings=(18, 20), bays=(2, 2), gap_rate=0.1, stack_rate=0.5,
    perspective=0.2, tilt=1.0, noise=0.1, blur=0.2, glare=0.3, theme="drinks", fixture="cooler",
)  # fmt: skip
COOLER_SEED = 12


def main() -> None:
    """Render both and write them as large as the limit allows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, seed, options in (("shelf", SHELF_SEED, SHELF), ("cooler", COOLER_SEED, COOLER)):
        shelf = render_shelf(seed, options)
        file = FOLDER / f"{name}.jpg"
        file.write_bytes(smallest(shelf))
        print(f"{file.name}: {len(shelf)} products, {len(shelf.gap_boxes)} gaps, {file.stat().st_size} bytes")


def smallest(shelf: RenderedShelf) -> bytes:
    """Encode at the best quality that keeps to MAX_BYTES."""
    for quality in range(92, 40, -4):
        photo = shelf.to_jpeg(quality)
        if len(photo) <= MAX_BYTES:
            return photo
    raise ValueError("the picture is too busy for its limit")


if __name__ == "__main__":
    main()
