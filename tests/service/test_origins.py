"""Which web pages may call, and under which names, by the headers a browser would send."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from shelfwatch.service.origins import host_name
from support import Service

SHOP = "https://shop.example"


def post(service: Service, **headers: str) -> int:
    """Status of an upload that is no photo: 415 where it was looked at, 403 where it was not."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{service.url}/predict", files={"image": b"no photo"}, headers=sent).status_code


@pytest.fixture(scope="module")
def own(service: Service) -> str:
    """The origin of the service's own page."""
    return service.url


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": SHOP},
        {"Origin": SHOP},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},  # another service of this machine
        {"Origin": "http://["},
        {"Origin": ""},
    ],
)
def test_pages_of_other_sites_are_refused(service: Service, headers: dict[str, str]) -> None:
    assert post(service, **headers) == 403


def test_programs_and_the_own_page_are_not(service: Service, own: str) -> None:
    assert post(service) == 415
    assert post(service, Origin=own) == 415
    assert post(service, Origin=own, Sec_Fetch_Site="same-origin") == 415
    assert post(service, Sec_Fetch_Site="none") == 415
    # A proxy in front may rewrite Host; the browser saw one site all the same.
    assert post(service, Origin=SHOP, Sec_Fetch_Site="same-origin") == 415


def test_reading_is_left_to_cors(service: Service) -> None:
    answer = httpx.get(f"{service.url}/health", headers={"Origin": SHOP, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.0.2.1", "[2001:db8::1]:80"]
)
def test_an_open_service_goes_by_loopback_names_only(service: Service, host: str) -> None:
    answer = httpx.get(f"{service.url}/metrics", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/forbidden"
    assert "SHELFWATCH_ALLOWED_HOSTS" in answer.json()["detail"]
    # A page whose name was rebound passes for the service's own.
    assert post(service, Host=host, Origin=f"http://{host}") == 403
    for path in ("/", "/health/ready", "/static/js/app.js"):
        assert httpx.get(f"{service.url}{path}", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "shop.localhost", "127.0.0.1", "127.1.2.3:9", "[::1]:8000"]
)
def test_loopback_has_many_names(service: Service, host: str) -> None:
    assert httpx.get(f"{service.url}/metrics", headers={"Host": host}).status_code == 200


def test_origins_and_names_can_be_added(run_service: Callable[..., Service]) -> None:
    service = run_service(SHELFWATCH_CORS_ORIGINS=SHOP, SHELFWATCH_ALLOWED_HOSTS="Shelf.example, other.example")
    assert post(service, Origin=SHOP, Sec_Fetch_Site="cross-site") == 415
    assert post(service, Origin="https://elsewhere.example", Sec_Fetch_Site="cross-site") == 403
    for host, status in {"shelf.example:443": 200, "other.example.": 200, "evil.example": 403}.items():
        assert httpx.get(f"{service.url}/metrics", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("header", "name"),
    [("a.example:80", "a.example"), ("A.example.", "a.example"), ("[::1]:80", "::1"), ("[::1", "::1"), ("", "")],
)
def test_host_names(header: str, name: str) -> None:
    assert host_name(header) == name
