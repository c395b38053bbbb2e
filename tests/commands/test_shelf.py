import json
import shutil
from dataclasses import replace

import pytest

from shelfwatch.training import shelf_truth
from shelfwatch.training.rendering import RenderOptions, render_shelf

SMALL = RenderOptions(width=600, height=800, rows=(3, 4), facings=(7, 9), gap_rate=0.3)


@pytest.fixture
def kinds(monkeypatch):
    """Two kinds of small shelves instead of all."""
    monkeypatch.setattr(shelf_truth, "KINDS", {"straight": SMALL, "full": replace(SMALL, gap_rate=0.0)})


@pytest.fixture
def drawn(tmp_path):
    """Folders of photos with boxes of rows and of products and gaps, as people draw them."""
    shelf = render_shelf(1, SMALL)
    lines = {
        "rows": [(0, box) for box in shelf.row_boxes],
        "gaps": [(0, box) for box in shelf.boxes] + [(1, box) for box in shelf.gap_boxes],
    }
    for name, boxes in lines.items():
        for part in ("images", "labels"):
            (tmp_path / name / part).mkdir(parents=True)
        (tmp_path / name / "images" / "shelf.jpg").write_bytes(shelf.to_jpeg())
        text = "".join(
            f"{kind} {(x1 + x2) / 1200:.6f} {(y1 + y2) / 1600:.6f} {(x2 - x1) / 600:.6f} {(y2 - y1) / 800:.6f}\n"
            for kind, (x1, y1, x2, y2) in boxes
        )
        (tmp_path / name / "labels" / "shelf.txt").write_text(text)
    return shelf, tmp_path / "rows", tmp_path / "gaps"


def test_every_group_of_photos_has_its_line(shelfwatch, kinds, drawn, tmp_path):
    shelf, rows, gaps = drawn
    result = shelfwatch("evaluate-shelf", "--per-kind", 1, "--rows", rows, "--gaps", gaps, "--json", "figures.json")
    assert result.exit_code == 0, result.output
    figures = {(line["photos of"], line["boxes"]): line for line in json.loads((tmp_path / "figures.json").read_text())}
    for boxes in ("true", "true, photo", "detected", "detected, photo"):
        assert figures["every kind", boxes]["photos"] == 2
    true = figures["every kind", "true"]
    assert true["rows exact"] == true["in the right row"] == 1
    assert true["gaps"] > 0
    assert figures["full", "true"]["gaps"] == 0
    assert figures["rows, first half", "detected"]["facings"] > len(shelf) / 2
    assert figures["gaps, first half", "true"]["gaps"] == len(shelf.gap_boxes) > 0
    assert result.stdout.count("every kind") == 4


def test_shelves_are_kept(shelfwatch, kinds, tmp_path):
    first = shelfwatch("evaluate-shelf", "--shelves", "kept", "--per-kind", 1)
    files = sorted((tmp_path / "kept").iterdir())
    assert [file.suffix for file in files] == [".jpg", ".json"] * 2
    times = [file.stat().st_mtime_ns for file in files]
    again = shelfwatch("evaluate-shelf", "--shelves", "kept", "--per-kind", 1)
    assert again.stdout == first.stdout
    assert [file.stat().st_mtime_ns for file in files] == times


def test_a_folder_without_photos_is_named(shelfwatch, kinds, drawn):
    _, rows, _ = drawn
    shutil.rmtree(rows / "images")
    result = shelfwatch("evaluate-shelf", "--per-kind", 0, "--rows", rows)
    assert result.exit_code == 1
    assert str(rows / "images") in result.stderr
    assert "Traceback" not in result.stderr
