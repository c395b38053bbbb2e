"""Whatever goes wrong is said in words, with what to do next; and the photo is not lost."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from shelfwatch.service.problems import TYPES
from support import Service, start_service

from .conftest import App

NOT_FOR_THE_PAGE = {"bad-request", "conflict", "method-not-allowed"}
KEY = "open-sesame-open-sesame"


def answer_with(slug: str, status: int, **headers: str) -> Any:
    body = {"type": f"/problems/{slug}", "title": "Title", "status": status, "detail": "Detail.", "request_id": "r-7"}

    def handle(route: Route) -> None:
        route.fulfill(
            status=status, content_type="application/problem+json", body=json.dumps(body), headers=headers or None
        )

    return handle


def test_every_problem_of_the_service_has_words(app: App) -> None:
    known = app.page.evaluate("async () => Object.keys((await import('/static/js/texts.js')).problems)")
    assert set(TYPES) - NOT_FOR_THE_PAGE <= set(known)


def test_text_named_jpg(app: App) -> None:
    app.drop(b"milk, eggs, bread\n" * 40, name="list.jpg")
    words = app.expect_failure("unsupported-format")
    assert "JPEG, PNG or WebP" in words
    assert "Choose another photo" in words
    expect(app.page.locator("#live")).to_contain_text("not a photo")


def test_truncated_photo(app: App, shelf: bytes) -> None:
    app.drop(shelf[: len(shelf) // 3])
    assert "damaged" in app.expect_failure("undecodable-image")


def test_empty_file_is_not_even_sent(app: App) -> None:
    app.drop(b"", name="empty.jpg")
    app.expect_failure("empty-file")
    assert app.predicts == []


def test_format_that_only_the_browser_reads_is_converted(app: App, shelf: bytes) -> None:
    bitmap = io.BytesIO()
    Image.open(io.BytesIO(shelf)).resize((640, 480)).save(bitmap, "BMP")
    app.drop(bitmap.getvalue(), name="scan.bmp", kind="image/bmp")
    app.expect_failure("unsupported-format")
    app.page.get_by_role("button", name="Convert to JPEG").click()
    expect(app.page.locator("#result")).to_be_visible()
    assert app.count > 10
    expect(app.page.locator("#file-name")).to_have_text("scan.jpg")


def test_network_down_then_retry_with_the_same_photo(app: App, shelf: bytes) -> None:
    app.page.route("**/predict*", lambda route: route.abort("connectionrefused"))
    app.drop(shelf)
    words = app.expect_failure("network")
    assert "cannot be reached" in words
    assert "nothing is lost" in words
    x, y, scale = app.view
    assert app.pixels("photo-canvas", [(x + 50 * scale, y + 50 * scale)])[0][0][3] == 255, "the photo is still shown"
    app.page.unroute("**/predict*")
    app.page.get_by_role("button", name="Try again").click()
    expect(app.page.locator("#result")).to_be_visible()
    assert app.count > 10


def test_overloaded_waits_as_told_and_sends_again(app: App, shelf: bytes) -> None:
    app.page.route("**/predict*", answer_with("overloaded", 503, **{"Retry-After": "2"}), times=1)
    app.drop(shelf)
    words = app.expect_failure("overloaded")
    assert "again by itself in 2 s" in words
    assert "Try again" in words
    expect(app.page.locator("#result")).to_be_visible()
    assert app.count > 10
    assert len(app.predicts) == 2


def test_draining(app: App, shelf: bytes) -> None:
    app.page.route("**/predict*", answer_with("draining", 503, **{"Retry-After": "30"}), times=1)
    app.drop(shelf)
    assert "restarting" in app.expect_failure("draining")
    app.page.get_by_role("button", name="Try again").click()
    expect(app.page.locator("#result")).to_be_visible()


def test_unknown_problem_shows_what_the_service_says(app: App, shelf: bytes) -> None:
    app.page.route("**/predict*", answer_with("moon-in-the-wrong-phase", 418), times=1)
    app.drop(shelf)
    words = app.expect_failure("unexpected")
    assert "The service says: Detail." in words
    assert "r-7" in words


def test_answer_of_a_proxy(app: App, shelf: bytes) -> None:
    app.page.route(
        "**/predict*", lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad</h1>"), times=1
    )
    app.drop(shelf)
    app.expect_failure("network")
    app.page.route("**/predict*", lambda route: route.fulfill(status=200, body="<html>"), times=1)
    app.page.get_by_role("button", name="Try again").click()
    app.expect_failure("unexpected")


def test_cancel_keeps_the_photo(app: App, shelf: bytes) -> None:
    held: list[Route] = []  # the first is never answered
    app.page.route("**/predict*", lambda route: route.continue_() if held else held.append(route))
    with app.page.expect_request("**/predict*"):  # cancelled before it is sent, the next would be the first
        app.drop(shelf)
    app.page.get_by_role("button", name="Cancel").click()
    app.expect_failure("cancelled")
    app.page.get_by_role("button", name="Try again").click()
    expect(app.page.locator("#result")).to_be_visible()
    assert app.count > 10


def test_hostile_names_are_only_text(app: App, shelf: bytes) -> None:
    name = "<img src=x onerror=document.title=1>.jpg"
    app.drop_and_read(shelf, name=name)
    expect(app.page.locator("#file-name")).to_have_text(name)
    assert app.page.locator("#panel img").count() == 0


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for a key and takes little."""
    service = start_service(
        tmp_path_factory.mktemp("strict") / "service.log",
        SHELFWATCH_API_KEYS=KEY,
        SHELFWATCH_MAX_PIXELS="13000000",
        SHELFWATCH_MAX_BODY_BYTES="2500000",
    )
    yield service
    service.stop()


def test_key_is_asked_for_kept_in_the_tab_and_sent(open_app: Any, strict: Any, shelf: bytes) -> None:
    app = open_app(strict.url)
    app.drop(shelf)
    assert "asks for a key" in app.expect_failure("unauthorized")
    field = app.page.get_by_label("API key")
    expect(field).to_be_focused()
    field.fill("wrong")
    field.press("Enter")
    expect(app.page.locator("#failure")).to_be_visible()
    field.fill(KEY)
    app.page.get_by_role("button", name="Use this key").click()
    expect(app.page.locator("#result")).to_be_visible()
    assert app.count > 10
    app.open()
    app.drop_and_read(shelf)
    assert app.page.evaluate("() => JSON.stringify(localStorage)") == "{}", "the key must not outlive the tab"


@pytest.mark.parametrize(
    ("slug", "size", "kind"), [("image-too-large", (4200, 3150), "JPEG"), ("payload-too-large", (1200, 900), "PNG")]
)
def test_too_large_is_made_smaller(
    open_app: Any, strict: Any, shelf: bytes, slug: str, size: tuple[int, int], kind: str
) -> None:
    stored = io.BytesIO()
    Image.open(io.BytesIO(shelf)).resize(size).save(stored, kind, compress_level=0, quality=60)
    app = open_app(strict.url)
    app.page.evaluate("key => sessionStorage.setItem('shelfwatch-key', key)", KEY)
    app.drop(stored.getvalue(), name="large.jpg")
    app.expect_failure(slug)
    app.page.get_by_role("button", name="Make it smaller").click()
    expect(app.page.locator("#result")).to_be_visible()
    assert app.count > 5
