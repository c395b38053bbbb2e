"""Keep a float32 model's detections on the sample shelves, for the test that holds the INT8 model to them.

Usage: make_parity.py FLOAT32.onnx, the model that the packaged INT8 one was quantised from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.model import Model

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "inference" / "data"
PICTURES = ("ui/samples/shelf.jpg", "ui/samples/cooler.jpg")
LOWEST_CONFIDENCE = 0.2


def main() -> None:
    """Write the reference detections."""
    detector = Detector(Model(Path(sys.argv[1])))
    info = detector.info
    if info.name not in packaged_models():
        raise SystemExit(f"no model named {info.name!r} is packaged")
    packaged = Model(packaged_models()[info.name]).info
    if info.precision != "float32" or info.version != packaged.version:
        raise SystemExit(f"not the float32 original of {info.name} {packaged.version}")
    pictures = {}
    for name in PICTURES:
        found = detector.detect(
            detector.decode((ROOT / name).read_bytes()), confidence=LOWEST_CONFIDENCE, max_detections=3000
        ).detections
        rows = zip(found.xyxy.tolist(), found.confidence.tolist(), found.class_id.tolist(), strict=True)
        pictures[name] = {
            "detections": [
                {"box": [round(side, 1) for side in box], "confidence": round(score, 4), "class_id": class_id}
                for box, score, class_id in rows
            ]
        }
    FOLDER.mkdir(exist_ok=True)
    content = {"model_version": info.version, "pictures": pictures}
    (FOLDER / f"{info.name}_float32.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()
