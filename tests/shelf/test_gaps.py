import numpy as np
import pytest

from shelfwatch.shelf.gaps import Line, Space, bound, find_gaps
from shelfwatch.shelf.slant import Slant

LEVEL = Slant((0.0, 0.0), 1000.0, (0.0, 0.0, 0.0, 0.0))


def line(starts, height=100.0, width=50.0, tall=80.0, doubtful=()):
    return Line(np.array([[x, height - tall, x + width, height] for x in starts]), height, frozenset(doubtful))


def full(height, *, left=0, places=10, step=55):
    return line([left + place * step for place in range(places)], height)


def test_a_missing_product_is_one_facing_wide():
    (gap,) = find_gaps([line([0, 55, 165, 220, 275])], None)
    assert (gap.row, gap.facings) == (0, pytest.approx(1.1))
    assert (gap.start, gap.end) == (107.5, 162.5)


def test_ordinary_spaces_are_none():
    assert find_gaps([full(100)], None) == []
    assert find_gaps([full(100, step=65)], None) == []  # loosely set
    assert find_gaps([line([0, 55, 110, 185, 240])], None) == []  # half a facing


def test_width_counts_in_facings_of_the_neighbours():
    wide = Line(np.array([[0, 0, 100, 90], [105, 0, 205, 90], [410, 0, 510, 90], [515, 0, 615, 90.0]]), 90.0)
    (gap,) = find_gaps([wide], None)
    assert gap.facings == pytest.approx(2.0)


def test_a_narrow_space_beside_a_doubtful_place_is_no_gap():
    starts = [0, 55, 165, 220, 275]
    for place in (1, 2):
        assert find_gaps([line(starts, doubtful=[place])], None) == []
    assert len(find_gaps([line(starts, doubtful=[0, 3, 4])], None)) == 1
    # Two products are seldom missed side by side.
    (gap,) = find_gaps([line([0, 55, 220, 275], doubtful=[1, 2])], None)
    assert gap.facings == pytest.approx(2.2)


def test_neither_is_a_narrow_space_before_a_doubtful_place_at_the_end_of_the_bay():
    ends = [full(100), full(200), full(300)]
    starts = [55 * place for place in range(1, 10)]
    (gap,) = find_gaps([*ends, line(starts, height=400)], None)
    assert (gap.row, gap.start) == (3, 0)
    assert find_gaps([*ends, line(starts, height=400, doubtful=[0])], None) == []
    mirrored = [55 * place for place in range(9)]
    (gap,) = find_gaps([*ends, line(mirrored, height=400)], None)
    assert (gap.row, gap.end) == (3, 545)
    assert find_gaps([*ends, line(mirrored, height=400, doubtful=[8])], None) == []


def test_sure_places_say_how_wide_a_facing_is():
    # Beside a space two products; beyond them pieces of others, a third as wide.
    def pieces(space):
        edges = [(0, 16), (20, 70), (70 + space, 120 + space), (125 + space, 141 + space)]
        return np.array([[x1, 20, x2, 100] for x1, x2 in edges], np.float64)

    assert len(find_gaps([Line(pieces(30), 100.0)], None)) == 1
    assert find_gaps([Line(pieces(30), 100.0, frozenset([0, 3]))], None) == []
    (gap,) = find_gaps([Line(pieces(54.5), 100.0, frozenset([0, 3]))], None)
    assert gap.facings == pytest.approx(1.0)
    # Where none is sure, the doubtful ones have to do.
    (gap,) = find_gaps([Line(pieces(104.5), 100.0, frozenset(range(4)))], None)
    assert gap.facings == pytest.approx(100 / 33)


def test_a_row_that_ends_before_the_others_has_a_gap_there():
    lines = [full(100), full(200), full(300, left=110, places=8), full(400, places=7)]
    first, second = find_gaps(lines, None)
    assert (first.row, first.start, first.end, first.facings) == (2, 0, 105, pytest.approx(2.1))
    assert (second.row, second.start, second.end) == (3, 385, 545)


def test_ends_may_lean_as_uprights_do_in_perspective():
    lines = [full(100 * i, left=12 * i) for i in range(5)]
    assert find_gaps(lines, None) == []
    lines[2] = full(200, left=24, places=8)
    (gap,) = find_gaps(lines, None)
    assert (gap.row, gap.end) == (2, 24 + 545)


def test_the_edge_of_the_photo_ends_a_bay_it_cuts():
    lefts = [3, 41, 18, 65]
    lines = [full(100 * (i + 1), left=left, places=20) for i, left in enumerate(lefts)]
    assert [gap for gap in find_gaps(lines, (4000.0, 800.0)) if gap.start < 100] == [
        Space(3, 0.0, 60, pytest.approx(1.2), (0, 0))
    ]


def test_one_row_alone_does_not_tell_where_its_bay_ends():
    assert find_gaps([full(100, left=300)], (2000.0, 800.0)) == []


def test_gaps_are_as_high_as_the_places_beside_and_follow_the_slope():
    slanted = Slant((0.0, 0.0), 1000.0, (0.1, 0.0, 0.0, 0.0))
    lines = [Line(np.array([[0, 20, 50, 100], [150, 35, 200, 115.0]]), 100.0)]
    gaps = find_gaps(lines, None)
    assert len(gaps) == 1
    assert bound(gaps, lines, slanted).tolist() == [pytest.approx([50, 27.5, 150, 107.5])]
    assert bound([], lines, LEVEL).shape == (0, 4)


def test_an_upright_is_no_gap_in_any_row():
    lines = [line([0, 55, 110, 165, 280, 335, 390], height=100.0 * (i + 1)) for i in range(5)]
    assert find_gaps(lines, None) == []
    # Beside the upright something is missing in one row only.
    lines[2] = line([0, 55, 110, 280, 335, 390], height=300)
    (gap,) = find_gaps(lines, None)
    assert (gap.row, gap.facings) == (2, pytest.approx(1.1))


def test_gaps_above_each_other_in_few_rows_are_no_upright():
    lines = [line([0, 55, 110, 165, 280, 335, 390], height=100.0 * (i + 1)) for i in range(3)]
    assert [gap.row for gap in find_gaps(lines, None)] == [0, 1, 2]
