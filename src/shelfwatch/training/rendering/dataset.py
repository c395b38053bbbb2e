"""Folders of rendered shelves in the layout YOLO training reads, with the full truth beside it."""

import json
from pathlib import Path

from rich.progress import track

from shelfwatch.training.rendering.layout import RenderOptions
from shelfwatch.training.rendering.shelf import RenderedShelf, render_shelf

JPEG_QUALITY = 90


def write_dataset(folder: Path, count: int, seed: int = 0, options: RenderOptions | None = None) -> None:
    """Write `count` shelves with seeds `seed`, `seed` + 1, ... under `folder`, with a progress bar.

    images/shelf_000000.jpg, labels/shelf_000000.txt (YOLO, class 0 = product), truth/shelf_000000.json
    (`RenderedShelf.to_truth`); the number in a name is the seed, so any picture can be rendered again.
    """
    for number in track(range(seed, seed + count), description="Rendering shelves"):
        write_shelf(folder, f"shelf_{number:06d}", render_shelf(number, options))


def write_shelf(folder: Path, stem: str, shelf: RenderedShelf) -> None:
    """Write the photo, the labels and the truth of one shelf."""
    for name in ("images", "labels", "truth"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "images" / f"{stem}.jpg").write_bytes(shelf.to_jpeg(JPEG_QUALITY))
    (folder / "labels" / f"{stem}.txt").write_text(shelf.to_yolo(), encoding="utf-8")
    (folder / "truth" / f"{stem}.json").write_text(json.dumps(shelf.to_truth()), encoding="utf-8")
