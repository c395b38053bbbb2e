"""The whole way of a shelf, at phone and desk: shoot, see, save, history, compare, correct, export."""

from __future__ import annotations

import io
import json
import re
import secrets
import zipfile
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from .audits import Desk, emptied, go
from .conftest import DESK, PHONE

SIZES = pytest.mark.parametrize(
    "options",
    [{"viewport": DESK}, {"viewport": PHONE, "is_mobile": True, "has_touch": True}],
    ids=["desk", "phone"],
)


@SIZES
def test_from_the_first_shot_to_the_training_set(
    open_app: Any, service: Any, shelf: bytes, options: dict[str, Any]
) -> None:
    app = open_app(**options)
    page = app.page
    store = f"Flow {secrets.token_hex(3)}"
    answer = httpx.post(f"{service.url}/predict?model=fast", files={"image": shelf}, timeout=60).json()
    sold = emptied(shelf, [found["box"] for found in answer["detections"][:4]])
    # Shoot, see, save: twice, and the second time nothing needs to be typed.
    for number, photo in enumerate((shelf, sold)):
        chooser = ".shoot" if "is_mobile" in options else ".welcome__pick, .topbar__open"
        with page.expect_file_chooser() as caught:
            page.locator(f":is({chooser}):visible").first.click()
        caught.value.set_files({"name": f"shot{number}.jpg", "mimeType": "image/jpeg", "buffer": photo})
        expect(page.locator("#file-name")).to_have_text(f"shot{number}.jpg")
        expect(page.locator("#result")).to_be_visible()
        page.locator("#save").click()
        if not number:
            page.locator("#save-store").fill(store)
            page.locator("#save-bay").fill("Cereal")
        with page.expect_response(lambda response: "/audits?" in response.url and response.status == 201):
            page.locator("#save-now").click()
        expect(page.locator("#save")).to_be_disabled()
        expect(page.locator("#waiting-button")).to_be_hidden()
    audits = httpx.get(f"{service.url}/audits", params={"store": store}).json()["items"]
    assert len(audits) == 2
    later, earlier = sorted(audits, key=lambda audit: audit["report"]["facings"])
    assert earlier["report"]["facings"] - later["report"]["facings"] >= 3
    # History.
    go(app, "#/stores")
    page.locator("#board-search").fill(store)
    page.locator(".bay-card__link:visible").click()
    expect(page.locator(".trend__canvas")).to_have_attribute("data-points", "2")
    # Compare.
    expect(page.locator(".photo-card")).to_have_count(2)
    for box in page.locator(".photo-card__choice input").all():
        box.check()
    page.get_by_role("link", name="Compare the two").click()
    expect(page.locator(".compare__list").first.locator("li").first).to_be_visible()
    # Correct.
    page.get_by_role("link", name="Cereal").click()
    page.locator(".photo-card__link").first.click()
    page.get_by_role("link", name="Review").click()
    audit = httpx.get(f"{service.url}/audits/{page.url.split('/')[-2]}").json()
    desk = Desk(app, audit).open()
    desk.press("n", "Delete")
    desk.save()
    correction = desk.saved()
    assert correction["changes"] == {"added": 0, "removed": 1, "moved": 0, "relabelled": 0}
    # Export: the audit as corrected, and all corrections to train on.
    go(app, f"#/audits/{audit['id']}")
    expect(page.locator(".audit__corrected")).to_contain_text("Ada")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name=re.compile("COCO")).click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".json"))
        assert len(json.loads(archive.read(name))["annotations"]) == audit["count"] - 1
    zipped = httpx.get(f"{service.url}/corrections.zip", params={"store": store, "format": "yolo"}, timeout=60).content
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        (labels,) = [name for name in archive.namelist() if name.endswith(".txt")]
        assert len(archive.read(labels).splitlines()) == audit["count"] - 1
