"""`shelfwatch simulate`: how many pods a load needs, before anybody pays for them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from shelfwatch.simulation.options import PHOTOS_A_SECOND, SCENARIOS, Scenario
from shelfwatch.simulation.outcome import Figures
from shelfwatch.simulation.plot import plot
from shelfwatch.simulation.run import simulate as play


@click.command()
@click.argument("scenario", type=click.Choice(list(SCENARIOS)))
@click.option("--rate", type=click.FloatRange(min=0.01, max=1000), help="Photos a second.")
@click.option("--factor", type=click.FloatRange(min=0, max=1000), help="Of the burst.")
@click.option("--minutes", type=click.FloatRange(min=1, max=1440), help="Length of the run.")
@click.option("--model", type=click.Choice(list(PHOTOS_A_SECOND)), default="accurate", show_default=True)
@click.option("--service-ms", type=click.FloatRange(min=1), help="Work on a photo; default: as the model was measured.")
@click.option("--min-pods", type=click.IntRange(1, 1000))
@click.option("--max-pods", type=click.IntRange(1, 1000))
@click.option("--request", type=click.FloatRange(min=0.01), help="CPUs that a pod requests.")
@click.option("--nodes", type=click.IntRange(1, 1000), help="Spot nodes of two CPUs.")
@click.option("--losses", type=click.FloatRange(min=0), help="Times an hour that each node is taken.")
@click.option("--retries", type=click.IntRange(0, 100), help="Times that a client sends a refused photo again.")
@click.option("--price", type=click.FloatRange(min=0), help="US dollars a node hour.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--plot", "picture", type=click.Path(dir_okay=False, path_type=Path), help="Write an SVG picture.")
@click.option("--json", "as_json", is_flag=True, help="Scenario and figures as JSON.")
def simulate(
    scenario: str,
    rate: float | None,
    factor: float | None,
    minutes: float | None,
    model: str,
    service_ms: float | None,
    min_pods: int | None,
    max_pods: int | None,
    request: float | None,
    nodes: int | None,
    losses: float | None,
    retries: int | None,
    price: float | None,
    seed: int,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Play a load on the cluster through: steady, a 10x burst, Spot nodes taken, or both at once (storm)."""
    plan = SCENARIOS[scenario]
    seconds = service_ms / 1000 if service_ms is not None else 1 / PHOTOS_A_SECOND[model]
    plan = replace(
        plan,
        seed=seed,
        seconds=plan.seconds if minutes is None else minutes * 60,
        load=replace(plan.load, **given(rate=rate, factor=factor, retries=retries)),
        pod=replace(plan.pod, service_seconds=seconds),
        scaler=replace(plan.scaler, **given(minimum=min_pods, maximum=max_pods, request=request)),
        nodes=replace(plan.nodes, **given(count=nodes, losses_an_hour=losses, price=price)),
    )
    if plan.scaler.minimum > plan.scaler.maximum:
        raise click.BadParameter("more than --max-pods", param_hint="--min-pods")
    outcome = play(plan)
    if picture:
        picture.write_text(plot(plan, outcome), encoding="utf-8")
    if as_json:
        click.echo(json.dumps({"scenario": asdict(plan), "figures": outcome.figures().to_json()}, indent=2))
    else:
        Console().print(table(plan, outcome.figures()))


def given(**values: Any) -> dict[str, Any]:
    """Those that were said."""
    return {name: value for name, value in values.items() if value is not None}


def table(plan: Scenario, figures: Figures) -> Table:
    """The figures for people."""
    made = Table(title=f"{plan.name}, {plan.seconds / 60:g} minutes, seed {plan.seed}", show_header=False)
    share = max(1, figures.offered) / 100
    for name, value in (
        ("photos offered", f"{figures.offered:,}"),
        ("answered", f"{figures.accepted:,}"),
        ("turned away for good", f"{figures.rejected:,} ({figures.rejected / share:.2f} %)"),
        ("lost with a node", f"{figures.failed:,}"),
        ("refusals, repeated ones too", f"{figures.refusals:,}"),
        ("nodes taken", f"{figures.losses}"),
        ("p50 / p95 / p99, ms", f"{figures.p50_ms:.0f} / {figures.p95_ms:.0f} / {figures.p99_ms:.0f}"),
        ("ready pods, mean", f"{figures.mean_pods:.2f}"),
        ("node hours", f"{figures.node_hours:.2f}"),
        ("nodes, US dollars", f"{figures.cost:.3f}"),
        ("a million answers, US dollars", f"{figures.cost_of_a_million:.2f}"),
    ):
        made.add_row(name, value)
    return made
