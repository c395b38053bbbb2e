"""What the tests of the working pages share: audits to work on, and what must hold of every page."""

from __future__ import annotations

import io
from collections.abc import Sequence

import httpx
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from .conftest import AXE, App

SMALLEST_TOUCH = 44  # CSS pixels


def violations(app: App) -> list[str]:
    """What axe-core finds on the page as it is now."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci)")
    if not app.page.evaluate("() => 'axe' in window"):
        app.page.evaluate(AXE.read_text())
    found = app.page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def sideways(app: App) -> int:
    """CSS pixels by which the page is wider than the window."""
    return app.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")


def visit(app: App, address: str) -> None:
    """Go to an address behind the `#` and wait for its heading."""
    app.page.evaluate("(address) => { location.hash = address; }", address)
    expect(app.page.locator("#page h1")).to_be_visible()


def tab_to(app: App, selector: str, most: int = 80) -> None:
    """Press Tab until what the selector names has the focus."""
    for _ in range(most):
        app.page.keyboard.press("Tab")
        if app.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def thin_out(photo: bytes, boxes: Sequence[Sequence[float]]) -> bytes:
    """The photo with these boxes taken off the shelf."""
    image = Image.open(io.BytesIO(photo)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for box in boxes:
        draw.rectangle(tuple(box), fill=(18, 20, 19))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()


def record(url: str, photo: bytes, store: str, bay: str) -> dict[str, object]:
    """An audit by the fast model."""
    answer = httpx.post(
        f"{url}/audits?model=fast", files={"image": photo}, data={"store": store, "bay": bay}, timeout=60
    )
    return answer.raise_for_status().json()
