"""ShelfWatch: find every product facing in a photo of a shelf, on an ordinary CPU."""

__version__ = "0.1.0"
