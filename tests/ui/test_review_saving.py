"""Review: what is saved, what is kept unsaved, and two people at once; nothing is lost."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from .audits import Desk, go, record
from .conftest import App


@pytest.fixture
def audit(service: Any, small_shelf: bytes) -> dict[str, Any]:
    return record(service.url, small_shelf)


@pytest.fixture
def desk(app: App, audit: dict[str, Any]) -> Desk:
    return Desk(app, audit).open()


def test_unsaved_work_is_offered_after_a_reload(desk: Desk) -> None:
    desk.press("n", "Delete", "n", "ArrowRight")
    state = desk.state
    assert state == "1 deleted, 1 moved"
    kept = desk.draft
    assert kept["dirty"]
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    offer = desk.page.get_by_role("dialog", name="Go on where you stopped?")
    expect(offer).to_be_visible()
    desk.page.reload()  # without an answer it is offered again
    expect(offer).to_be_visible()
    expect(offer.get_by_role("button", name="Go on")).to_be_focused()
    offer.get_by_role("button", name="Go on").click()
    assert desk.state == state
    desk.press("Control+z")
    assert desk.state == "As the model has it"
    desk.press("Control+Shift+Z")
    desk.save()
    assert desk.saved()["changes"] == {"added": 0, "removed": 1, "moved": 1, "relabelled": 0}
    desk.page.reload()
    expect(desk.page.locator(".review__state")).to_have_text("All saved")
    expect(desk.page.locator("dialog")).to_have_count(0)


def test_discarding_can_be_undone(desk: Desk) -> None:
    desk.press("n", "Delete")
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    desk.page.get_by_role("button", name="Discard").click()
    assert desk.state == "As the model has it"
    desk.page.locator(".notice").get_by_role("button", name="Undo").click()
    assert desk.state == "1 deleted"


def test_leaving_with_unsaved_work_warns(desk: Desk) -> None:
    asked = []
    desk.press("n", "Delete")
    desk.page.get_by_role("link", name="To do").first.click()
    dialog = desk.page.get_by_role("dialog", name="Leave without saving?")
    dialog.get_by_role("button", name="Stay").click()
    expect(desk.page.locator(".review__stage")).to_be_visible()
    # The browser's own way back cannot be held up; the work is a press away.
    go(desk.app, "#/todo")
    desk.page.locator(".notice").get_by_role("button", name="Go back").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    assert desk.state == "1 deleted"
    desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    desk.page.reload()
    assert asked == ["beforeunload"]
    desk.page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    desk.page.get_by_role("link", name="Back to the audit").click()
    dialog.get_by_role("button", name="Save and leave").click()
    desk.page.get_by_label("Your name").fill("Ada")
    desk.page.get_by_role("button", name="Go on").click()
    expect(desk.page.locator(".audit__corrected")).to_contain_text("Corrected by Ada")


@pytest.mark.parametrize("choice", ["Load theirs", "Save mine on top"])
def test_two_people_at_once_lose_nothing(open_app: Any, audit: dict[str, Any], choice: str) -> None:
    mine, theirs = (Desk(open_app(), audit).open() for _ in range(2))
    theirs.press("n", "Delete")
    theirs.save("Grace")
    first = theirs.saved()
    mine.press("n", "n", "Delete")
    mine.save("Ada")
    dialog = mine.page.get_by_role("dialog", name="Someone else saved meanwhile")
    expect(dialog).to_contain_text("Grace")
    expect(dialog).to_contain_text("1 deleted")
    dialog.get_by_role("button", name="Not yet").click()
    assert mine.state == "1 deleted"
    assert mine.draft["dirty"]
    mine.save()
    dialog.get_by_role("button", name=choice).click()
    if choice == "Load theirs":
        expect(mine.page.locator(".notice").last).to_contain_text("Their boxes are loaded")
        assert mine.saved()["id"] == first["id"]
        mine.press("Control+z")  # mine again, on top of theirs
        assert mine.state == "1 deleted"
        mine.save()
    newest = mine.saved()
    assert newest["who"] == "Ada"
    assert newest["base"] == first["id"]
    items = httpx.get(f"{mine.app.url}/audits/{audit['id']}/corrections").json()["items"]
    assert [one["who"] for one in items] == ["Ada", "Grace"]
    order = sorted(range(len(audit["detections"])), key=lambda at: audit["detections"][at]["confidence"])
    sources = {one["source"] for one in newest["detections"]}
    assert order[1] not in sources
    assert order[0] in sources


def test_the_next_review_begins_with_the_newest_correction_and_history_goes_back(desk: Desk) -> None:
    count = len(desk.audit["detections"])
    desk.press("n", "Delete")
    desk.save("Ada")
    first = desk.saved()
    desk.page.reload()
    expect(desk.page.locator(".review__state")).to_have_text("All saved")
    assert desk.seen[1] == count - 1
    desk.press("n", "Delete")
    desk.save()
    expect(desk.page.locator(".notice").last).to_contain_text("Saved as Ada")
    second = desk.saved()
    assert second["base"] == first["id"]
    assert second["changes"]["removed"] == 2

    desk.page.locator(".review__more summary").click()
    desk.page.get_by_role("button", name="History").click()
    lines = desk.page.locator(".history__line")
    expect(lines).to_have_count(3)
    expect(lines.first).to_contain_text("2 deleted")
    lines.last.get_by_role("button", name="Take up").click()
    assert desk.seen[1] == count
    desk.press("m")
    expect(desk.page.locator(".tools button[aria-pressed=true]").last).to_have_attribute(
        "aria-label", "Show the model's answer"
    )
    desk.save()
    expect(desk.page.locator(".notice").last).to_contain_text("Saved as Ada")
    assert desk.saved()["changes"] == {"added": 0, "removed": 0, "moved": 0, "relabelled": 0}


def test_what_the_service_refuses_is_said_and_nothing_is_lost(desk: Desk) -> None:
    desk.press("n", "Delete")
    desk.page.route("**/corrections", lambda route: route.abort())
    desk.save()
    expect(desk.page.locator(".review__trouble .failure")).to_have_attribute("data-problem", "network")
    assert desk.state == "1 deleted"
    assert desk.draft["dirty"]
    desk.page.unroute("**/corrections")
    desk.page.locator(".review__trouble .failure").get_by_role("button", name="Try again").click()
    assert desk.saved()["changes"]["removed"] == 1
    expect(desk.page.locator(".review__trouble .failure")).to_have_count(0)


def test_the_training_set_is_one_press_away(desk: Desk) -> None:
    desk.press("n", "Delete")
    desk.save()
    desk.saved()
    for name, inside in (("YOLO", b"data.yaml"), ("COCO", b".json")):
        desk.page.locator(".review__more summary").click()
        with desk.page.expect_download() as caught:
            desk.page.get_by_role("button", name=f"Training set ({name})").click()
        content = caught.value.path().read_bytes()
        assert content[:2] == b"PK"
        assert inside in content
