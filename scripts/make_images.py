"""Write the screenshots in `images/` and the boxes of the welcome picture, from the real service in a real Chromium.

`ui/samples/cooler.boxes.json` is what the packaged model finds in the picture of the welcome page, which draws it
without asking the service. Run this again after a change of the page, the samples or the model.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "ui" / "samples"
IMAGES = ROOT / "images"
SHELFWATCH = Path(sys.executable).parent / "shelfwatch"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none", "--hide-scrollbars",
)  # fmt: skip
START_SECONDS = 60
MAX_BYTES = 900_000  # each picture; the README loads them


@dataclass(frozen=True)
class Shot:
    """One screenshot: where it goes, how large the window is, which theme, which sample."""

    name: str
    width: int
    height: int
    scale: int
    theme: str
    sample: str
    phone: bool = False


HERO = "cooler"
# Each window gets the sample of its own shape.
SHOTS = (
    Shot("ui", 1440, 900, 2, "dark", sample="cooler"),
    Shot("ui-phone", 390, 844, 2, "light", sample="shelf", phone=True),
)


def main() -> None:
    """Make the boxes, then the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with running_service() as url, sync_playwright() as playwright:
        write_boxes(url)
        named = os.environ.get("SHELFWATCH_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
        browser = playwright.chromium.launch(executable_path=named, args=list(FLAGS))
        for shot in SHOTS:
            file = IMAGES / f"{shot.name}.png"
            file.write_bytes(within_limit(take(browser, url, shot)))
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")
        browser.close()


@contextlib.contextmanager
def running_service() -> Iterator[str]:
    """The service on a free port, with nothing from the environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SHELFWATCH_")}
    process = subprocess.Popen(
        [SHELFWATCH, "serve"],
        env=clean | {"SHELFWATCH_PORT": str(port), "SHELFWATCH_LOG_LEVEL": "warning"},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/health/ready", process)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_SECONDS)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Return when `address` answers 200."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.1)
    raise SystemExit("the service did not become ready")


def write_boxes(url: str) -> None:
    """What the model finds in the picture of the welcome page, in whole pixels."""
    boundary = "shelfwatch-sample"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{HERO}.jpg"\r\n\r\n'
    body = head.encode() + (SAMPLES / f"{HERO}.jpg").read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(f"{url}/predict", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    boxes = [[round(value) for value in detection["box"]] for detection in answer["detections"]]
    file = SAMPLES / f"{HERO}.boxes.json"
    file.write_text(json.dumps({**answer["image"], "boxes": sorted(boxes)}, separators=(",", ":")) + "\n")
    print(f"{file.relative_to(ROOT)}: {len(boxes)} boxes")


def take(browser: Browser, url: str, shot: Shot) -> bytes:
    """The page with the sample counted, at rest."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        device_scale_factor=shot.scale,
        color_scheme=shot.theme,
        reduced_motion="reduce",
        is_mobile=shot.phone,
        has_touch=shot.phone,
    )
    page = context.new_page()
    page.goto(url)
    # The first answer after a start is slower than all that follow; the picture shows one of those.
    for _ in range(3):
        count_sample(page, shot.sample)
    page.evaluate("() => document.activeElement.blur()")
    page.wait_for_timeout(300)
    picture = page.screenshot()
    context.close()
    return picture


def count_sample(page: Page, name: str) -> None:
    """From the welcome page to the result."""
    page.goto(page.url)
    page.locator(f".sample[data-sample={name}]").click()
    page.locator("#result").wait_for(state="visible")


def within_limit(picture: bytes) -> bytes:
    """The PNG; in 256 colours, well chosen and dithered, where it would be too large."""
    if len(picture) <= MAX_BYTES:
        return picture
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (256, 192, 128):
        stored = io.BytesIO()
        image.quantize(colours, Image.Quantize.MEDIANCUT).save(stored, "PNG", optimize=True)
        if stored.tell() <= MAX_BYTES:
            return stored.getvalue()
    stored = io.BytesIO()
    half = image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)
    half.quantize(256, Image.Quantize.MEDIANCUT).save(stored, "PNG", optimize=True)
    return stored.getvalue()


if __name__ == "__main__":
    main()
