"""The page in the language of whoever reads it, whole in each, and from right to left."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from .audits import go, record, sideways
from .conftest import PHONE, App

PAGES = ("#/", "#/todo", "#/stores", "#/status", "#/settings")


def test_a_german_browser_reads_german_until_someone_chooses(open_app: Any, shelf: bytes) -> None:
    app = open_app(locale="de-DE")
    page = app.page
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#welcome-title")).to_have_text("Jedes Produkt im Regal, gezählt.")
    app.drop_and_read(shelf)
    expect(page.locator("#count-label")).to_have_text("Produkte gefunden")
    go(app, "#/settings")
    page.locator("#language").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#page h1")).to_have_text("Settings")
    page.locator("#language").select_option("")
    expect(page.locator("#page h1")).to_have_text("Optionen")


def test_each_language_has_every_word(app: App) -> None:
    """Type checking holds the keys alike; here no word is empty and none was left in English by oversight."""
    same = app.page.evaluate(
        """async () => {
            const [en, de] = await Promise.all(["en", "de"].map((tag) => import(`/static/js/words/${tag}.js`)));
            const keys = ({ texts, phrases, problems }) =>
                JSON.stringify([texts, phrases, problems].map((part) => Object.keys(part).sort()));
            if (keys(en) !== keys(de)) return ["keys differ"];
            const left = (key) => en.texts[key] === de.texts[key] && en.texts[key].includes(" ");
            return Object.keys(en.texts).filter((key) => !de.texts[key] || left(key));
        }"""
    )
    assert same == []


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_every_page_fits_a_phone(open_app: Any, service: Any, shelf: bytes, direction: str) -> None:
    audit = record(service.url, shelf, store="Straßburg am Rhein, Einkaufszentrum Süd", bay="Frühstücksflocken links")
    app = open_app(locale="de-DE", viewport=PHONE, is_mobile=True, has_touch=True)
    page = app.page
    for address in (*PAGES, f"#/stores/{audit['store']}/{audit['bay']}", f"#/audits/{audit['id']}"):
        go(app, address)
        page.wait_for_function("() => !document.querySelector('#page .skeleton')")
        page.evaluate("(direction) => { document.documentElement.dir = direction; }", direction)
        app.settle()
        assert sideways(page) == 0, address
        # The camera is within reach and covers no entry of the navigation.
        camera = page.locator(".shoot").bounding_box()
        assert camera["x"] >= 0
        for entry in page.locator(".nav__link:visible").all():
            place = entry.bounding_box()
            assert place["x"] + place["width"] <= camera["x"] + 4 or place["x"] >= camera["x"] + camera["width"] - 4
