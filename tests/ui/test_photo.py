"""A photo comes in, and the page shows what the service answers."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from .conftest import DESK, App

BOX_COLOUR = (46, 230, 168)


def counted(url: str, photo: bytes, **query: Any) -> dict[str, Any]:
    """What the service itself answers for the same bytes, over HTTP."""
    response = httpx.post(f"{url}/predict", params=query, files={"image": ("shelf.jpg", photo)}, timeout=60)
    response.raise_for_status()
    return response.json()


def at_least(detections: list[dict[str, Any]], confidence: float) -> int:
    return sum(detection["confidence"] >= confidence for detection in detections)


def close_to(pixel: list[int], colour: tuple[int, ...], tolerance: int = 40) -> bool:
    return pixel[3] > 160 and all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=False))


def test_dropped_photo_is_counted_as_the_service_counts_it(app: App, service: Any, shelf: bytes) -> None:
    expected = counted(service.url, shelf)
    app.drop_and_read(shelf)
    app.expect_count(expected["count"])
    assert expected["count"] > 10
    expect(app.page).to_have_title(f"{expected['count']} products found – ShelfWatch")
    expect(app.page.locator("#live")).to_contain_text(f"{expected['count']} products found in")


def test_facts_are_those_of_the_answer_and_of_health(app: App, service: Any, shelf: bytes) -> None:
    answer = app.drop_and_read(shelf)
    served = httpx.get(f"{service.url}/health").json()["models"][0]
    # Which of several models answered is what the choice shows.
    chosen = app.page.locator("#model option:checked").text_content()
    facts = f"{chosen}\n{app.page.locator('#facts').inner_text()}"
    model = answer["model"]
    for fact in (f"{model['name']} {model['version']}", model["precision"].upper(), served["runtime"]):
        assert fact in facts
    assert f"{answer['image']['width']:,} × {answer['image']['height']:,} px" in facts
    assert answer["request_id"] in facts
    for place, part in (("#inference-time", "inference"), ("#total-time", "total")):
        value, unit = app.page.locator(place).inner_text().split()
        shown = float(value.replace(",", "")) * (1000 if unit == "s" else 1)
        assert shown == pytest.approx(answer["timing_ms"][part], abs=5 if unit == "s" else 0.51)


def test_slider_filters_in_the_browser_without_a_new_request(app: App, service: Any, shelf: bytes) -> None:
    answer = app.drop_and_read(shelf)
    assert len(app.predicts) == 1
    usual = httpx.get(f"{service.url}/health").json()["models"][0]["operating_threshold"]
    counts = set()
    for confidence in (0.05, 0.15, 0.3, 0.5, 0.75):
        app.set_confidence(confidence)
        expected = at_least(answer["detections"], confidence)
        app.expect_count(expected)
        counts.add(expected)
    assert len(counts) > 3, "the photo must tell these thresholds apart"
    app.set_confidence(0.5)
    app.expect_count(counted(service.url, shelf, confidence=0.5)["count"])
    app.page.locator("#confidence-reset").click()
    app.expect_count(at_least(answer["detections"], usual))
    expect(app.page.locator("#live")).to_contain_text("confidence")
    assert len(app.predicts) == 1, "moving the slider must not ask the service again"


def test_nothing_left_is_said_in_words(app: App, shelf: bytes) -> None:
    app.drop_and_read(shelf)
    app.set_confidence(1)
    app.expect_count(0)
    expect(app.page.locator("#count-note")).to_contain_text("Move the slider")


def test_boxes_are_drawn_where_the_answer_says(app: App, shelf: bytes) -> None:
    answer = app.drop_and_read(shelf)
    surest = answer["detections"][:25]
    x, y, scale = app.view
    edges = []
    for x1, y1, x2, y2 in (detection["box"] for detection in surest):
        edges += [(x + x1 * scale, y + (y1 + y2) / 2 * scale), (x + (x1 + x2) / 2 * scale, y + y2 * scale)]
    for edge, around in zip(edges, app.pixels("boxes-canvas", edges, reach=1), strict=True):
        assert any(close_to(pixel, BOX_COLOUR) for pixel in around), f"no line at {edge}"
    outside = [(x - 8, y + 40), (x + answer["image"]["width"] * scale + 8, y + 40)]
    assert all(pixels[0][3] == 0 for pixels in app.pixels("boxes-canvas", outside))

    app.set_confidence(1)
    expect(app.page.locator("#count")).to_have_text("0")
    assert all(pixel[3] == 0 for around in app.pixels("boxes-canvas", edges, reach=1) for pixel in around)


@pytest.mark.parametrize("density", [1, 3])
def test_canvas_has_the_density_of_the_screen(open_app: Any, shelf: bytes, density: int) -> None:
    app = open_app(device_scale_factor=density)
    app.drop_and_read(shelf)
    widths = app.page.evaluate(
        "() => [...document.querySelectorAll('#stage canvas')].map((canvas) => [canvas.width, canvas.clientWidth])"
    )
    assert all(width == density * shown for width, shown in widths)


def test_rotated_photo_stands_upright(app: App) -> None:
    upright = Image.new("RGB", (300, 400), (200, 30, 30))
    upright.paste((30, 30, 200), (0, 200, 300, 400))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn clockwise to see it upright
    stored = io.BytesIO()
    upright.rotate(90, expand=True).save(stored, "JPEG", exif=exif, quality=95)
    answer = app.drop_and_read(stored.getvalue())
    assert answer["image"] == {"width": 300, "height": 400}
    x, y, scale = app.view
    spots = [(x + px * scale, y + py * scale) for px, py in ((150, 20), (20, 180), (150, 380), (280, 220))]
    top, left, bottom, right = (pixels[0] for pixels in app.pixels("photo-canvas", spots))
    for pixel, colour in ((top, (200, 30, 30)), (left, (200, 30, 30)), (bottom, (30, 30, 200)), (right, (30, 30, 200))):
        assert close_to(pixel, colour, 30)


def test_sample_is_one_click_away(app: App, service: Any, shelf: bytes) -> None:
    app.page.get_by_role("button", name="Try the sample shelf").click()
    app.expect_count(counted(service.url, shelf)["count"])
    expect(app.page.locator("#file-name")).to_have_text("shelf.jpg")


def test_second_sample(app: App) -> None:
    app.page.locator(".sample[data-sample=cooler]").click()
    expect(app.page.locator("#result")).to_be_visible()
    assert app.count > 10


def test_pasted_and_picked_photos(app: App, shelf: bytes) -> None:
    app.page.locator("#file-input").set_input_files({"name": "picked.jpg", "mimeType": "image/jpeg", "buffer": shelf})
    expect(app.page.locator("#result")).to_be_visible()
    expect(app.page.locator("#file-name")).to_have_text("picked.jpg")
    picked = app.count
    small = io.BytesIO()
    Image.open(io.BytesIO(shelf)).resize((320, 240)).save(small, "PNG")
    with app.page.expect_response(lambda response: "/predict" in response.url) as caught:
        app.page.evaluate(
            """(content) => {
                const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
                const clipboardData = new DataTransfer();
                clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
                const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
                document.body.dispatchEvent(paste);
            }""",
            base64.b64encode(small.getvalue()).decode(),
        )
    answer = app.answer(caught.value)
    assert answer["image"] == {"width": 320, "height": 240}
    expect(app.page.locator("#file-name")).to_have_text("Pasted photo.png")
    assert picked > 10


def test_last_photo_wins(app: App, service: Any, shelf: bytes) -> None:
    """A slow answer to the first photo must not overwrite the second."""
    held = []
    app.page.route("**/predict*", lambda route: held.append(route) if not held else route.continue_())
    app.drop(shelf, name="first.jpg")
    expect(app.page.locator("#waiting")).to_be_visible()
    blank = io.BytesIO()
    Image.new("RGB", (640, 480), "#777").save(blank, "JPEG")
    expected = counted(service.url, blank.getvalue())["count"]
    app.drop(blank.getvalue(), name="second.jpg")
    expect(app.page.locator("#result")).to_be_visible()
    app.expect_count(expected)
    expect(app.page.locator("#file-name")).to_have_text("second.jpg")


def test_pointing_at_a_box_says_what_it_is(app: App, shelf: bytes) -> None:
    answer = app.drop_and_read(shelf)
    app.set_confidence(0.05)
    x, y, scale = app.view
    x1, y1, x2, y2 = answer["detections"][0]["box"]
    at = ((x1 + x2) / 2, (y1 + y2) / 2)
    under = [
        detection
        for detection in answer["detections"]
        if detection["box"][0] <= at[0] <= detection["box"][2] and detection["box"][1] <= at[1] <= detection["box"][3]
    ]
    smallest = min(under, key=lambda one: (one["box"][2] - one["box"][0]) * (one["box"][3] - one["box"][1]))
    place = app.page.locator("#stage").bounding_box()
    app.page.mouse.move(place["x"] + x + at[0] * scale, place["y"] + y + at[1] * scale)
    tip = app.page.locator("#tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(smallest["label"])
    assert float(app.page.locator("#tip-confidence").inner_text().rstrip("%")) == pytest.approx(
        smallest["confidence"] * 100, abs=0.051
    )
    left, top, right, bottom = smallest["box"]
    width, height = app.page.locator("#tip-size").inner_text().removesuffix(" px").split(" × ")
    assert int(width) == pytest.approx(right - left, abs=0.51)
    assert int(height) == pytest.approx(bottom - top, abs=0.51)
    app.page.mouse.move(place["x"] + 3, place["y"] + 3)
    expect(tip).to_be_hidden()


def test_zoom_and_pan(app: App, cooler: bytes) -> None:
    app.drop_and_read(cooler)
    stage = app.page.locator("#stage")
    place = stage.bounding_box()
    x, y, whole = app.view
    point = (place["width"] * 0.3, place["height"] * 0.4)
    under = ((point[0] - x) / whole, (point[1] - y) / whole)
    app.page.mouse.move(place["x"] + point[0], place["y"] + point[1])
    app.page.mouse.wheel(0, -600)
    app.page.wait_for_function(
        "(whole) => +document.getElementById('boxes-canvas').dataset.view.split(' ')[2] > whole", arg=whole
    )
    x, y, scale = app.view
    assert scale > 1.5 * whole
    assert (x + under[0] * scale, y + under[1] * scale) == pytest.approx(point, abs=1), (
        "the point under the mouse stays"
    )

    app.page.mouse.down()
    app.page.mouse.move(place["x"] + point[0] - 50, place["y"] + point[1] - 30, steps=4)
    app.page.mouse.up()
    moved_x, moved_y, _ = app.view
    assert (moved_x, moved_y) == pytest.approx((x - 50, y - 30), abs=1)

    stage.focus()
    app.page.keyboard.press("ArrowLeft")
    assert app.view[0] == pytest.approx(moved_x + 60, abs=1)
    app.page.keyboard.press("0")
    assert app.view[2] == pytest.approx(whole)
    app.page.keyboard.press("+")
    assert app.view[2] == pytest.approx(1.3 * whole)
    app.page.keyboard.press("-")
    assert app.view[2] == pytest.approx(whole)
    app.page.mouse.dblclick(place["x"] + point[0], place["y"] + point[1])
    assert app.view[2] == pytest.approx(2.5 * whole)


def test_download_is_the_photo_with_its_boxes(app: App, shelf: bytes) -> None:
    answer = app.drop_and_read(shelf)
    with app.page.expect_download() as caught:
        app.page.locator("#download").click()
    assert caught.value.suggested_filename == "shelf-shelfwatch.png"
    picture = Image.open(caught.value.path()).convert("RGBA")
    size = answer["image"]
    ratio = min(1, 4096 / max(size["width"], size["height"]))
    assert picture.size == (round(size["width"] * ratio), round(size["height"] * ratio))
    for x1, y1, _, y2 in (detection["box"] for detection in answer["detections"][:10]):
        at = (max(round(x1 * ratio), 1), round((y1 + y2) / 2 * ratio))
        around = [picture.getpixel((at[0] + step, at[1])) for step in (-1, 0, 1)]
        assert any(close_to(list(pixel), BOX_COLOUR, 60) for pixel in around)


def test_json_is_the_answer_and_can_be_copied(open_app: Any, shelf: bytes) -> None:
    app = open_app(permissions=["clipboard-read", "clipboard-write"])
    answer = app.drop_and_read(shelf)
    view = app.page.locator("#json-view")
    assert view.inner_text() == "", "it is made when it is opened"
    app.page.locator("#json summary").click()
    expect(view).to_contain_text('"detections"')
    assert app.page.locator(".json__line").count() < 100, "only the lines in sight are in the page"
    app.page.locator("#copy-json").click()
    expect(app.page.locator("#copy-text")).to_have_text("Copied")
    read = "async () => JSON.parse(await navigator.clipboard.readText())"
    assert app.page.evaluate(read) == answer
    view.evaluate("(element) => element.scrollTo(0, element.scrollHeight)")
    expect(view).to_contain_text(answer["request_id"])

    app.page.get_by_role("radio", name="As shown").check()
    app.page.locator("#copy-json").click()
    shown = app.page.evaluate(read)
    assert shown["count"] == len(shown["detections"]) == app.count < len(answer["detections"])


def test_several_classes_and_models(open_app: Any, service: Any, shelf: bytes) -> None:
    """With more than one class there is a legend; with more than one model a choice."""
    health = httpx.get(f"{service.url}/health").json()
    first = health["models"][0] | {"classes": ["product", "price tag"]}
    health["models"] = [first, first | {"name": "quick"}]
    answer = counted(service.url, shelf, confidence=0.05, max_detections=3000)
    for index, detection in enumerate(answer["detections"]):
        if index % 3 == 0:
            detection.update(class_id=1, label="price tag")
    app = open_app()
    app.page.route("**/health", lambda route: route.fulfill(json=health))
    app.page.route("**/predict*", lambda route: route.fulfill(json=answer))
    app.open()
    app.drop_and_read(shelf)
    rows = app.page.locator("#legend button")
    expect(rows).to_have_count(2)
    usual = first["operating_threshold"]
    sure = [detection for detection in answer["detections"] if detection["confidence"] >= usual]
    tags = sum(detection["class_id"] == 1 for detection in sure)
    expect(rows.nth(1)).to_have_text(f"price tag{tags}")
    app.expect_count(len(sure))
    rows.nth(1).click()
    app.expect_count(len(sure) - tags)
    expect(rows.nth(1)).to_have_attribute("aria-pressed", "false")
    rows.nth(1).click()
    app.page.locator("#model").select_option("quick")
    expect(app.page.locator("#result")).to_be_visible()
    assert ["model=quick" in request.url for request in app.predicts] == [False, True]


def test_closer_look_is_asked_for_with_the_photo_on_the_stage(app: App, service: Any, shelf: bytes) -> None:
    first = app.drop_and_read(shelf)
    assert first["tiles"] == 0
    dense = first | {"tiles": 4}
    app.page.route("**/predict*", lambda route: route.fulfill(json=dense))
    box = app.page.get_by_role("checkbox", name="Closer look")
    expect(box).not_to_be_checked()
    box.check()
    expect(app.page.locator("#facts")).to_contain_text("Tiles")
    box.uncheck()
    expect(app.page.locator("#result")).to_be_visible()
    assert ["tiles=auto" in request.url for request in app.predicts] == [False, True, False]


def test_numbers_run_to_the_true_value(open_app: Any, service: Any, shelf: bytes) -> None:
    app = open_app(reduced_motion="no-preference", viewport=DESK)
    app.drop_and_read(shelf)
    app.expect_count(counted(service.url, shelf)["count"])
