from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.image import Photo
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.inference.tiles import (
    DENSE,
    EDGE,
    MAX_TILES,
    MAX_ZOOM,
    OVERLAP,
    TILE,
    WORTHWHILE,
    ZOOM,
    Tile,
    cut,
    join,
    needed,
    place,
    plan,
    whole,
    zoom,
)

sides = st.integers(1, 20_000)


def blank(width, height, reduction=1):
    """A photo of any size that costs no memory, decoded at a reduced scale."""
    shape = (-(-height // reduction), -(-width // reduction), 3)
    return Photo(np.broadcast_to(np.uint8(0), shape), width, height)


def found(boxes, scores=0.9, class_id=None):
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    ids = np.zeros(len(boxes)) if class_id is None else class_id
    confidence = np.broadcast_to(np.asarray(scores, np.float32), len(boxes)).copy()
    return Detections(boxes, confidence, np.asarray(ids, np.int32))


class TestWhen:
    @pytest.mark.parametrize(("count", "expected"), [(0, 1.0), (DENSE, 1.0), (DENSE + 1, ZOOM)])
    def test_dense(self, count, expected):
        assert zoom(found(np.zeros((count, 4))), blank(300, 400), np.inf) == expected

    @pytest.mark.parametrize(
        ("size", "expected"),
        [
            ((800, 400), 1.0),
            ((801, 400), 1.501875),
            ((400, 801), 1.501875),
            ((1000, 400), 1.875),
            ((400, 1000), 1.875),
            ((9000, 1), MAX_ZOOM),
        ],
    )
    def test_panorama(self, size, expected):
        assert zoom(Detections.empty(), blank(*size), np.inf) == pytest.approx(expected)

    def test_a_panorama_of_large_products_is_not_made_larger(self):
        assert zoom(found(np.zeros((9, 4))), blank(1600, 400), 0.7) < WORTHWHILE
        assert zoom(found(np.zeros((9, 4))), blank(1600, 400), 2.0) == 2.0
        assert zoom(found(np.zeros((DENSE + 1, 4))), blank(1600, 400), 0.7) == ZOOM

    @pytest.mark.parametrize(
        ("size", "zoom"),
        [((400, 300), 1.3), ((100, 100), 1.3), ((1000, 400), 1.875), ((400, 1000), 1.875), ((9000, 1), MAX_ZOOM)],
    )
    def test_needed(self, size, zoom):
        assert needed(*size, 960) == round(960 * zoom)


class TestPlan:
    @given(sides, sides, st.sampled_from([1, 2, 4, 8]), st.sampled_from([320, 640, 960, 1280, 2560, 8192]))
    @example(65_535, 1, 1, 960)
    @example(1, 1, 8, 960)
    @example(20_000, 20_000, 1, 8192)  # at the wanted scale it would be far more than the most
    @settings(max_examples=200, deadline=None)
    def test_tiles_cover_the_photo_and_overlap(self, width, height, reduction, input_size):
        photo = blank(width, height, reduction)
        tiles = plan(photo, input_size, needed(width, height, input_size) / input_size)
        assume(tiles)
        assert len(tiles) <= MAX_TILES
        across = sorted({(tile.left, tile.right) for tile in tiles})
        down = sorted({(tile.top, tile.bottom) for tile in tiles})
        assert len(tiles) == len(set(tiles)) == len(across) * len(down)
        longest = max(max(tile.right - tile.left, tile.bottom - tile.top) for tile in tiles)
        scale = TILE / longest  # network pixels a decoded pixel, at which tiles are seen
        for spans, side in ((across, photo.pixels.shape[1]), (down, photo.pixels.shape[0])):
            assert spans[0][0] == 0
            assert spans[-1][1] == side
            lengths = [end - start for start, end in spans]
            assert max(lengths) - min(lengths) <= 2
            for (_, end), (start, _) in pairwise(spans):
                assert (end - start) * scale >= OVERLAP - 0.5
        # Each tile shows clearly more than the first look did.
        assert scale >= 0.99 * WORTHWHILE * input_size / max(photo.pixels.shape)

    @given(sides, sides, st.sampled_from([320, 960, 2560]))
    @settings(max_examples=60, deadline=None)
    def test_none_without_more_detail(self, width, height, input_size):
        assume(max(width, height) <= 1.05 * input_size)
        assert plan(blank(width, height), input_size, MAX_ZOOM) == []

    def test_a_photo_decoded_for_the_first_look_has_no_more_to_show(self):
        assert plan(blank(7680, 5760, reduction=8), 960, ZOOM) == []
        assert plan(blank(7680, 5760, reduction=4), 960, ZOOM) != []

    @pytest.mark.parametrize(
        ("size", "count"),
        [((1280, 960), 4), ((1280, 720), 2), ((960, 1280), 4), ((4000, 3000), 4), ((6000, 1500), 5), ((9000, 300), 6)],
    )
    def test_how_many(self, size, count):
        assert len(plan(blank(*size), 960, needed(*size, 960) / 960)) == count


def coordinates(width, height):
    """A picture each pixel of which tells where it is."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x % 256, y % 256, x // 256 + 16 * (y // 256)], axis=2).astype(np.uint8)


class TestGeometry:
    @pytest.mark.parametrize("size", [(1280, 960), (1501, 2003), (3000, 700)], ids=str)
    def test_a_tile_shows_its_pixels(self, size):
        pixels = coordinates(*size)
        photo = Photo(pixels, 2 * size[0] - 1, 2 * size[1] - 1)
        for tile in plan(photo, 960, needed(photo.width, photo.height, 960) / 960):
            part = cut(photo, tile)
            assert np.array_equal(part.pixels, pixels[tile.top : tile.bottom, tile.left : tile.right])
            assert part.pixels.shape == (part.height, part.width, 3)

    @given(
        st.integers(1000, 3000),
        st.integers(1000, 3000),
        st.sampled_from([1, 2, 4, 8]),
        st.integers(0, 7),
        st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4),
    )
    @settings(max_examples=60, deadline=None)
    def test_boxes_come_back_within_a_pixel(self, width, height, reduction, odd, shares):
        photo = blank(max(1, width * reduction - odd), max(1, height * reduction - odd), reduction)
        full = np.array([photo.width, photo.height] * 2)
        scale = full / np.array([photo.pixels.shape[1], photo.pixels.shape[0]] * 2)
        for tile in plan(photo, 960, needed(photo.width, photo.height, 960) / 960):
            part = cut(photo, tile)
            corner = np.array([tile.left, tile.top] * 2)
            box = corner + np.sort(np.reshape(shares, (2, 2)), axis=0).ravel() * np.array([part.width, part.height] * 2)
            letterbox = Letterbox.fit(part.width, part.height, TILE, 32)
            seen = letterbox.to_photo(letterbox.to_network((box - corner)[None].astype(np.float32)))
            placed = place(found(seen), tile, photo).xyxy
            assert placed.dtype == np.float32
            assert np.abs(placed - box * scale).max() <= 0.01 * scale.max()
            assert (placed <= full).all()

    def test_a_box_that_fills_the_photo_does_not_leave_it(self):
        photo = Photo(np.zeros((751, 1251, 3), np.uint8), 10_007, 6007)
        tile = Tile(500, 200, 1251, 751)
        assert place(found([0, 0, 751, 551]), tile, photo).xyxy[0, 2:].tolist() == [10_007, 6007]

    def test_whole(self):
        photo = blank(2000, 1000, reduction=2)
        tile = Tile(0, 100, 600, 500)  # in the photo's own pixels 0, 200 to 1200, 1000
        boxes = {
            (300, 300, 500, 500): True,
            (0, 300, 50, 1000): True,  # the photo's own border is no seam
            (300, 200 + EDGE, 500, 500): False,
            (300, 200 + EDGE + 0.1, 500, 500): True,
            (300, 300, 1200 - EDGE, 500): False,
            (300, 300, 1300, 500): False,
        }
        assert whole(np.array(list(boxes), np.float32), tile, photo).tolist() == list(boxes.values())
        assert whole(np.zeros((0, 4), np.float32), tile, photo).shape == (0,)


LEFT, RIGHT = Tile(0, 0, 600, 400), Tile(400, 0, 1000, 400)


def joined(first, left=None, right=None, threshold=0.5):
    parts = [Detections.empty() if part is None else part for part in (left, right)]
    return join(first, [LEFT, RIGHT], parts, blank(1000, 400), threshold)


class TestJoin:
    def test_what_both_looks_see_is_one_box(self):
        # In the overlap of the tiles, seen three times: sides are means by score, the confidence that of both looks.
        first, left, right = ([450, 100, 500, 200], 0.6), ([450, 100, 500, 210], 0.8), ([454, 100, 504, 200], 0.4)
        result = joined(*(found(*look) for look in (first, left, right)))
        assert len(result) == 1
        assert np.allclose(result.xyxy, [[450 + 1.6 / 1.8, 100, 500 + 1.6 / 1.8, 200 + 8 / 1.8]])
        assert result.confidence.tolist() == [pytest.approx(0.7)]
        assert (result.xyxy.dtype, result.confidence.dtype) == (np.float32, np.float32)

    def test_what_one_look_missed_keeps_half(self):
        seen = [[100, 100, 150, 200]]
        for result in (joined(found(seen, 0.8)), joined(Detections.empty(), left=found(seen, 0.8))):
            assert result.xyxy.tolist() == seen
            assert result.confidence.tolist() == [pytest.approx(0.4)]

    def test_what_no_tile_could_see_whole_keeps_all(self):
        wide = [[350, 100, 650, 200]]
        result = joined(found(wide, 0.8), left=found([350, 100, 600, 200]), right=found([400, 100, 650, 200]))
        assert result.xyxy.tolist() == wide
        assert result.confidence.tolist() == [pytest.approx(0.8)]

    def test_a_product_at_a_seam_is_not_found_twice(self):
        # One tile has it whole, the other its right half.
        result = joined(
            found([380, 100, 480, 200], 0.7), left=found([380, 100, 480, 200]), right=found([400, 100, 480, 200])
        )
        assert result.xyxy.tolist() == [[380, 100, 480, 200]]

    def test_classes_stay_apart(self):
        box = [100, 100, 150, 200]
        result = joined(found(box, 0.6, [0]), left=found(box, 0.8, [1]))
        assert list(zip(result.class_id.tolist(), result.confidence.tolist(), strict=True)) == [
            (1, pytest.approx(0.4)),
            (0, pytest.approx(0.3)),
        ]

    def test_a_box_speaks_for_one_product_only(self):
        # What the tile sees lies between two products; it lends the weak one neither its confidence nor its place.
        result = joined(
            found([[100, 100, 200, 200], [150, 100, 250, 200]], [0.9, 0.2]), left=found([125, 100, 225, 200], 0.8)
        )
        assert result.confidence.tolist() == [pytest.approx(0.85), pytest.approx(0.1)]
        assert result.xyxy[1].tolist() == [150, 100, 250, 200]

    def test_means_that_meet_are_one(self):
        # The two of the first look overlap by 0.45; the tile's box draws the stronger one nearer, to 0.6.
        result = joined(
            found([[100, 100, 200, 200], [138, 100, 238, 200]], [0.9, 0.8]), left=found([130, 100, 230, 200], 0.85)
        )
        assert len(result) == 1

    def test_nothing(self):
        assert len(joined(Detections.empty())) == 0

    @given(st.data())
    @settings(max_examples=60, deadline=None)
    def test_of_anything(self, data):
        looks = []
        for tile in (Tile(0, 0, 1000, 400), LEFT, RIGHT):
            count = data.draw(st.integers(0, 12))
            shares = data.draw(hnp.arrays(np.float32, (count, 2, 2), elements=st.floats(0, 1, width=32)))
            size = [tile.right - tile.left, tile.bottom - tile.top]
            boxes = np.sort(shares, axis=1) * np.array(size, np.float32) + np.array([tile.left, tile.top], np.float32)
            scores = data.draw(hnp.arrays(np.float32, count, elements=st.floats(0, 1, width=32)))
            looks.append(found(boxes, scores, data.draw(hnp.arrays(np.int32, count, elements=st.integers(0, 1)))))
        threshold = data.draw(st.sampled_from([0.1, 0.3, 0.5, 0.9]))
        result = joined(*looks, threshold=threshold)
        assert np.isfinite(result.xyxy).all()
        assert np.isfinite(result.confidence).all()
        assert (result.xyxy >= 0).all()
        assert (result.xyxy <= [1000, 400, 1000, 400]).all()
        assert (np.diff(result.confidence) <= 0).all()
        overlaps = np.triu(iou_matrix(result.xyxy, result.xyxy), 1)
        assert overlaps[result.class_id[:, None] == result.class_id].max(initial=0) <= threshold
