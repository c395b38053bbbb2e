"""The installed page: it opens without a network, and keeps nothing that the API answers."""

from __future__ import annotations

import json
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import expect

from .conftest import ROOT

UI = ROOT / "ui"
KEPT = """async () => {
    const paths = [];
    for (const name of await caches.keys()) {
        for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
    }
    return paths.sort();
}"""


def shell(url: str) -> dict[str, Any]:
    """What the worker keeps, by its own first line."""
    first = httpx.get(f"{url}/sw.js").raise_for_status().text.splitlines()[0]
    return json.loads(first.removeprefix("self.SHELL = ").removesuffix(";"))


def test_the_manifest_names_icons_of_their_sizes() -> None:
    manifest = json.loads((UI / "manifest.webmanifest").read_text())
    for icon in manifest["icons"]:
        with Image.open(UI / icon["src"].removeprefix("/static/")) as picture:
            assert "x".join(map(str, picture.size)) == icon["sizes"]


def test_every_page_opens_without_a_network_and_no_answer_is_kept(open_app: Any, service: Any, shelf: bytes) -> None:
    app = open_app(service_workers="allow")
    page = app.page
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.reload()
    app.drop_and_read(shelf)
    page.evaluate(
        "async () => { for (const path of ['/stores', '/audits', '/health', '/metrics']) await fetch(path); }"
    )
    files = shell(service.url)["files"]
    assert {"/", "/static/js/pages/stores.js", "/static/css/base.css", "/static/icons.svg"} <= set(files)
    assert page.evaluate(KEPT) == sorted(files)
    page.context.set_offline(True)
    page.goto("about:blank")
    page.goto(service.url)
    expect(page.get_by_role("button", name="Choose a photo").first).to_be_visible()
    expect(page.locator("#status")).to_have_attribute("data-tone", "bad")
    for name in ("todo", "stores", "status", "settings"):
        page.goto(f"{service.url}/#/{name}")
        expect(page.locator("#page h1, #page .failure__title").first).to_be_visible()
