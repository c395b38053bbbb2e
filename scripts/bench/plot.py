"""The comparison as horizontal bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.compare import OURS, Comparison

ACCENT, PLAIN, INK = "#0f766e", "#cbd5e1", "#0f172a"


def plot(comparison: Comparison, out: Path) -> None:
    """Write the median milliseconds from photo to detections of each peer, by model, as the picture `out`.

    Raises `ModuleNotFoundError` without matplotlib.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = comparison.rows[::-1]  # bars stack upwards, the table reads downwards
    medians = [float(np.median(row.photo)) for row in rows]
    figure, axes = pyplot.subplots(figsize=(9, 0.8 + 0.45 * len(rows)), dpi=150, layout="constrained")
    bars = axes.barh(
        range(len(rows)), medians, height=0.7, color=[ACCENT if row.peer == OURS else PLAIN for row in rows]
    )
    axes.bar_label(bars, [f"{value:.0f} ms" for value in medians], padding=4, color=INK)
    axes.set_yticks(range(len(rows)), [f"{row.peer}, {row.model}" for row in rows], color=INK)
    axes.set_xlim(0, max(medians) * 1.12)
    axes.set_title("Photo to detections, median milliseconds", loc="left", color=INK)
    axes.tick_params(left=False, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out)
    pyplot.close(figure)
