"""The service's figures on a page of their own: right, live, and readable by everyone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from .audits import go
from .conftest import DESK, PHONE, App
from .work import sideways, violations


def status(app: App) -> None:
    go(app, "#/status")
    expect(app.page.locator(".metric").first).to_be_visible()


@pytest.mark.parametrize(
    ("share", "buckets", "value"),
    [
        # Worked out by hand from the definition of histogram_quantile.
        (0.5, [[0.1, 10], [0.5, 20], ["Infinity", 20]], 0.1),
        (0.75, [[0.1, 10], [0.5, 20], ["Infinity", 20]], 0.3),
        (0.5, [[0.1, 4], [0.2, 4], [0.4, 12], ["Infinity", 12]], 0.25),
        (0.99, [[0.1, 1], [0.5, 2], ["Infinity", 10]], 0.5),
        (0.95, [[0.1, 0], [1, 100], ["Infinity", 100]], 0.955),
    ],
)
def test_quantile_is_that_of_prometheus(app: App, share: float, buckets: Any, value: float) -> None:
    found = app.page.evaluate(
        """async ([share, buckets]) => {
            const { quantile } = await import("/static/js/prometheus.js");
            return quantile(share, buckets.map(([bound, count]) => [Number(bound), count]));
        }""",
        [share, buckets],
    )
    assert found == pytest.approx(value)


def test_traffic_shows_up(app: App, service: Any, shelf: bytes) -> None:
    status(app)
    page = app.page
    for _ in range(4):
        httpx.post(f"{service.url}/predict?model=fast", files={"image": shelf}, timeout=60).raise_for_status()
    httpx.post(f"{service.url}/predict", files={"image": b"no photo" * 50})
    latency = page.locator('[data-metric="latency"] .metric__value')
    expect(latency).to_contain_text("ms", timeout=15_000)
    expect(page.locator('[data-metric="memory"] .metric__value')).to_contain_text("MB")
    products = page.locator('[data-metric="products"] .metric__value')
    page.wait_for_function("(tile) => parseFloat(tile.textContent) > 50", arg=products.element_handle())
    page.get_by_role("button", name="Pause").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4500)
    assert [url for url in asked if url.endswith("/metrics")] == []
    page.locator(".status-page__table summary").click()
    expect(page.locator(".status-page__table table")).to_contain_text("p95")


def test_a_service_that_is_gone_is_said_and_figures_stay(app: App) -> None:
    status(app)
    app.page.context.set_offline(True)
    expect(app.page.locator(".status-page__trouble .failure")).to_be_visible()
    expect(app.page.locator(".metric").first).to_be_visible()
    app.page.context.set_offline(False)
    expect(app.page.locator(".status-page__trouble .failure")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(open_app: Any, theme: str, viewport: dict[str, int]) -> None:
    app = open_app(color_scheme=theme, viewport=viewport)
    status(app)
    assert violations(app) == []
    assert sideways(app) == 0
