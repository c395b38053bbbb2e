"""The panels our dashboards are made of, with one look, and the grid they stand in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, table, timeseries
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus as prometheus_builders
from grafana_foundation_sdk.models import common, dashboard, prometheus

COLUMNS = 24  # of Grafana's grid
SOURCE = dashboard.DataSourceRef("prometheus", "${datasource}")
DOCS = "https://github.com/shelfwatch/shelfwatch/blob/main/docs"
JOB = 'job="$job"'
OF_INSTANCES = 'job="$job", instance=~"$instance"'
NAMES = {"service": "Service", "detection": "Detection", "stock": "Stock"}


@dataclass(frozen=True)
class Query:
    """An expression and what its lines are called; `at_once` asks for the newest value only."""

    expr: str
    legend: str = ""
    at_once: bool = False
    heatmap: bool = False

    def target(self, number: int) -> prometheus_builders.Dataquery:
        """As Grafana wants it; letters tell a panel's queries apart."""
        query = prometheus_builders.Dataquery().expr(self.expr).ref_id(chr(ord("A") + number)).datasource(SOURCE)
        query = query.legend_format(self.legend) if self.legend else query
        query = query.instant() if self.at_once else query.range()
        if self.heatmap:
            query = query.format(prometheus.PromQueryFormat.HEATMAP)
        elif self.at_once and not self.legend:
            query = query.format(prometheus.PromQueryFormat.TABLE)
        return query


def lines(
    title: str,
    why: str,
    unit: str,
    *queries: Query,
    limit: float | None = None,
    stacked: bool = False,
    top: float | None = None,
) -> Any:
    """Lines over time; `limit` is where an alert would begin, drawn across."""
    panel = timeseries.Panel().fill_opacity(30 if stacked else 8).line_width(1.5).min(0)
    panel = panel.show_points(common.VisibilityMode.NEVER).span_nulls(60_000.0)
    panel = panel.legend(
        common_builders.VizLegendOptions()
        .show_legend(True)
        .display_mode(common.LegendDisplayMode.TABLE if len(queries) > 1 else common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max"] if len(queries) > 1 else [])
    )
    panel = panel.tooltip(
        common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
    )
    if stacked:
        panel = panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    if limit is not None:
        panel = panel.thresholds(limits((None, "green"), (limit, "red"))).thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.DASHED)
        )
    if top is not None:
        panel = panel.max(top)
    return finished(panel, title, why, unit, queries)


def figure(
    title: str, why: str, unit: str, query: Query, *steps: tuple[float | None, str], name: bool = False, digits: int = 0
) -> Any:
    """One number, coloured by `steps`; with `name` the text beside it matters."""
    panel = stat.Panel().thresholds(limits(*(steps or ((None, "blue"),))))
    panel = panel.graph_mode(common.BigValueGraphMode.NONE if name or query.at_once else common.BigValueGraphMode.AREA)
    panel = panel.color_mode(common.BigValueColorMode.VALUE)
    panel = panel.text_mode(common.BigValueTextMode.NAME if name else common.BigValueTextMode.VALUE)
    panel = panel.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    if digits:
        panel = panel.decimals(digits)
    return finished(panel, title, why, unit, [query])


def bars(title: str, why: str, unit: str, query: Query, *steps: tuple[float | None, str], top: float = 1) -> Any:
    """A bar each."""
    panel = bargauge.Panel().orientation(common.VizOrientation.HORIZONTAL).min(0).max(top)
    panel = panel.display_mode(common.BarGaugeDisplayMode.GRADIENT).thresholds(limits(*steps))
    panel = panel.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    return finished(panel, title, why, unit, [query])


def buckets(title: str, why: str, unit: str, query: Query) -> Any:
    """How a histogram's buckets fill over time."""
    panel = heatmap.Panel().calculate(False).cell_gap(1).show_tooltip().hide_legend()
    return finished(panel, title, why, unit, [query])


def rows(title: str, why: str, unit: str, query: Query) -> Any:
    """The newest values as a table."""
    return finished(table.Panel().show_header(True), title, why, unit, [query])


def finished(panel: Any, title: str, why: str, unit: str, queries: Iterable[Query]) -> Any:
    """What every panel has."""
    panel = panel.title(title).description(why).unit(unit).datasource(SOURCE)
    for number, query in enumerate(queries):
        panel = panel.with_target(query.target(number))
    return panel


def limits(*steps: tuple[float | None, str]) -> builders.ThresholdsConfig:
    """Colours from a value upwards; the first has none."""
    return (
        builders.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value=value, color=color) for value, color in steps])
    )


def board(name: str, why: str, layout: list[tuple[str, int, list[Any]]], *variables: Any, span: str) -> Any:
    """A dashboard of titled rows, each with its height and panels of equal width, showing the last `span`."""
    made = (
        builders.Dashboard(f"ShelfWatch {NAMES[name].lower()}")
        .uid(f"shelfwatch-{name}")
        .description(why)
        .tags(["shelfwatch"])
        .readonly()
        .timezone("browser")
        .time(f"now-{span}", "now")
        .refresh("30s")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(
            builders.DashboardLink("ShelfWatch")
            .type(dashboard.DashboardLinkType.DASHBOARDS)
            .tags(["shelfwatch"])
            .include_vars(True)
            .keep_time(True)
        )
        .link(builders.DashboardLink("Runbooks").type(dashboard.DashboardLinkType.LINK).url(f"{DOCS}/runbooks.md"))
        .annotation(
            builders.AnnotationQuery()
            .name("Alerts")
            .datasource(SOURCE)
            .enable(True)
            .icon_color("red")
            .expr('ALERTS{alertname=~"ShelfWatch.*", alertstate="firing"}')
        )
    )
    for variable in [source_variable(), job_variable(), *variables]:
        made = made.with_variable(variable)
    y = number = 0
    for title, height, panels in layout:
        number += 1
        made = made.with_row(builders.Row(title).id(number).grid_pos(dashboard.GridPos(h=1, w=COLUMNS, x=0, y=y)))
        y += 1
        width = COLUMNS // len(panels)
        for place, panel in enumerate(panels):
            number += 1
            # The last one takes what the division leaves over.
            wide = width if place < len(panels) - 1 else COLUMNS - width * place
            spot = dashboard.GridPos(h=height, w=wide, x=width * place, y=y)
            made = made.with_panel(panel.id(number).grid_pos(spot))
        y += height
    return made.build()


def source_variable() -> Any:
    """Which Prometheus is asked."""
    return builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def job_variable() -> Any:
    """Which of several installations that one Prometheus scrapes."""
    return values("job", "Installation", "label_values(shelfwatch_in_flight_requests, job)", several=False)


def instance_variable() -> Any:
    """Which of its processes."""
    return values("instance", "Instance", 'label_values(shelfwatch_in_flight_requests{job="$job"}, instance)')


def values(name: str, label: str, query: str, several: bool = True) -> Any:
    """A variable of a label's values."""
    made = builders.QueryVariable(name).label(label).query(query).datasource(SOURCE)
    made = made.refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
    made = made.sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    return made.multi(True).include_all(True).all_value(".*") if several else made
