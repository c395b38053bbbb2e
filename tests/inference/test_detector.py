import dataclasses
import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from shelfwatch.inference import tiles as tiling
from shelfwatch.inference.detector import MAX_DETECTIONS, Detector, packaged_models
from shelfwatch.inference.image import ImageTooLargeError, Photo
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.training.rendering import DENSE, RenderOptions, render_shelf

ORIENTATION = 0x0112


def blank(width, height):
    return Photo(np.zeros((height, width, 3), np.uint8), width, height)


def grid(columns, rows, size=20.0, step=30.0):
    """Boxes side by side that do not touch, row by row."""
    y, x = np.mgrid[:rows, :columns]
    low = np.stack([x.ravel() * step, y.ravel() * step], axis=1)
    return np.concatenate([low, low + size], axis=1).astype(np.float32)


def jpeg(image, orientation=None):
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def share_matched(expected, found, least):
    """Share of the expected boxes that have a found box at this IoU or better."""
    return float((iou_matrix(expected, found).max(axis=1, initial=0) >= least).mean())


class TestWithFixedCandidates:
    def test_several_hundred_boxes_stay(self, fixed_model):
        boxes = grid(20, 20)
        detector = Detector(Model(fixed_model(boxes, np.linspace(0.95, 0.5, 400))))
        result = detector.detect(blank(640, 640))
        assert len(result.detections) == 400
        assert not result.truncated
        assert np.allclose(result.detections.xyxy, boxes, atol=1e-3)

    def test_the_default_cap_is_a_thousand(self, fixed_model):
        boxes = grid(36, 36, size=8, step=10)
        detector = Detector(Model(fixed_model(boxes, np.linspace(0.95, 0.5, len(boxes)))))
        result = detector.detect(blank(640, 640))
        assert len(result.detections) == MAX_DETECTIONS == 1000
        assert result.truncated
        assert len(detector.detect(blank(640, 640), max_detections=3000).detections) == 36 * 36

    @pytest.mark.parametrize(
        ("cap", "kept", "truncated"), [(1, 1, True), (9, 9, True), (10, 10, False), (11, 10, False)]
    )
    def test_a_cap_keeps_the_strongest_and_says_so(self, fixed_model, cap, kept, truncated):
        scores = np.array([0.5, 0.95, 0.6, 0.9, 0.7, 0.8, 0.55, 0.65, 0.75, 0.85], np.float32)
        result = Detector(Model(fixed_model(grid(10, 1), scores))).detect(blank(640, 640), max_detections=cap)
        assert result.detections.confidence.tolist() == sorted(scores.tolist(), reverse=True)[:kept]
        assert result.truncated is truncated

    def test_order_is_by_confidence(self, fixed_model):
        scores = np.random.default_rng(3).permutation(np.linspace(0.41, 0.99, 60)).astype(np.float32)
        boxes = grid(20, 3)
        found = Detector(Model(fixed_model(boxes, scores))).detect(blank(640, 640)).detections
        order = np.argsort(-scores)
        assert np.array_equal(found.confidence, scores[order])
        assert np.allclose(found.xyxy, boxes[order], atol=1e-3)

    def test_confidence_defaults_to_the_operating_threshold(self, fixed_model):
        detector = Detector(Model(fixed_model(grid(3, 1), [0.9, 0.5, 0.2], operating_threshold=0.45)))
        photo = blank(640, 640)
        assert len(detector.detect(photo).detections) == 2
        assert len(detector.detect(photo, confidence=0.1).detections) == 3
        assert len(detector.detect(photo, confidence=0.6).detections) == 1
        assert len(detector.detect(photo, confidence=1.0).detections) == 0

    def test_duplicates_fall_by_the_models_own_overlap(self, fixed_model):
        boxes = [[0, 0, 100, 100], [0, 0, 100, 70], [300, 300, 400, 400]]  # the first two overlap by 0.7
        for threshold, count in ((0.6, 2), (0.75, 3)):
            detector = Detector(Model(fixed_model(boxes, [0.8, 0.9, 0.7], iou_threshold=threshold)))
            found = detector.detect(blank(640, 640)).detections
            assert len(found) == count
            # Where the weaker one falls, it has a say in where the stronger one ends: (0.9 × 70 + 0.8 × 100) / 1.7.
            assert np.allclose(found.xyxy[0], [0, 0, 100, 70 if count == 3 else 143 / 1.7])

    def test_classes_do_not_suppress_each_other(self, fixed_model):
        boxes = [[0, 0, 100, 100]] * 3
        detector = Detector(Model(fixed_model(boxes, [0.9, 0.8, 0.7], [1, 0, 1], classes=("bottle", "can"))))
        found = detector.detect(blank(640, 640)).detections
        assert [detector.info.classes[c] for c in found.class_id] == ["can", "bottle"]
        assert np.allclose(found.confidence, [0.9, 0.8])

    def test_boxes_on_the_border_are_dropped(self, fixed_model):
        # 640 × 400 lies between 8 grey rows above and below.
        geometry = Letterbox.fit(640, 400, 640, 32)
        assert (geometry.top, geometry.height) == (8, 416)
        boxes = [[10, 0, 60, 7], [10, 0, 60, 8], [100, 409, 150, 416], [200, 0, 260, 50], [-30, 50, 0, 90]]
        result = Detector(Model(fixed_model(boxes, [0.9, 0.9, 0.9, 0.8, 0.7]))).detect(
            blank(640, 400), max_detections=1
        )
        assert result.detections.xyxy.tolist() == [[200, 0, 260, 42]]
        assert not result.truncated  # what lay on the border was never a detection

    def test_nothing_found(self, fixed_model):
        result = Detector(Model(fixed_model(grid(2, 1), [0.1, 0.2]))).detect(blank(640, 640))
        assert len(result.detections) == 0
        assert result.detections.xyxy.shape == (0, 4)
        assert not result.truncated

    def test_boxes_come_back_in_photo_pixels(self, fixed_model):
        detector = Detector(Model(fixed_model([[64, 64, 128, 192]], [0.9])))
        # Ten times as large as the network's input, and decoded at half of its size.
        photo = Photo(np.zeros((3200, 3200, 3), np.uint8), 6400, 6400)
        assert detector.detect(photo).detections.xyxy.tolist() == [[640, 640, 1280, 1920]]


def crowd(seed, columns, rows):
    """Candidates of a network as it gives them: several around each product, most of them weaker."""
    rng = np.random.default_rng(seed)
    boxes = np.repeat(grid(columns, rows), 5, axis=0)
    boxes += rng.normal(0, 2, boxes.shape).astype(np.float32)
    scores = (rng.random(len(boxes), np.float32) ** 2).clip(0.005)
    order = rng.permutation(len(boxes))
    return boxes[order], scores[order]


class TestConfidence:
    @pytest.mark.parametrize("seed", range(3))
    def test_a_higher_one_only_leaves_the_weaker_out(self, fixed_model, seed):
        detector = Detector(Model(fixed_model(*crowd(seed, 21, 16))))
        photo = blank(640, 640)
        everything = detector.detect(photo, confidence=0.01, max_detections=3000).detections
        assert len(everything) > 300
        for confidence in (0.05, 0.2, 0.4, 0.77):
            found = detector.detect(photo, confidence=confidence, max_detections=3000).detections
            kept = everything[everything.confidence >= confidence]
            assert found.xyxy.tobytes() == kept.xyxy.tobytes()
            assert found.confidence.tolist() == kept.confidence.tolist()

    def test_with_tiles_that_holds_from_the_operating_threshold(self, fixed_model):
        detector = Detector(Model(fixed_model(*crowd(4, 21, 16), operating_threshold=0.2)))
        photo = blank(2000, 1500)
        usual = detector.detect(photo, tiles=True)
        assert usual.tiles > 0
        assert len(usual.detections) > 200
        for confidence in (0.2, 0.3, 0.5, 0.9):
            result = detector.detect(photo, confidence=confidence, tiles=True)
            kept = usual.detections[usual.detections.confidence >= confidence]
            assert result.tiles == usual.tiles
            assert result.detections.xyxy.tobytes() == kept.xyxy.tobytes()
            assert result.detections.confidence.tolist() == kept.confidence.tolist()

    def test_a_candidate_that_is_not_finite_spoils_no_other(self, fixed_model):
        boxes = np.concatenate([grid(4, 1), np.full((2, 4), np.nan)])
        found = Detector(Model(fixed_model(boxes, [0.9] * 4 + [0.8, np.nan]))).detect(blank(640, 640)).detections
        assert np.allclose(found.xyxy, grid(4, 1))


class TestTiles:
    @pytest.mark.parametrize("size", [(2000, 1500), (640, 640)], ids=str)
    def test_a_photo_that_is_not_dense_is_answered_as_without(self, fixed_model, size):
        boxes, scores = crowd(1, 8, 8)  # more candidates than make a photo dense, but fewer products
        detector = Detector(Model(fixed_model(boxes, scores)))
        for confidence in (None, 0.1, 0.9):
            plain = detector.detect(blank(*size), confidence=confidence)
            result = detector.detect(blank(*size), confidence=confidence, tiles=True)
            assert result.tiles == plain.tiles == 0
            assert result.detections.xyxy.tobytes() == plain.detections.xyxy.tobytes()
            assert result.detections.confidence.tolist() == plain.detections.confidence.tolist()

    def test_neither_is_a_dense_one_without_more_detail(self, fixed_model):
        detector = Detector(Model(fixed_model(*crowd(1, 21, 21), operating_threshold=0.1)))
        plain, result = (detector.detect(blank(660, 660), tiles=tiles) for tiles in (False, True))
        assert len(plain.detections) > 200
        assert result.tiles == 0
        assert result.detections.xyxy.tobytes() == plain.detections.xyxy.tobytes()

    def test_density_is_that_at_the_operating_threshold(self, fixed_model):
        detector = Detector(Model(fixed_model(grid(21, 10), np.full(210, 0.5), operating_threshold=0.4)))
        photo = blank(2000, 1500)
        assert [detector.detect(photo, confidence=c, tiles=True).tiles > 0 for c in (0.01, 0.4, 0.9)] == [True] * 3
        sparse = Detector(Model(fixed_model(grid(21, 10), np.full(210, 0.3), operating_threshold=0.4)))
        assert sparse.detect(photo, confidence=0.01, tiles=True).tiles == 0

    @pytest.mark.parametrize("reduction", [1, 2, 4])
    def test_a_patch_is_found_where_it_is_in_every_tile(self, red_patch_detector, reduction):
        # An odd size, so that a decoded pixel is no whole number of the photo's.
        width, height = 1403 * reduction - reduction // 2, 1051 * reduction - reduction // 3
        pixels = np.full((1051, 1403, 3), 90, np.uint8)
        for tile in tiling.plan(Photo(pixels, width, height), 640, tiling.ZOOM):
            x, y = (tile.left + tile.right) // 2, (tile.top + tile.bottom) // 2
            shown = pixels.copy()
            shown[y : y + 45, x : x + 31] = (255, 0, 0)
            photo = Photo(shown, width, height)
            part = tiling.cut(photo, tile)
            letterbox = Letterbox.fit(part.width, part.height, tiling.TILE, 32)
            (box,) = tiling.place(red_patch_detector.look(part, letterbox, 0.1), tile, photo).xyxy
            scale = np.array([width / 1403, height / 1051] * 2)
            assert np.abs(box - np.array([x, y, x + 31, y + 45]) * scale).max() <= scale.max()

    @pytest.mark.parametrize(
        ("size", "first", "finer"),
        [
            ((2600, 1950), (480, 640, 3), (975, 1300, 3)),
            ((1800, 1350), (480, 640, 3), (675, 900, 3)),
            ((600, 1), (1, 600, 3), None),
        ],
    )
    def test_a_jpeg_can_be_had_in_more_detail(self, red_patch_detector, size, first, finer):
        data = jpeg(Image.new("RGB", size))
        assert red_patch_detector.decode(data).finer is None
        photo = red_patch_detector.decode(data, tiles=True)
        assert photo.pixels.shape == first
        assert (photo.finer and photo.finer().pixels.shape) == finer

    @pytest.mark.parametrize(
        ("size", "finer"), [((2600, 1950), (1248, 1664, 3)), ((1500, 1125), (1125, 1500, 3)), ((640, 480), None)]
    )
    def test_another_kind_no_larger_than_a_jpeg_would_be(self, red_patch_detector, size, finer):
        out = io.BytesIO()
        Image.new("RGB", size).save(out, "PNG")
        photo = red_patch_detector.decode(out.getvalue(), tiles=True)
        assert (photo.finer and photo.finer().pixels.shape) == finer

    def test_only_a_closer_look_decodes_again(self, fixed_model):
        again = []

        def finer():
            again.append(1)
            return blank(2000, 1500)

        photo = dataclasses.replace(Photo(np.zeros((480, 640, 3), np.uint8), 2000, 1500), finer=finer)
        detector = Detector(Model(fixed_model(*crowd(1, 21, 15), operating_threshold=0.1)))
        assert detector.detect(photo).tiles == 0
        assert detector.detect(photo, max_detections=3, tiles=True).tiles > 0
        assert again == [1]

    def test_a_dense_shelf(self, packaged):
        shelf = render_shelf(3, dataclasses.replace(DENSE, width=2400, height=1800))
        photo = packaged.decode(shelf.to_jpeg(), tiles=True)
        plain, closer = (packaged.detect(photo, tiles=tiles) for tiles in (False, True))
        assert (plain.tiles, closer.tiles) == (0, 4)
        found = closer.detections
        assert abs(len(found) - len(shelf)) <= 0.05 * len(shelf)
        # No fewer than before, give or take a product in a hundred.
        before = share_matched(shelf.boxes, plain.detections.xyxy, 0.5)
        assert share_matched(shelf.boxes, found.xyxy, 0.5) >= before - 0.01
        assert (found.xyxy >= 0).all()
        assert (found.xyxy <= [photo.width, photo.height] * 2).all()
        overlaps = iou_matrix(found.xyxy, found.xyxy)[~np.eye(len(found), dtype=bool)]
        assert overlaps.max() <= packaged.info.iou_threshold


class TestWhatTheNetworkSees:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("size", [(640, 480), (3000, 2000), (500, 1700)], ids=str)
    def test_a_patch_is_found_where_it_is(self, red_patch_detector, size, orientation):
        width, height = size
        patch = (width // 5, height // 8, width // 2, height // 3)
        image = Image.new("RGB", size, (90, 120, 90))
        image.paste((255, 0, 0), patch)
        # The camera was held so: turning back by the standard's table gives the upright scene.
        undo = {
            1: [],
            2: [Image.Transpose.FLIP_LEFT_RIGHT],
            3: [Image.Transpose.ROTATE_180],
            4: [Image.Transpose.FLIP_TOP_BOTTOM],
            5: [Image.Transpose.TRANSPOSE],
            6: [Image.Transpose.ROTATE_90],
            7: [Image.Transpose.TRANSVERSE],
            8: [Image.Transpose.ROTATE_270],
        }
        for step in undo[orientation]:
            image = image.transpose(step)
        photo = red_patch_detector.decode(jpeg(image, orientation))
        assert (photo.width, photo.height) == size
        (box,) = red_patch_detector.detect(photo).detections.xyxy
        network_pixel = max(size) / 640
        assert np.abs(box - patch).max() <= 1.5 * network_pixel

    def test_decodes_at_the_resolution_the_model_uses(self, red_patch_detector):
        data = jpeg(Image.new("RGB", (2600, 1300)))
        assert red_patch_detector.decode(data).pixels.shape == (320, 640, 3)

    def test_pixel_limit_is_passed_on(self, red_patch_detector):
        data = jpeg(Image.new("RGB", (100, 100)))
        with pytest.raises(ImageTooLargeError):
            red_patch_detector.decode(data, max_pixels=9999)


@pytest.fixture(scope="module")
def on_sample(packaged, sample):
    """The sample picture at full size, decoded for the model, and what the model finds in it."""
    photo = packaged.decode(sample)
    return Image.open(io.BytesIO(sample)).convert("RGB"), photo, packaged.detect(photo).detections


class TestPackagedModel:
    def test_the_default_comes_first(self):
        names = list(packaged_models())
        if not names:
            pytest.skip("no model is packaged in this checkout")
        assert names[0] == "accurate"
        for name, path in packaged_models().items():
            assert path.is_file()
            assert Model(path, threads=1).info.name == name

    def test_is_int8_with_one_class(self, packaged):
        assert packaged.info.precision == "int8"
        assert packaged.info.classes == ("product",)

    def test_boxes_lie_inside_sorted_by_confidence(self, packaged, on_sample):
        _, photo, found = on_sample
        assert len(found) >= 20
        assert (found.xyxy >= 0).all()
        assert (found.xyxy <= [photo.width, photo.height] * 2).all()
        assert (found.xyxy[:, 2:] > found.xyxy[:, :2]).all()
        assert (np.diff(found.confidence) <= 0).all()
        assert found.confidence[-1] >= packaged.info.operating_threshold
        assert found.confidence[0] <= 1
        assert (found.class_id == 0).all()
        overlaps = iou_matrix(found.xyxy, found.xyxy)[~np.eye(len(found), dtype=bool)]
        assert overlaps.max() <= 0.7  # suppression leaves 0.5; voting may draw two boxes nearer to each other

    def test_a_photo_taken_with_the_camera_turned(self, packaged, on_sample):
        image, photo, found = on_sample
        turned = packaged.decode(jpeg(image.transpose(Image.Transpose.ROTATE_90), orientation=6))
        assert (turned.width, turned.height) == (photo.width, photo.height)
        again = packaged.detect(turned).detections
        assert abs(len(again) - len(found)) <= 0.05 * len(found)
        assert share_matched(found.xyxy, again.xyxy, 0.9) >= 0.95

    def test_a_photo_of_twice_the_size(self, packaged, on_sample):
        image, photo, found = on_sample
        double = packaged.decode(jpeg(image.resize((2 * image.width, 2 * image.height), Image.Resampling.LANCZOS)))
        assert (double.width, double.height) == (2 * photo.width, 2 * photo.height)
        again = packaged.detect(double).detections
        assert abs(len(again) - len(found)) <= 0.05 * len(found)
        assert share_matched(2 * found.xyxy, again.xyxy, 0.9) >= 0.95

    @pytest.mark.parametrize("size", [(1, 1), (4000, 20), (20, 4000), (33, 31)], ids=str)
    def test_odd_photos_answer(self, packaged, size):
        rng = np.random.default_rng(1)
        image = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
        photo = packaged.decode(jpeg(image))
        assert (photo.width, photo.height) == size
        found = packaged.detect(photo, confidence=0.01).detections
        assert (found.xyxy >= 0).all()
        assert (found.xyxy <= [*size, *size]).all()

    def test_an_empty_wall_holds_nothing(self, packaged):
        wall = Image.new("RGB", (1200, 900), (200, 195, 190))
        assert len(packaged.detect(packaged.decode(jpeg(wall))).detections) == 0

    def test_two_threads_at_once_agree(self, packaged, on_sample):
        _, photo, found = on_sample
        mirrored = Photo(np.ascontiguousarray(photo.pixels[:, ::-1]), photo.width, photo.height)
        alone = packaged.detect(mirrored).detections
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(packaged.detect, [photo, mirrored] * 3))
        for i, result in enumerate(results):
            expected = (found, alone)[i % 2]
            assert np.array_equal(result.detections.xyxy, expected.xyxy)
            assert np.array_equal(result.detections.confidence, expected.confidence)

    def test_rendered_shelves_are_counted(self, packaged):
        matched, products = 0.0, 0
        for seed in range(5):
            shelf = render_shelf(seed, RenderOptions(width=900, height=1200))
            found = packaged.detect(packaged.decode(shelf.to_jpeg())).detections
            assert len(shelf) >= 25
            assert abs(len(found) - len(shelf)) <= 0.15 * len(shelf), seed
            share = share_matched(shelf.boxes, found.xyxy, 0.5)
            assert share >= 0.8, seed
            matched += share * len(shelf)
            products += len(shelf)
        assert matched >= 0.93 * products
