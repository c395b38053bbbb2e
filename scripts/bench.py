"""INT8 against float32 in ONNX Runtime, and the whole path over HTTP, in one run on one machine.

Runs alternate so that a drift of the machine's speed hits both sides alike. With `--write`, the tables go into
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import platform
import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from rich.console import Console
from rich.progress import Progress

from running import running_service
from shelfwatch.inference.cpus import available_cpus
from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.image import decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import nms
from shelfwatch.training.dequantize import dequantize
from shelfwatch.training.rendering import RenderOptions, render_shelf

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "benchmarks.md"
PHOTO = RenderOptions(width=2448, height=3264)  # what an 8-megapixel phone camera gives
SEED = 11


def timed(job: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    job()
    return (time.perf_counter() - start) * 1000


def summary(name: str, values: list[float]) -> list[str]:
    """A table row: median, 95th percentile and least, in milliseconds."""
    return [name, *(f"{value:.1f}" for value in (np.median(values), np.percentile(values, 95), min(values)))]


def network(runs: int, progress: Progress, folder: Path) -> list[list[str]]:
    """The network alone, float32 twin against INT8, on the input a 3:4 photo gives."""
    rows = []
    for name, path in packaged_models().items():
        dequantize(path, folder / "float32.onnx")
        contenders = {"float32": Model(folder / "float32.onnx"), "INT8": Model(path)}
        info = contenders["INT8"].info
        box = Letterbox.fit(PHOTO.width, PHOTO.height, info.input_size, info.stride)
        photo = decode(render_shelf(SEED, PHOTO).to_jpeg(), target=info.input_size)
        run_once = {
            key: partial(model.run, box.apply(photo), info.operating_threshold) for key, model in contenders.items()
        }
        times: dict[str, list[float]] = {key: [] for key in contenders}
        for job in run_once.values():  # the first run of a shape allocates
            job()
        for _ in progress.track(range(runs), description=f"network {name}"):
            for key, job in run_once.items():
                times[key].append(timed(job))
        ratio = float(np.median(np.array(times["float32"]) / np.array(times["INT8"])))
        for key, values in times.items():
            size = (folder / "float32.onnx" if key == "float32" else path).stat().st_size / 1e6
            shown = "1.0 ×" if key == "float32" else f"{ratio:.1f} ×"
            rows.append([*summary(f"{name} {key}, {box.width} × {box.height}", values), f"{size:.1f} MB", shown])
    return rows


def stages(runs: int, data: bytes, progress: Progress) -> list[list[str]]:
    """JPEG bytes to detections in this process, by stage."""
    detector = Detector(Model(next(iter(packaged_models().values()))))
    info = detector.info
    times: dict[str, list[float]] = {"decode": [], "letterbox": [], "network": [], "suppression": []}
    for i in progress.track(range(runs + 1), description="stages"):
        marks = [time.perf_counter()]
        photo = detector.decode(data)
        marks.append(time.perf_counter())
        box = Letterbox.fit(photo.width, photo.height, info.input_size, info.stride)
        image = box.apply(photo)
        marks.append(time.perf_counter())
        boxes, scores, class_id = detector.model.run(image, info.operating_threshold)
        marks.append(time.perf_counter())
        box.to_photo(boxes[nms(boxes, scores, class_id, info.iou_threshold)])
        marks.append(time.perf_counter())
        if i:  # the first run warms up
            for key, (begin, end) in zip(times, pairwise(marks), strict=True):
                times[key].append((end - begin) * 1000)
    rows = [summary(key, values) for key, values in times.items()]
    return [*rows, summary("all", list(np.sum(list(times.values()), axis=0)))]


def over_http(runs: int, data: bytes, progress: Progress) -> list[list[str]]:
    """`POST /predict` against a real service process on loopback, one client."""
    with running_service() as client:

        def send() -> None:
            client.post("/predict", files={"image": data}).raise_for_status()

        send()
        return [summary("POST /predict", [timed(send) for _ in progress.track(range(runs), description="over HTTP")])]


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    """Measure, print and, where asked, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    data = render_shelf(SEED, PHOTO).to_jpeg()
    with Progress(console=Console(stderr=True), transient=True) as progress, tempfile.TemporaryDirectory() as folder:
        parts = [
            "## Network alone\n\nOne letterboxed photo, runs alternating; speed is the median of the pairs' ratios.\n",
            markdown(
                ["model", "median ms", "p95 ms", "least ms", "file", "speed"],
                network(options.runs, progress, Path(folder)),
            ),
            f"\n## The whole path\n\nA rendered {PHOTO.width} × {PHOTO.height} JPEG of {len(data) / 1e6:.1f} MB, "
            "bytes to detections in one process:\n",
            markdown(["stage", "median ms", "p95 ms", "least ms"], stages(options.runs, data, progress)),
            "\nThe same photo through a running service on loopback, one client:\n",
            markdown(["request", "median ms", "p95 ms", "least ms"], over_http(options.runs, data, progress)),
        ]
    machine = (
        f"Measured with `make bench` on {available_cpus()} CPUs ({processor()}), ONNX Runtime "
        f"{onnxruntime.__version__}, Python {platform.python_version()}, {options.runs} runs each.\n"
        "The float32 peer is the INT8 model's own graph without its quantisation (`shelfwatch.training.dequantize`)."
    )
    text = "\n".join(["# Benchmarks\n", machine, "", *parts, ""])
    print(text)
    if options.write:
        REPORT.write_text(text)


if __name__ == "__main__":
    main()
