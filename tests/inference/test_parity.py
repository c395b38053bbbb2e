"""The packaged INT8 models against what their float32 originals found in committed pictures."""

import json
from pathlib import Path

import numpy as np
import pytest

from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import iou_matrix
from support import ROOT

FOLDER = Path(__file__).parent / "data"
MAKE = "run `python scripts/make_parity.py` with the float32 export of the packaged checkpoint"
MARGIN = 0.05  # a float32 detection this far above the threshold may not vanish in INT8


@pytest.fixture(scope="module", params=packaged_models())
def packaged(request):
    """Each packaged model."""
    return Detector(Model(packaged_models()[request.param]))


@pytest.fixture(scope="module")
def reference(packaged):
    file = FOLDER / f"{packaged.info.name}_float32.json"
    assert file.is_file(), f"{file} is missing: {MAKE}"
    content = json.loads(file.read_text())
    assert content["model_version"] == packaged.info.version, (
        f"the reference is of version {content['model_version']}, the packaged model of {packaged.info.version}: {MAKE}"
    )
    assert content["pictures"], f"the reference holds no picture: {MAKE}"
    return content["pictures"]


@pytest.fixture(scope="module")
def pairs(packaged, reference):
    """Of each picture: float32 boxes, scores and classes, and what the packaged model finds."""
    found = {}
    for name, content in reference.items():
        items = content["detections"]
        photo = packaged.decode((ROOT / name).read_bytes())
        found[name] = (
            np.array([item["box"] for item in items], np.float32).reshape(-1, 4),
            np.array([item["confidence"] for item in items], np.float32),
            np.array([item["class_id"] for item in items], np.int32),
            packaged.detect(photo).detections,
        )
    return found


def test_the_reference_reaches_below_the_threshold(packaged, pairs):
    # Otherwise the counts at the threshold could not be compared.
    lowest = min(float(scores.min()) for _, scores, _, _ in pairs.values())
    assert 0.2 <= lowest < packaged.info.operating_threshold


def test_what_float32_is_sure_of_int8_finds_too(packaged, pairs):
    matched, sure = 0, 0
    for boxes, scores, class_id, found in pairs.values():
        chosen = scores >= packaged.info.operating_threshold + MARGIN
        close = iou_matrix(boxes[chosen], found.xyxy) >= 0.8
        close &= class_id[chosen][:, None] == found.class_id[None, :]
        matched += int(close.any(axis=1).sum())
        sure += int(chosen.sum())
    assert sure >= 20
    assert matched >= 0.97 * sure


def test_counts_agree(packaged, pairs):
    expected = sum(int((scores >= packaged.info.operating_threshold).sum()) for _, scores, _, _ in pairs.values())
    found = sum(len(detections) for _, _, _, detections in pairs.values())
    assert abs(found - expected) <= 0.03 * expected
