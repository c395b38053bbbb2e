"""The board of stores, a bay's page and the comparison of two of its audits, with real audits."""

from __future__ import annotations

import io
import re
import secrets
from typing import Any

import httpx
import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import expect

from .audits import axe_faults, emptied, go, record, sideways
from .conftest import AXE, DESK, PHONE, App

SIZES = pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
RED = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let red = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] && data[at] > 150 && data[at + 1] < 90) red += 1;
    return red;
}"""
LONG = "Getränke und Erfrischungen für die ganze Familie, Regal 12, linke Seite hinter der Kasse"


def moved(photo: bytes, dx: int, dy: int) -> bytes:
    """The photo taken from a little further right and below."""
    picture = Image.open(io.BytesIO(photo)).convert("RGB")
    out = io.BytesIO()
    picture.crop((dx, dy, picture.width, picture.height)).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture(scope="module")
def boxes(service: Any, shelf: bytes) -> list[list[float]]:
    """What the model finds on the sample shelf, surest first."""
    answer = (
        httpx.post(f"{service.url}/predict?model=fast", files={"image": shelf}, timeout=60).raise_for_status().json()
    )
    return [found["box"] for found in answer["detections"]]


@pytest.fixture(scope="module")
def stores(service: Any, shelf: bytes, boxes: list[list[float]]) -> dict[str, str]:
    """Three stores with bays from full to nearly empty."""
    mark = secrets.token_hex(3)
    names = {"full": f"Full {mark}", "half": f"Half {mark} {LONG}", "poor": f"Poor {mark}"}
    url = service.url
    record(url, shelf, store=names["full"], bay="Cereal", taken_at="2026-05-01T08:00:00Z")
    half = emptied(shelf, boxes[: len(boxes) // 3])
    record(url, half, store=names["half"], bay=LONG, taken_at="2026-05-01T08:00:00Z")
    poor = emptied(shelf, boxes[: 2 * len(boxes) // 3])
    for day, photo in enumerate((shelf, half, poor), 1):
        record(url, photo, store=names["poor"], bay="Pantry", taken_at=f"2026-05-0{day}T08:00:00Z")
    record(url, shelf, store=names["poor"], bay="Zero sugar", taken_at="2026-05-01T08:00:00Z")
    limits = {"expected_facings": len(boxes), "min_fill_rate": 0.99, "alert_after": 1}
    httpx.put(f"{url}/stores/{names['poor']}/bays/Pantry", json=limits).raise_for_status()
    record(url, emptied(poor, boxes[:2]), store=names["poor"], bay="Pantry", taken_at="2026-05-04T08:00:00Z")
    return {**names, "mark": mark}


def board(app: App, query: str = "") -> None:
    go(app, f"#/stores{query}")
    expect(app.page.locator(".store:visible").first).to_be_visible()


@SIZES
def test_emptiest_stores_and_bays_come_first(open_app: Any, stores: Any, viewport: Any) -> None:
    app = open_app(viewport=viewport)
    board(app, f"?q={stores['mark']}")
    shown = app.page.locator(".store:visible .store__name")
    expect(shown).to_have_count(3)
    names = shown.all_inner_texts()
    assert names[0] == stores["poor"]
    assert names[-1] == stores["full"]
    poor = app.page.locator(f'.store[aria-label="{stores["poor"]}"]')
    assert poor.locator(".bay-card__name").all_inner_texts() == ["Pantry", "Zero sugar"]
    expect(poor.locator(".bay-card").first).to_contain_text("alert")
    picture = poor.locator(".bay-card__picture").first
    app.page.wait_for_function("(image) => image.naturalWidth > 0", arg=picture.element_handle())
    assert sideways(app.page) == 0


def test_search_and_filters_are_in_the_address(app: App, stores: Any) -> None:
    board(app)
    page = app.page
    page.locator("#board-search").fill(f"zero {stores['mark']}")
    expect(page.locator(".board__none")).to_be_visible()
    page.locator("#board-search").fill("zero")
    expect(page.locator(".bay-card:visible .bay-card__name")).to_have_text(["Zero sugar"])
    page.locator("#board-search").fill(stores["mark"])
    page.locator("#board-alerts").check()
    expect(page.locator(".store:visible")).to_have_count(1)
    expect(page).to_have_url(re.compile(rf"#/stores\?q={stores['mark']}&alerts=1$"))
    page.reload()
    expect(page.locator(".store:visible .store__name")).to_have_text([stores["poor"]])
    expect(page.locator("#board-alerts")).to_be_checked()
    page.locator("#board-alerts").uncheck()
    page.locator("#board-below").select_option("0.8")
    expect(page.locator(f'.store[aria-label="{stores["full"]}"]')).to_be_visible(visible=False)
    go(app, f"#/stores/{stores['poor']}")
    expect(page.locator("#page h1")).to_have_text(stores["poor"])
    go(app, "#/stores/No%20such%20store")
    expect(page.locator(".empty__title")).to_have_text("There is no such store")


def test_a_tap_is_not_lost_while_other_stores_are_filtered(app: App, stores: Any) -> None:
    page = app.page
    board(app, f"?q={stores['mark']}")
    card = page.locator(f'.store[aria-label="{stores["full"]}"] .bay-card__link')
    card.hover()
    page.mouse.down()
    # Another store's bays have come, or a letter more is typed.
    page.locator("#board-search").evaluate("(field) => field.dispatchEvent(new Event('input'))")
    page.mouse.up()
    expect(page.locator(".trend__canvas")).to_be_visible()


def test_the_list_as_a_file(app: App, stores: Any) -> None:
    go(app, f"#/stores/{stores['poor']}")
    app.page.locator(".menu__button").click()
    with app.page.expect_download() as caught:
        app.page.get_by_role("button", name="CSV").click()
    lines = caught.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 6
    assert all(stores["poor"] in line for line in lines[1:])


@SIZES
def test_a_bay_shows_how_it_went(open_app: Any, stores: Any, viewport: Any) -> None:
    app = open_app(viewport=viewport)
    page = app.page
    go(app, f"#/stores/{stores['poor']}/Pantry")
    expect(page.locator("#page h1")).to_have_text("Pantry")
    canvas = page.locator(".trend__canvas")
    expect(canvas).to_have_attribute("data-points", "4")
    with_line = canvas.evaluate(RED)
    assert with_line > 50, "the threshold is drawn"
    page.get_by_role("radio", name="Facings").check()
    app.settle()
    assert canvas.evaluate(RED) == 0, "facings have no threshold here"
    page.get_by_role("radio", name="7 days").check()
    expect(page.locator(".trend__none")).to_be_visible()
    page.get_by_role("radio", name="All").check()
    # By keys alone: from point to point, each said aloud, and into its audit.
    page.locator(".trend").focus()
    page.keyboard.press("End")
    last = page.locator(".trend__tip").inner_text()
    expect(page.locator("#live")).to_have_text(last)
    page.keyboard.press("ArrowLeft")
    assert page.locator(".trend__tip").inner_text() != last
    assert sideways(page) == 0
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#/audits/"))


def test_thresholds_are_set_and_an_alert_is_answered(app: App, service: Any, stores: Any) -> None:
    page = app.page
    go(app, f"#/stores/{stores['poor']}/Pantry")
    expect(page.locator(".alert")).to_have_count(1)
    page.get_by_role("button", name="I see to it").click()
    expect(page.get_by_role("button", name="I see to it")).to_have_count(0)
    page.get_by_role("button", name="Restocked").click()
    (precision,) = [
        item for item in httpx.get(f"{service.url}/alerts/precision").json()["items"] if item["kind"] == "fill_rate"
    ]
    assert precision["restocked"] >= 1
    page.get_by_role("button", name=re.compile("Expect what the newest photo shows")).click()
    bay = f"{service.url}/stores/{stores['poor']}/bays/Pantry"
    latest = httpx.get(bay).json()["latest"]["facings"]
    expect(page.locator("#bay-expected_facings")).to_have_value(str(latest))
    page.locator("#bay-min_fill_rate").fill("55")
    page.locator(".bay-form button[type=submit]").click()
    expect(page.locator(".notice").last).to_be_visible()
    now = httpx.get(bay).json()
    assert (now["min_fill_rate"], now["expected_facings"]) == (0.55, latest)
    go(app, f"#/stores/{stores['poor']}/Nowhere")
    expect(page.locator("#page .failure")).to_have_attribute("data-problem", "not-found")


@SIZES
def test_two_photos_are_wiped(open_app: Any, service: Any, shelf: bytes, boxes: Any, viewport: Any) -> None:
    app = open_app(viewport=viewport)
    page = app.page
    store = f"Wipe {secrets.token_hex(3)}"
    sold = boxes[:3]
    dx, dy = 24, 16
    earlier = record(service.url, shelf, store=store, taken_at="2026-05-01T08:00:00Z")
    later = record(service.url, moved(emptied(shelf, sold), dx, dy), store=store, taken_at="2026-05-02T08:00:00Z")
    go(app, f"#/stores/{store}/Cereal")
    expect(page.locator(".photo-card")).to_have_count(2)
    for box in page.locator(".photo-card__choice input").all():
        box.check()
    page.get_by_role("link", name="Compare the two").click()
    expect(page).to_have_url(re.compile(f"#/compare/{later['id']}/{earlier['id']}"))
    expect(page.locator(".wipe__canvas")).to_have_attribute("data-view", re.compile(r"\d"))
    items = page.get_by_label("Left", exact=True).locator(".compare__item")
    assert len(sold) <= items.count() <= len(sold) + 2
    slider = page.locator("#wipe")

    def stage(share: int) -> Image.Image:
        slider.fill(str(share))
        app.settle()
        return Image.open(io.BytesIO(page.locator(".wipe__canvas").screenshot())).convert("RGB")

    only_earlier, only_later = stage(100), stage(0)
    x, y, scale = map(float, page.locator(".wipe__canvas").get_attribute("data-view").split())

    def difference(box: list[float]) -> float:
        """Between the two photos where a facing of the earlier one was, per channel."""
        x1, y1, x2, y2 = box[0] - dx, box[1] - dy, box[2] - dx, box[3] - dy
        place = (x + (x1 + 4) * scale, y + (y1 + 4) * scale, x + (x2 - 4) * scale, y + (y2 - 4) * scale)
        crops = [picture.crop(tuple(round(edge) for edge in place)) for picture in (only_earlier, only_later)]
        return sum(ImageStat.Stat(ImageChops.difference(*crops)).mean) / 3

    inside = [box for box in boxes[20:40] if box[0] > 60 and box[1] > 60]
    stayed = sorted(difference(box) for box in inside)
    assert stayed[len(stayed) // 2] < 12, "the earlier photo lies on the later one"
    assert min(difference(box) for box in sold) > 40, "what was sold is not there any more"
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("1")
    items.first.focus()
    page.keyboard.press("Enter")
    expect(slider).to_have_value("85")
    app.settle()
    assert float(page.locator(".wipe__canvas").get_attribute("data-view").split()[2]) > scale
    assert sideways(page) == 0
    page.get_by_role("button", name="Swap").click()
    expect(page).to_have_url(re.compile(f"#/compare/{earlier['id']}/{later['id']}"))


def test_photos_of_other_shelves_stand_side_by_side(app: App, service: Any, shelf: bytes, cooler: bytes) -> None:
    store = f"Apart {secrets.token_hex(3)}"
    first = record(service.url, shelf, store=store, taken_at="2026-05-01T08:00:00Z")
    second = record(service.url, cooler, store=store, taken_at="2026-05-02T08:00:00Z")
    go(app, f"#/compare/{second['id']}/{first['id']}")
    expect(app.page.locator(".compare__photo")).to_have_count(2)
    expect(app.page.get_by_text("do not show the same shelf")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@SIZES
def test_axe_finds_nothing(open_app: Any, service: Any, stores: Any, theme: str, viewport: Any) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci)")
    app = open_app(color_scheme=theme, viewport=viewport)
    board(app, f"?q={stores['mark']}")
    expect(app.page.locator(".store:visible .bay-card").first).to_be_visible()
    assert axe_faults(app.page) == []
    go(app, f"#/stores/{stores['poor']}/Pantry")
    expect(app.page.locator(".photo-card").first).to_be_visible()
    app.page.locator(".shelf__summary").click()
    assert axe_faults(app.page) == []
    query = {"store": stores["poor"], "bay": "Pantry"}
    later, earlier = [audit["id"] for audit in httpx.get(f"{service.url}/audits", params=query).json()["items"]][:2]
    go(app, f"#/compare/{later}/{earlier}")
    expect(app.page.locator(".compare__choices")).to_be_visible()
    expect(app.page.locator(".wipe, .compare__photo").first).to_be_visible()
    assert axe_faults(app.page) == []
    assert sideways(app.page) == 0
