"""Real audits for the pages that show them, and a hand on the review's stage."""

from __future__ import annotations

import io
import json
import secrets
from dataclasses import dataclass
from typing import Any

import httpx
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from .conftest import AXE, App


def record(url: str, photo: bytes, **fields: str) -> dict[str, Any]:
    """Record an audit, of a store of its own unless one is named."""
    names = {"store": f"Store {secrets.token_hex(4)}", "bay": "Cereal", **fields}
    answer = httpx.post(f"{url}/audits?model=fast", files={"image": photo}, data=names, timeout=60)
    return answer.raise_for_status().json()


def emptied(photo: bytes, boxes: list[list[float]]) -> bytes:
    """The photo with these boxes painted over, as if sold."""
    picture = Image.open(io.BytesIO(photo)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for box in boxes:
        pen.rectangle(box, fill=(18, 20, 19))
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=88)
    return stored.getvalue()


def go(app: App, address: str) -> None:
    app.page.evaluate("(address) => { location.hash = address; }", address)


def axe_faults(page: Page) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    result = page.evaluate("async () => await axe.run(document, { resultTypes: ['violations'] })")
    return [f"{one['id']}: {node['html'][:160]}" for one in result["violations"] for node in one["nodes"]]


def sideways(page: Page) -> int:
    return int(page.evaluate("() => document.documentElement.scrollWidth - innerWidth"))


@dataclass
class Desk:
    """The review of one audit, as a person works on it."""

    app: App
    audit: dict[str, Any]

    @property
    def page(self) -> Page:
        return self.app.page

    def open(self) -> Desk:
        go(self.app, f"#/audits/{self.audit['id']}/review")
        expect(self.page.locator(".review__stage")).to_be_visible()
        expect(self.page.locator(".stage__note").last).to_be_hidden()
        return self

    @property
    def view(self) -> tuple[float, float, float]:
        self.app.settle()
        place = self.page.locator(".review__stage").bounding_box()
        shown = self.page.locator(".review__stage canvas").nth(1).get_attribute("data-view")
        assert place
        assert shown
        x, y, scale = map(float, shown.split())
        return place["x"] + x, place["y"] + y, scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the photo is in the window."""
        left, top, scale = self.view
        return left + x * scale, top + y * scale

    def middle(self, box: list[float]) -> tuple[float, float]:
        return self.at((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
        mouse.move(*end, steps=3)
        mouse.up()
        self.app.settle()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.app.settle()

    @property
    def state(self) -> str:
        self.app.settle()
        return self.page.locator(".review__state").inner_text()

    @property
    def seen(self) -> tuple[int, int]:
        self.app.settle()
        seen, _, count, _ = self.page.locator(".review__progress-text").inner_text().split()
        return int(seen), int(count)

    @property
    def selected(self) -> list[list[float]]:
        """Boxes that are selected, in pixels of the photo."""
        left, top, scale = self.view
        place = self.page.locator(".review__stage").bounding_box()
        canvas = self.page.locator(".review__stage canvas").nth(2)
        boxes = json.loads(canvas.get_attribute("data-boxes") or "[]")
        assert place
        assert isinstance(boxes, list)
        x, y = left - place["x"], top - place["y"]
        return [[(x1 - x) / scale, (y1 - y) / scale, (x2 - x) / scale, (y2 - y) / scale] for x1, y1, x2, y2 in boxes]

    @property
    def draft(self) -> dict[str, Any]:
        """What this device keeps of the work."""
        kept = self.page.evaluate("(id) => localStorage.getItem(`shelfwatch-review-${id}`)", self.audit["id"])
        return json.loads(kept or "{}")

    def save(self, who: str = "Ada") -> None:
        self.page.get_by_role("button", name="Save", exact=True).click()
        name = self.page.get_by_label("Your name")
        if name.is_visible():
            name.fill(who)
            self.page.get_by_role("button", name="Go on").click()

    def saved(self) -> dict[str, Any]:
        """The newest correction, once the page says that all is saved."""
        expect(self.page.locator(".review__state")).to_have_text("All saved")
        return httpx.get(f"{self.app.url}/audits/{self.audit['id']}/corrections/latest").raise_for_status().json()

    def lonely(self, reach: float = 2) -> dict[str, Any]:
        """A detection that no other one touches, so that a press in its middle can mean only it."""
        boxes = [one["box"] for one in self.audit["detections"]]

        def apart(a: list[float], b: list[float]) -> bool:
            return a[2] + reach < b[0] or b[2] + reach < a[0] or a[3] + reach < b[1] or b[3] + reach < a[1]

        for one in self.audit["detections"]:
            wide, high = one["box"][2] - one["box"][0], one["box"][3] - one["box"][1]
            if min(wide, high) > 40 and all(other is one["box"] or apart(one["box"], other) for other in boxes):
                return one
        raise AssertionError("every product touches another one")

    def empty_place(self, side: float) -> tuple[float, float]:
        """The top left corner of a square of the photo without a box."""
        boxes = [one["box"] for one in self.audit["detections"]]
        size = self.audit["image"]
        for y in range(10, int(size["height"] - side - 10), 10):
            for x in range(10, int(size["width"] - side - 10), 10):
                if all(x + side < b[0] or b[2] < x or y + side < b[1] or b[3] < y for b in boxes):
                    return x, y
        raise AssertionError("the shelf is full")
