"""Who may call: API keys, rates, guessing, CORS, refusal to listen in the open."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import httpx
import pytest

from shelfwatch.service.access import WRONG_KEYS, Guesses, address
from shelfwatch.service.keys import ApiKey, new_key
from shelfwatch.service.problems import Problem
from support import COMMAND, Service, start_service


@pytest.fixture(scope="module")
def key() -> str:
    return "a-key-made-for-this-test"


def test_with_keys_every_route_but_the_page_and_health_asks(run_service: Callable[..., Service], key: str) -> None:
    service = run_service(SHELFWATCH_API_KEYS=f"another-callers-key,{key}")
    for path in ("/", "/health", "/health/live", "/health/ready", "/static/css/tokens.css", "/favicon.ico"):
        assert httpx.get(f"{service.url}{path}").status_code == 200, path
    for method, path in (
        ("POST", "/predict"), ("GET", "/metrics"), ("GET", "/openapi.json"), ("GET", "/nothing"),
        ("POST", "/audits"), ("GET", "/audits"), ("GET", "/audits/1/image"), ("DELETE", "/audits/1"),
        ("GET", "/stores"), ("PUT", "/stores/a/bays/b"),
    ):  # fmt: skip
        answer = httpx.request(method, f"{service.url}{path}")
        assert answer.status_code == 401, path
        assert answer.json()["type"] == "/problems/unauthorized"
        assert answer.headers["www-authenticate"] == "Bearer"
    document = httpx.get(f"{service.url}/openapi.json", headers={"Authorization": f"Bearer {key}"}).json()
    for path, operations in document["paths"].items():
        for method in operations if path not in {"/health", "/health/live", "/health/ready"} else ():
            assert httpx.request(method, f"{service.url}{path}").status_code == 401, path
    for wrong in (key[:-1], key + "x", "-", "another-callers-key," + key, key.upper()):
        headers = {"Authorization": f"Bearer {wrong}"}
        assert httpx.get(f"{service.url}/metrics", headers=headers).status_code == 401
    assert httpx.get(f"{service.url}/metrics", headers={"Authorization": f"Basic {key}"}).status_code == 401
    for right in (key, "another-callers-key"):
        headers = {"Authorization": f"Bearer {right}"}
        assert httpx.get(f"{service.url}/metrics", headers=headers).status_code == 200
    service.stop()
    assert key not in service.log.read_text()


def test_listening_in_the_open_without_keys_is_refused() -> None:
    done = subprocess.run([COMMAND, "serve", "--host", "0.0.0.0", "--port", "0"], capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"SHELFWATCH_API_KEYS" in done.stderr


def test_a_wrong_setting_is_named_without_a_traceback() -> None:
    done = subprocess.run([COMMAND, "serve", "--port", "99999"], capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"port" in done.stderr
    assert b"Traceback" not in done.stderr


def test_cors_is_closed_unless_origins_are_named(service: Service, run_service: Callable[..., Service]) -> None:
    ask = {"Origin": "https://shop.example", "Access-Control-Request-Method": "DELETE"}
    assert "access-control-allow-origin" not in httpx.options(f"{service.url}/predict", headers=ask).headers
    opened = run_service(SHELFWATCH_CORS_ORIGINS="https://shop.example", SHELFWATCH_API_KEYS="a-key-made-for-this-test")
    answer = httpx.options(f"{opened.url}/predict", headers=ask)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    stranger = {**ask, "Origin": "https://elsewhere.example"}
    assert "access-control-allow-origin" not in httpx.options(f"{opened.url}/predict", headers=stranger).headers


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def phone() -> tuple[str, str]:
    """A key and the entry that accepts it."""
    return new_key("phone")


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, key: str, phone: tuple[str, str]) -> Iterator[Service]:
    """A service of three keys, each of which may send three requests at once and one every ten seconds."""
    service = start_service(
        tmp_path_factory.mktemp("limited") / "service.log",
        SHELFWATCH_API_KEYS=f"busy={key},calm=another-callers-key,{phone[1]}",
        SHELFWATCH_RATE_LIMIT="6",
        SHELFWATCH_RATE_BURST="3",
    )
    yield service
    service.stop()


def test_a_digest_opens_to_its_key_only(limited: Service, phone: tuple[str, str], sample: bytes) -> None:
    secret, entry = phone
    photo = {"image": ("shelf.jpg", sample)}
    assert httpx.post(f"{limited.url}/predict", files=photo, headers=bearer(secret), timeout=60).json()["count"] > 50
    for stolen in (entry, entry.partition("=")[2], entry.rpartition(":")[2]):
        assert httpx.get(f"{limited.url}/metrics", headers=bearer(stolen)).status_code == 401
    metrics = httpx.get(f"{limited.url}/metrics", headers=bearer(secret)).text
    assert 'shelfwatch_key_requests_total{key="phone"} 2.0' in metrics


def test_a_key_has_its_rate_and_others_theirs(limited: Service, key: str) -> None:
    answers = [httpx.get(f"{limited.url}/openapi.json", headers=bearer(key)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[3].json()["type"] == "/problems/rate-limited"
    assert 1 <= int(answers[3].headers["retry-after"]) <= 10
    assert key not in answers[3].text
    assert httpx.get(f"{limited.url}/health").status_code == 200
    metrics = httpx.get(f"{limited.url}/metrics", headers=bearer("another-callers-key")).text
    assert 'shelfwatch_rejected_total{reason="rate-limited"} 2.0' in metrics
    assert 'shelfwatch_key_requests_total{key="busy"} 3.0' in metrics


def test_guessing_is_slowed_down_and_locks_nobody_out(run_service: Callable[..., Service], key: str) -> None:
    service = run_service(SHELFWATCH_API_KEYS=f"{key},another-callers-key")

    def status(given: str) -> int:
        # Nobody vouches for X-Forwarded-For here: another address each time is still the same caller.
        headers = bearer(given) | {"X-Forwarded-For": f"192.0.2.{len(given)}"}
        return httpx.get(f"{service.url}/openapi.json", headers=headers).status_code

    assert status(key) == 200
    guesses = [status(f"guess-{number}") for number in range(WRONG_KEYS + 5)]
    assert guesses[:WRONG_KEYS] == [401] * WRONG_KEYS
    assert guesses[-1] == 429
    assert status("another-callers-key") == 429  # or the answers would tell which guess was right
    assert status(key) == 200  # it came from here before
    assert httpx.get(f"{service.url}/openapi.json").status_code == 401  # no key is no guess
    service.stop()
    log = service.log.read_text()
    assert "wrong API keys from 127.0.0.1" in log
    assert "guess-" not in log


def test_a_trusted_proxy_tells_who_calls(run_service: Callable[..., Service], key: str) -> None:
    service = run_service(SHELFWATCH_API_KEYS=key, SHELFWATCH_TRUSTED_PROXIES="127.0.0.0/8")

    def status(given: str, caller: str) -> int:
        headers = bearer(given) | {"X-Forwarded-For": caller}
        return httpx.get(f"{service.url}/openapi.json", headers=headers).status_code

    assert [status("wrong", "192.0.2.77") for _ in range(WRONG_KEYS + 1)] == [401] * WRONG_KEYS + [429]
    assert status(key, "192.0.2.77") == 429
    assert status(key, "192.0.2.78") == 200
    assert "wrong API keys from 192.0.2.77:" in service.log.read_text()


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_address_recovers_by_waiting() -> None:
    clock, guesses, known = Clock(), Guesses(), ApiKey("phone", b"")
    guesses.wrong.clock = clock
    refused = []
    for found in (*[None] * (WRONG_KEYS + 1), known):
        with pytest.raises(Problem) as raised:
            guesses.judge("a", found)
        refused.append(raised.value.kind.slug)
    assert refused == ["unauthorized"] * WRONG_KEYS + ["rate-limited"] * 2
    assert guesses.judge("b", known) is known
    clock.now += 60 / WRONG_KEYS
    assert guesses.judge("a", known) is known


@pytest.mark.parametrize(
    ("host", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("nonsense", "nonsense"),
    ],
)
def test_neighbours_in_ipv6_are_one_caller(host: str, caller: str) -> None:
    assert address({"type": "http", "client": (host, 1)}) == caller


def test_a_socket_without_addresses_is_one_caller() -> None:
    assert address({"type": "http", "client": None}) == ""
