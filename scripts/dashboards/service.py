"""Is the service well? Rate, errors, times by stage, what waits, what it uses."""

from __future__ import annotations

from typing import Any

from dashboards.panels import (
    JOB,
    OF_INSTANCES,
    Query,
    board,
    buckets,
    figure,
    instance_variable,
    lines,
    rows,
)

STAGES = {"request": "whole", "queue": "waiting", "decode": "decoding", "inference": "network"}


def quantiles(metric: str, extra: str = "", name: str = "") -> list[Query]:
    """The usual three of a histogram."""
    return [
        Query(
            f"histogram_quantile({share}, sum by (le) "
            f"(rate({metric}_bucket{{{OF_INSTANCES}{extra}}}[$__rate_interval])))",
            f"{name}p{share * 100:g}",
        )
        for share in (0.5, 0.95, 0.99)
    ]


def make() -> Any:
    """The dashboard."""
    health = [
        figure("Up", "Instances that answer Prometheus.", "short",
               Query(f"sum(up{{{JOB}}})", "up"), (None, "red"), (1, "green")),
        figure("Photos", "Photos answered a second.", "reqps",
               Query(f"sum(shelfwatch:photos:rate5m{{{JOB}}})", "photos"), digits=2),
        figure("Errors", "Share of answers that are the service's own fault; an alert begins at 1 %.", "percentunit",
               Query(f"max(shelfwatch:errors:ratio5m{{{JOB}}})", "errors"),
               (None, "green"), (0.001, "orange"), (0.01, "red"), digits=2),
        figure("p99", "One photo in a hundred takes longer; an alert begins at 500 ms.", "s",
               Query(f'max(shelfwatch:request_seconds:p99_5m{{{JOB}, endpoint="/predict"}})', "p99"),
               (None, "green"), (0.3, "orange"), (0.5, "red"), digits=2),
        figure("Waiting", "Photos that wait for a lane, of all instances; an alert begins at 4 each.", "short",
               Query(f"sum(shelfwatch_queue_depth{{{JOB}}})", "waiting"), (None, "green"), (2, "orange"), (4, "red")),
        figure("Alerts", "Alerts of ours that fire.", "short",
               Query('count(ALERTS{alertname=~"ShelfWatch.*", alertstate="firing"}) or vector(0)', "alerts"),
               (None, "green"), (1, "red")),
    ]  # fmt: skip
    traffic = [
        lines("Requests", "Answers a second by status. 4xx are the clients' fault, 5xx ours, 503 a refusal under load.",
              "reqps", Query(f"sum by (status) (rate(shelfwatch_requests_total{{{OF_INSTANCES}}}[$__rate_interval]))",
                             "{{status}}"), stacked=True),
        lines("By route", "Which routes are asked, requests a second.", "reqps",
              Query(f"sum by (endpoint) (rate(shelfwatch_requests_total{{{OF_INSTANCES}}}[$__rate_interval]))",
                    "{{endpoint}}")),
        lines("Errors and refusals", "Share of answers that are faults (alert at 1 %) and of requests turned away.",
              "percentunit", Query(f"shelfwatch:errors:ratio5m{{{JOB}}}", "faults"),
              Query(f"shelfwatch:refused:ratio5m{{{JOB}}}", "refused"), limit=0.01),
        lines("Refused, by reason", "Requests a second that were turned away, by the problem's type.", "reqps",
              Query(f"sum by (reason) (rate(shelfwatch_rejected_total{{{OF_INSTANCES}}}[$__rate_interval]))",
                    "{{reason}}"), stacked=True),
    ]  # fmt: skip
    times = [
        lines("Photo to answer", "Time of /predict from the first byte to the end of the answer.", "s",
              *quantiles("shelfwatch_request_seconds", ', endpoint="/predict"'), limit=0.5),
        lines("Waiting", "Time in the queue. When it grows before the others do, there are too few instances.", "s",
              *quantiles("shelfwatch_queue_seconds")),
        lines("Decoding", "Photo bytes to pixels. Large PNG and progressive JPEG photos show here.", "s",
              *quantiles("shelfwatch_decode_seconds")),
        lines("Network", "Letterbox, network and suppression. A slower machine shows here, or tiles.", "s",
              *quantiles("shelfwatch_inference_seconds")),
    ]  # fmt: skip
    spread = [
        buckets("How long photos take", "Two bands tell two kinds of photos or machines apart.", "s",
                Query("sum by (le) (increase(shelfwatch_request_seconds_bucket"
                      f'{{{OF_INSTANCES}, endpoint="/predict"}}[$__rate_interval]))', "{{le}}", heatmap=True)),
        lines("Recording an audit", "Time until photo and rows are durable; a slow disk or database shows here.", "s",
              *quantiles("shelfwatch_recording_seconds")),
        lines("In hand", "Requests being answered and photos that wait.", "short",
              Query(f"sum(shelfwatch_in_flight_requests{{{OF_INSTANCES}}})", "in flight"),
              Query(f"sum(shelfwatch_queue_depth{{{OF_INSTANCES}}})", "waiting"), limit=4),
    ]  # fmt: skip
    uses = [
        lines("CPU", "Processors used by each instance. It asks for 0.2 and takes what the node has.", "short",
              Query(f"sum by (instance) (rate(process_cpu_seconds_total{{{OF_INSTANCES}}}[$__rate_interval]))",
                    "{{instance}}")),
        lines("Memory", "Resident memory of each instance. It should stay level however many photos come.", "bytes",
              Query(f"sum by (instance) (process_resident_memory_bytes{{{OF_INSTANCES}}})", "{{instance}}"),
              limit=1 << 30),
        lines("Open files", "Descriptors of each instance; steadily rising is a leak.", "short",
              Query(f"sum by (instance) (process_open_fds{{{OF_INSTANCES}}})", "{{instance}}")),
    ]  # fmt: skip
    who = [
        rows("Models", "What is served, and by whom.", "short",
             Query("max by (name, version, precision, instance) "
                   f"(shelfwatch_model_info{{{OF_INSTANCES}}})", at_once=True)),
        lines("Requests by key", "Admitted requests a second by the API key's name.", "reqps",
              Query(f"sum by (key) (rate(shelfwatch_key_requests_total{{{OF_INSTANCES}}}[$__rate_interval]))",
                    "{{key}}"), stacked=True),
        lines("Running for", "Time since each instance started; a fall to nothing is a restart.", "s",
              Query(f"time() - max by (instance) (process_start_time_seconds{{{OF_INSTANCES}}})", "{{instance}}")),
    ]  # fmt: skip
    return board(
        "service",
        "Whether photos are answered, how fast, and what that takes.",
        [
            ("Now", 4, health),
            ("Traffic", 8, traffic),
            ("Times by stage", 8, times),
            ("Where time and room go", 8, spread),
            ("Processes", 8, uses),
            ("What is served to whom", 8, who),
        ],
        instance_variable(),
        span="3h",
    )
