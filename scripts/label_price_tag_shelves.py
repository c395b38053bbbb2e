"""Products on 20 photos of two shops in Japan that were published for their price tags, as a data set.

Usage: .venv/bin/python scripts/label_price_tag_shelves.py PHOTOS OUT, where PHOTOS holds the photos of
AnujB05/Retail-Shelf-Price-Tag-Recognition-and-OCR (CC BY 4.0). The boxes in price_tag_shelves.csv are ours: what
`accurate` 1.3.0 saw in thirty looks, put right by eye, above all where it took price tags and the pictures between
them for products. OUT/dataset.yaml is for `shelfwatch train --extra`, its `val` split for `shelfwatch evaluate`.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from shelfwatch.training.dataset import DatasetWriter, Sample

TRUTH = Path(__file__).with_name("price_tag_shelves.csv")


def main() -> None:
    """Write the data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    boxes = defaultdict(list)
    with TRUTH.open(newline="") as lines:
        for row in csv.DictReader(lines):
            boxes[row["photo"], row["split"]].append([float(row[key]) for key in ("x1", "y1", "x2", "y2")])
    writer = DatasetWriter(options.out)
    for (name, split), found in boxes.items():
        photo = options.photos / f"{name}.jpg"
        with Image.open(photo) as picture:
            width, height = picture.size
        writer.add(Sample(photo, width, height, np.array(found, np.float32), np.zeros(len(found), np.int32)), split)
    writer.finish(["product"], corrected=True, val=Path("images/val"))
    print(f"{options.out}: {len(boxes)} photos, {sum(map(len, boxes.values()))} products")


if __name__ == "__main__":
    main()
