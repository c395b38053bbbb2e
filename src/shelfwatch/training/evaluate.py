"""Accuracy of a served model on labelled photos: COCO AP with 300 detections a photo, and count error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.distance import typical_side
from shelfwatch.training.dataset import Sample
from shelfwatch.training.matching import EVERY_SIZE, Matches, check_finite, compare, compared, matches, precision

LOWEST_CONFIDENCE = 0.01  # what AP integrates from; the API's own lower bound
# Thresholds tried when choosing the operating point.
THRESHOLDS: NDArray[np.float64] = np.round(np.arange(0.10, 0.701, 0.01), 2)
# √(box area) over the long side of the photo. Of 39,077 products in 264 photos of SKU-110K 20 % are small, 50 % medium
# and 30 % large; at an input of 960 pixels the bounds are 29 and 48 of them.
SIZES = {"small": (0.0, 0.03), "medium": (0.03, 0.05), "large": (0.05, np.inf)}
# True products a photo. The same 264 hold 81 to 466, and 7, 238 and 19 of them are of each kind.
DENSITIES = {"under 100": (0, 100), "100 to 200": (100, 201), "over 200": (201, np.inf)}
MEAN_RESAMPLES = 10_000
AP_RESAMPLES = 1_000  # each costs what an AP costs

Predict = Callable[[bytes, float], Detections]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy over a set of photos.

    AP is COCO's (IoU 0.5:0.95, 101 recall points, averaged over classes); AR300 the recall at 300 detections a photo
    averaged over the same IoUs. `count_error` is the mean over photos of |found − true| / true at `threshold`,
    `count_bias` the mean of (found − true) / true. `ap50_operating` is AP50 of the detections at or above
    `threshold` only, which is what a request without a `confidence` gets.
    """

    photos: int
    boxes: int
    ap: float
    ap50: float
    ap75: float
    ar300: float
    threshold: float
    ap50_operating: float
    count_error: float
    count_bias: float

    def to_json(self) -> dict[str, Any]:
        """JSON-ready figures, rounded to four digits."""
        return dict(rounded(asdict(self)))


@dataclass(frozen=True)
class Part:
    """AP over some of the products: how many there are, in how many photos; AP is None where there are none."""

    photos: int
    boxes: int
    ap: float | None


@dataclass(frozen=True)
class Breakdown:
    """Where an `Evaluation` comes from and how far it may be off.

    `ap_interval` and `count_error_interval` are 95 % bootstrap intervals over photos. `sizes` and `densities` are
    named as in `SIZES` and `DENSITIES`.
    """

    ap_interval: tuple[float, float]
    count_error_interval: tuple[float, float]
    sizes: dict[str, Part]
    densities: dict[str, Part]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready figures, rounded to four digits."""
        return dict(rounded(asdict(self)))


def rounded(value: Any) -> Any:
    """A JSON-ready value with every float in it rounded to four digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def local_predict(detector: Detector, *, tiles: bool = False) -> Predict:
    """Predictions of a detector in this process, by the service's own path from photo bytes to boxes.

    With `tiles`, dense photos get a closer look.
    """

    def predict(data: bytes, confidence: float) -> Detections:
        photo = detector.decode(data, tiles=tiles)
        return detector.detect(photo, confidence=confidence, max_detections=3000, tiles=tiles).detections

    return predict


def connect(url: str, key: str | None = None) -> httpx.Client:
    """A client of the running service at `url`, with an API key where it asks for one."""
    return httpx.Client(base_url=url, timeout=120, headers={"Authorization": f"Bearer {key}"} if key else None)


def http_predict(client: httpx.Client, model: str | None = None, *, tiles: bool = False) -> Predict:
    """Predictions of a running service, over `POST /predict`; raise `httpx.HTTPError` where it refuses.

    With `tiles`, dense photos get a closer look.
    """

    def predict(data: bytes, confidence: float) -> Detections:
        query: dict[str, Any] = {"confidence": confidence, "max_detections": 3000}
        if model:
            query["model"] = model
        if tiles:
            query["tiles"] = "auto"
        response = client.post("/predict", params=query, files={"image": ("photo", data)})
        response.raise_for_status()
        found = response.json()["detections"]
        return Detections(
            np.array([item["box"] for item in found], np.float32).reshape(-1, 4),
            np.array([item["confidence"] for item in found], np.float32),
            np.array([item["class_id"] for item in found], np.int32),
        )

    return predict


def served_models(client: httpx.Client) -> dict[str, float]:
    """The operating threshold of each model that a running service serves, the default model first."""
    answer = client.get("/health")
    answer.raise_for_status()
    return {model["name"]: model["operating_threshold"] for model in answer.json()["models"]}


def predict_all(samples: Iterable[Sample], predict: Predict) -> list[Detections]:
    """Every detection from the lowest confidence up, a value a photo."""
    return [predict(sample.image.read_bytes(), LOWEST_CONFIDENCE) for sample in samples]


def choose_threshold(samples: Sequence[Sample], predictions: Sequence[Detections]) -> float:
    """The threshold of `THRESHOLDS` with the least count error; among near-equals the middle one.

    Errors within 0.2 percentage points of the least count as equal: on few photos the exact minimum is noise and
    the middle of the flat part is the choice that carries over. Raises `ValueError` naming the photo where a
    predicted box or score is not finite.
    """
    check_finite(samples, predictions)
    errors = np.array([count_errors(samples, predictions, t)[0] for t in THRESHOLDS])
    flat = THRESHOLDS[errors <= errors.min() + 0.002]
    return float(flat[len(flat) // 2])


def product_size(samples: Sequence[Sample], input_size: int) -> float:
    """The side of a typical product in network pixels when photos have `input_size` of them on the long side, rounded.

    What a photo shot from close by is told by (`shelfwatch.inference.distance`); 0 where no photo holds a product.
    """
    areas = [
        (sample.boxes[:, 2:] - sample.boxes[:, :2]).clip(0).prod(axis=1)
        * (input_size / max(sample.width, sample.height)) ** 2
        for sample in samples
    ]
    return round(typical_side(np.concatenate([np.zeros(0), *areas])), 1)


def count_errors(samples: Sequence[Sample], predictions: Sequence[Detections], threshold: float) -> tuple[float, float]:
    """Mean |found − true| / true and mean (found − true) / true over photos that hold a product."""
    ratios = relative_errors(samples, predictions, threshold)
    return float(np.mean(np.abs(ratios))), float(np.mean(ratios))


def relative_errors(
    samples: Sequence[Sample], predictions: Sequence[Detections], threshold: float
) -> NDArray[np.float64]:
    """(found − true) / true of each photo that holds a product, float64; raise `ValueError` where none does."""
    ratios = [
        ((found.confidence >= threshold).sum() - len(sample.boxes)) / len(sample.boxes)
        for sample, found in zip(samples, predictions, strict=True)
        if len(sample.boxes)
    ]
    if not ratios:
        raise ValueError("no photo holds a product: a relative count error is undefined")
    return np.array(ratios, np.float64)


def evaluate(
    samples: Sequence[Sample], predictions: Sequence[Detections], classes: Sequence[str], threshold: float
) -> Evaluation:
    """Compare predictions with truth; `threshold` is the operating point that counting uses."""
    curves, recall = coco_curves(samples, predictions, classes)
    operating, _ = coco_curves(samples, [found[found.confidence >= threshold] for found in predictions], classes)
    error, bias = count_errors(samples, predictions, threshold)
    return Evaluation(
        photos=len(samples),
        boxes=sum(len(sample.boxes) for sample in samples),
        ap=average(curves),
        ap50=average(curves[0]),
        ap75=average(curves[5]),
        ar300=average(recall),
        threshold=threshold,
        ap50_operating=average(operating[0]),
        count_error=error,
        count_bias=bias,
    )


def average(values: NDArray[np.float64]) -> float:
    """Mean over the entries COCO could compute; it marks classes without truth with -1."""
    valid = values[values > -1]
    return float(valid.mean()) if valid.size else 0.0


def coco_curves(
    samples: Sequence[Sample], predictions: Sequence[Detections], classes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision (10 IoUs, 101 recalls, classes) and recall (10 IoUs, classes) at 300 detections a photo.

    Computed by pycocotools. Its own summary is not used: it looks for a cap of 100 detections and reports -1. Raises
    `ValueError` naming the photo where a predicted box or score is not finite.
    """
    curves = compare(samples, predictions, classes).eval
    return curves["precision"][..., 0, 0], curves["recall"][..., 0, 0]


def break_down(
    samples: Sequence[Sample], predictions: Sequence[Detections], classes: Sequence[str], threshold: float
) -> Breakdown:
    """AP by product size and photo density, and the intervals of AP and of the count error at `threshold`."""
    judge = compare(samples, predictions, classes, sizes=(EVERY_SIZE, *SIZES.values()))
    sizes = {}
    for i, name in enumerate(SIZES, start=1):
        # A result a class and photo, so that a photo with products of two classes counts once.
        counts = np.zeros(len(samples), np.int64)
        for class_id in range(len(classes)):
            for result in compared(judge, class_id, i):
                counts[result["image_id"]] += np.count_nonzero(result["gtIgnore"] == 0)
        sizes[name] = _part(counts, judge.eval["precision"][..., i, 0])
    found = matches(judge)
    counts = np.array([len(sample.boxes) for sample in samples], np.int64)
    densities = {}
    for name, (low, high) in DENSITIES.items():
        inside = ((low <= counts) & (counts < high)).astype(np.int64)
        densities[name] = _part(counts * inside, np.stack([precision(kind, inside) for kind in found]))
    errors = np.abs(relative_errors(samples, predictions, threshold))
    return Breakdown(bootstrap_ap(found), bootstrap_mean(errors), sizes, densities)


def _part(counts: NDArray[np.int64], curves: NDArray[np.float64]) -> Part:
    boxes = int(counts.sum())
    return Part(int(np.count_nonzero(counts)), boxes, average(curves) if boxes else None)


def bootstrap_mean(values: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % interval of the mean of `values`, float64 (N,), by the percentile method over 10,000 resamples."""
    rng = np.random.default_rng(0)
    block = 100  # resamples drawn at a time: with thousands of photos all at once would fill the memory
    means = [
        values[rng.integers(len(values), size=(block, len(values)))].mean(axis=1)
        for _ in range(MEAN_RESAMPLES // block)
    ]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def bootstrap_ap(found: Sequence[Matches]) -> tuple[float, float]:
    """The 95 % interval of AP over photos, by the percentile method over 1,000 resamples; `found` is one a class."""
    products = np.sum([kind.products for kind in found], axis=0)
    photos = len(products)
    draws = np.random.default_rng(0).multinomial(photos, np.full(photos, 1 / photos), AP_RESAMPLES)
    drawn = (weights for weights in draws if weights @ products)  # AP of photos without products is undefined
    values = [average(np.stack([precision(kind, weights) for kind in found])) for weights in drawn]
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
