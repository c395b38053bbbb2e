import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shelfwatch.inference.detections import Detections
from shelfwatch.training.dataset import Sample
from shelfwatch.training.evaluate import break_down, evaluate
from shelfwatch.training.report import (
    calibration_error,
    confidence_bins,
    folder_name,
    make_report,
    photo_result,
    write_report,
)


def row(count, top=0.0):
    """Boxes of 20 × 20 pixels side by side that do not touch."""
    left = np.arange(count, dtype=np.float32) * 30
    return np.stack([left, np.full_like(left, top), left + 20, np.full_like(left, top + 20)], axis=1)


def photo(name, true, right, wrong=0, confidence=0.75):
    """A photo of `true` products, `right` of which are found at the confidence, beside `wrong` false ones."""
    boxes = np.concatenate([row(right), row(wrong, 50)])
    found = Detections(boxes, np.full(len(boxes), confidence, np.float32), np.zeros(len(boxes), np.int32))
    return Sample(Path(f"secret/place/{name}.jpg"), 12_000, 100, row(true), np.zeros(true, np.int32)), found


def report_on(*photos, threshold=0.25, classes=("product",)):
    samples, predictions = zip(*photos, strict=True)
    evaluation = evaluate(samples, predictions, classes, threshold)
    return make_report(samples, predictions, classes, evaluation, break_down(samples, predictions, classes, threshold))


class TestPhotos:
    def test_counts_and_f1(self):
        report = report_on(photo("a", 10, 8, 4), photo("b", 4, 4))
        first, second = report.photos
        assert (first.photo, first.true, first.found, first.right) == ("a.jpg", 10, 12, 8)
        assert first.count_error == pytest.approx(0.2)
        assert first.f1 == pytest.approx(16 / 22)
        assert (second.count_error, second.f1) == (0, 1)
        assert report.precision == pytest.approx(12 / 16)
        assert report.recall == pytest.approx(12 / 14)
        errors = [abs(result.count_error) for result in report.photos]
        assert np.mean(errors) == pytest.approx(report.evaluation.count_error)

    def test_below_the_threshold_is_not_found(self):
        report = report_on(photo("a", 10, 10, confidence=0.2), photo("b", 10, 10, confidence=0.25))
        assert [result.found for result in report.photos] == [0, 10]
        assert [result.f1 for result in report.photos] == [0, 1]
        assert report.recall == 0.5

    def test_a_photo_without_products(self):
        empty = Sample(Path("empty.jpg"), 100, 100, row(0), np.zeros(0, np.int32))
        clean, littered = photo_result(empty, 0, 0), photo_result(empty, 3, 0)
        assert (clean.count_error, clean.f1) == (None, 1.0)
        assert (littered.count_error, littered.f1) == (None, 0.0)

    def test_dense_photos_know_no_cap(self):
        (result,) = report_on(photo("dense", 390, 380)).photos
        assert (result.found, result.right) == (380, 380)

    def test_worst(self):
        names = "abcdefg"
        # Counted ever worse, while what is found is right; `h` is counted exactly, and all of it is wrong.
        photos = [photo(name, 10, 10 - missed) for missed, name in enumerate(names)]
        report = report_on(*photos, photo("h", 10, 0, 10), photo("empty", 0, 0, 1), photo("clean", 0, 0))
        assert [result.photo[0] for result in report.worst_counts()] == ["e", "g", "f", "e", "d"]
        assert report.worst_counts()[0].photo == "empty.jpg"
        assert [result.photo for result in report.worst_f1()][:3] == ["h.jpg", "empty.jpg", "g.jpg"]
        assert "clean.jpg" not in [result.photo for result in report.worst_counts() + report.worst_f1()]

    def test_nothing_found(self):
        report = report_on(photo("a", 10, 0))
        assert (report.precision, report.recall, report.calibration_error) == (0, 0, 0)
        assert report.curves["mean"] == [0] * 101

    def test_classes_are_matched_apart(self):
        sample, found = photo("a", 10, 10)
        other = Detections(found.xyxy, found.confidence, np.arange(10, dtype=np.int32) % 2)
        report = report_on((sample, other), classes=("product", "tag"))
        assert report.photos[0].right == 5
        assert report.recall == 0.5


class TestReliability:
    def test_by_hand(self):
        # Four at 0.25 of which one is right are honest; of two at 0.95 one is right, which is 0.45 off.
        bins = confidence_bins(np.array([0.25] * 4 + [0.95] * 2), np.array([1, 0, 0, 0, 1, 0], bool))
        assert [part.detections for part in bins] == [0, 0, 4, 0, 0, 0, 0, 0, 0, 2]
        assert (bins[2].low, bins[2].confidence, bins[2].right) == pytest.approx((0.2, 0.25, 0.25))
        assert calibration_error(bins) == pytest.approx(0.45 * 2 / 6)

    def test_certainty_is_in_the_last_bin(self):
        assert confidence_bins(np.array([1.0]), np.array([True]))[-1].detections == 1

    def test_doubts_on_both_sides_of_a_bin_cancel(self):
        # ECE compares means: 0.6 and 0.7 with one of them right is 0.15 off, not 0.5.
        bins = confidence_bins(np.array([0.61, 0.69]), np.array([True, False]))
        assert calibration_error(bins) == pytest.approx(0.15)

    def test_detections_below_the_threshold_belong_to_it(self):
        report = report_on(photo("a", 10, 3, 9, confidence=0.125), photo("b", 10, 6, 2), threshold=0.5)
        assert [part.detections for part in report.bins] == [0, 12, 0, 0, 0, 0, 0, 8, 0, 0]
        assert report.calibration_error == pytest.approx(0.125 * 12 / 20)

    def test_a_double_is_wrong(self):
        sample, found = photo("a", 1, 1)
        double = Detections(np.repeat(found.xyxy, 2, axis=0), np.float32([0.75, 0.55]), np.zeros(2, np.int32))
        report = report_on((sample, double))
        assert [(part.right, part.detections) for part in report.bins if part.detections] == [(0, 1), (1, 1)]


def test_as_json():
    report = report_on(photo("a", 10, 5, 5), photo("b", 4, 4))
    figures = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert figures["evaluation"] == report.evaluation.to_json()
    assert figures["breakdown"] == report.breakdown.to_json()
    assert figures["worst_f1"] == ["a.jpg", "b.jpg"]
    assert figures["photos"][0] == {"photo": "a.jpg", "true": 10, "found": 10, "right": 5, "count_error": 0, "f1": 0.5}
    assert "secret" not in json.dumps(figures)  # where the photos lie stays here
    assert np.mean(figures["curves"]["0.50"]) == pytest.approx(report.evaluation.ap50, abs=1e-4)
    assert np.mean(figures["curves"]["0.75"]) == pytest.approx(report.evaluation.ap75, abs=1e-4)
    assert np.mean(figures["curves"]["mean"]) == pytest.approx(report.evaluation.ap, abs=1e-4)


@pytest.mark.parametrize(
    ("model", "folder"),
    [
        ("accurate", "accurate"),
        ("runs/mine/best.onnx", "runs-mine-best.onnx"),
        ("../../best.onnx", "best.onnx"),
        ("..", "model"),
    ],
)
def test_every_model_has_a_folder_of_its_own(model, folder):
    assert folder_name(model) == folder


@pytest.mark.train
def test_pictures(tmp_path):
    report = report_on(photo("a", 10, 8, 4), photo("b", 4, 4, confidence=0.45))
    write_report(report, tmp_path / "new" / "folder")
    assert json.loads((tmp_path / "new/folder/report.json").read_text()) == report.to_json()
    for name in ("precision_recall", "reliability", "counts"):
        with Image.open(tmp_path / "new/folder" / f"{name}.png") as picture:
            assert picture.format == "PNG"
            pixels = np.asarray(picture.convert("RGB"))
        assert min(pixels.shape[:2]) >= 500
        assert 0.005 < (pixels < 250).any(axis=2).mean() < 0.5  # drawn on, not filled


@pytest.mark.train
def test_what_the_pictures_show():
    from shelfwatch.training.report import plot_counts, plot_curves, plot_reliability

    report = report_on(photo("a", 10, 8, 4), photo("b", 4, 4, confidence=0.45))
    (axes,) = plot_curves(report).axes
    curve, point = axes.lines[0], axes.lines[-1]
    assert curve.get_ydata().tolist() == report.curves["0.50"]
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (pytest.approx(12 / 14), pytest.approx(12 / 16))
    shares, counts = plot_reliability(report).axes
    assert shares.lines[1].get_ydata().tolist() == pytest.approx([1, 8 / 12])
    assert [bar.get_height() for bar in counts.patches] == [0, 0, 0, 0, 4, 0, 0, 12, 0, 0]
    (axes,) = plot_counts(report).axes
    assert axes.collections[0].get_offsets().tolist() == [[10, 12], [4, 4]]
