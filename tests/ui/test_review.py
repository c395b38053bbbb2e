"""Review: boxes put right by hand, by mouse, finger and keys."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from .audits import Desk, axe_faults, record, sideways
from .conftest import DESK, PHONE, App

NEAR = 1.5  # pixels of the photo that a pointer's whole pixels cost


@pytest.fixture
def audit(service: Any, small_shelf: bytes) -> dict[str, Any]:
    return record(service.url, small_shelf)


@pytest.fixture
def desk(app: App, audit: dict[str, Any]) -> Desk:
    return Desk(app, audit).open()


def test_mouse_draws_moves_pulls_and_deletes_and_saving_keeps_it(desk: Desk) -> None:
    before = len(desk.audit["detections"])
    lonely = desk.lonely()
    source = desk.audit["detections"].index(lonely)
    x1, y1, x2, y2 = lonely["box"]

    desk.page.mouse.click(*desk.middle(lonely["box"]))
    assert desk.selected == [pytest.approx(lonely["box"], abs=NEAR)]
    desk.drag(desk.middle(lonely["box"]), desk.at((x1 + x2) / 2 + 12, (y1 + y2) / 2 + 6))
    assert desk.selected == [pytest.approx([x1 + 12, y1 + 6, x2 + 12, y2 + 6], abs=NEAR)]
    assert desk.state == "1 moved"
    desk.drag(desk.at(x2 + 12, y2 + 6), desk.at(x2 + 22, y2 + 20))
    pulled = [x1 + 12, y1 + 6, x2 + 22, y2 + 20]
    assert desk.selected == [pytest.approx(pulled, abs=2 * NEAR)]
    desk.drag(desk.at(x1 + 12, (y1 + y2) / 2), desk.at(x1 + 20, (y1 + y2) / 2))
    pulled[0] += 8
    assert desk.selected == [pytest.approx(pulled, abs=2 * NEAR)]

    x, y = desk.empty_place(30)
    desk.drag(desk.at(x + 3, y + 3), desk.at(x + 27, y + 27))
    drawn = [x + 3, y + 3, x + 27, y + 27]
    assert desk.selected == [pytest.approx(drawn, abs=NEAR)]
    assert desk.state == "1 added, 1 moved"

    other = desk.audit["detections"][0 if source else 1]
    desk.page.mouse.click(*desk.middle(other["box"]))
    desk.press("Delete")
    assert desk.state == "1 added, 1 deleted, 1 moved"

    desk.save()
    saved = desk.saved()
    assert saved["who"] == "Ada"
    assert saved["base"] is None
    assert saved["changes"] == {"added": 1, "removed": 1, "moved": 1, "relabelled": 0}
    assert saved["count"] == len(saved["detections"]) == before
    by_source = {one["source"]: one for one in saved["detections"]}
    assert by_source[source]["box"] == pytest.approx(pulled, abs=2 * NEAR)
    assert by_source[None]["box"] == pytest.approx(drawn, abs=NEAR)
    unchanged = [one for one in saved["detections"] if one["source"] not in (None, source)]
    for one in unchanged:
        assert one["box"] == desk.audit["detections"][one["source"]]["box"]


def test_all_eight_handles_pull(desk: Desk) -> None:
    x1, y1, x2, y2 = desk.lonely()["box"]
    desk.page.mouse.click(*desk.middle([x1, y1, x2, y2]))
    places = {"nw": (x1, y1), "n": ((x1 + x2) / 2, y1), "ne": (x2, y1), "e": (x2, (y1 + y2) / 2),
              "se": (x2, y2), "s": ((x1 + x2) / 2, y2), "sw": (x1, y2), "w": (x1, (y1 + y2) / 2)}  # fmt: skip
    for name, (x, y) in places.items():
        desk.drag(desk.at(x, y), desk.at(x + 9, y + 7))
        expected = [
            x1 + 9 * ("w" in name), y1 + 7 * ("n" in name), x2 + 9 * ("e" in name), y2 + 7 * ("s" in name)
        ]  # fmt: skip
        assert desk.selected == [pytest.approx(expected, abs=NEAR)], name
        desk.press("Control+z")
        assert desk.state == "As the model has it"


def test_several_are_selected_and_worked_on_together(desk: Desk) -> None:
    count = len(desk.audit["detections"])
    first, second = (one["box"] for one in desk.audit["detections"][:2])
    desk.page.mouse.click(*desk.middle(first))
    desk.page.keyboard.down("Shift")
    desk.page.mouse.click(*desk.middle(second))
    desk.page.keyboard.up("Shift")
    assert len(desk.selected) == 2
    desk.press("ArrowRight", "ArrowRight", "ArrowDown")
    assert desk.state == "2 moved"
    desk.press("Control+z")
    assert desk.state == "As the model has it", "presses in a row are one step"
    desk.press("d")
    assert desk.state == "2 added"
    assert len(desk.selected) == 2
    desk.press("Control+c", "Control+v")
    assert desk.state == "4 added"
    desk.press("Delete")
    assert desk.state == "2 added"
    desk.press("Control+z", "Control+z", "Control+z")
    assert desk.state == "As the model has it"

    # A frame around all: with Shift from where nothing is, or with the tool for it.
    size = desk.audit["image"]
    desk.press("s")
    desk.drag(desk.at(-4, -4), desk.at(size["width"] + 4, size["height"] + 4))
    expect(desk.page.locator(".review__about")).to_have_text(f"{count} boxes selected")
    desk.press("Backspace")
    assert desk.state == f"{count} deleted"
    assert desk.seen[1] == 0
    expect(desk.page.locator(".review__nothing")).to_contain_text("Draw one")
    desk.press("Control+z", "Escape", "Escape")
    assert desk.seen[1] == count
    desk.press("Control+a")
    expect(desk.page.locator(".review__about")).to_have_text(f"{count} boxes selected")
    desk.press("Control+y", "Control+z", "Control+Shift+Z")
    assert desk.state == f"{count} deleted"
    desk.press("Control+z", "Escape", "n", "Shift+N", "Shift+N")
    assert len(desk.selected) == 3


def test_by_keyboard_alone_from_the_doubtful_to_saved(desk: Desk) -> None:
    detections = desk.audit["detections"]
    order = sorted(detections, key=lambda one: one["confidence"])
    press = desk.press
    press("n")
    assert desk.selected == [pytest.approx(order[0]["box"], abs=0.2)]
    expect(desk.page.locator("#live")).to_contain_text(f"Box 1 of {len(detections)}")
    press("Enter")
    assert desk.seen[0] == 1
    assert desk.selected == [pytest.approx(order[1]["box"], abs=0.2)]
    press("p")
    assert desk.selected == [pytest.approx(order[0]["box"], abs=0.2)]
    press("n", "Space")
    assert desk.seen[0] == 2
    press("Delete")  # the third: it goes on with the fourth
    assert desk.selected == [pytest.approx(order[3]["box"], abs=0.2)]
    press("Shift+ArrowLeft", "Control+ArrowDown")
    x1, y1, x2, y2 = order[3]["box"]
    shift = min(10, x1)
    assert desk.selected == [pytest.approx([x1 - shift, y1, x2 - shift, y2 + 1], abs=0.2)]
    press("l")
    desk.page.keyboard.type("jar")
    press("Enter")
    press("Shift+A")
    assert desk.state == "1 added, 1 deleted, 1 moved, 1 relabelled"
    press("Control+s")
    desk.page.keyboard.type("Grace")
    press("Enter")
    saved = desk.saved()
    assert saved["who"] == "Grace"
    assert saved["changes"] == {"added": 1, "removed": 1, "moved": 1, "relabelled": 1}
    labels = {one["source"]: one["label"] for one in saved["detections"]}
    assert labels[detections.index(order[3])] == "jar"
    assert detections.index(order[2]) not in labels

    press("?")
    keys = desk.page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    press("n")  # no key of the page works below a dialog
    press("Escape")
    expect(keys).to_be_hidden()
    view = desk.view[2]
    press("+")
    assert desk.view[2] == pytest.approx(1.3 * view)
    press("-", "0")


def test_accepting_all_is_said_and_remembered(desk: Desk) -> None:
    count = desk.seen[1]
    for turn in range(count):
        desk.press("n" if turn == 0 else "Enter")
    desk.press("Enter")
    assert desk.seen == (count, count)
    expect(desk.page.locator(".notice")).to_contain_text("Every box has been seen")
    desk.page.get_by_label("Show", exact=True).select_option("unseen")
    expect(desk.page.locator(".review__nothing")).to_have_text("Every box has been seen.")
    desk.page.reload()
    expect(desk.page.locator(".review__progress-text")).to_have_text(f"{count} of {count} seen")
    expect(desk.page.locator("dialog")).to_have_count(0)


def test_list_shows_the_doubtful_first_and_filters(desk: Desk) -> None:
    detections = desk.audit["detections"]
    least = min(one["confidence"] for one in detections)
    lines = desk.page.locator(".review-list__line")
    shown = float(lines.first.locator(".review-list__detail").inner_text().rstrip("%")) / 100
    assert shown == pytest.approx(least, abs=0.0006)
    assert lines.count() < 60, "only the lines in sight are in the page"
    lines.nth(2).click()
    order = sorted(detections, key=lambda one: one["confidence"])
    assert desk.selected == [pytest.approx(order[2]["box"], abs=0.2)]
    desk.press("1")
    assert desk.state == "As the model has it", "it has that label already"
    desk.press("l")
    desk.page.get_by_label("What it is").fill("price tag")
    desk.press("Enter")
    desk.page.get_by_label("Show", exact=True).select_option("label:price tag")
    expect(lines).to_have_count(1)
    desk.page.get_by_label("Show", exact=True).select_option("changed")
    expect(lines).to_have_count(1)
    desk.page.locator(".review-list").focus()
    desk.page.get_by_label("Show", exact=True).select_option("")
    desk.page.locator(".review-list").focus()
    desk.press("Home", "ArrowDown")
    assert desk.selected == [pytest.approx(order[1]["box"], abs=0.2)]
    active = desk.page.locator(".review-list").get_attribute("aria-activedescendant")
    expect(desk.page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")


def test_fingers_at_the_narrowest_phone(open_app: Any, audit: dict[str, Any]) -> None:
    app = open_app(viewport=PHONE, has_touch=True, is_mobile=True)
    desk = Desk(app, audit).open()
    assert sideways(app.page) == 0
    for button in app.page.locator(".tools button").all():
        place = button.bounding_box()
        assert place
        assert min(place["width"], place["height"]) >= 44
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= PHONE["width"]
    lonely = desk.lonely()["box"]
    app.page.touchscreen.tap(*desk.middle(lonely))
    assert desk.selected == [pytest.approx(lonely, abs=NEAR)]

    stage = app.page.locator(".review__stage").bounding_box()
    assert stage
    x, y = desk.middle(lonely)
    scale = desk.view[2]
    fingers = app.page.context.new_cdp_session(app.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": left, "y": top, "id": index} for index, (left, top) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (x, y))
    for step in range(2, 17, 2):
        touch("touchMove", (x + step, y))
    touch("touchEnd")
    assert desk.state == "1 moved"
    x1, y1, x2, y2 = lonely
    assert desk.selected == [pytest.approx([x1 + 16 / scale, y1, x2 + 16 / scale, y2], abs=NEAR)]
    app.page.locator(".tools").get_by_role("button", name="Undo").tap()
    assert desk.state == "As the model has it"

    # The second finger takes back what the first one began: two fingers are the view's.
    touch("touchStart", (x, y))
    touch("touchMove", (x + 12, y))
    touch("touchStart", (x + 12, y), (x + 60, y))
    for step in range(5, 61, 5):
        touch("touchMove", (x + 12 - step / 2, y), (x + 60 + step / 2, y))
    touch("touchEnd")
    assert desk.state == "As the model has it"
    assert desk.view[2] > 1.5 * scale
    assert app.page.evaluate("() => visualViewport.scale") == 1, "the photo is zoomed, not the page"

    app.page.locator(".tools").get_by_role("button", name="Add boxes").tap()
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    touch("touchStart", (x, y))
    for step in range(5, 41, 5):
        touch("touchMove", (x + step, y + step))
    touch("touchEnd")
    assert desk.state == "1 added"
    app.page.get_by_role("button", name="Accept").tap()
    app.page.locator(".tools").get_by_role("button", name="Label").tap()
    expect(app.page.get_by_role("dialog", name="Label")).to_be_visible()
    assert sideways(app.page) == 0
    app.page.get_by_role("button", name="Cancel").tap()
    desk.save("Linus")
    assert desk.saved()["changes"]["added"] == 1


def test_a_large_photo_with_many_boxes_draws_only_what_changes(desk: Desk, service: Any, small_shelf: bytes) -> None:
    """Twelve megapixels and 400 boxes: while one is dragged, the others are not drawn again."""
    large = io.BytesIO()
    Image.open(io.BytesIO(small_shelf)).resize((4000, 3000)).save(large, "JPEG", quality=80)
    audit = record(service.url, large.getvalue())
    for index in range(400 - len(audit["detections"])):
        x, y = 20 + index % 25 * 155, 20 + index // 25 * 180
        audit["detections"].append(audit["detections"][0] | {"confidence": 0.9, "box": [x, y, x + 90, y + 120]})
    desk.page.route(f"**/audits/{audit['id']}", lambda route: route.fulfill(json=audit))
    desk = Desk(desk.app, audit).open()
    assert desk.seen[1] == 400
    assert desk.page.locator(".page--review *").count() < 700
    desk.page.evaluate(
        """() => {
            window.cleared = [0, 0, 0];
            const canvases = [...document.querySelectorAll(".review__stage canvas")];
            const clear = CanvasRenderingContext2D.prototype.clearRect;
            CanvasRenderingContext2D.prototype.clearRect = function (...box) {
                const at = canvases.indexOf(this.canvas);
                if (at >= 0) window.cleared[at] += 1;
                return clear.apply(this, box);
            };
        }"""
    )
    start = desk.middle(audit["detections"][-1]["box"])
    desk.page.mouse.move(*start)
    desk.page.mouse.down()
    for step in range(1, 21):
        desk.page.mouse.move(start[0] + 2 * step, start[1] + step)
        desk.app.settle()
    desk.page.mouse.up()
    desk.app.settle()
    photo, boxes, hand = desk.page.evaluate("() => window.cleared")
    assert photo == 0
    assert boxes <= 3
    assert hand >= 20
    assert desk.state == "1 moved"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everyone_can_use_it(open_app: Any, audit: dict[str, Any], scheme: str, size: dict[str, int]) -> None:
    app = open_app(color_scheme=scheme, viewport=size)
    desk = Desk(app, audit).open()
    desk.press("n", "ArrowRight")
    assert axe_faults(app.page) == []
    assert sideways(app.page) == 0
    desk.press("?")
    assert axe_faults(app.page) == []
    desk.press("Escape", "l")
    assert axe_faults(app.page) == []
