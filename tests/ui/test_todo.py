"""To do: the list staff work from, by thumb, by keyboard and without a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect

from support import ROOT, Service, start_service

from .conftest import DESK, PHONE, App
from .work import SMALLEST_TOUCH, record, sideways, tab_to, thin_out, violations, visit

BERLIN, ULM = "Berlin 1", "Ulm – Filiale am Münsterplatz mit sehr langem Namen"
BAYS = ((BERLIN, "Cereal"), (BERLIN, "Cooler/links"), (ULM, "Getränke und Erfrischungen, Regal 12, linke Seite"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with three bays that have gaps, the first of them with an alert too."""
    service = start_service(tmp_path_factory.mktemp("shop") / "service.log")
    photo = (ROOT / "ui" / "samples" / "shelf.jpg").read_bytes()
    answer = httpx.post(f"{service.url}/predict?model=fast", files={"image": photo}, timeout=60).json()
    boxes = [found["box"] for found in answer["detections"]]
    limits = {"max_gaps": 0, "min_fill_rate": 0.99}
    httpx.put(f"{service.url}/stores/{BERLIN}/bays/Cereal", json=limits).raise_for_status()
    for number, (store, bay) in enumerate(BAYS):
        record(service.url, thin_out(photo, boxes[number :: 4 + number]), store, bay)
    yield service
    service.process.kill()
    service.process.wait()


@pytest.fixture
def todo(open_app: Callable[..., App], shop: Service) -> Callable[..., App]:
    """Open the page at "To do"; a verdict is taken back by the test that gives it, or stays."""

    def start(address: str = "#/todo", **options: Any) -> App:
        app = open_app(shop.url, **options)
        visit(app, address)
        expect(cards(app).first).to_be_visible()
        return app

    return start


def cards(app: App) -> Locator:
    return app.page.locator("[data-task]")


def open_tasks(app: App, query: str = "limit=200") -> list[dict[str, Any]]:
    """What the service says is open."""
    return app.page.evaluate("async (query) => (await (await fetch(`/tasks?${query}`)).json()).items", query)


def ids(app: App, query: str = "limit=200") -> set[str]:
    return {task["id"] for task in open_tasks(app, query)}


def first_id(app: App) -> str:
    return str(cards(app).first.get_attribute("data-task"))


def wait_for(app: App, id_: str, *, listed: bool) -> None:
    """Until the service lists the task, or no longer does."""
    app.page.wait_for_function(
        """async ([id, listed]) => {
            const { items } = await (await fetch("/tasks?limit=200")).json();
            return items.some((task) => task.id === id) === listed;
        }""",
        arg=[id_, listed],
    )


def test_every_open_task_is_a_card_with_its_picture_and_place(todo: Any) -> None:
    app = todo()
    tasks = open_tasks(app)
    assert {task["kind"] for task in tasks} == {"gap", "alert"}
    while app.page.get_by_role("button", name="Load more").count():
        app.page.get_by_role("button", name="Load more").scroll_into_view_if_needed()
        app.settle()
    expect(cards(app)).to_have_count(len(tasks))
    assert [card.get_attribute("data-task") for card in cards(app).all()] == [task["id"] for task in tasks]
    expect(app.page.locator("#todo-count")).to_have_text(str(len(tasks)))
    gap = next(task for task in tasks if task["kind"] == "gap")
    card = app.page.locator(f'[data-task="{gap["id"]}"]')
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text(f"Row {gap['row'] + 1}")
    expect(card).to_contain_text("wide")
    expect(card.get_by_role("link", name="See the photo")).to_have_attribute("href", f"#/audits/{gap['audit_id']}")
    app.page.wait_for_function(
        "(id) => document.querySelector(`[data-task='${id}'] img`).naturalWidth > 20", arg=gap["id"]
    )
    alert = next(task for task in tasks if task["kind"] == "alert" and task["alert"]["kind"] == "fill_rate")
    rate = f"{alert['alert']['value'] * 100:.1f}".removesuffix(".0")
    expect(app.page.locator(f'[data-task="{alert["id"]}"]')).to_contain_text(f"Fill rate {rate}%, at least 99%")


def test_pictures_far_below_are_not_fetched(todo: Any) -> None:
    app = todo(viewport=PHONE, is_mobile=True, has_touch=True)
    last = cards(app).last
    assert last.bounding_box()["y"] > 3 * PHONE["height"]
    assert last.locator("img").get_attribute("src") is None
    last.scroll_into_view_if_needed()
    expect(last.locator("img")).to_have_attribute("src", re.compile("/image"))


@pytest.mark.parametrize("verdict", ["done", "false_alarm", "not_workable"])
def test_a_verdict_takes_the_card_away_and_undo_brings_it_back(todo: Any, verdict: str) -> None:
    app = todo(viewport=PHONE, is_mobile=True, has_touch=True)
    id_ = first_id(app)
    count = int(app.page.locator("#todo-count").inner_text())
    button = cards(app).first.locator(f"[data-verdict={verdict}]")
    place = button.bounding_box()
    assert place["height"] >= SMALLEST_TOUCH
    assert place["width"] >= SMALLEST_TOUCH
    button.tap()
    expect(app.page.locator(f'[data-task="{id_}"]')).to_have_count(0)
    expect(app.page.locator("#todo-count")).to_have_text(str(count - 1))
    wait_for(app, id_, listed=False)
    app.page.get_by_role("button", name="Undo").tap()
    expect(cards(app).first).to_have_attribute("data-task", id_)
    expect(app.page.locator("#todo-count")).to_have_text(str(count))
    wait_for(app, id_, listed=True)


def test_filter_by_store_and_kind_stays_in_the_address(todo: Any) -> None:
    app = todo()
    app.page.get_by_label("Store", exact=True).select_option(ULM)
    expect(cards(app).filter(has_text=BERLIN)).to_have_count(0)
    expect(cards(app).first).to_contain_text(ULM)
    app.page.get_by_role("radio", name="Gaps").check()
    app.page.wait_for_function("() => location.hash.includes('kind=gap')")
    app.page.reload()
    expect(cards(app).first).to_contain_text(ULM)
    assert {card.get_attribute("data-kind") for card in cards(app).all()} == {"gap"}
    app.page.get_by_role("radio", name="Alerts").check()
    expect(app.page.get_by_role("heading", name="Nothing to do here")).to_be_visible()
    app.page.get_by_role("link", name="Show everything").click()
    expect(cards(app).filter(has_text=BERLIN).first).to_be_visible()


def test_verdicts_given_offline_are_kept_and_sent_later(todo: Any) -> None:
    app = todo()
    app.page.evaluate("() => localStorage.setItem('shelfwatch-who', 'Ada')")
    first, second = (str(cards(app).nth(at).get_attribute("data-task")) for at in (0, 1))
    app.page.context.set_offline(True)
    for _ in range(2):
        cards(app).first.locator("[data-verdict=done]").click()
    note = app.page.locator(".todo__waiting")
    expect(note).to_contain_text("2 verdicts are kept here")
    app.page.get_by_role("button", name="Undo").last.click()
    expect(cards(app).first).to_have_attribute("data-task", second)
    expect(note).to_contain_text("1 verdict is kept here")
    assert {first, second} <= {task["id"] for task in httpx.get(f"{app.url}/tasks?limit=200").json()["items"]}
    said: list[dict[str, Any]] = []
    app.page.on("request", lambda sent: sent.method == "POST" and said.append(sent.post_data_json))
    app.page.context.set_offline(False)
    wait_for(app, first, listed=False)
    expect(note).to_be_hidden()
    assert [(word["verdict"], word["who"]) for word in said] == [("done", "Ada")]
    assert second in ids(app)
    app.page.evaluate("(id) => fetch(`/tasks/${id}/feedback`, {method: 'DELETE'})", first)


def test_what_waits_survives_closing_the_page(todo: Any) -> None:
    app = todo()
    id_ = first_id(app)
    app.page.context.set_offline(True)
    cards(app).first.locator("[data-verdict=not_workable]").click()
    expect(app.page.locator(".todo__waiting")).to_be_visible()
    page = app.page.context.new_page()
    app.page.close()
    page.context.set_offline(False)
    app.page = page
    app.open()
    wait_for(app, id_, listed=False)
    app.page.evaluate("(id) => fetch(`/tasks/${id}/feedback`, {method: 'DELETE'})", id_)


def test_a_refused_verdict_brings_the_card_back_and_says_why(todo: Any) -> None:
    app = todo()
    app.page.evaluate("() => localStorage.setItem('shelfwatch-who', 'A'.repeat(201))")  # longer than the service takes
    id_ = str(cards(app).nth(1).get_attribute("data-task"))
    cards(app).nth(1).locator("[data-verdict=done]").click()
    expect(app.page.locator(".notice")).to_contain_text("Your verdict was not taken, and the task is back")
    expect(cards(app).nth(1)).to_have_attribute("data-task", id_)
    assert id_ in ids(app)
    assert app.page.evaluate("() => localStorage.getItem('shelfwatch-verdicts')") is None


def test_keyboard_alone(todo: Any) -> None:
    app = todo()
    press = app.page.keyboard.press
    press("j")
    expect(cards(app).nth(0)).to_be_focused()
    press("ArrowDown")
    expect(cards(app).nth(1)).to_be_focused()
    press("k")
    expect(cards(app).nth(0)).to_be_focused()
    id_, heir = (str(cards(app).nth(at).get_attribute("data-task")) for at in (0, 1))
    press("1")
    expect(app.page.locator(f'[data-task="{id_}"]')).to_have_count(0)
    expect(app.page.locator(f'[data-task="{heir}"]')).to_be_focused()
    wait_for(app, id_, listed=False)
    tab_to(app, ".notice__action", most=400)
    press("Enter")
    expect(app.page.locator(f'[data-task="{id_}"]')).to_be_focused()
    wait_for(app, id_, listed=True)
    app.page.get_by_label("Store", exact=True).focus()
    press("1")  # in a field it is a letter
    expect(app.page.locator(f'[data-task="{id_}"]')).to_have_count(1)


def test_nothing_to_do_is_said_as_good_news(open_app: Any, run_service: Callable[..., Service]) -> None:
    app = open_app(run_service().url)
    visit(app, "#/todo")
    expect(app.page.get_by_role("heading", name="Nothing to do")).to_be_visible()
    expect(app.page.locator("#todo-count")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(todo: Any, theme: str, viewport: dict[str, int]) -> None:
    app = todo(color_scheme=theme, viewport=viewport)
    assert violations(app) == []
    assert sideways(app) == 0
    app.page.context.set_offline(True)
    cards(app).first.locator("[data-verdict=done]").click()
    expect(app.page.locator(".todo__waiting")).to_be_visible()
    assert violations(app) == []
    app.page.evaluate("() => { document.documentElement.dir = 'rtl'; }")
    assert sideways(app) == 0
    app.page.evaluate("() => localStorage.clear()")  # the verdict was never meant
