"""Photo-like pictures of shelves with exact truth, drawn with numpy and Pillow alone.

One picture's way through the package: `layout` plans what stands where, `labels` and `packages` paint each
SKU once, `scene` puts the facings on the shelf, `camera` takes the photo, `shelf` measures what is true.

`DENSE` are the options for at least 400 products in one photo (453 to 635 on the 40 seeds measured).
"""

from shelfwatch.training.rendering.dataset import write_dataset
from shelfwatch.training.rendering.layout import DENSE, Facing, Gap, Plan, RenderOptions
from shelfwatch.training.rendering.pairs import ShelfPair, render_pair
from shelfwatch.training.rendering.shelf import RenderedShelf, render_shelf

__all__ = [
    "DENSE",
    "Facing",
    "Gap",
    "Plan",
    "RenderOptions",
    "RenderedShelf",
    "ShelfPair",
    "render_pair",
    "render_shelf",
    "write_dataset",
]
