"""Does the model still see what it was trained to see? Counts, confidence, light and focus, and how they drift."""

from __future__ import annotations

from typing import Any

from dashboards.panels import JOB, OF_INSTANCES, Query, board, buckets, figure, instance_variable, lines


def mean(metric: str) -> str:
    """Of a histogram, over the panel's own interval."""
    return (
        f"sum(rate({metric}_sum{{{OF_INSTANCES}}}[$__rate_interval])) "
        f"/ sum(rate({metric}_count{{{OF_INSTANCES}}}[$__rate_interval]))"
    )


def quantile(share: float, metric: str) -> str:
    """Of a histogram, over the panel's own interval."""
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{{{OF_INSTANCES}}}[$__rate_interval])))"


def filling(metric: str) -> Query:
    """A histogram's buckets over time."""
    return Query(f"sum by (le) (increase({metric}_bucket{{{OF_INSTANCES}}}[$__rate_interval]))", "{{le}}", heatmap=True)


def make() -> Any:
    """The dashboard."""
    products, confidence = "shelfwatch_detections_per_image", "shelfwatch_detection_confidence"
    now = [
        figure("Photos", "Photos counted in the time shown.", "short",
               Query(f"sum(increase({products}_count{{{OF_INSTANCES}}}[$__range]))", "photos", at_once=True)),
        figure("Products a photo", "Mean of the last hour.", "short",
               Query(f"max(shelfwatch:detections_per_image:mean1h{{{JOB}}})", "products"), digits=1),
        figure("Against the week", "Products a photo of the last hour by those of the week; alerts begin at ±40 %.",
               "percentunit", Query(f"max(shelfwatch:detections_per_image:mean1h{{{JOB}}} "
                                    f"/ shelfwatch:detections_per_image:mean1w{{{JOB}}})", "ratio"),
               (None, "red"), (0.6, "orange"), (0.8, "green"), (1.2, "orange"), (1.4, "red")),
        figure("Confidence", "Mean of the last hour.", "percentunit",
               Query(f"max(shelfwatch:confidence:mean1h{{{JOB}}})", "confidence"), digits=1),
        figure("Against the week", "Confidence of the last hour less that of the week; alerts begin at ±0.08.", "short",
               Query(f"max(shelfwatch:confidence:mean1h{{{JOB}}} - shelfwatch:confidence:mean1w{{{JOB}}})", "change"),
               (None, "red"), (-0.08, "orange"), (-0.04, "green"), (0.04, "orange"), (0.08, "red"), digits=3),
    ]  # fmt: skip
    counts = [
        lines("Products a photo", "Other furniture, another distance or empty shelves move this.", "short",
              Query(mean(products), "mean"), Query(quantile(0.5, products), "p50"),
              Query(quantile(0.95, products), "p95")),
        buckets("How many products photos have", "Each column is what came in that time.", "short", filling(products)),
        lines("Drift of counts", "The last hour beside the last week; an alert begins at 40 % between them.", "short",
              Query(f"shelfwatch:detections_per_image:mean1h{{{JOB}}}", "hour"),
              Query(f"shelfwatch:detections_per_image:mean1w{{{JOB}}}", "week")),
    ]  # fmt: skip
    sure = [
        lines("Confidence", "New packages, glare and blur lower it.", "percentunit",
              Query(mean(confidence), "mean"), Query(quantile(0.1, confidence), "p10"),
              Query(quantile(0.5, confidence), "p50"), top=1),
        buckets("How sure the model is", "A band that thickens at the bottom means photos unlike the training's.",
                "percentunit", filling(confidence)),
        lines("Drift of confidence", "The last hour beside the last week; apart by 0.08 for half an hour is an alert.",
              "percentunit", Query(f"shelfwatch:confidence:mean1h{{{JOB}}}", "hour"),
              Query(f"shelfwatch:confidence:mean1w{{{JOB}}}", "week"), top=1),
    ]  # fmt: skip
    photos = [
        lines("Brightness", "Mean luma of photos, 0 black to 1 white.", "percentunit",
              Query(mean("shelfwatch_photo_brightness"), "mean"),
              Query(quantile(0.1, "shelfwatch_photo_brightness"), "p10"), top=1),
        buckets("How bright photos are", "A second band is another light or another camera.", "percentunit",
                filling("shelfwatch_photo_brightness")),
        lines("Sharpness", "Focus of photos; a fall means shaken hands or a dirty lens.", "short",
              Query(mean("shelfwatch_photo_sharpness"), "mean"),
              Query(quantile(0.1, "shelfwatch_photo_sharpness"), "p10")),
        buckets("How sharp photos are", "Blurred photos lie at the bottom.", "short",
                filling("shelfwatch_photo_sharpness")),
    ]  # fmt: skip
    return board(
        "detection",
        "Whether the model still sees photos like those it was trained on.",
        [("Now", 4, now), ("Products", 9, counts), ("Confidence", 9, sure), ("Photos", 8, photos)],
        instance_variable(),
        span="24h",
    )
