"""A report on one model's accuracy: the figures of `evaluate` photo by photo, as JSON and as pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shelfwatch.inference.detections import Detections
from shelfwatch.training.dataset import Sample
from shelfwatch.training.evaluate import Breakdown, Evaluation, coco_curves, rounded
from shelfwatch.training.matching import IOUS, RECALLS, compare, matches

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 10  # of confidence, equally wide
WORST = 5  # photos named


@dataclass(frozen=True)
class PhotoResult:
    """One photo at the operating threshold.

    `right` are detections with a product of their own at IoU 0.5. `count_error` is (found − true) / true and None on a
    photo without products; `f1` is 2 right / (found + true), and 1 where both are 0.
    """

    photo: str
    true: int
    found: int
    right: int
    count_error: float | None
    f1: float


@dataclass(frozen=True)
class Bin:
    """Detections of a confidence of `low` and up: how many, their mean confidence and the share that is right."""

    low: float
    detections: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Report:
    """What a report shows beside the `Evaluation` and its `Breakdown`.

    `curves` are precisions at COCO's 101 recalls, mean over classes, by IoU. `precision` and `recall` are those of
    the detections at or above the threshold at IoU 0.5; like the bins they know no cap of 300 detections a photo.
    """

    evaluation: Evaluation
    breakdown: Breakdown
    precision: float
    recall: float
    curves: dict[str, list[float]]
    calibration_error: float
    bins: list[Bin]
    photos: list[PhotoResult]

    def worst_counts(self) -> list[PhotoResult]:
        """The photos that were counted worst; a photo without products comes first where anything was found."""
        return sorted(
            self.photos,
            key=lambda photo: abs(photo.count_error) if photo.count_error is not None else np.inf * (photo.found > 0),
            reverse=True,
        )[:WORST]

    def worst_f1(self) -> list[PhotoResult]:
        """The photos whose products were found worst."""
        return sorted(self.photos, key=lambda photo: photo.f1)[:WORST]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready figures, rounded to four digits."""
        worst = {
            "worst_counts": [photo.photo for photo in self.worst_counts()],
            "worst_f1": [photo.photo for photo in self.worst_f1()],
        }
        return dict(rounded(asdict(self) | worst))


def make_report(
    samples: Sequence[Sample],
    predictions: Sequence[Detections],
    classes: Sequence[str],
    evaluation: Evaluation,
    breakdown: Breakdown,
) -> Report:
    """The report on `predictions`, at the threshold of `evaluation`."""
    curves, _ = coco_curves(samples, predictions, classes)
    curves = curves[:, :, curves[0, 0] > -1].mean(axis=2)  # classes without truth have none
    most = max(len(found) for found in predictions)
    found = matches(compare(samples, predictions, classes, ious=IOUS[:1], max_detections=max(most, 1)))
    photo = np.concatenate([kind.photo for kind in found])
    confidence = np.concatenate([kind.confidence for kind in found])
    right = np.concatenate([kind.right[0] for kind in found])
    shown = confidence >= evaluation.threshold
    all_counts = np.bincount(photo[shown], minlength=len(samples))
    right_counts = np.bincount(photo[shown & right], minlength=len(samples))
    bins = confidence_bins(confidence, right)
    return Report(
        evaluation=evaluation,
        breakdown=breakdown,
        precision=float(right_counts.sum() / max(all_counts.sum(), 1)),
        recall=float(right_counts.sum() / evaluation.boxes),
        curves={"0.50": curves[0].tolist(), "0.75": curves[5].tolist(), "mean": curves.mean(axis=0).tolist()},
        calibration_error=calibration_error(bins),
        bins=bins,
        photos=[
            photo_result(sample, int(found), int(right))
            for sample, found, right in zip(samples, all_counts, right_counts, strict=True)
        ],
    )


def photo_result(sample: Sample, found: int, right: int) -> PhotoResult:
    """The figures of a photo in which `found` products were found, `right` of them rightly."""
    true = len(sample.boxes)
    return PhotoResult(
        photo=sample.image.name,
        true=true,
        found=found,
        right=right,
        count_error=(found - true) / true if true else None,
        f1=2 * right / (found + true) if found + true else 1.0,
    )


def confidence_bins(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[Bin]:
    """Ten equally wide bins of detections by confidence, float64 (N,); an empty one has zeros."""
    number = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(number, minlength=BINS)
    means, shares = (
        np.bincount(number, weights=values, minlength=BINS) / np.maximum(counts, 1) for values in (confidence, right)
    )
    columns = enumerate(zip(counts, means, shares, strict=True))
    return [Bin(i / BINS, int(count), float(mean), float(share)) for i, (count, mean, share) in columns]


def calibration_error(bins: Sequence[Bin]) -> float:
    """ECE: mean over detections of |share right − mean confidence| of their bin (Naeini et al., AAAI 2015)."""
    total = sum(part.detections for part in bins)
    return sum(part.detections * abs(part.right - part.confidence) for part in bins) / max(total, 1)


def folder_name(model: str) -> str:
    """A model's name or path as the name of one folder."""
    return re.sub(r"[^\w.-]+", "-", model).strip("-.") or "model"


def write_report(report: Report, folder: Path) -> None:
    """Write `report.json`, `precision_recall.png`, `reliability.png` and `counts.png` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report.to_json(), indent=2) + "\n")
    for name, plot in (
        ("precision_recall", plot_curves),
        ("reliability", plot_reliability),
        ("counts", plot_counts),
    ):
        plot(report).savefig(folder / f"{name}.png", dpi=120)


def plot_curves(report: Report) -> Figure:
    """Precision over recall, with the operating point marked."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for name, values in report.curves.items():
        label = "mean of IoU 0.50 to 0.95" if name == "mean" else f"IoU {name}"
        axes.plot(RECALLS, values, label=f"{label}: AP {np.mean(values):.3f}")
    threshold = report.evaluation.threshold
    label = f"all from {threshold:.2f}, IoU 0.50: precision {report.precision:.3f}, recall {report.recall:.3f}"
    axes.plot(report.recall, report.precision, "ko", label=label)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", fontsize="small")
    return figure


def plot_reliability(report: Report) -> Figure:
    """Share of right detections over confidence, above how many detections there are."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), layout="constrained")
    shares, counts = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    filled = [part for part in report.bins if part.detections]
    shares.plot((0, 1), (0, 1), "k:", label="confidence says the truth")
    shares.plot(
        [part.confidence for part in filled],
        [part.right for part in filled],
        "o-",
        label=f"detections, ECE {report.calibration_error:.3f}",
    )
    shares.set(ylabel="share right at IoU 0.50", xlim=(0, 1), ylim=(0, 1.02))
    shares.legend(loc="upper left")
    left = [part.low for part in report.bins]
    counts.bar(left, [part.detections for part in report.bins], width=1 / BINS, align="edge", edgecolor="white")
    counts.set(xlabel="confidence", ylabel="detections")
    for axes in (shares, counts):
        axes.axvline(report.evaluation.threshold, color="grey", linestyle="--")
        axes.grid(alpha=0.3)
    return figure


def plot_counts(report: Report) -> Figure:
    """Products found over products there, a point a photo."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    top = 1.05 * max(max(photo.true, photo.found) for photo in report.photos)
    axes.plot((0, top), (0, top), "k:")
    axes.scatter([photo.true for photo in report.photos], [photo.found for photo in report.photos], alpha=0.7)
    low, high = report.breakdown.count_error_interval
    axes.set(
        xlabel="products in the photo",
        ylabel=f"products found at {report.evaluation.threshold:.2f}",
        xlim=(0, top),
        ylim=(0, top),
        title=f"count error {report.evaluation.count_error:.1%} (95 % interval {low:.1%} to {high:.1%})",
    )
    axes.grid(alpha=0.3)
    return figure
