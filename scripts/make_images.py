"""Write the screenshots in `images/` and the boxes of the welcome picture, from the real service in a real Chromium.

`ui/samples/cooler.boxes.json` is what the packaged model finds in the picture of the welcome page, which draws it
without asking the service. Run this again after a change of the page, the samples or the model.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from running import running_service

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "ui" / "samples"
IMAGES = ROOT / "images"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none", "--hide-scrollbars",
)  # fmt: skip
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


@dataclass(frozen=True)
class AppShot:
    """A page of the app over a week of audits: its address, the window, the theme, and what to wait for."""

    name: str
    address: str
    wait: str
    width: int = 1280
    height: int = 800
    theme: str = "light"
    phone: bool = False


HERO = "cooler"
STORE = "Berlin Alexanderplatz"
BAY = "Cereal"
# The last shot's address is completed with the two newest audits of the bay.
APP_SHOTS = (
    AppShot("app-stores", "#/stores", ".bay-card__picture[src]"),
    AppShot("app-bay", f"#/stores/{STORE}/{BAY}", ".trend__canvas[data-points]", theme="dark"),
    AppShot("app-todo", "#/todo", "[data-task] img[src]", 390, 844, phone=True),
    AppShot("app-status", "#/status", ".metric", 390, 844, "dark", phone=True),
    AppShot("app-compare", "#/compare/{}/{}", ".wipe__canvas[data-view]"),
    AppShot("app-review", "#/audits/{}/review", "#page canvas"),
)
# Each window gets the sample of its own shape.
SHOTS = (
    Shot("ui", 1440, 900, 2, "dark", sample="cooler"),
    Shot("ui-phone", 390, 844, 2, "light", sample="shelf", phone=True),
)


def main() -> None:
    """Make the boxes, then the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with running_service() as client, sync_playwright() as playwright:
        write_boxes(client)
        named = os.environ.get("SHELFWATCH_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
        browser = playwright.chromium.launch(executable_path=named, args=list(FLAGS))
        for shot in SHOTS:
            file = IMAGES / f"{shot.name}.png"
            file.write_bytes(within_limit(take(browser, str(client.base_url), shot)))
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")
        newest = fill(client)
        for app_shot in APP_SHOTS:
            file = IMAGES / f"{app_shot.name}.png"
            file.write_bytes(within_limit(take_page(browser, str(client.base_url), app_shot, newest)))
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")
        browser.close()


def write_boxes(client: httpx.Client) -> None:
    """What the model finds in the picture of the welcome page, in whole pixels."""
    response = client.post("/predict", files={"image": (SAMPLES / f"{HERO}.jpg").read_bytes()})
    answer = response.raise_for_status().json()
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


def fill(client: httpx.Client) -> list[str]:
    """A week of two stores, whose shelves are the samples with products painted over; the newest audits of `BAY`."""
    chance = random.Random(1)
    bays = {STORE: {BAY: "shelf", "Cooler 1": "cooler"}, "Hamburg Hafencity": {"Pantry": "shelf", "Cooler": "cooler"}}
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for store, places in bays.items():
        for late, (bay, sample) in enumerate(places.items()):
            photo = Image.open(SAMPLES / f"{sample}.jpg").convert("RGB")
            answer = client.post(
                "/predict?model=fast", files={"image": (SAMPLES / f"{sample}.jpg").read_bytes()}
            ).json()
            boxes = [found["box"] for found in answer["detections"]]
            for day in range(7):
                shelf = photo.copy()
                pen = ImageDraw.Draw(shelf)
                for box in chance.sample(boxes, round(len(boxes) * (0.02 + 0.05 * ((day + late) % 4)))):
                    pen.rectangle(box, fill=(18, 20, 19))
                left, top = chance.randrange(24), chance.randrange(16)
                shelf = shelf.crop((left, top, shelf.width - 24 + left, shelf.height - 16 + top))
                stored = io.BytesIO()
                shelf.save(stored, "JPEG", quality=90)
                taken = now - timedelta(days=6 - day, hours=1 + late)
                fields = {"store": store, "bay": bay, "taken_at": taken.isoformat()}
                client.post("/audits", files={"image": stored.getvalue()}, data=fields).raise_for_status()
            limits = {"expected_facings": len(boxes), "min_fill_rate": 0.85, "max_gaps": 6, "alert_after": 1}
            client.put(f"/stores/{quote(store)}/bays/{quote(bay)}", json=limits).raise_for_status()
    found = client.get("/audits", params={"store": STORE, "bay": BAY, "limit": 2}).json()["items"]
    return [audit["id"] for audit in found]


def take_page(browser: Browser, url: str, shot: AppShot, newest: list[str]) -> bytes:
    """One page of the app, at rest."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        device_scale_factor=2,
        color_scheme=shot.theme,
        reduced_motion="reduce",
        is_mobile=shot.phone,
        has_touch=shot.phone,
    )
    page = context.new_page()
    page.goto(f"{url}/{shot.address.format(*newest)}")
    page.locator(shot.wait).first.wait_for(state="visible")
    page.wait_for_timeout(6000 if shot.name == "app-status" else 1500)
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
