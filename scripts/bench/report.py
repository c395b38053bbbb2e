"""The report as Markdown."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.compare import OURS, Comparison
from bench.suppression import Suppression
from bench.timing import Times, ratio
from shelfwatch.inference.cpus import available_cpus

VERSIONED = ("onnxruntime", "openvino", "nncf", "torch", "ultralytics")


def comparison_table(comparison: Comparison) -> str:
    """A row a peer: medians and 95th percentiles, how long ours takes against it, AP and size."""
    ours = {row.model: row for row in comparison.rows if row.peer == OURS}
    rows = [
        [
            row.model,
            row.peer,
            *milliseconds(row.network),
            f"{ratio(ours[row.model].network, row.network):.2f} ×",
            *milliseconds(row.photo),
            f"{ratio(ours[row.model].photo, row.photo):.2f} ×",
            "-" if row.ap is None else f"{row.ap:.3f}",
            f"{row.file_bytes / 1e6:.1f}",
        ]
        for row in comparison.rows
    ]
    head = ["model", "peer", "network ms", "p95", "ours takes", "photo ms", "p95", "ours takes", "AP", "MB"]
    return markdown(head, rows, words=2)


def path_table(stages: Mapping[str, Mapping[str, Times]], http: Mapping[str, Times]) -> str:
    """A row a stage, then the request as a client sees it; two columns a model."""
    whole = {name: {**parts, "`POST /predict`": http[name]} for name, parts in stages.items()}
    names = next(iter(whole.values()))
    rows = [[stage, *(cell for parts in whole.values() for cell in milliseconds(parts[stage]))] for stage in names]
    return markdown(["stage", *(word for name in whole for word in (f"{name}, median ms", "p95"))], rows)


def suppression_table(found: Sequence[Suppression]) -> str:
    """A row a list of candidates."""
    rows = [
        [
            f"{item.confidence:g}",
            str(item.candidates),
            str(item.kept),
            *milliseconds(item.operator),
            *milliseconds(item.numpy),
        ]
        for item in found
    ]
    head = ["confidence from", "candidates", "kept", "NonMaxSuppression, median ms", "p95", "numpy, median ms", "p95"]
    return markdown(head, rows)


def milliseconds(times: Times) -> list[str]:
    """Median and 95th percentile."""
    return [f"{np.median(times):.1f}", f"{np.percentile(times, 95):.1f}"]


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """A Markdown table whose first `words` columns are words and the others figures."""
    lines = [head, ["---"] * words + ["---:"] * (len(head) - words), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine(runs: int) -> str:
    """Where and with what the figures were measured."""
    return (
        f"Measured with `make bench` on {available_cpus()} CPUs ({processor()}), which every peer used in full;\n"
        f"{versions(VERSIONED)}, Python {platform.python_version()}; {runs} runs each."
    )


def versions(packages: Sequence[str]) -> str:
    """The packages that are installed, with their versions."""
    found = []
    for name in packages:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
