"""Settings: where values come from, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shelfwatch.service.settings import Settings, is_loopback


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SHELFWATCH_{name.upper()}", raising=False)


DATABASE = "postgresql://shop:hunter2@host/shelfwatch"


def test_defaults_listen_on_loopback_only() -> None:
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.refusal() is None


def test_environment_gives_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFWATCH_PORT", "9001")
    monkeypatch.setenv("SHELFWATCH_API_KEYS", "phone=one-key-of-one-caller, another-callers-key,,")
    monkeypatch.setenv("SHELFWATCH_CORS_ORIGINS", "https://a.example,https://b.example")
    settings = Settings()
    assert settings.port == 9001
    assert [key.name for key in settings.keys] == ["phone", "key2"]
    assert settings.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("value", ["", "*", "10.0.0.1", "10.0.0.0/8, fd00::/8"])
def test_proxies_are_addresses_or_networks(value: str) -> None:
    assert Settings(trusted_proxies=value).trusted_proxies == tuple(value.replace(" ", "").split(",") if value else ())  # type: ignore[arg-type]


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFWATCH_PORT", "9001")
    assert Settings(port=9002).port == 9002


def test_keys_never_show_in_a_representation() -> None:
    settings = Settings(api_keys="hunter2-hunter2-hunter2")  # type: ignore[arg-type]
    settings = settings.model_copy(update={"database_url": Settings(database_url=DATABASE).database_url})  # type: ignore[arg-type]
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()} {settings.keys}"
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "http"),
        ("QUEUE_LIMIT", "0"),
        ("LOG_LEVEL", "loud"),
        ("MAX_PIXELS", "-1"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "shelfwatch.db"),
        ("PHOTO_STORE", "nothing://bucket"),
        ("KEEP_DAYS", "0"),
        ("KEEP_DAYS", "nan"),
        ("KEEP_BYTES", "0"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_impossible_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SHELFWATCH_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "hunter2" not in str(refused.value)


def test_beyond_loopback_needs_keys_or_insecure() -> None:
    refusal = Settings(host="0.0.0.0").refusal()
    assert refusal is not None
    assert "SHELFWATCH_API_KEYS" in refusal
    assert Settings(host="0.0.0.0", api_keys="one-key-of-one-caller").refusal() is None  # type: ignore[arg-type]
    assert Settings(host="0.0.0.0", insecure=True).refusal() is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *((host, True) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "192.168.1.4", "shop.example")),
    ],
)
def test_loopback_addresses(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "keys", ["hunter2", "hunter2-hunter2-hunter2,hunter2-hunter2-hunter2", "sha256:hunter2", "hunter2é"]
)
def test_refused_keys_are_not_shown(keys: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(api_keys=keys)  # type: ignore[arg-type]
    assert "hunter2" not in str(refused.value)


def test_a_rate_needs_keys_to_count_by() -> None:
    refusal = Settings(rate_limit=60).refusal()
    assert refusal is not None
    assert "SHELFWATCH_API_KEYS" in refusal
    assert Settings(rate_limit=60, api_keys="one-key-of-one-caller").refusal() is None  # type: ignore[arg-type]


def test_names_are_looked_at_where_no_key_is_asked_for() -> None:
    keys = {"api_keys": "one-key-of-one-caller"}
    assert Settings().host_names == ()
    assert Settings(**keys).host_names is None  # type: ignore[arg-type]
    assert Settings(host="0.0.0.0", insecure=True).host_names is None
    assert Settings(host="0.0.0.0", allowed_hosts="a.example,b.example", **keys).host_names == (
        "a.example",
        "b.example",
    )  # type: ignore[arg-type]
