"""Products on 20 photos of two shops in Japan that were published for their price tags, as a data set.

Usage: .venv/bin/python scripts/label_price_tag_shelves.py PHOTOS OUT, where PHOTOS holds the photos of
AnujB05/Retail-Shelf-Price-Tag-Recognition-and-OCR (CC BY 4.0). The boxes in price_tag_shelves.csv are ours: what
`accurate` 1.3.0 saw in thirty looks, put right by eye, above all where it took price tags and the pictures between
them for products. OUT/dataset.yaml is for `shelfwatch train --extra`, its `val` split for `shelfwatch evaluate`.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

TRUTH = Path(__file__).with_name("price_tag_shelves.csv")
DESCRIPTION = "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: product\ncorrected: true\n"


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
    for (name, split), found in boxes.items():
        photo = options.photos / f"{name}.jpg"
        with Image.open(photo) as picture:
            size = np.array(picture.size)
        images, labels = (options.out / kind / split for kind in ("images", "labels"))
        for folder in (images, labels):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo, images / photo.name)
        low, high = np.array(found)[:, :2] / size, np.array(found)[:, 2:] / size
        rows = np.column_stack([np.zeros(len(found)), (low + high) / 2, high - low])
        np.savetxt(labels / f"{name}.txt", rows, fmt=["%d", *["%.6f"] * 4])
    (options.out / "dataset.yaml").write_text(DESCRIPTION)
    print(f"{options.out}: {len(boxes)} photos, {sum(map(len, boxes.values()))} products")


if __name__ == "__main__":
    main()
