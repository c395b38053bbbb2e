import json
from dataclasses import fields
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from shelfwatch.inference.detections import Detections
from shelfwatch.training.dataset import Sample, load_dataset
from shelfwatch.training.evaluate import (
    LOWEST_CONFIDENCE,
    THRESHOLDS,
    Evaluation,
    Part,
    average,
    bootstrap_ap,
    bootstrap_mean,
    break_down,
    choose_threshold,
    coco_curves,
    connect,
    count_errors,
    evaluate,
    http_predict,
    local_predict,
    predict_all,
    served_models,
)
from shelfwatch.training.matching import compare, matches
from shelfwatch.training.rendering import DENSE, RenderOptions, render_shelf


def row(count, size=20.0, step=30.0):
    """Boxes side by side that do not touch."""
    left = np.arange(count, dtype=np.float32) * step
    return np.stack([left, np.zeros_like(left), left + size, np.full_like(left, size)], axis=1)


def truth(boxes, class_id=None):
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    ids = np.zeros(len(boxes)) if class_id is None else class_id
    return Sample(Path("photo.jpg"), 20_000, 100, boxes, np.asarray(ids, np.int32))


def found(boxes, scores=0.9, class_id=None):
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    ids = np.zeros(len(boxes)) if class_id is None else class_id
    confidence = np.broadcast_to(np.asarray(scores, np.float32), len(boxes)).copy()
    return Detections(boxes, confidence, np.asarray(ids, np.int32))


def judge(samples, predictions, classes=("product",), threshold=0.25):
    return evaluate(samples, predictions, classes, threshold)


class TestAveragePrecision:
    def test_perfect(self):
        boxes = row(7)
        result = judge([truth(boxes), truth(boxes[:3])], [found(boxes), found(boxes[:3])])
        assert (result.photos, result.boxes) == (2, 10)
        for value in (result.ap, result.ap50, result.ap75, result.ar300, result.ap50_operating):
            assert value == pytest.approx(1.0)
        assert (result.count_error, result.count_bias) == (0.0, 0.0)

    def test_half_found(self):
        # Precision is 1 up to recall 1/2 and 0 beyond: 51 of COCO's 101 recall points.
        result = judge([truth(row(10))], [found(row(5))])
        assert result.ap == pytest.approx(51 / 101)
        assert result.ar300 == pytest.approx(0.5)
        assert result.count_bias == pytest.approx(-0.5)

    def test_duplicates_are_false(self):
        # Ten right ones and, stronger than all of them, a duplicate of the first: precision is 1 only up to a
        # recall of 1/10, then 10/11 at best.
        boxes = np.concatenate([row(1), row(10)])
        result = judge([truth(row(10))], [found(boxes, [0.99, 0.98, *np.linspace(0.9, 0.5, 9)])])
        assert result.ap == pytest.approx((11 + 90 * 10 / 11) / 101)
        assert result.ar300 == pytest.approx(1.0)
        assert result.count_bias == pytest.approx(0.1)

    def test_wrong_boxes_below_every_right_one_cost_nothing(self):
        boxes = np.concatenate([row(10), row(10) + np.float32([0, 50, 0, 50])])
        result = judge([truth(row(10))], [found(boxes, np.linspace(0.9, 0.3, 20))])
        assert result.ap == pytest.approx(1.0)

    def test_wrong_boxes_above_every_right_one(self):
        boxes = np.concatenate([row(10) + np.float32([0, 50, 0, 50]), row(10)])
        result = judge([truth(row(10))], [found(boxes, np.linspace(0.9, 0.3, 20))])
        assert result.ap == pytest.approx(0.5)

    def test_overlap_decides(self):
        # Each box covers 70 % of its product and nothing else: right up to IoU 0.70, wrong from 0.75.
        boxes = row(6)
        narrow = boxes.copy()
        narrow[:, 2] -= 6
        result = judge([truth(boxes)], [found(narrow)])
        assert result.ap50 == pytest.approx(1.0)
        assert result.ap75 == pytest.approx(0.0)
        assert result.ap in (pytest.approx(0.4), pytest.approx(0.5))  # 0.50 to 0.65, and 0.70 if rounding allows
        assert result.ar300 == pytest.approx(result.ap)

    @pytest.mark.parametrize("count", [101, 150, 300])
    def test_dense_photos_count_in_full(self, count):
        result = judge([truth(row(count))], [found(row(count), np.linspace(0.9, 0.5, count))])
        assert result.ap == pytest.approx(1.0)
        assert result.ar300 == pytest.approx(1.0)

    def test_beyond_300_the_weakest_do_not_count(self):
        result = judge([truth(row(400))], [found(row(400), np.linspace(0.9, 0.5, 400))])
        assert result.ar300 == pytest.approx(300 / 400)
        assert result.ap == pytest.approx(76 / 101)
        assert result.count_error == 0.0  # counting knows no cap

    def test_one_beyond_300(self):
        result = judge([truth(row(301))], [found(row(301), np.linspace(0.9, 0.5, 301))])
        assert result.ar300 == pytest.approx(300 / 301)

    def test_nothing_found(self):
        result = judge([truth(row(4))], [Detections.empty()])
        assert (result.ap, result.ar300, result.ap50_operating) == (0.0, 0.0, 0.0)
        assert (result.count_error, result.count_bias) == (1.0, -1.0)

    def test_nothing_left_at_the_operating_point(self):
        result = judge([truth(row(4))], [found(row(4), 0.2)], threshold=0.5)
        assert result.ap50 == pytest.approx(1.0)
        assert result.ap50_operating == 0.0

    def test_operating_point_leaves_the_weak_out(self):
        result = judge([truth(row(10))], [found(row(10), np.linspace(0.95, 0.05, 10))], threshold=0.5)
        assert result.ap50 == pytest.approx(1.0)
        assert result.ap50_operating == pytest.approx(51 / 101)
        assert result.count_bias == pytest.approx(-0.5)

    def test_a_photo_without_products(self):
        # Its false detection costs precision, as its score is the highest; the relative count error leaves it out.
        result = judge([truth(row(1)), truth([])], [found(row(1), 0.5), found(row(1), 0.9)])
        assert result.ap == pytest.approx(0.5)
        assert result.count_error == 0.0


class TestClasses:
    def test_each_class_counts_the_same(self):
        # Of ten bottles all are found, of two cans none: the mean over classes, not over boxes.
        boxes = row(12)
        ids = [0] * 10 + [1] * 2
        result = judge([truth(boxes, ids)], [found(boxes[:10], class_id=ids[:10])], ("bottle", "can"))
        assert result.ap == pytest.approx(0.5)
        assert result.ar300 == pytest.approx(0.5)

    def test_right_place_wrong_class(self):
        boxes = row(4)
        result = judge([truth(boxes, [0, 0, 1, 1])], [found(boxes, class_id=[1, 1, 0, 0])], ("bottle", "can"))
        assert result.ap == 0.0

    def test_a_class_without_truth_is_left_out(self):
        result = judge([truth(row(4))], [found(row(4))], ("bottle", "can", "snack"))
        assert result.ap == pytest.approx(1.0)

    def test_curves_have_a_column_a_class(self):
        precision, recall = coco_curves(
            [truth(row(4), [0, 1, 1, 0])], [found(row(2), class_id=[0, 1])], ("a", "b", "c")
        )
        assert precision.shape == (10, 101, 3)
        assert recall.shape == (10, 3)
        assert recall[0].tolist() == pytest.approx([0.5, 0.5, -1])

    def test_average_without_any_truth(self):
        assert average(np.full((10, 2), -1.0)) == 0.0
        assert average(np.array([0.5, -1.0, 1.0])) == 0.75


class TestCounting:
    samples = (truth(row(10)), truth(row(4)))

    def test_errors_are_relative_and_a_mean_over_photos(self):
        predictions = [found(row(12)), found(row(3))]  # + 20 % and − 25 %
        error, bias = count_errors(self.samples, predictions, 0.5)
        assert error == pytest.approx(0.225)
        assert bias == pytest.approx(-0.025)

    def test_the_threshold_itself_counts(self):
        predictions = [found(row(10), 0.5), found(row(4), 0.5)]
        assert count_errors(self.samples, predictions, 0.5) == (0.0, 0.0)
        assert count_errors(self.samples, predictions, 0.51) == (1.0, -1.0)

    def test_without_products_it_is_undefined(self):
        with pytest.raises(ValueError, match="no photo holds a product"):
            count_errors([truth([])], [found(row(2))], 0.5)

    def test_a_missing_prediction_is_an_error(self):
        with pytest.raises(ValueError, match="zip"):
            count_errors(self.samples, [found(row(2))], 0.5)

    def test_choice_is_the_middle_of_the_flat_part(self):
        # Four real products at 0.60 and six false ones at 0.33: every threshold from 0.34 to 0.60 is perfect.
        prediction = found(np.concatenate([row(4), row(6)]), [0.6] * 4 + [0.33] * 6)
        chosen = choose_threshold([truth(row(4))], [prediction])
        assert chosen == pytest.approx(0.47)
        assert count_errors([truth(row(4))], [prediction], chosen) == (0.0, 0.0)

    def test_near_equals_are_flat_too(self):
        # From 0.41 to 0.60 the count is exact; down to 0.21 it is one of a thousand off, which is noise.
        sample = truth(row(1000))
        prediction = found(np.concatenate([row(1000), row(1), row(500)]), [0.6] * 1000 + [0.4] + [0.2] * 500)
        assert choose_threshold([sample], [prediction]) == pytest.approx(0.41)

    def test_choice_balances_the_photos(self):
        # The first photo needs 0.50 or less, the second 0.31 or more.
        samples = [truth(row(10)), truth(row(5))]
        predictions = [found(row(10), 0.5), found(row(9), [0.9] * 5 + [0.3] * 4)]
        assert 0.31 <= choose_threshold(samples, predictions) <= 0.50

    def test_thresholds_tried(self):
        assert THRESHOLDS[0] == 0.10
        assert THRESHOLDS[-1] == 0.70
        assert np.allclose(np.diff(THRESHOLDS), 0.01)


def test_figures_as_json():
    result = Evaluation(3, 40, 0.123456, 0.5, 0.25, 1 / 3, 0.4, 0.49999, 0.08765432, -0.00001)
    figures = json.loads(json.dumps(result.to_json()))
    assert list(figures) == [field.name for field in fields(Evaluation)]
    assert figures["ap"] == 0.1235
    assert figures["ar300"] == 0.3333
    assert figures["photos"] == 3
    assert figures["count_bias"] == 0


class TestNotFinite:
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("where", ["box", "score"])
    def test_the_photo_is_named(self, value, where):
        spoilt = found(row(3))
        (spoilt.xyxy[1] if where == "box" else spoilt.confidence)[2] = value
        samples = [truth(row(3)), Sample(Path("second.jpg"), 100, 100, row(3), np.zeros(3, np.int32))]
        predictions = [found(row(3)), spoilt]
        for call in (
            lambda: judge(samples, predictions),
            lambda: coco_curves(samples, predictions, ("product",)),
            lambda: break_down(samples, predictions, ("product",), 0.25),
            lambda: choose_threshold(samples, predictions),
        ):
            with pytest.raises(ValueError, match=r"second\.jpg: .* not finite"):
                call()

    def test_a_box_turned_inside_out_is_wrong(self):
        # Its area would be negative: outside COCO's ranges, where a false detection costs nothing.
        boxes = row(2)
        boxes[0, [0, 2]] = boxes[0, [2, 0]]
        result = judge([truth(row(2))], [found(boxes, [0.9, 0.8])])
        assert result.ap == pytest.approx(51 / 101 / 2)


class TestBreakdown:
    def test_sizes_are_relative_to_the_photo(self):
        # Sides of 1, 4 and 10 % of the long side. All small ones are found, half of the medium and none of the large.
        def shelf(scale):
            small, medium, large = (
                row(4, side, 125) + np.float32([0, y, 0, y])
                for side, y in zip((10, 40, 100), (0, 200, 400), strict=True)
            )
            boxes = np.concatenate([small, medium, large]) * np.float32(scale)
            sample = Sample(Path("photo.jpg"), round(600 * scale), round(1000 * scale), boxes, np.zeros(12, np.int32))
            return sample, found(boxes[:6])

        samples, predictions = zip(shelf(1), shelf(4), strict=True)
        parts = break_down(samples, predictions, ("product",), 0.25).sizes
        assert [(part.photos, part.boxes) for part in parts.values()] == [(2, 8)] * 3
        assert [part.ap for part in parts.values()] == pytest.approx([1, 51 / 101, 0])

    def test_a_false_box_costs_its_own_size_only(self):
        boxes = np.concatenate([row(4, 10, 30), row(4, 40, 50) + np.float32([0, 200, 0, 200])])
        wrong = row(1, 40) + np.float32([0, 600, 0, 600])
        sample = Sample(Path("photo.jpg"), 600, 1000, boxes, np.zeros(8, np.int32))
        prediction = found(np.concatenate([wrong, boxes]), [0.9] + [0.8] * 8)
        parts = break_down([sample], [prediction], ("product",), 0.25).sizes
        assert parts["small"].ap == pytest.approx(1)
        assert parts["medium"].ap == pytest.approx(4 / 5)
        assert parts["large"] == Part(0, 0, None)

    @pytest.mark.parametrize(
        ("count", "name"), [(99, "under 100"), (100, "100 to 200"), (200, "100 to 200"), (201, "over 200")]
    )
    def test_bounds_of_density(self, count, name):
        parts = break_down([truth(row(count))], [found(row(count))], ("product",), 0.25).densities
        assert parts.pop(name) == Part(1, count, pytest.approx(1))
        assert set(parts.values()) == {Part(0, 0, None)}

    def test_densities_are_judged_apart(self):
        # The strongest detections of all are false; they lie in the sparse photo and cost the dense one nothing.
        samples = [truth(row(10)), truth(row(150))]
        wrong = row(10) + np.float32([0, 50, 0, 50])
        predictions = [found(np.concatenate([wrong, row(10)]), [0.9] * 10 + [0.5] * 10), found(row(150), 0.6)]
        parts = break_down(samples, predictions, ("product",), 0.25).densities
        assert parts["under 100"].ap == pytest.approx(0.5)
        assert parts["100 to 200"].ap == pytest.approx(1)

    def test_each_class_counts_the_same_and_a_photo_once(self):
        boxes, ids = row(12), [0] * 10 + [1] * 2
        prediction = found(boxes[:10], class_id=ids[:10])
        result = break_down([truth(boxes, ids)], [prediction], ("bottle", "can", "none"), 0.25)
        expected = Part(1, 12, pytest.approx(0.5))
        assert result.sizes["small"] == expected
        assert result.densities["under 100"] == expected
        assert result.ap_interval == pytest.approx((0.5, 0.5))

    def test_nothing_found(self):
        result = break_down([truth(row(4)), truth([])], [Detections.empty()] * 2, ("product",), 0.25)
        assert result.densities["under 100"] == Part(1, 4, 0.0)
        assert result.ap_interval == (0.0, 0.0)
        assert result.count_error_interval == (1.0, 1.0)

    def test_as_json(self):
        figures = break_down([truth(row(4))], [found(row(3))], ("product",), 0.25).to_json()
        assert json.loads(json.dumps(figures)) == figures
        assert figures["count_error_interval"] == [0.25, 0.25]
        assert figures["sizes"]["small"] == {"photos": 1, "boxes": 4, "ap": 0.7525}  # 76 of 101 recalls


class TestBootstrap:
    def test_two_values(self):
        # A quarter of the resamples draws the first twice, a quarter the second.
        assert bootstrap_mean(np.array([0.25, 0.75])) == (0.25, 0.75)

    def test_as_wide_as_the_normal_interval_of_many_values(self):
        values = np.tile([0.0, 1.0], 200)
        half = 1.96 * 0.5 / np.sqrt(400)
        assert bootstrap_mean(values) == pytest.approx((0.5 - half, 0.5 + half), abs=0.003)

    def test_count_errors_without_their_sign(self):
        # 20 % too many and 20 % too few: an error of 20 % whichever photos are drawn.
        samples, predictions = [truth(row(10)), truth(row(10))], [found(row(12)), found(row(8))]
        interval = break_down(samples, predictions, ("product",), 0.25).count_error_interval
        assert interval == pytest.approx((0.2, 0.2))

    def test_ap_of_a_perfect_and_an_empty_photo(self):
        # Drawn twice, the one gives 1 and the other 0; a quarter of the resamples each.
        judged = compare([truth(row(10))] * 2, [found(row(10)), Detections.empty()], ("product",))
        assert bootstrap_ap(matches(judged)) == pytest.approx((0, 1))

    def test_ap_leaves_out_draws_without_products(self):
        judged = compare([truth(row(10)), truth([])], [found(row(10)), Detections.empty()], ("product",))
        assert bootstrap_ap(matches(judged)) == pytest.approx((1, 1))

    def test_the_same_every_time(self):
        values = np.random.default_rng(3).random(30)
        low, high = bootstrap_mean(values)
        assert bootstrap_mean(values) == (low, high)
        assert low < values.mean() < high


class TestPredicting:
    @pytest.fixture
    def rendered(self, tmp_path):
        """Two rendered shelves as samples."""
        samples = []
        for seed in range(2):
            shelf = render_shelf(seed, RenderOptions(width=600, height=800, rows=(3, 4), facings=(8, 10)))
            path = tmp_path / f"{seed}.jpg"
            path.write_bytes(shelf.to_jpeg())
            samples.append(Sample(path, 600, 800, shelf.boxes, np.zeros(len(shelf), np.int32)))
        return samples

    def test_by_the_services_own_path(self, packaged, rendered):
        predictions = predict_all(rendered, local_predict(packaged))
        for sample, prediction in zip(rendered, predictions, strict=True):
            photo = packaged.decode(sample.image.read_bytes())
            expected = packaged.detect(photo, confidence=LOWEST_CONFIDENCE, max_detections=3000).detections
            assert np.array_equal(prediction.xyxy, expected.xyxy)
            assert prediction.confidence.min() < packaged.info.operating_threshold
        result = judge(rendered, predictions, threshold=packaged.info.operating_threshold)
        assert result.ap50 >= 0.85
        assert result.count_error <= 0.15

    def test_against_a_running_service(self, packaged, rendered, service):
        served = served_models(connect(service.url))
        assert next(iter(served)) == packaged.info.name
        assert served[packaged.info.name] == packaged.info.operating_threshold
        data = rendered[0].image.read_bytes()
        local = local_predict(packaged)(data, 0.3)
        for model in (None, packaged.info.name):
            remote = http_predict(connect(service.url), model)(data, 0.3)
            assert len(remote) == len(local) > 0
            assert np.allclose(remote.xyxy, local.xyxy, atol=0.1)
            assert np.allclose(remote.confidence, local.confidence, atol=1e-3)
            assert np.array_equal(remote.class_id, local.class_id)
        assert len(http_predict(connect(service.url))(data, 1.0)) == 0

    def test_a_closer_look(self, packaged, service):
        data = render_shelf(5, DENSE).to_jpeg()
        photo = packaged.decode(data, tiles=True)
        expected = packaged.detect(photo, confidence=0.3, max_detections=3000, tiles=True)
        assert expected.tiles > 1
        for predict in (local_predict(packaged, tiles=True), http_predict(connect(service.url), tiles=True)):
            closer = predict(data, 0.3)
            assert len(closer) == len(expected.detections)
            assert np.allclose(closer.xyxy, expected.detections.xyxy, atol=0.1)

    def test_a_refusal_is_raised(self, rendered, service):
        data = rendered[0].image.read_bytes()
        with pytest.raises(httpx.HTTPStatusError):
            http_predict(connect(service.url), "no-such-model")(data, 0.3)


def test_shipped_figures_on_real_shelves(packaged, shared_products):
    """What MODEL_CARD promises, with some room, on the validation photos."""
    dataset = load_dataset(shared_products / "products.yaml")
    samples = dataset.samples("val")
    assert (len(samples), sum(len(sample.boxes) for sample in samples)) == (18, 3086)
    with Image.open(samples[0].image) as photo:
        assert photo.size == (samples[0].width, samples[0].height)
    predictions = predict_all(samples, local_predict(packaged))
    result = judge(samples, predictions, threshold=packaged.info.operating_threshold)
    assert result.ap50 >= 0.86
    assert result.count_error <= 0.09
    parts = break_down(samples, predictions, ("product",), packaged.info.operating_threshold)
    assert parts.ap_interval[0] < result.ap < parts.ap_interval[1]
    assert parts.count_error_interval[0] < result.count_error < parts.count_error_interval[1]
    for kind in (parts.sizes, parts.densities):
        assert sum(part.boxes for part in kind.values()) == 3086
    assert min(part.boxes for part in parts.sizes.values()) >= 300  # every size has enough for a figure
    assert parts.sizes["small"].ap < parts.sizes["large"].ap
