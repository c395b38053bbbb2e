"""A run as a picture: four charts one below the other, as SVG, which needs no library and stays sharp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from shelfwatch.simulation.options import Scenario
from shelfwatch.simulation.outcome import Outcome

WIDTH, LEFT, RIGHT, TOP, CHART, GAP = 960, 64, 36, 56, 132, 44  # pixels
INK, FAINT, LINES = "#1f2933", "#d9dee4", ("#1f6feb", "#d1570d", "#9aa5b1")
LOSS = "#c62828"


@dataclass(frozen=True)
class Line:
    """Values at moments, seconds from the start; `steps` where a value holds until the next."""

    name: str
    moments: Sequence[float]
    values: Sequence[float]
    steps: bool = False


def plot(scenario: Scenario, outcome: Outcome) -> str:
    """The run as an SVG document."""
    step = max(5.0, scenario.seconds / 180)
    edges = np.arange(0, scenario.seconds + step, step)
    middles = (edges[:-1] + step / 2).tolist()

    def rate(moments: Sequence[float]) -> list[float]:
        counted: list[float] = (np.histogram(moments, edges)[0] / step).tolist()
        return counted

    done = np.array([moment for moment, _ in outcome.answered])
    took = np.array([seconds for _, seconds in outcome.answered])
    p95 = [
        float(np.percentile(chosen, 95)) if len(chosen := took[(done >= low) & (done < low + step)]) else float("nan")
        for low in edges[:-1]
    ]
    moments = [moment for moment, *_ in outcome.pods]
    charts = [
        ("Photos a second", [
            Line("offered", middles, rate(outcome.offered)), Line("answered", middles, rate(done.tolist())),
        ]),
        ("Pods", [
            Line("ready", moments, [ready for _, ready, _ in outcome.pods], steps=True),
            Line("desired", moments, [desired for *_, desired in outcome.pods], steps=True),
        ]),
        ("Time to answer, p95, seconds", [Line("p95", middles, p95)]),
        ("Turned away or lost, a second", [
            Line("turned away", middles, rate(outcome.rejected)), Line("lost", middles, rate(outcome.failed)),
        ]),
    ]  # fmt: skip
    height = TOP + len(charts) * (CHART + GAP)
    figures = outcome.figures()
    title = (
        f"{scenario.name}: {figures.offered:,} photos, {figures.rejected / max(1, figures.offered):.2%} turned away, "
        f"{figures.failed} lost, p95 {figures.p95_ms:.0f} ms"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" '
        f'font-size="13" fill="{INK}"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="17" font-weight="600">{escape(title)}</text>',
    ]
    for number, (name, lines) in enumerate(charts):
        parts += chart(name, lines, scenario.seconds, TOP + number * (CHART + GAP), outcome.losses)
    return "\n".join([*parts, "</svg>\n"])


def chart(
    name: str, lines: Sequence[Line], seconds: float, top: float, losses: Sequence[tuple[float, bool]]
) -> list[str]:
    """One chart with its axes, lines and legend."""
    highest = max((value for line in lines for value in line.values if value == value), default=0.0)
    ticks = ticks_to(highest or 1.0)
    most = ticks[-1]
    bottom = top + CHART

    def x(moment: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * moment / seconds

    def y(value: float) -> float:
        return bottom - CHART * value / most

    parts = [f'<text x="{LEFT}" y="{top - 8:.0f}" font-weight="600">{escape(name)}</text>']
    for tick in ticks:
        parts.append(f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="{FAINT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    unit, size = ("h", 3600) if seconds > 4 * 3600 else ("min", 60)
    for tick in ticks_to(seconds / size, 8):
        if tick * size <= seconds:
            words = f"{tick:g} {unit}"
            parts.append(f'<text x="{x(tick * size):.1f}" y="{bottom + 17:.0f}" text-anchor="middle">{words}</text>')
    for moment, announced in losses:
        dashes = ' stroke-dasharray="4 3"' if announced else ""
        parts.append(f'<path d="M{x(moment):.1f} {top}V{bottom}" stroke="{LOSS}"{dashes}/>')
    right = WIDTH - RIGHT
    if losses:
        parts.append(f'<text x="{right}" y="{top - 8:.0f}" text-anchor="end" fill="{LOSS}">node taken</text>')
        right -= 90
    for line, color in reversed(list(zip(lines, LINES, strict=False))):
        parts.append(f'<text x="{right}" y="{top - 8:.0f}" text-anchor="end" fill="{color}">{escape(line.name)}</text>')
        right -= 9 * len(line.name) + 16
    parts += [
        f'<path d="{path(line, x, y, seconds)}" fill="none" stroke="{color}" stroke-width="1.8"/>'
        for line, color in zip(lines, LINES, strict=False)
    ]
    return parts


def path(line: Line, x: Callable[[float], float], y: Callable[[float], float], seconds: float) -> str:
    """The line's way; it is broken where there is no value."""
    way: list[str] = []
    pen = "M"
    for moment, value in zip(line.moments, line.values, strict=True):
        if value != value:  # nothing was answered then
            pen = "M"
            continue
        way.append(f"H{x(moment):.1f}V{y(value):.1f}" if line.steps and way else f"{pen}{x(moment):.1f} {y(value):.1f}")
        pen = "L"
    if line.steps and way:
        way.append(f"H{x(seconds):.1f}")
    return "".join(way)


def ticks_to(most: float, about: int = 4) -> list[float]:
    """Round numbers from 0 to `most` or just beyond."""
    raw = most / about
    size = 10 ** np.floor(np.log10(raw))
    step = float(next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw - 1e-12))
    return [round(step * number, 9) for number in range(int(np.ceil(most / step - 1e-9)) + 1)]
