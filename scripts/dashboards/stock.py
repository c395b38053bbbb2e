"""What do the shelves look like? Fill rate, gaps, open alerts and audits, store by store."""

from __future__ import annotations

from typing import Any

from dashboards.panels import JOB, Query, bars, board, figure, lines, values

OF_STORES = 'job="$job", store=~"$store"'


def each(metric: str) -> str:
    """A figure of each store; every instance tells the same."""
    return f"max by (store) (shelfwatch_store_{metric}{{{OF_STORES}}})"


def make() -> Any:
    """The dashboard."""
    alerts = f"max by (store, kind) (shelfwatch_store_open_alerts{{{OF_STORES}}})"
    silence = f"time() - {each('latest_audit_timestamp_seconds')}"
    now = [
        figure("Stores", "Stores that have sent a photo or are set up.", "short",
               Query(f"max(shelfwatch_stores{{{JOB}}})", "stores", at_once=True)),
        figure("Fill rate", "Mean of the stores shown, each by the newest audit of its bays.", "percentunit",
               Query(f"avg({each('fill_rate')})", "fill rate"), (None, "red"), (0.8, "orange"), (0.9, "green")),
        figure("Gaps", "Gaps in the newest audits of the stores shown.", "short",
               Query(f"sum({each('gaps')})", "gaps")),
        figure("Open alerts", "Alerts of bays that are not resolved.", "short", Query(f"sum({alerts})", "alerts"),
               (None, "green"), (1, "orange")),
        figure("Audits of the day", "Audits whose photos were taken within the last 24 hours.", "short",
               Query(f"sum({each('audits')})", "audits")),
        figure("Silent stores", "No photo for two days; there is an alert for each.", "short",
               Query(f"count({silence} > 2 * 86400) or vector(0)", "stores"), (None, "green"), (1, "red")),
    ]  # fmt: skip
    stores = [
        bars("Emptiest stores", "Fill rate by the newest audits, the lowest twenty.", "percentunit",
             Query(f"sort(bottomk(20, {each('fill_rate')}))", "{{store}}", at_once=True),
             (None, "red"), (0.8, "orange"), (0.9, "green")),
        bars("Longest silent", "Time since the newest photo, the longest twenty.", "s",
             Query(f"sort_desc(topk(20, {silence}))", "{{store}}", at_once=True),
             (None, "green"), (86400, "orange"), (2 * 86400, "red"), top=3 * 86400),
        bars("Most alerts", "Open alerts, the most twenty.", "short",
             Query(f"sort_desc(topk(20, sum by (store) ({alerts})))", "{{store}}", at_once=True),
             (None, "green"), (1, "orange"), (5, "red"), top=10),
    ]  # fmt: skip
    course = [
        lines("Fill rate", "A store that falls day by day is not being restocked.", "percentunit",
              Query(each("fill_rate"), "{{store}}"), top=1),
        lines("Gaps", "Gaps in the newest audits.", "short", Query(each("gaps"), "{{store}}")),
        lines("Open alerts, by kind", "Fill rate or facings too low, gaps too many.", "short",
              Query(f"sum by (kind) ({alerts})", "{{kind}}"), stacked=True),
    ]  # fmt: skip
    work = [
        lines("Audits of a day", "Audits of the 24 hours before, store by store.", "short",
              Query(each("audits"), "{{store}}"), stacked=True),
        lines("Audits recorded", "Audits an hour as they came in; phones that were offline send later.", "short",
              Query(f"sum(rate(shelfwatch_audits_recorded_total{{{JOB}}}[$__rate_interval])) * 3600", "audits")),
        lines("Bays", "Bays that have an audit.", "short", Query(each("bays"), "{{store}}"), stacked=True),
    ]  # fmt: skip
    return board(
        "stock",
        "What the shelves look like, store by store.",
        [("Now", 4, now), ("Stores", 12, stores), ("Over time", 9, course), ("Audits", 9, work)],
        values("store", "Store", 'label_values(shelfwatch_store_bays{job="$job"}, store)'),
        span="7d",
    )
