"""Write the reference pages of docs/ (settings, commands, metrics, problems) from the code they describe.

A test compares the pages with what this writes, so that neither can change without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from prometheus_client import Metric

from shelfwatch.cli import main as command_line
from shelfwatch.commands.serve import SECRET_FIELDS
from shelfwatch.service.metrics import Metrics
from shelfwatch.service.problems import TYPES
from shelfwatch.service.settings import Settings
from shelfwatch.service.stock import StockMetrics

DOCS = Path(__file__).resolve().parent.parent / "docs"

ADVICE = {
    "undecodable-image": "The bytes begin like a JPEG, PNG or WebP and then break off or make no sense. "
    "Take or send the photo again.",
    "bad-request": "What came is not an HTTP request; check the client and what lies between.",
    "unauthorized": "Send `Authorization: Bearer <key>` with one of the keys in `SHELFWATCH_API_KEYS`.",
    "forbidden": "A page of another site sent this, or the address holds a name the service does not know; `detail` "
    "says which setting allows it.",
    "not-found": "Check the address; deleted audits are not found either.",
    "method-not-allowed": "Check the method; `/openapi.json` lists them.",
    "slow-upload": "Headers have 10 s to arrive, the body `SHELFWATCH_UPLOAD_SECONDS`. Send a smaller photo, or find a "
    "better connection.",
    "conflict": "`detail` says what stands in the way: models being loaded already, a file that does not load, or an "
    "`idempotency_key` that has made another audit.",
    "storage-full": "Nothing was stored. Whoever runs the service makes room or sets `SHELFWATCH_KEEP_BYTES`; then "
    "send it again.",
    "storage-unavailable": "The database or the photo store does not answer; photos to `/predict` are answered all the "
    "same. Wait `Retry-After` seconds and send it again: with an `idempotency_key`, no audit is made twice.",
    "payload-too-large": "Send a smaller file, or raise `SHELFWATCH_MAX_BODY_BYTES`.",
    "image-too-large": "Judged from the file's header, before a pixel is decoded; a WebP may have 24 megapixels at "
    "most. Send a smaller photo, or a JPEG, or raise `SHELFWATCH_MAX_PIXELS`.",
    "unsupported-format": "Only the content counts, not the name. Send a JPEG, PNG or WebP; a JPEG coded "
    "arithmetically is none that browsers read either.",
    "range-not-satisfiable": "`Range` begins beyond the photo's end; `Content-Range` says how long it is.",
    "invalid-request": "`detail` names the field or parameter and what is wrong with it.",
    "rate-limited": "Wait `Retry-After` seconds and send it again. `SHELFWATCH_RATE_LIMIT` sets how many requests a "
    "key may send; repeated wrong keys are answered like this too.",
    "headers-too-large": "Target and headers may have 32 kB; send fewer cookies.",
    "internal-error": "A fault of the service. The log holds the traceback under the same request id.",
    "overloaded": "The queue is full, or the model is still loading. Wait `Retry-After` seconds and send it again.",
    "model-failed": "Waiting does not help: the log says which file does not load and why. Once it is mended, "
    "`POST /admin/reload` or SIGHUP loads it.",
    "draining": "The service is stopping. Wait `Retry-After` seconds and send it again, to another instance if there "
    "is one.",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [list(row) for row in rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def settings() -> str:
    """Every setting with its variable, flag and default."""
    rows = []
    for name, field in Settings.model_fields.items():
        flag = "–" if name in SECRET_FIELDS else f"`--{name.replace('_', '-')}`"
        plain = field.default
        default = "none" if name in SECRET_FIELDS or plain in ((), "", None) else f"`{plain}`"
        rows.append([f"`SHELFWATCH_{name.upper()}`", flag, default, str(field.description)])
    return (
        "# Settings\n\nEach is an environment variable and a flag of `shelfwatch serve`; the flag wins. `make run` "
        "passes the environment through.\nSecrets have no flag: it would show in the process list.\n\n"
        + table(["variable", "flag", "default", "what it does"], rows)
    )


def commands() -> str:
    """Every command with its help."""
    parts = ["# Commands\n"]
    context = click.Context(command_line, info_name="shelfwatch", **command_line.context_settings)
    for name in command_line.list_commands(context):
        command = command_line.get_command(context, name)
        assert command is not None
        parts += helps(command, context, f"shelfwatch {name}")
    return "\n".join(parts).rstrip()


def helps(command: click.Command, parent: click.Context, words: str) -> list[str]:
    """The help of a command and of the commands below it."""
    name = words.rpartition(" ")[2]
    context = click.Context(command, parent, info_name=name, max_content_width=100, terminal_width=100)
    parts = [f"## {words}\n\n```text\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            parts += helps(command.commands[inner], context, f"{words} {inner}")
    return parts


def metrics() -> str:
    """Every metric of our own with its kind and labels."""
    stock = StockMetrics(None, 0)
    families = [*Metrics(lambda: 0).registry.collect(), *stock.describe()]
    rows = []
    for metric in sorted(families, key=lambda metric: metric.name):
        if metric.name.startswith("shelfwatch_"):
            suffix = "_total" if metric.type == "counter" else ""
            rows.append([f"`{metric.name}{suffix}`", metric.type, labels(metric), metric.documentation])
    return (
        "# Metrics\n\n`GET /metrics` in Prometheus text format, beside the standard `process_*` and `python_*` ones. "
        "Times are in seconds.\n\n" + table(["metric", "kind", "labels", "what it tells"], rows)
    )


LABELS = {
    "shelfwatch_requests": "endpoint, status",
    "shelfwatch_request_seconds": "endpoint",
    "shelfwatch_rejected": "reason",
    "shelfwatch_key_requests": "key",
    "shelfwatch_model_info": "name, version, precision",
}


def labels(metric: Metric) -> str:
    """The labels of a metric; one without samples yet does not tell them itself."""
    return LABELS.get(metric.name) or ", ".join(getattr(metric, "_labelnames", ())) or "–"


def problems() -> str:
    """Every problem type with its status and what to do."""
    rows = [[f"`/problems/{kind.slug}`", str(kind.status), kind.title, ADVICE[kind.slug]] for kind in TYPES.values()]
    return (
        "# Problems\n\nEvery error is an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) document "
        "(`application/problem+json`) with\n`type`, `title`, `status`, `detail` and `request_id`. Types are stable; "
        "act on them, not on the words.\n\n" + table(["type", "status", "title", "what to do"], rows)
    )


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "commands.md": commands,
    "metrics.md": metrics,
    "problems.md": problems,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page() + "\n")


if __name__ == "__main__":
    main()
