"""Settings: the key, the name, how things look and count, limits of bays, and what stays on the device."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from support import Service

from .audits import go, record
from .conftest import DESK, PHONE, App
from .work import sideways, violations

KEY = "a-key-made-for-these-tests"


@pytest.fixture
def guarded(run_service: Callable[..., Service]) -> Service:
    """A service that asks for a key."""
    return run_service(SHELFWATCH_API_KEYS=KEY)


def settings(app: App) -> None:
    go(app, "#/settings")
    expect(app.page.locator("#your-name")).to_be_visible()


def test_a_key_is_tried_and_kept_for_the_tab_or_the_device(open_app: Any, guarded: Service) -> None:
    app = open_app(guarded.url)
    page = app.page
    go(app, "#/stores")
    expect(page.locator("#page .failure")).to_have_attribute("data-problem", "unauthorized")
    settings(app)
    page.locator("#access-key").fill("a-wrong-key-of-some-length")
    page.keyboard.press("Enter")
    answer = page.locator(".access__answer")
    expect(answer).to_have_attribute("data-tone", "bad")
    page.locator("#access-key").fill(KEY)
    page.keyboard.press("Enter")
    expect(answer).to_have_attribute("data-tone", "good")
    assert page.evaluate("() => Object.values(localStorage).join().includes('a-key-made')") is False
    with page.expect_download() as contract:
        page.get_by_role("link", name="OpenAPI document").click()
    assert json.loads(contract.value.path().read_text())["info"]["title"] == "ShelfWatch"
    go(app, "#/stores")
    expect(page.locator(".empty__title")).to_have_text("No audits yet")
    settings(app)
    page.locator("#access-key").fill(KEY)
    page.locator("#access-remember").check()
    page.locator("#access-key").press("Enter")
    expect(answer).to_have_attribute("data-tone", "good")
    other = page.context.new_page()
    other.goto(f"{guarded.url}/#/stores")
    expect(other.locator(".empty__title")).to_have_text("No audits yet")
    page.get_by_role("button", name="Remove the key").click()
    other.reload()
    expect(other.locator("#page .failure")).to_have_attribute("data-problem", "unauthorized")


def test_a_missing_key_is_asked_for_where_it_is_missed(open_app: Any, guarded: Service, shelf: bytes) -> None:
    """The photo waits, the key is entered at the card, and the same photo is counted."""
    app = open_app(guarded.url)
    app.drop(shelf)
    app.expect_failure("unauthorized")
    app.page.locator("#key").fill(KEY)
    app.page.keyboard.press("Enter")
    expect(app.page.locator("#result")).to_be_visible()
    go(app, "#/todo")
    expect(app.page.locator("#page h1")).to_be_visible()
    expect(app.page.locator("#page .failure")).to_have_count(0)


def test_theme_figures_and_name_are_kept(app: App) -> None:
    settings(app)
    page = app.page
    page.get_by_role("radio", name="Dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    example = page.locator("#figures-example")
    before = example.inner_text()
    page.get_by_role("radio", name="Megapixels").check()
    expect(example).to_contain_text("12.2")
    assert example.inner_text() != before
    page.locator("#your-name").fill("  Ada  ")
    page.keyboard.press("Enter")
    page.reload()
    expect(page.locator("#your-name")).to_have_value("Ada")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("radio", name="Megapixels")).to_be_checked()


def test_limits_of_a_bay(app: App, service: Any, shelf: bytes) -> None:
    store = f"Limits {secrets.token_hex(3)}"
    record(service.url, shelf, store=store, bay="Cereal")
    settings(app)
    page = app.page
    page.locator("#limits-store").select_option(store)
    page.locator("#limits-bay").select_option("Cereal")
    page.locator("#bay-max_gaps").fill("4")
    page.locator("#bay-max_gaps").press("Enter")
    expect(page.locator(".notice").last).to_be_visible()
    assert httpx.get(f"{service.url}/stores/{store}/bays/Cereal").json()["max_gaps"] == 4
    page.locator("#bay-max_gaps").fill("-1")
    page.locator("#bay-max_gaps").press("Enter")
    assert page.locator("#bay-max_gaps").evaluate("(field) => field.validity.rangeUnderflow")
    assert httpx.get(f"{service.url}/stores/{store}/bays/Cereal").json()["max_gaps"] == 4


def test_clearing_the_device_asks_first_and_leaves_nothing(app: App, shelf: bytes) -> None:
    page = app.page
    page.evaluate("() => localStorage.setItem('shelfwatch-who', 'Ada')")
    page.route(re.compile(r"/(audits|predict)"), lambda route: route.abort())
    app.drop(shelf)
    app.expect_failure("network")
    page.locator("#save-later").click()
    page.locator("#save-store").fill("Kiel")
    page.locator("#save-bay").fill("Cooler")
    page.locator("#save-now").click()
    expect(page.locator("#waiting-button")).to_have_text("1 to send")
    settings(app)
    page.locator(".device__clear").click()
    expect(page.locator("dialog")).to_contain_text("1 photo has not been sent yet.")
    page.keyboard.press("Escape")
    expect(page.locator("#waiting-button")).to_have_text("1 to send")
    page.locator(".device__clear").click()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#waiting-button")).to_be_hidden()
    expect(page.locator("#your-name")).to_have_value("")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(open_app: Any, theme: str, viewport: dict[str, int]) -> None:
    app = open_app(color_scheme=theme, viewport=viewport)
    settings(app)
    assert violations(app) == []
    assert sideways(app) == 0
    app.page.evaluate("() => { document.documentElement.dir = 'rtl'; }")
    assert sideways(app) == 0
