import json
from dataclasses import replace

import numpy as np
import pytest

from shelfwatch.training import shelf_truth
from shelfwatch.training.rendering import RenderOptions, render_shelf
from shelfwatch.training.shelf_truth import KINDS, every_kind, rendered, seeds

SMALL = RenderOptions(width=300, height=400, rows=(3, 3), facings=(5, 6), gap_rate=0.3)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(shelf_truth, "KINDS", {"straight": SMALL, "two bays": replace(SMALL, bays=(2, 2), own_rows=1)})


def test_seeds_of_kinds_are_apart():
    used = [seed for kind in KINDS for seed in seeds(kind, 600, 500)]
    assert len(set(used)) == len(used) == 600 * len(KINDS)
    assert list(seeds("straight", 3, 2)) == [2, 3, 4]


def test_what_is_true_comes_from_the_rendered_shelf(small, tmp_path):
    truth, shelf = rendered(tmp_path, "straight", 3), render_shelf(3, SMALL)
    assert truth.photo.is_file()
    assert (truth.width, truth.height) == (300, 400)
    assert truth.boxes == pytest.approx(shelf.boxes, abs=0.01)
    for name in ("row", "position", "level", "gap_row"):
        assert (getattr(truth, name) == getattr(shelf, name)).all()
    assert truth.gaps == pytest.approx(shelf.gap_boxes, abs=0.01)


def test_a_shelf_is_rendered_once(small, tmp_path):
    first = rendered(tmp_path, "straight", 3)
    stored = first.photo.with_suffix(".json")
    changed = json.loads(stored.read_text()) | {"width": 301}
    stored.write_text(json.dumps(changed))
    assert rendered(tmp_path, "straight", 3).width == 301


def test_a_shelf_whose_truth_is_missing_is_rendered_again(small, tmp_path):
    first = rendered(tmp_path, "straight", 3)
    first.photo.write_bytes(b"cut short")
    first.photo.with_suffix(".json").unlink()
    assert rendered(tmp_path, "straight", 3).photo.stat().st_size > 1000


def test_every_kind_is_had(small, tmp_path):
    found = list(every_kind(tmp_path, 2))
    assert [kind for kind, _ in found] == ["straight", "straight", "two bays", "two bays"]
    assert len({truth.photo for _, truth in found}) == 4
    assert all(len(np.unique(truth.row)) >= 3 for _, truth in found)
