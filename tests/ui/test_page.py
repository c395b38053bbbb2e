"""The page for everyone: themes, phones, keyboards, screen readers, words."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from .conftest import AXE, DESK, PHONE, ROOT, App

MOST_BYTES = 150_000  # of all scripts and styles together, compressed as they are sent


def background(app: App) -> str:
    return app.page.evaluate("() => getComputedStyle(document.body).backgroundColor")


def test_theme_follows_the_system_until_it_is_chosen(open_app: Any) -> None:
    app = open_app(color_scheme="dark")
    page = app.page.locator("html")
    expect(page).to_have_attribute("data-theme", "dark")
    dark = background(app)
    app.page.emulate_media(color_scheme="light")
    expect(page).to_have_attribute("data-theme", "light")
    light = background(app)
    assert dark != light
    app.page.get_by_role("button", name="Switch to the dark theme").click()
    assert background(app) == dark
    app.open()
    assert background(app) == dark, "the choice is kept"
    app.page.get_by_role("button", name="Switch to the light theme").click()
    assert background(app) == light


def test_phone_has_no_sideways_scroll_and_the_camera_under_the_thumb(open_app: Any, shelf: bytes) -> None:
    app = open_app(viewport=PHONE, has_touch=True, is_mobile=True)

    def sideways() -> int:
        return app.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")

    assert sideways() == 0
    camera = app.page.locator(".shoot")
    place = camera.bounding_box()
    assert place["y"] > PHONE["height"] * 0.7
    assert place["y"] + place["height"] <= PHONE["height"]
    assert place["height"] >= 44
    assert app.page.locator("#camera-input").get_attribute("capture") == "environment"
    with app.page.expect_file_chooser() as caught:
        camera.click()
    caught.value.set_files({"name": "a-very-long-name-" * 12 + ".jpg", "mimeType": "image/jpeg", "buffer": shelf})
    expect(app.page.locator("#result")).to_be_visible()
    assert sideways() == 0
    number = app.page.locator("#count").bounding_box()
    assert number["y"] + number["height"] < place["y"], "the count is in sight without scrolling"
    app.page.locator("#json summary").click()
    assert sideways() == 0
    app.drop(b"no photo" * 50)
    app.expect_failure("unsupported-format")
    assert sideways() == 0


def test_tap_picks_a_box_and_two_taps_zoom(open_app: Any, shelf: bytes) -> None:
    app = open_app(viewport=PHONE, has_touch=True, is_mobile=True)
    answer = app.drop_and_read(shelf)
    x, y, scale = app.view
    x1, y1, x2, y2 = answer["detections"][0]["box"]
    place = app.page.locator("#stage").bounding_box()
    at = (place["x"] + x + (x1 + x2) / 2 * scale, place["y"] + y + (y1 + y2) / 2 * scale)
    app.page.touchscreen.tap(*at)
    expect(app.page.locator("#tip")).to_be_visible()
    app.page.wait_for_timeout(400)  # longer than a double tap
    app.page.touchscreen.tap(*at)
    app.page.touchscreen.tap(*at)
    app.page.wait_for_function(
        "(s) => +document.getElementById('boxes-canvas').dataset.view.split(' ')[2] > 2 * s", arg=scale
    )


def test_pinch_zooms_and_leaves_what_is_between_the_fingers(app: App, cooler: bytes) -> None:
    app.drop_and_read(cooler)
    x, _, scale = app.view
    app.page.evaluate(
        """() => {
            const stage = document.getElementById("stage");
            stage.setPointerCapture = () => {};
            const { left, top } = stage.getBoundingClientRect();
            const send = (kind, pointerId, x, y) => stage.dispatchEvent(new PointerEvent(kind, {
                pointerId, pointerType: "touch", clientX: left + x, clientY: top + y, bubbles: true, button: 0 }));
            send("pointerdown", 1, 300, 300);
            send("pointerdown", 2, 400, 300);
            for (let step = 5; step <= 50; step += 5) {
                send("pointermove", 1, 300 - step, 300);
                send("pointermove", 2, 400 + step, 300);
            }
            send("pointerup", 1, 250, 300);
            send("pointerup", 2, 450, 300);
        }"""
    )
    app.page.wait_for_function(
        "(s) => +document.getElementById('boxes-canvas').dataset.view.split(' ')[2] > s", arg=scale
    )
    new_x, _, new_scale = app.view
    assert new_scale == pytest.approx(2 * scale, rel=0.02)
    assert new_x + (350 - x) / scale * new_scale == pytest.approx(350, abs=3)


def test_keyboard_alone_from_load_to_result(app: App) -> None:
    press = app.page.keyboard.press

    def tab_to(selector: str) -> None:
        for _ in range(40):
            press("Tab")
            if app.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    press("Tab")
    expect(app.page.locator(".skip-link")).to_be_focused()
    tab_to("[data-sample=shelf]")
    press("Enter")
    expect(app.page.locator("#result")).to_be_visible()
    expect(app.page.locator("#count-heading")).to_be_focused()
    before = app.count
    tab_to("#confidence")
    for _ in range(15):
        press("ArrowRight")
    assert app.count < before
    tab_to("#json summary")
    press("Enter")
    expect(app.page.locator("#json-view")).to_contain_text("detections")
    app.page.keyboard.press("Shift+Tab")
    app.page.locator("#stage").focus()
    press("n")
    expect(app.page.locator("#tip")).to_be_visible()
    expect(app.page.locator("#live")).to_contain_text("Box 1 of")
    press("p")
    expect(app.page.locator("#live")).to_contain_text(f"Box {app.count} of")
    press("Escape")
    expect(app.page.locator("#tip")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(open_app: Any, shelf: bytes, theme: str, viewport: dict[str, int]) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci)")
    app = open_app(color_scheme=theme, viewport=viewport)
    app.page.evaluate(AXE.read_text())

    def violations() -> list[str]:
        found = app.page.evaluate("async () => (await axe.run(document)).violations")
        return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]

    assert violations() == []
    app.drop_and_read(shelf)
    app.page.locator("#json summary").click()
    app.set_confidence(0.6)
    assert violations() == []
    app.drop(b"no photo" * 50)
    app.expect_failure("unsupported-format")
    assert violations() == []


def test_words_in_the_html_are_those_of_the_texts(app: App) -> None:
    """index.html carries the first paint's words; words/en.js is their source."""
    faults = app.page.evaluate(
        """async () => {
            const { texts } = await import("/static/js/texts.js");
            const html = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
            const faults = [];
            const readers = {
                text: (node) => node.textContent,
                label: (node) => node.getAttribute("aria-label"),
                alt: (node) => node.alt,
            };
            for (const [kind, read] of Object.entries(readers)) {
                for (const node of html.querySelectorAll(`[data-${kind}]`)) {
                    const key = node.getAttribute(`data-${kind}`);
                    if (texts[key] !== read(node)) faults.push(`${key}: ${read(node)}`);
                }
            }
            return faults;
        }"""
    )
    assert faults == []


def test_nothing_comes_from_elsewhere(open_app: Any, service: Any, shelf: bytes) -> None:
    app = open_app()
    asked: list[str] = []
    app.page.on("request", lambda request: asked.append(request.url))
    app.open()
    app.drop_and_read(shelf)
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith((service.url, "blob:", "data:"))] == []


def test_scripts_and_styles_stay_small(service: Any) -> None:
    files = [file for file in (ROOT / "ui").rglob("*") if file.suffix in {".js", ".css"} and file.name != "sw.js"]
    assert len(files) > 60
    with httpx.Client(base_url=service.url) as client:
        sent = sum(
            int(client.get(f"/static/{file.relative_to(ROOT / 'ui').as_posix()}").headers["content-length"])
            for file in files
        )
    assert sent < MOST_BYTES
