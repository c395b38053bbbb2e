"""Measure the page in a real Chromium, print and, where asked, write the section of docs/benchmarks.md.

What is measured: first paint; frames a second while a 12-megapixel photo with 400 boxes is moved and zoomed, which are
those that the browser's own trace says were drawn; the longest task of the main thread, also while the confidence
slider moves; bytes.
`--lighthouse` names the program; its three scores are then measured too.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from running import running
from sections import replaced

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
PHOTO = (4000, 3000)
COLUMNS, ROWS = 25, 16  # 400 boxes
WINDOW = {"width": 1280, "height": 800}
SECONDS = 3.0  # each movement
PAINTS = 5  # pages opened anew
TRIES = 3  # of Lighthouse
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline.frame", "toplevel", "viz"]


def photo() -> bytes:
    """The sample cooler at 12 megapixels."""
    out = io.BytesIO()
    Image.open(UI / "samples" / "cooler.jpg").resize(PHOTO, Image.Resampling.LANCZOS).save(out, "JPEG", quality=88)
    return out.getvalue()


def answer(route: Route) -> None:
    """A grid of 400 boxes of falling confidence, in the place of the model's answer."""
    wide, tall = PHOTO[0] / COLUMNS, PHOTO[1] / ROWS
    detections = [
        {
            "label": "product",
            "class_id": 0,
            "confidence": round(0.98 - 0.0023 * (row * COLUMNS + column), 4),
            "box": [column * wide + 8, row * tall + 8, (column + 1) * wide - 8, (row + 1) * tall - 8],
            "row": row,
            "position": column,
            "level": 0,
        }
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    rows = [
        {
            "index": row,
            "bay": 0,
            "box": [0, row * tall, PHOTO[0], (row + 1) * tall],
            "facings": COLUMNS,
            "fill_rate": 1.0,
        }
        for row in range(ROWS)
    ]
    body = {
        "detections": detections,
        "count": len(detections),
        "truncated": False,
        "tiles": 0,
        "image": {"width": PHOTO[0], "height": PHOTO[1]},
        "model": {"name": "accurate", "version": "1.0.0", "precision": "int8"},
        "report": {"facings": len(detections), "fill_rate": 1.0, "rows": rows, "gaps": []},
        "timing_ms": {"decode": 1, "queue": 0, "inference": 1, "total": 2},
        "request_id": "bench",
    }
    route.fulfill(body=json.dumps(body), content_type="application/json")


def traced(browser: Browser, page: Page, work: str) -> list[dict[str, Any]]:
    """The browser's own trace of what the script `work` sets off."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.evaluate(work)
    return json.loads(browser.stop_tracing())["traceEvents"]


def drawn(events: list[dict[str, Any]]) -> float:
    """Frames a second that were drawn between the first and the last of them."""
    times = sorted(event["ts"] for event in events if event.get("name") == "DrawFrame")
    return (len(times) - 1) / (times[-1] - times[0]) * 1e6 if len(times) > 1 else 0.0


def longest_task(events: list[dict[str, Any]]) -> float:
    """Milliseconds of the renderer's longest task; `RunTask` events of the thread that runs the page's scripts."""
    threads = {
        (event["pid"], event["tid"]) for event in events if event.get("name") in {"FunctionCall", "FireAnimationFrame"}
    }
    tasks = [
        event.get("dur", 0)
        for event in events
        if event.get("name") in {"RunTask", "ThreadControllerImpl::RunTask"} and (event["pid"], event["tid"]) in threads
    ]
    return max(tasks, default=0) / 1000


MOVE = """async () => {
    const stage = document.getElementById("stage");
    const { left, top, width, height } = stage.getBoundingClientRect();
    const at = (x, y) => ({ clientX: left + x, clientY: top + y, bubbles: true, cancelable: true });
    const frame = () => new Promise(requestAnimationFrame);
    const end = performance.now() + %d;
    stage.setPointerCapture = () => {};
    const send = (kind, x, y) =>
        stage.dispatchEvent(new PointerEvent(kind, { ...at(x, y), pointerId: 1, pointerType: "mouse", buttons: 1 }));
    %s
}"""
PAN = """send("pointerdown", width / 2, height / 2);
    for (let step = 0; performance.now() < end; step += 1) {
        send("pointermove", width / 2 + 200 * Math.sin(step / 20), height / 2 + 120 * Math.cos(step / 15));
        await frame();
    }
    send("pointerup", width / 2, height / 2);"""
ZOOM = """for (let step = 0; performance.now() < end; step += 1) {
        const deltaY = 60 * Math.sin(step / 12);
        stage.dispatchEvent(new WheelEvent("wheel", { ...at(width / 2, height / 2), deltaY }));
        await frame();
    }"""
SLIDE = """const slider = document.getElementById("confidence");
    for (let step = 0; performance.now() < end; step += 1) {
        slider.value = String(0.5 + 0.45 * Math.sin(step / 15));
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await frame();
    }"""


def measure(browser: Browser, url: str) -> dict[str, float]:
    """All figures of the page but Lighthouse's."""
    figures: dict[str, float] = {}
    paints = []
    for _ in range(PAINTS):
        context = browser.new_context(viewport=WINDOW)
        page = context.new_page()
        page.goto(url, wait_until="load")
        page.wait_for_timeout(400)
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        context.close()
    figures["first paint, ms"] = sorted(paints)[PAINTS // 2]
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.route("**/predict?*", answer)
    page.goto(url)
    page.locator("#status[data-tone=good]").wait_for()
    page.locator("#file-input").set_input_files({"name": "bay.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    page.locator("#result").wait_for(state="visible")
    page.wait_for_timeout(1500)
    for _ in range(3):
        page.locator("#zoom-in").click()
    page.wait_for_timeout(500)
    for name, work in (("pan", PAN), ("zoom", ZOOM)):
        events = traced(browser, page, MOVE % (SECONDS * 1000, work))
        figures[f"{name}, frames a second"] = drawn(events)
        figures[f"{name}, longest task, ms"] = longest_task(events)
    page.locator("#zoom-fit").click()
    page.wait_for_timeout(500)
    events = traced(browser, page, MOVE % (SECONDS * 1000, SLIDE))
    figures["slider, frames a second"] = drawn(events)
    figures["slider, longest task, ms"] = longest_task(events)
    context.close()
    return figures


def lighthouse(program: str, chromium: str, url: str) -> dict[str, float]:
    """Lighthouse's scores, 0 to 100."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [program, url, "--quiet", "--output=json", f"--output-path={report}", "--preset=desktop"]
        command += [
            "--only-categories=performance,accessibility,best-practices",
            f"--chrome-flags={' '.join(('--headless', *FLAGS))}",
        ]
        for rest in reversed(range(TRIES)):
            # Now and then it loses its own trace (NO_NAVSTART).
            done = subprocess.run(command, check=not rest, env={**os.environ, "CHROME_PATH": chromium})
            if not done.returncode:
                break
        categories = json.loads(report.read_text())["categories"]
    return {name: category["score"] * 100 for name, category in categories.items()}


def sizes(url: str) -> tuple[int, int]:
    """Bytes of all scripts and styles: as they are sent, and as they lie there."""
    files = [file for file in UI.rglob("*") if file.suffix in {".js", ".css"} and file.name != "sw.js"]
    with httpx.Client(base_url=url) as client:
        answers = [client.get(f"/static/{file.relative_to(UI).as_posix()}") for file in files]
    sent = sum(int(answer.raise_for_status().headers["content-length"]) for answer in answers)
    return sent, sum(file.stat().st_size for file in files)


def section(figures: dict[str, float], scores: dict[str, float], version: str, sent: int, raw: int) -> str:
    """What is written, in Markdown."""
    limits = {
        "first paint, ms": "< 1000",
        "pan, frames a second": "≥ 50",
        "zoom, frames a second": "≥ 50",
        "slider, longest task, ms": "≤ 100",
    }
    lines = [
        "## The page",
        "",
        f"`make bench-page`, {time.strftime('%Y-%m-%d')}: Chromium {version}, headless, without a graphics card, on "
        f"{os.cpu_count()} CPUs ({platform.machine()}), the service on the same machine. A photo of "
        f"{PHOTO[0]} × {PHOTO[1]} pixels with {COLUMNS * ROWS} boxes is moved, zoomed and filtered for {SECONDS:.0f} s "
        "each; frames are those that the browser's trace says were drawn.",
        "",
        "| | measured | limit |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {value:.0f} | {limits.get(name, '')} |" for name, value in figures.items()),
        f"| scripts and styles as sent (gzip), kB | {sent / 1000:.0f} | ≤ 150 |",
        f"| the same as files, kB | {raw / 1000:.0f} | |",
        *(f"| Lighthouse, {name} | {score:.0f} | ≥ 95 |" for name, score in scores.items()),
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print and, where asked, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the section of docs/benchmarks.md")
    parser.add_argument("--lighthouse", help="the program; without it no scores are measured")
    options = parser.parse_args()
    chromium = os.environ.get("SHELFWATCH_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    with running(SHELFWATCH_LOG_LEVEL="warning") as service:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            figures, version = measure(browser, service.url), browser.version
            browser.close()
        sent, raw = sizes(service.url)
        scores = lighthouse(options.lighthouse, chromium or "", service.url) if options.lighthouse else {}
    text = section(figures, scores, version, sent, raw)
    print(text)
    if options.write:
        page = ROOT / "docs" / "benchmarks.md"
        page.write_text(replaced(page.read_text(), "make bench-page", text))


if __name__ == "__main__":
    main()
