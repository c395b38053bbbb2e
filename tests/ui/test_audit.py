"""The page of one audit: what it shows, what can be changed, taken along, deleted and brought back."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from .audits import axe_faults, emptied, go, record, sideways
from .conftest import DESK, PHONE, App

NOON = "2026-03-0{day}T12:00:00Z"


@pytest.fixture(scope="module")
def audits(service: Any, shelf: bytes) -> list[dict[str, Any]]:
    """Three photos of one bay, fuller first, oldest first."""
    names = {"store": "Ulm / Münsterplatz " + "lang " * 20, "bay": "Regal 12, links", "note": "after delivery"}
    first = record(service.url, shelf, **names, taken_at=NOON.format(day=1))
    boxes = [one["box"] for one in first["detections"]]
    return [
        first,
        record(service.url, emptied(shelf, boxes[:25]), **names, taken_at=NOON.format(day=2)),
        record(service.url, emptied(shelf, boxes[:9]), **names, taken_at=NOON.format(day=3)),
    ]


def show(app: App, audit: dict[str, Any]) -> Page:
    go(app, f"#/audits/{audit['id']}")
    expect(app.page.locator(".audit")).to_be_visible()
    expect(app.page.locator(".audit .stage__note")).to_be_hidden()
    app.settle()
    return app.page


def coloured(page: Page) -> dict[str, int]:
    """How many pixels of the stage's boxes have each colour, of those that are well seen."""
    return page.evaluate(
        """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const canvas = document.querySelectorAll(".audit canvas")[1];
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const counts = {};
            for (let at = 0; at < data.length; at += 4) {
                if (data[at + 3] < 160) continue;
                const colour = [data[at], data[at + 1], data[at + 2]].join();
                counts[colour] = (counts[colour] ?? 0) + 1;
            }
            done(counts);
        })))"""
    )


def test_figures_rows_and_gaps_are_those_of_the_audit(app: App, audits: list[dict[str, Any]]) -> None:
    audit = audits[1]
    page = show(app, audit)
    report = audit["report"]
    tiles = [tile.inner_text().split("\n")[1].split(" ")[0] for tile in page.locator(".audit__tiles .tile").all()]
    assert tiles == [
        str(report["facings"]),
        f"{report['fill_rate'] * 100:.1f}".removesuffix(".0") + "%",
        str(len(report["gaps"])),
        str(audit["count"]),
    ]
    assert report["gaps"], "the photo must have gaps"
    rows = page.get_by_role("table", name="Rows").locator("tbody tr")
    expect(rows).to_have_count(len(report["rows"]))
    for line, row in zip(rows.all(), report["rows"], strict=True):
        cells = line.locator("td").all_inner_texts()
        assert int(cells[0]) == row["facings"]
        assert float(cells[1].rstrip("%")) == pytest.approx(row["fill_rate"] * 100, abs=0.051)
        assert int(cells[2]) == sum(gap["row"] == row["index"] for gap in report["gaps"])
    gaps = page.get_by_role("table", name="Gaps").locator("tbody tr")
    expect(gaps).to_have_count(len(report["gaps"]))
    facts = page.locator(".audit__facts-list").inner_text()
    assert audit["id"] in facts
    assert f"{audit['model']['name']} {audit['model']['version']}" in facts
    expect(page.locator("#page h1 time")).to_have_attribute("datetime", audit["taken_at"])
    expect(page.locator(".crumbs a")).to_have_text([audit["store"].strip(), audit["bay"]])
    assert page.title() == f"{audit['bay']}, {page.locator('#page h1').inner_text()} – ShelfWatch"


def test_pointing_at_a_row_or_a_gap_shows_it_on_the_photo(app: App, audits: list[dict[str, Any]]) -> None:
    page = show(app, audits[1])
    white = "255,255,255"
    assert coloured(page).get(white, 0) == 0
    row = page.get_by_role("table", name="Rows").locator("tbody tr").nth(1)
    row.hover()
    assert coloured(page).get(white, 0) > 300
    page.mouse.move(5, 5)
    assert coloured(page).get(white, 0) == 0
    row.get_by_role("button").focus()
    assert coloured(page).get(white, 0) > 300
    gap = page.get_by_role("table", name="Gaps").locator("tbody tr").first
    gap.get_by_role("button").focus()
    tip = page.locator(".audit .tip")
    expect(tip).to_contain_text(gap.locator("th").inner_text())
    expect(tip).to_contain_text("wide")
    page.locator("#audit-note").focus()
    expect(tip).to_be_hidden()
    assert coloured(page).get(white, 0) == 0


def near(counts: dict[str, int], colour: tuple[int, int, int]) -> int:
    """Lines are so thin that their colour is mixed with their edge's."""
    return sum(
        count
        for name, count in counts.items()
        if all(abs(int(part) - wanted) < 60 for part, wanted in zip(name.split(","), colour, strict=True))
    )


def test_colours_and_gaps_are_switched(app: App, audits: list[dict[str, Any]]) -> None:
    green, amber, blue = (46, 230, 168), (255, 176, 32), (90, 169, 255)  # the first three rows
    page = show(app, audits[1])
    by_row = coloured(page)
    assert all(near(by_row, colour) > 200 for colour in (green, amber, blue))
    page.get_by_role("radio", name="Kind").check()
    by_kind = coloured(page)
    assert near(by_kind, blue) < near(by_row, blue) / 4
    assert near(by_kind, green) > 2 * near(by_row, green)
    page.get_by_role("checkbox", name="Show gaps").uncheck()
    without = coloured(page)
    severities = ((255, 61, 113), (255, 122, 69), (255, 197, 61))
    assert sum(near(without, one) for one in severities) < sum(near(by_kind, one) for one in severities) / 4
    page.get_by_role("radio", name="Confidence").check()
    assert near(coloured(page), green) < near(without, green)


def test_note_is_changed_where_it_stands(app: App, service: Any, shelf: bytes) -> None:
    audit = record(service.url, shelf, note="before")
    page = show(app, audit)
    field = page.get_by_label("Note")
    expect(field).to_have_value("before")
    save = page.get_by_role("button", name="Save note")
    expect(save).to_be_hidden()
    field.fill("something else")
    page.keyboard.press("Escape")
    expect(field).to_have_value("before")
    field.fill("  two\nlines ")
    save.click()
    expect(save).to_be_hidden()
    path = f"{service.url}/audits/{audit['id']}"
    assert httpx.get(path).json()["note"] == "two\nlines"
    page.route(f"**/audits/{audit['id']}", lambda route: route.abort())
    field.fill("lost?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#audit-note-error")).to_contain_text("cannot be reached")
    expect(field).to_have_value("lost?")
    page.unroute(f"**/audits/{audit['id']}")
    field.fill("")
    page.keyboard.press("Control+Enter")
    expect(save).to_be_hidden()
    assert httpx.get(path).json()["note"] is None


def test_it_leads_to_the_photos_before_and_after(app: App, audits: list[dict[str, Any]]) -> None:
    page = show(app, audits[1])
    expect(page.locator(".audit__place")).to_have_text("2 of 3")
    compare = page.get_by_role("link", name="Compare with previous")
    expect(compare).to_have_attribute("href", f"#/compare/{audits[1]['id']}/{audits[0]['id']}")
    page.get_by_role("link", name="Next audit").click()
    expect(page.locator(".audit__place")).to_have_text("3 of 3")
    expect(page.locator("#page h1")).to_be_focused()
    expect(page.get_by_role("link", name="Next audit")).to_have_count(0)
    page.get_by_role("link", name="Previous audit").click()
    expect(page.locator(".audit__place")).to_have_text("2 of 3")
    page.get_by_role("link", name="Previous audit").click()
    expect(page.locator(".audit__place")).to_have_text("1 of 3")
    expect(page.get_by_role("link", name="Compare with previous")).to_have_count(0)


def test_every_export_is_a_file_of_this_audit(app: App, audits: list[dict[str, Any]]) -> None:
    audit = audits[0]
    page = show(app, audit)

    def take(name: str) -> bytes:
        page.locator(".menu summary").click()
        with page.expect_download() as caught:
            page.get_by_role("button", name=name).click()
        expect(page.locator(".menu__list")).to_be_hidden()
        assert "Regal-12-links-2026-03-01" in caught.value.suggested_filename.replace(".", "-")
        return caught.value.path().read_bytes()

    lines = list(csv.reader(io.StringIO(take("Boxes as CSV").decode("utf-8-sig"))))
    assert len(lines) == 1 + audit["count"]
    coco = zipfile.ZipFile(io.BytesIO(take("Boxes as COCO")))
    assert len(json.loads(coco.read("annotations.json"))["annotations"]) == audit["count"]
    yolo = zipfile.ZipFile(io.BytesIO(take("Boxes as YOLO")))
    labels = [name for name in yolo.namelist() if name.startswith("labels/") and name.endswith(".txt")]
    assert [len(yolo.read(name).splitlines()) for name in labels] == [audit["count"]]
    assert zipfile.ZipFile(io.BytesIO(take("Boxes as Excel"))).testzip() is None
    picture = Image.open(io.BytesIO(take("Photo with boxes")))
    assert picture.size == (audit["image"]["width"], audit["image"]["height"])


def test_deleted_at_once_and_back_with_one_press(app: App, service: Any, shelf: bytes) -> None:
    audit = record(service.url, shelf)
    page = show(app, audit)
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".notice")).to_contain_text("Audit deleted")
    assert page.evaluate("() => location.hash") == f"#/stores/{audit['store'].replace(' ', '%20')}/Cereal"
    path = f"{service.url}/audits/{audit['id']}"
    assert httpx.get(path).status_code == 404
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".audit")).to_be_visible()
    assert httpx.get(path).status_code == 200


def test_what_is_not_there_is_said(app: App, service: Any, audits: list[dict[str, Any]]) -> None:
    go(app, "#/audits/01968bd1-7c3e-7a52-9d1f-3b0c5a8e4f21")
    expect(app.page.locator("#page .failure")).to_have_attribute("data-problem", "not-found")
    app.page.route("**/image", lambda route: route.abort())
    go(app, f"#/audits/{audits[0]['id']}")
    expect(app.page.locator(".audit .stage__note")).to_contain_text("could not be loaded")
    assert sum(coloured(app.page).values()) > 1000, "the boxes are shown all the same"


def test_corrected_audits_say_so_and_show_both(app: App, service: Any, shelf: bytes) -> None:
    audit = record(service.url, shelf)
    work = {"who": "Grace Hopper", "note": None, "base": None, "detections": []}
    httpx.post(f"{service.url}/audits/{audit['id']}/corrections", json=work).raise_for_status()
    page = show(app, audit)
    expect(page.locator(".audit__corrected")).to_contain_text("Corrected by Grace Hopper")
    page.get_by_role("checkbox", name="Show gaps").uncheck()
    assert sum(coloured(page).values()) > 1000
    page.get_by_role("radio", name="Corrected").check()
    page.wait_for_function(
        """() => { const c = document.querySelectorAll(".audit canvas")[1];
            return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.every((value) => value === 0); }"""
    )
    page.get_by_role("radio", name="Model").check()
    assert sum(coloured(page).values()) > 1000


def test_by_keyboard_alone(app: App, audits: list[dict[str, Any]]) -> None:
    page = show(app, audits[1])

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    tab_to(".menu summary")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Boxes as CSV")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Photo with boxes")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".menu summary")).to_be_focused()
    tab_to(".audit .stage")
    page.keyboard.press("n")
    expect(page.locator(".audit .tip")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("Box 1 of")
    tab_to(".pick-line__button")
    tab_to("#audit-note")
    page.keyboard.press("Shift+Tab")
    page.get_by_role("link", name="Review").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".review__stage")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everyone_can_use_it(open_app: Any, audits: list[dict[str, Any]], scheme: str, size: dict[str, int]) -> None:
    app = open_app(color_scheme=scheme, viewport=size)
    page = show(app, audits[1])
    expect(page.locator(".audit__place")).to_be_visible()
    assert axe_faults(page) == []
    assert sideways(page) == 0
    page.locator(".menu summary").click()
    assert axe_faults(page) == []
    assert sideways(page) == 0
