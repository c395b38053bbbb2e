"""`shelfwatch simulate`: how many pods a load needs, before anybody pays for them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from shelfwatch.simulation.options import BALANCERS, MEASURED, SCENARIOS, Scenario
from shelfwatch.simulation.outcome import Figures
from shelfwatch.simulation.plot import plot
from shelfwatch.simulation.run import simulate as play


@click.command()
@click.argument("scenario", type=click.Choice(list(SCENARIOS)))
@click.option("--rate", type=click.FloatRange(min=0.01, max=1000), help="Photos a second; not of a day.")
@click.option("--stores", type=click.IntRange(1, 100_000), help="Of a day.")
@click.option("--bays", type=click.IntRange(1, 10_000), help="A store, of a day.")
@click.option("--audits", type=click.FloatRange(min=0.01, max=100), help="A bay, of a day.")
@click.option("--factor", type=click.FloatRange(min=0, max=1000), help="Of the burst; not of a day.")
@click.option("--minutes", type=click.FloatRange(min=1, max=1440), help="Length of the run.")
@click.option("--model", type=click.Choice(list(MEASURED)), default="accurate", show_default=True)
@click.option("--service-ms", type=click.FloatRange(min=1), help="Work on a photo at full load; default: as measured.")
@click.option("--queue-limit", type=click.IntRange(1, 10_000), help="Photos in hand of a pod; more are refused.")
@click.option("--balancer", type=click.Choice(BALANCERS), default=BALANCERS[0], show_default=True)
@click.option("--start-seconds", type=click.FloatRange(min=0), help="Until a new pod is ready: image, start, warm-up.")
@click.option("--min-pods", type=click.IntRange(1, 1000))
@click.option("--max-pods", type=click.IntRange(1, 1000))
@click.option("--request", type=click.FloatRange(min=0.01), help="CPUs that a pod requests.")
@click.option("--lag", type=click.IntRange(0, 40), help="Periods of 15 s that the autoscaler's figures are old.")
@click.option("--up-pods", type=click.IntRange(0, 1000), help="Pods that may come in 15 s where doubling gives fewer.")
@click.option("--nodes", type=click.IntRange(1, 1000), help="Spot nodes of two CPUs.")
@click.option("--losses", type=click.FloatRange(min=0), help="Times an hour that each node is taken.")
@click.option("--unannounced", type=click.FloatRange(0, 1), help="Share of them without the notice of two minutes.")
@click.option("--node-seconds", type=click.FloatRange(min=0), help="Until a new node is ready.")
@click.option("--retries", type=click.IntRange(0, 100), help="Times that a client sends a refused photo again.")
@click.option("--retry-seconds", type=click.FloatRange(min=0.01), help="After how long, give or take half.")
@click.option("--price", type=click.FloatRange(min=0), help="US dollars a node hour.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--plot", "picture", type=click.Path(dir_okay=False, path_type=Path), help="Write an SVG picture.")
@click.option("--json", "as_json", is_flag=True, help="Scenario and figures as JSON.")
def simulate(
    scenario: str,
    rate: float | None,
    stores: int | None,
    bays: int | None,
    audits: float | None,
    factor: float | None,
    minutes: float | None,
    model: str,
    service_ms: float | None,
    queue_limit: int | None,
    balancer: str,
    start_seconds: float | None,
    min_pods: int | None,
    max_pods: int | None,
    request: float | None,
    lag: int | None,
    up_pods: int | None,
    nodes: int | None,
    losses: float | None,
    unannounced: float | None,
    node_seconds: float | None,
    retries: int | None,
    retry_seconds: float | None,
    price: float | None,
    seed: int,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Play a load on the cluster through: steady, a 10x burst, Spot nodes taken, both at once (storm), or a day.

    Whatever is not said is as the scenario and docs/capacity.md have it.
    """
    plan = SCENARIOS[scenario]
    if plan.load.day is None and (told := given(stores=stores, bays=bays, audits=audits)):
        raise click.BadParameter("only a day has that", param_hint=f"--{next(iter(told))}")
    if plan.load.day is not None and (told := given(rate=rate, factor=factor)):
        raise click.BadParameter("a day has stores x bays x audits", param_hint=f"--{next(iter(told))}")
    day = plan.load.day and replace(plan.load.day, **given(stores=stores, bays=bays, audits=audits))
    measured = MEASURED[model]
    full = (measured.audit if day else 1.0) / measured.photos_a_second  # a day's photos are audits
    seconds = service_ms / 1000 if service_ms is not None else full
    work: dict[str, Any] = {
        "service_seconds": seconds,
        "alone": measured.alone,
        "cpu_seconds": seconds * measured.cpu_seconds * measured.photos_a_second,
    }
    plan = replace(
        plan,
        seed=seed,
        seconds=plan.seconds if minutes is None else minutes * 60,
        load=replace(
            plan.load, **given(rate=rate, factor=factor, retries=retries, retry_seconds=retry_seconds, day=day)
        ),
        pod=replace(plan.pod, **work, **given(queue_limit=queue_limit, start_seconds=start_seconds)),
        scaler=replace(
            plan.scaler, **given(minimum=min_pods, maximum=max_pods, request=request, lag=lag, up_pods=up_pods)
        ),
        nodes=replace(
            plan.nodes,
            **given(
                count=nodes, losses_an_hour=losses, unannounced=unannounced, start_seconds=node_seconds, price=price
            ),
        ),
        balancer=balancer,
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
        ("one answer, US dollars", f"{figures.cost_of_a_million / 1e6:.7f}"),
        ("answered a second, a vCPU paid for", f"{figures.answered_a_vcpu_second:.3f}"),
    ):
        made.add_row(name, value)
    return made
