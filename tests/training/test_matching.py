from pathlib import Path

import numpy as np
import pytest

from shelfwatch.inference.detections import Detections
from shelfwatch.training.dataset import Sample
from shelfwatch.training.matching import compare, matches, precision


@pytest.fixture(scope="module")
def crowd():
    """Six photos of two classes: shifted boxes, missed ones, doubles and false ones, at many confidences."""
    rng = np.random.default_rng(5)
    samples, predictions = [], []
    for number in range(6):
        count = int(rng.integers(5, 40))
        corner = rng.uniform(0, 900, (count, 2))
        boxes = np.concatenate([corner, corner + rng.uniform(15, 90, (count, 2))], axis=1)
        ids = rng.integers(0, 2, count).astype(np.int32)
        samples.append(Sample(Path(f"{number}.jpg"), 1000, 1000, boxes.astype(np.float32), ids))
        chosen = rng.integers(0, count, 2 * count)
        shifted = boxes[chosen] + rng.normal(0, 4, (len(chosen), 4))
        confidence = rng.random(len(chosen)).astype(np.float32)
        predictions.append(Detections(shifted.astype(np.float32), confidence, ids[chosen]))
    return samples, predictions


@pytest.mark.parametrize("weights", [(1, 1, 1, 1, 1, 1), (0, 1, 0, 0, 1, 1), (3, 0, 1, 2, 0, 0), (0, 0, 0, 6, 0, 0)])
def test_weighted_precision_is_coco_on_repeated_photos(crowd, weights):
    samples, predictions = crowd
    drawn = np.repeat(np.arange(6), weights)
    expected = compare([samples[i] for i in drawn], [predictions[i] for i in drawn], ("a", "b")).eval["precision"]
    found = matches(compare(samples, predictions, ("a", "b")))
    for class_id, kind in enumerate(found):
        curves = precision(kind, np.array(weights))
        assert 0 < curves.mean() < 1
        assert np.allclose(curves, expected[:, :, class_id, 0, 0], atol=1e-9)


def test_matches_are_one_to_one(crowd):
    samples, predictions = crowd
    for class_id, kind in enumerate(matches(compare(samples, predictions, ("a", "b")))):
        assert (np.diff(kind.confidence) <= 0).all()
        assert kind.products.tolist() == [(sample.class_id == class_id).sum() for sample in samples]
        right = np.bincount(kind.photo[kind.right[0]], minlength=6)
        assert (right <= kind.products).all()
        assert right.sum() < len(kind.photo)
        assert (np.diff(kind.right.sum(axis=1)) <= 0).all()  # a stricter IoU never makes more of them right


def test_a_class_nobody_has(crowd):
    samples, predictions = crowd
    absent = matches(compare(samples, predictions, ("a", "b", "c")))[2]
    assert len(absent.photo) == len(absent.confidence) == absent.right.shape[1] == absent.products.sum() == 0
    assert (precision(absent, np.ones(6, np.int64)) == -1).all()


def test_the_cap_counts_by_photo(crowd):
    samples, predictions = crowd
    one = [Detections(found.xyxy, found.confidence, np.zeros_like(found.class_id)) for found in predictions]
    (kind,) = matches(compare([truth_of_one_class(sample) for sample in samples], one, ("a",), max_detections=7))
    assert np.bincount(kind.photo).tolist() == [7] * 6
    for photo, found in enumerate(one):
        strongest = np.sort(found.confidence)[::-1][:7]
        assert kind.confidence[kind.photo == photo].tolist() == strongest.tolist()


def truth_of_one_class(sample):
    return Sample(sample.image, sample.width, sample.height, sample.boxes, np.zeros_like(sample.class_id))


def test_a_missing_prediction_is_an_error(crowd):
    samples, predictions = crowd
    with pytest.raises(ValueError, match="zip"):
        compare(samples, predictions[1:], ("a", "b"))
