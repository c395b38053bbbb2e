"""From photos to audits: several at once, saved, kept while there is no network, and never made twice."""

from __future__ import annotations

import base64
import io
import json
import re
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from .conftest import AXE, DESK, PHONE, SAMPLES, App

AUDITS = re.compile(r"/audits\?")  # where they are posted to
SIZES = pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture
def small(shelf: bytes) -> bytes:
    """The sample shelf, small enough to be counted in no time."""
    out = io.BytesIO()
    Image.open(io.BytesIO(shelf)).resize((600, 800)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A store of this test's own, and a bay."""
    return f"Store of {request.node.name}"[:200], "Bay 1"


def audits(service: Any, place: tuple[str, str]) -> list[dict[str, Any]]:
    query = {"store": place[0], "bay": place[1]}
    return httpx.get(f"{service.url}/audits", params=query).raise_for_status().json()["items"]


def drop_all(app: App, photos: list[tuple[str, bytes]]) -> None:
    """Drop several files at once."""
    app.page.evaluate(
        """(files) => {
            const dataTransfer = new DataTransfer();
            for (const [name, content] of files) {
                const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
                dataTransfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
            }
            const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
            document.querySelector("main").dispatchEvent(event);
        }""",
        [[name, base64.b64encode(content).decode()] for name, content in photos],
    )


def save(app: App, place: tuple[str, str], button: str = "#save") -> None:
    """Save what is on the page as audits of `place`."""
    app.page.locator(button).click()
    app.page.locator("#save-store").fill(place[0])
    app.page.locator("#save-bay").fill(place[1])
    app.page.locator("#save-now").click()
    expect(app.page.locator("#save-dialog")).to_have_count(0)


@SIZES
def test_a_photo_is_seen_and_saved(open_app: Any, service: Any, small: bytes, place: Any, viewport: Any) -> None:
    app = open_app(viewport=viewport)
    answer = app.drop_and_read(small)
    expect(app.page.locator("#shelf-block")).to_contain_text("Fill rate")
    save(app, place)
    expect(app.page.locator(".notice")).to_contain_text(place[0])
    expect(app.page.locator("#save")).to_be_disabled()
    (audit,) = audits(service, place)
    (threshold,) = (
        model["operating_threshold"]
        for model in httpx.get(f"{service.url}/health").json()["models"]
        if model["name"] == answer["model"]["name"]
    )
    usual = [found for found in answer["detections"] if found["confidence"] >= threshold]
    assert audit["count"] == len(usual) == app.count
    assert audit["report"]["facings"] == answer["report"]["facings"]
    app.page.locator(".notice__action").click()
    expect(app.page).to_have_url(f"{service.url}/#/audits/{audit['id']}")
    # The next photo needs no typing: the place is remembered.
    app.page.goto(f"{service.url}/#/")
    app.drop_and_read(small)
    app.page.locator("#save").click()
    expect(app.page.locator("#save-store")).to_have_value(place[0])
    expect(app.page.locator("#save-now")).to_be_focused()
    app.page.keyboard.press("Enter")
    expect(app.page.locator("#save")).to_be_disabled()
    app.page.wait_for_function("() => document.querySelector('#waiting-button').hidden")
    assert len(audits(service, place)) == 2


@SIZES
def test_several_photos_are_counted_one_after_the_other(
    open_app: Any, service: Any, shelf: bytes, small: bytes, place: Any, viewport: Any
) -> None:
    app = open_app(viewport=viewport)
    drop_all(app, [("first.jpg", shelf), ("second.jpg", small), ("broken.jpg", b"no photo" * 50), ("last.jpg", small)])
    expect(app.page.locator("#strip-progress")).to_have_text("4 of 4 counted")
    states = app.page.locator(".shot").evaluate_all("(shots) => shots.map((shot) => shot.dataset.state)")
    assert states == ["done", "done", "failed", "done"]
    first = app.count
    app.page.get_by_role("button", name="Photo 2").click()
    expect(app.page.locator("#file-name")).to_have_text("second.jpg")
    expect(app.page.locator("#result")).to_be_visible()
    assert len(app.predicts) == 4, "an answer is not asked for twice"
    app.page.get_by_role("button", name="Photo 3").click()
    app.expect_failure("unsupported-format")
    app.page.get_by_role("button", name="Take broken.jpg away").click()
    expect(app.page.locator(".shot")).to_have_count(3)
    app.page.get_by_role("button", name="Photo 1").click()
    expect(app.page.locator("#count")).to_have_text(str(first))
    save(app, place)
    expect(app.page.locator(".notice")).to_contain_text("3 audits")
    assert len(audits(service, place)) == 3
    assert app.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


@SIZES
def test_shot_without_a_network_is_sent_once_when_it_is_back(
    open_app: Any, service: Any, small: bytes, place: Any, viewport: Any
) -> None:
    app = open_app(viewport=viewport, service_workers="allow")
    app.page.evaluate("() => navigator.serviceWorker.ready")
    app.page.wait_for_function("() => caches.keys().then((names) => names.length === 1)")
    context = app.page.context
    context.set_offline(True)
    app.drop(small)
    app.expect_failure("network")
    save(app, place, "#save-later")
    expect(app.page.locator("#waiting-button")).to_have_text("1 to send")
    # The phone is put away and taken out again: page and photo are still there, without a network.
    app.page.reload()
    expect(app.page.locator("#welcome-title")).to_be_visible()
    expect(app.page.locator("#waiting-button")).to_have_text("1 to send")
    assert audits(service, place) == []
    context.set_offline(False)
    expect(app.page.locator("#waiting-button")).to_be_hidden()
    app.page.reload()
    expect(app.page.locator("#waiting-button")).to_be_hidden()
    assert len(audits(service, place)) == 1


def test_an_answer_that_gets_lost_makes_no_second_audit(open_app: Any, service: Any, small: bytes, place: Any) -> None:
    app = open_app()
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)  # the service has it
        route.abort("connectionreset")

    app.page.route(AUDITS, lose)
    app.drop_and_read(small)
    with app.page.expect_event("requestfailed"):
        save(app, place)
    expect(app.page.locator("#waiting-button")).to_have_text("1 to send")
    assert lost == [201]
    assert len(audits(service, place)) == 1
    app.page.locator("#waiting-button").click()
    app.page.get_by_role("button", name="Send now").click()
    expect(app.page.locator("#waiting-button")).to_be_hidden()
    assert len(audits(service, place)) == 1


@pytest.mark.parametrize(
    ("status", "slug", "title"),
    [
        (503, "overloaded", "The service is busy"),
        (503, "storage-unavailable", "Audits cannot be kept right now"),
        (507, "storage-full", "There is no room left for audits"),
        (401, "unauthorized", "This service asks for a key"),
    ],
)
def test_what_cannot_be_kept_now_waits_and_says_why(
    open_app: Any, service: Any, small: bytes, place: Any, status: int, slug: str, title: str
) -> None:
    app = open_app()
    problem = {"type": f"/problems/{slug}", "title": "No", "status": status, "detail": "Not now."}

    def refuse(route: Route) -> None:
        headers = {"Content-Type": "application/problem+json", "Retry-After": "60"}
        route.fulfill(status=status, headers=headers, body=json.dumps(problem))

    app.page.route(AUDITS, refuse)
    app.drop_and_read(small)
    save(app, place)
    app.page.locator("#waiting-button").click()
    expect(app.page.locator(".parcel__problem")).to_have_text(title)
    app.page.locator("#waiting-dialog").get_by_role("button", name="Do not send").click()
    expect(app.page.locator("#waiting-button")).to_be_hidden()
    app.page.get_by_role("button", name="Undo").click()
    expect(app.page.locator("#waiting-button")).to_have_text("1 to send")
    app.page.unroute(AUDITS)
    app.page.locator("#waiting-button").click()
    app.page.get_by_role("button", name="Send now").click()
    expect(app.page.locator("#waiting-button")).to_be_hidden()
    assert len(audits(service, place)) == 1


def test_two_tabs_send_one_audit(open_app: Any, service: Any, small: bytes, place: Any) -> None:
    app = open_app()
    app.page.context.set_offline(True)
    app.drop(small)
    app.expect_failure("network")
    save(app, place, "#save-later")
    app.page.context.set_offline(False)
    other = app.page.context.new_page()
    other.goto(service.url)
    for page in (app.page, other):
        expect(page.locator("#waiting-button")).to_be_hidden()
    assert len(audits(service, place)) == 1


def test_boxes_as_csv_and_coco(app: App, shelf: bytes) -> None:
    app.drop_and_read(shelf)
    with app.page.expect_download() as caught:
        app.page.locator("#download-csv").click()
    lines = caught.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "label,confidence,x1,y1,x2,y2,row,position,level"
    assert len(lines) == app.count + 1
    assert {line.split(",")[6] for line in lines[1:]} == {"0", "1", "2", "3", "4"}
    with app.page.expect_download() as caught:
        app.page.locator("#download-coco").click()
    data = json.loads(caught.value.path().read_text())
    assert len(data["annotations"]) == app.count
    assert data["images"][0]["width"] == Image.open(SAMPLES / "shelf.jpg").width
    # Excel takes a label for a formula unless something stands before it.
    text = app.page.evaluate(
        """async () => {
            const { csv } = await import("/static/js/tables.js");
            return csv([{ label: '=1+1,"x"', class_id: 0, confidence: 1, box: [0, 0, 1, 1] }]).text();
        }"""
    )
    assert '"\'=1+1,""x"""' in text


def test_gaps_and_colours_on_the_stage(app: App, shelf: bytes) -> None:
    answer = app.drop_and_read(shelf)
    x, y, scale = app.view
    gap = max(answer["report"]["gaps"], key=lambda one: one["width_facings"])
    middle = [(x + (gap["box"][0] + gap["box"][2]) / 2 * scale, y + (gap["box"][1] + gap["box"][3]) / 2 * scale)]

    def hatched() -> bool:
        (pixels,) = app.pixels("boxes-canvas", middle, reach=12)
        return len({tuple(pixel) for pixel in pixels}) > 3

    assert hatched()
    app.page.locator("#show-gaps").uncheck()
    assert not hatched()
    app.page.locator("#show-gaps").check()
    shown = "[...document.querySelectorAll('#boxes-canvas')][0].toDataURL()"
    plain = app.page.evaluate(shown)
    app.page.get_by_role("radio", name="Row").check()
    app.settle()
    assert app.page.evaluate(shown) != plain


@pytest.mark.parametrize("theme", ["light", "dark"])
@SIZES
def test_axe_finds_nothing_while_saving(open_app: Any, small: bytes, place: Any, theme: str, viewport: Any) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci)")
    app = open_app(color_scheme=theme, viewport=viewport)
    app.page.evaluate(AXE.read_text())

    def violations() -> list[str]:
        found = app.page.evaluate("async () => (await axe.run(document)).violations")
        return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]

    drop_all(app, [("first.jpg", small), ("second.jpg", small)])
    expect(app.page.locator("#strip-progress")).to_have_text("2 of 2 counted")
    app.page.locator(".shelf__summary").click()
    assert violations() == []
    app.page.locator("#save").click()
    assert violations() == []
    app.page.keyboard.press("Escape")
    app.page.context.set_offline(True)
    save(app, place)
    app.page.locator("#waiting-button").click()
    assert violations() == []
