"""A real Chromium for the page, and the few gestures tests make in it."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api", reason="the extra `dev` is not installed")

from playwright.sync_api import Browser, Error, Page, Playwright, Request, Response, expect  # noqa: E402

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "ui" / "samples"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}

expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here drive the browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def chromium(running: Playwright) -> Browser:
    """Chromium of the system, of `SHELFWATCH_CHROMIUM`, or the one Playwright brought; else the test is skipped."""
    named = os.environ.get("SHELFWATCH_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    try:
        return running.chromium.launch(executable_path=named, args=list(FLAGS))
    except Error as error:
        if named:
            raise
        pytest.skip(f"no Chromium found (apt-get install chromium, or set SHELFWATCH_CHROMIUM): {error}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as running:
        opened = chromium(running)
        yield opened
        opened.close()


@dataclass
class App:
    """The page as a person meets it."""

    page: Page
    url: str
    predicts: list[Request] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: "/predict" in request.url and self.predicts.append(request))
        self.page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        self.page.on(
            "console",
            lambda message: "Content Security Policy" in message.text and self.faults.append(message.text),
        )

    def open(self) -> App:
        self.page.goto(self.url)
        expect(self.page.locator("#status")).to_have_attribute("data-tone", "good")
        return self

    def drop(self, content: bytes, name: str = "shelf.jpg", kind: str = "image/jpeg") -> None:
        """Drop a file on the page, as a browser does it: over the page, then let go."""
        self.page.evaluate(
            """([content, name, type]) => {
                const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([bytes], name, { type }));
                for (const kind of ["dragenter", "dragover", "drop"]) {
                    const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
                    document.querySelector("main").dispatchEvent(event);
                }
            }""",
            [base64.b64encode(content).decode(), name, kind],
        )

    def drop_and_read(self, content: bytes, **how: Any) -> dict[str, Any]:
        """Drop a photo, wait for the result and return the answer the page got."""
        with self.page.expect_response(lambda response: "/predict" in response.url) as caught:
            self.drop(content, **how)
        return self.answer(caught.value)

    def answer(self, response: Response) -> dict[str, Any]:
        expect(self.page.locator("#result")).to_be_visible()
        return json.loads(response.body())

    @property
    def count(self) -> int:
        """The number as it is read on the page."""
        return int(self.page.locator("#count").inner_text().replace(",", ""))

    def expect_count(self, count: int) -> None:
        expect(self.page.locator("#count")).to_have_text(f"{count:,}")

    def expect_failure(self, slug: str) -> str:
        """Wait for the card of this problem; return its words."""
        card = self.page.locator("#failure")
        expect(card).to_be_visible()
        expect(card).to_have_attribute("data-problem", slug)
        return card.inner_text()

    def set_confidence(self, value: float) -> None:
        self.page.locator("#confidence").fill(str(value))

    def settle(self) -> None:
        """Until what was asked for is painted."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def view(self) -> tuple[float, float, float]:
        """Where the photo lies on the stage: x, y and scale, in CSS pixels."""
        self.settle()
        x, y, scale = (float(part) for part in self.page.locator("#boxes-canvas").get_attribute("data-view").split())
        return x, y, scale

    def pixels(self, canvas: str, points: list[tuple[float, float]], reach: int = 0) -> list[list[list[int]]]:
        """RGBA around each point (CSS pixels of the stage), `reach` device pixels to every side."""
        self.settle()
        return self.page.evaluate(
            """([id, points, reach]) => {
                const canvas = document.getElementById(id);
                const density = canvas.width / canvas.clientWidth;
                const context = canvas.getContext("2d");
                return points.map(([x, y]) => {
                    const [left, top] = [Math.round(x * density) - reach, Math.round(y * density) - reach];
                    const { data } = context.getImageData(left, top, 2 * reach + 1, 2 * reach + 1);
                    const pixels = [];
                    for (let at = 0; at < data.length; at += 4) pixels.push([...data.slice(at, at + 4)]);
                    return pixels;
                });
            }""",
            [canvas, points, reach],
        )


@pytest.fixture
def open_app(browser: Browser, service: Any) -> Iterator[Callable[..., App]]:
    """Open the page in a fresh profile; after the test no script may have failed and no policy been broken."""
    opened: list[App] = []

    def start(url: str = service.url, **options: Any) -> App:
        # Routes of a test see no request that a service worker has taken over.
        still = {"reduced_motion": "reduce", "color_scheme": "light", "service_workers": "block"}
        settings = {"viewport": DESK, **still, **options}
        context = browser.new_context(**settings)
        app = App(context.new_page(), url)
        opened.append(app)
        return app.open()

    yield start
    for app in opened:
        app.page.context.close()
    assert [fault for app in opened for fault in app.faults] == []


@pytest.fixture
def app(open_app: Callable[..., App]) -> App:
    return open_app()


@pytest.fixture(scope="session")
def shelf() -> bytes:
    """The sample shelf, as a file; it stands upright."""
    return (SAMPLES / "shelf.jpg").read_bytes()


@pytest.fixture(scope="session")
def cooler() -> bytes:
    """The sample cooler, wider than high: zoomed in, it fills the stage both ways."""
    return (SAMPLES / "cooler.jpg").read_bytes()


@pytest.fixture(scope="session")
def small_shelf(shelf: bytes) -> bytes:
    """The sample shelf at half its size: quick to count and to load."""
    picture = Image.open(io.BytesIO(shelf))
    stored = io.BytesIO()
    picture.resize((picture.width // 2, picture.height // 2)).save(stored, "JPEG", quality=90)
    return stored.getvalue()
