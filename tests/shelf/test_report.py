import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelfwatch.shelf import analyze
from shelfwatch.shelf.report import CRITICAL, MAJOR, NOWHERE, Gap


def key(report):
    """Everything but boxes, comparable."""
    places = (report.row.tolist(), report.position.tolist(), report.level.tolist())
    rows = [(row.index, row.bay, row.facings, round(row.fill_rate, 6)) for row in report.rows]
    gaps = [(gap.row, round(gap.width_facings, 4), gap.severity) for gap in report.gaps]
    return places, rows, gaps, report.facings, round(report.fill_rate, 6)


def scene(make, seed, rows, places, slope, missing):
    """A rack in whole pixels with stacks and with some products gone."""
    rng = np.random.default_rng(seed)
    levels = {(row, place): int(rng.integers(1, 4)) for row in range(rows) for place in range(places)}
    shelf = make(rows, places, slope=slope / 100, levels=levels, seed=seed)
    shelf = shelf[rng.random(len(shelf.row)) > missing / 100]
    shelf.boxes = np.round(shelf.boxes)
    return shelf


SCENES = given(
    seed=st.integers(0, 2**16),
    rows=st.integers(1, 6),
    places=st.integers(2, 12),
    slope=st.integers(-10, 10),
    missing=st.integers(0, 30),
)


def test_everything_has_its_place(rack):
    shelf = rack(4, 10, slope=0.05, levels={(1, 2): 3, (1, 3): 3, (2, 9): 2})
    report = analyze(shelf.detections)
    assert (report.row == shelf.row).all()
    assert (report.position == shelf.position).all()
    assert (report.level == shelf.level).all()
    assert [row.facings for row in report.rows] == [10, 14, 11, 10]
    assert (report.facings, report.fill_rate, report.gaps) == (45, 1.0, ())
    for row in report.rows:
        own = shelf.boxes[shelf.row == row.index]
        assert row.box == pytest.approx((*own[:, :2].min(axis=0), *own[:, 2:].max(axis=0)), abs=1e-3)


def test_what_is_missing_lowers_the_fill_rate(rack):
    shelf = rack(3, 10)
    shelf = shelf[~((shelf.row == 1) & np.isin(shelf.position, (4, 5)))]
    report = analyze(shelf.detections, width=1000, height=800)
    (gap,) = report.gaps
    assert (gap.row, gap.severity, gap.width_facings) == (1, "major", pytest.approx(140 / 60))
    assert gap.box[::2] == pytest.approx((100 + 4 * 70 - 5, 100 + 6 * 70 - 5))
    assert gap.box[3] == pytest.approx(500)
    length, empty = 9 * 70 + 60, gap.box[2] - gap.box[0]
    assert [row.fill_rate for row in report.rows] == pytest.approx([1, 1 - empty / length, 1])
    assert report.fill_rate == pytest.approx(1 - empty / (3 * length))


def test_a_narrow_gap_needs_neighbours_seen_as_surely_as_others(rack):
    shelf = rack(3, 10)
    shelf = shelf[~((shelf.row == 1) & (shelf.position == 4))]
    found = shelf.detections
    beside = (shelf.row == 1) & (shelf.position == 5)
    found.confidence[beside] = 0.46
    assert len(analyze(found).gaps) == 1
    found.confidence[beside] = 0.44  # below half of the 0.9 that the others have
    report = analyze(found)
    assert report.gaps == ()
    assert report.fill_rate == 1.0
    assert report.facings == 29
    # Where all are seen alike, however weakly, none is doubtful.
    found.confidence[:] = 0.1
    assert len(analyze(found).gaps) == 1


def test_rows_of_bays_count_from_the_top(rack, detections):
    one, other = rack(3, 8, pitch=300), rack(5, 8, pitch=180, left=700)
    report = analyze(detections(np.concatenate([one.boxes, other.boxes])))
    assert [row.index for row in report.rows] == list(range(8))
    assert [row.bay for row in report.rows] == [1, 0, 1, 1, 0, 1, 0, 1]
    assert [row.box[3] for row in report.rows] == sorted(row.box[3] for row in report.rows)


@pytest.mark.parametrize("width", [0.61, MAJOR, CRITICAL - 0.01, CRITICAL, 9.0])
def test_severity(width):
    expected = "minor" if width < 1.5 else "major" if width < 3 else "critical"
    assert Gap(0, (0, 0, 1, 1), width).severity == expected


def test_json_is_the_public_contract(rack):
    shelf = rack(2, 6)
    shelf = shelf[~((shelf.row == 0) & (shelf.position == 3))]
    report = analyze(shelf.detections)
    answer = report.to_json()
    assert (answer["facings"], answer["fill_rate"]) == (11, round(report.fill_rate, 4))
    assert {"index", "box", "facings", "fill_rate"} <= set(answer["rows"][0])
    assert set(answer["gaps"][0]) == {"row", "box", "width_facings", "severity"}
    assert [row["index"] for row in answer["rows"]] == [0, 1]
    assert len(answer["gaps"][0]["box"]) == 4
    plain = shelf.detections.to_json(("product",))
    placed = report.place(plain)
    assert [item["position"] for item in placed[:5]] == [0, 1, 2, 3, 4]
    assert [{key: item[key] for key in plain[0]} for item in placed] == plain


def test_nothing_and_next_to_nothing(detections):
    empty = analyze(detections([]))
    assert empty.to_json() == {"facings": 0, "fill_rate": 0.0, "rows": [], "gaps": []}
    one = analyze(detections([[10, 10, 50, 90]]), width=1000, height=500)
    assert (one.facings, len(one.rows), one.gaps, one.fill_rate) == (1, 1, (), 1.0)
    beside = analyze(detections([[60, 12, 100, 91], [10, 10, 50, 90]]))
    assert (beside.row.tolist(), beside.position.tolist()) == ([0, 0], [1, 0])
    over = analyze(detections([[10, 10, 50, 90], [10, 130, 50, 210]]))
    assert (over.row.tolist(), over.position.tolist()) == ([0, 1], [0, 0])


def test_one_column_is_a_stack_where_products_touch(detections):
    boxes = [[10, 100 * i, 60, 100 * i + 98] for i in range(8)]
    report = analyze(detections(boxes))
    assert report.level.tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert set(report.row.tolist()) == {0}


def test_a_thousand_products(rack):
    shelf = rack(20, 50)
    report = analyze(shelf.detections, width=4000, height=5000)
    assert (report.row == shelf.row).all()
    assert (report.position == shelf.position).all()


def test_what_is_no_product_stands_nowhere(rack):
    shelf = rack(2, 6)
    found = shelf.detections
    found.class_id[::5] = 3
    report = analyze(found, products={0})
    assert (report.row[::5] == NOWHERE).all()
    assert (report.row >= 0).sum() == report.facings == (found.class_id == 0).sum()
    assert report.place(found.to_json(("product", "", "", "tag")))[0]["row"] is None
    assert analyze(found).facings == len(found)


def test_boxes_without_area_or_number_stand_nowhere(rack, detections):
    shelf = rack(2, 6)
    odd = [[5, 5, 5, 90], [np.nan, 0, 10, 10], [40, 60, 30, 90]]
    report = analyze(detections(np.concatenate([odd, shelf.boxes])))
    assert report.row.tolist() == [NOWHERE] * 3 + shelf.row.tolist()


def test_a_second_box_of_one_product_shares_its_place_and_is_not_counted(rack, detections):
    shelf = rack(3, 8)
    inner = shelf.boxes[[9]] + [6, 10, -6, -4]
    report = analyze(detections(np.concatenate([inner, shelf.boxes])))
    assert report.facings == 24
    assert (report.row[0], report.position[0], report.level[0]) == (report.row[10], report.position[10], 0) == (1, 1, 0)
    assert (report.position[1:] == shelf.position).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_few_false_and_missed_boxes_leave_the_rest_in_place(rack, detections, seed):
    shelf = rack(5, 14, slope=0.04, seed=seed)
    rng = np.random.default_rng(seed)
    shelf = shelf[rng.random(len(shelf.row)) > 0.08]
    corner = rng.uniform((100, 100), (1000, 1050), (3, 2))
    false = np.concatenate([corner, corner + rng.uniform(30, 120, (3, 2))], axis=1)
    shaken = shelf.boxes + rng.normal(0, 2, shelf.boxes.shape)
    report = analyze(detections(np.concatenate([shaken, false])))
    # False boxes between shelves may make rows of their own; they do not tear others apart.
    got = report.row[: len(shelf.row)]
    assert len(set(zip(shelf.row.tolist(), got.tolist(), strict=True))) == len(set(got.tolist())) == 5


@settings(max_examples=60, deadline=None)
@SCENES
def test_scale_and_place_of_the_photo_do_not_matter(rack, detections, seed, rows, places, slope, missing):
    shelf = scene(rack, seed, rows, places, slope, missing)
    plain = analyze(shelf.detections)
    for scale, shift in ((4.0, 0), (0.25, 0), (1.0, 512), (2.0, -64)):
        moved = analyze(detections(shelf.boxes * scale + shift))
        assert key(moved) == key(plain)
        for one, other in zip(plain.gaps, moved.gaps, strict=True):
            assert other.box == pytest.approx(tuple(edge * scale + shift for edge in one.box), abs=1e-3 * scale)


@settings(max_examples=60, deadline=None)
@SCENES
def test_the_order_of_detections_does_not_matter(rack, detections, seed, rows, places, slope, missing):
    shelf = scene(rack, seed, rows, places, slope, missing)
    order = np.random.default_rng(seed).permutation(len(shelf.row))
    plain, mixed = analyze(shelf.detections), analyze(detections(shelf.boxes[order]))
    assert (mixed.row == plain.row[order]).all()
    assert (mixed.position == plain.position[order]).all()
    assert (mixed.level == plain.level[order]).all()
    assert key(mixed)[1:] == key(plain)[1:]


@settings(max_examples=60, deadline=None)
@given(data=st.lists(st.tuples(*[st.integers(0, 400)] * 2, *[st.integers(1, 200)] * 2), max_size=40))
def test_any_boxes_give_a_sound_report(detections, data):
    boxes = [(x, y, x + width, y + height) for x, y, width, height in data]
    report = analyze(detections(boxes), width=600, height=600)
    assert report.facings == sum(row.facings for row in report.rows) <= len(boxes)
    assert [row.index for row in report.rows] == list(range(len(report.rows)))
    assert 0 <= report.fill_rate <= 1
    assert all(0 <= row.fill_rate <= 1 for row in report.rows)
    for index in range(len(report.rows)):
        own = report.row == index
        assert sorted(set(report.position[own].tolist())) == list(range(report.position[own].max() + 1))
        for position in set(report.position[own].tolist()):
            levels = report.level[own & (report.position == position)]
            assert sorted(set(levels.tolist())) == list(range(levels.max() + 1))
    for gap in report.gaps:
        x1, y1, x2, y2 = gap.box
        assert 0 <= x1 < x2 <= 600
        assert 0 <= y1 < y2 <= 600
        assert gap.width_facings > 0
