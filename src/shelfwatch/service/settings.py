"""Settings: one field, one environment variable `SHELFWATCH_<NAME>`, one flag of `shelfwatch serve`."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shelfwatch.service.keys import ApiKey, parse_keys

List = Annotated[tuple[str, ...], NoDecode]  # comma-separated in the environment, not JSON


class Settings(BaseSettings):
    """How the service runs. Every field is described here and listed in `docs/settings.md`."""

    model_config = SettingsConfigDict(env_prefix="SHELFWATCH_", extra="ignore", frozen=True, hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address to listen on. Beyond loopback, API keys are required.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    api_keys: SecretStr = Field(
        SecretStr(""),
        description="Comma-separated API keys, each a key of 16 characters or more or `sha256:<hex>`, its digest, and "
        "`name=` before it if you like. When set, every route but the page and health asks for one.",
    )
    rate_limit: int = Field(0, ge=0, le=1_000_000, description="Requests a minute that each key may send; 0 for any.")
    rate_burst: int = Field(10, ge=1, le=1_000_000, description="Requests a key may send at once within that limit.")
    insecure: bool = Field(False, description="Allow listening beyond loopback without API keys.")
    cors_origins: List = Field((), description="Comma-separated origins that may call from a browser; none by default.")
    allowed_hosts: List = Field(
        (),
        description="Comma-separated host names the service goes by beside loopback ones. On loopback without keys it "
        "answers to no other, elsewhere to any unless some are named.",
    )
    trusted_proxies: List = Field(
        (),
        description="Comma-separated addresses or networks of proxies whose `X-Forwarded-For` and `-Proto` are "
        "believed; `*` for any; none by default.",
    )
    models: List = Field(
        (),
        description="Comma-separated ONNX files to serve instead of the packaged ones; the first is the default.",
    )
    workers: int = Field(
        1, ge=1, le=256, description="Processes that share the CPUs and the port; every limit holds for each."
    )
    lanes: int = Field(0, ge=0, le=64, description="Photos in the network at once; 0 takes one a CPU, 8 at most.")
    threads: int = Field(
        0, ge=0, le=256, description="Threads for a photo alone, shared by several; 0 takes the CPUs of the process."
    )
    queue_limit: int = Field(
        16,
        ge=1,
        le=1024,
        description="Photos in hand, waiting or being worked on; beyond it the answer is 503.",
    )
    wait_seconds: int = Field(
        30, ge=0, description="Seconds a photo may wait for its turn before it is given up; 0 waits for ever."
    )
    upload_seconds: int = Field(30, ge=1, description="Seconds a request's body may take to arrive.")
    max_body_bytes: int = Field(20_000_000, ge=1_000, description="Largest request body in bytes.")
    max_held_bytes: int = Field(
        200_000_000, ge=1_000, description="Bytes of bodies held in memory at once; at least one of the largest."
    )
    max_pixels: int = Field(
        60_000_000,
        ge=1,
        le=178_956_970,  # 716 MB of memory for a PNG
        description="Largest photo in pixels, width × height; of a WebP, 24 million at most.",
    )
    data_dir: str = Field(
        "",
        description="Folder for what the service keeps, the only place it may write to; made if missing and checked at "
        "the start. Photos sent to `/predict` are never kept. When unset, audits are kept in `shelfwatch` in "
        "`$XDG_DATA_HOME`, else in `~/.local/share`, or not at all where that cannot be written.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="Where the audits' rows are, `postgresql://user:password@host/name`; when unset, an SQLite file in "
        "the data folder.",
    )
    photo_store: str = Field(
        "",
        description="Where the audits' photos are, a folder or an address such as `s3://bucket/folder`; when unset, "
        "`photos` in the data folder.",
    )
    webhook_networks: List = Field(
        (),
        description="Comma-separated networks, such as `10.1.0.0/16`, that webhooks may reach although not public.",
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server for alerts: `smtp://user:password@host:587` or `smtps://host:465`; without one no "
        "e-mails are sent.",
    )
    mail_from: str = Field("", description="Sender of e-mails.")
    keep_days: float | None = Field(
        None, gt=0, le=36_500, description="Days that an audit is kept after it was recorded; older ones go once a day."
    )
    keep_bytes: int | None = Field(
        None, gt=0, description="Bytes of photos that are kept; beyond it the oldest audits go, once a day."
    )
    store_metrics: int = Field(
        1000, ge=0, le=100_000, description="Most stores with figures of their own in `/metrics`; 0 for none."
    )
    grace_seconds: int = Field(30, ge=0, description="Seconds a stopping service gives to accepted requests.")
    log_level: str = Field("info", description="Log level: debug, info, warning or error.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Log lines as `json` or for a `console`; `auto` is `console` on a terminal."
    )

    @field_validator("cors_origins", "allowed_hosts", "trusted_proxies", "models", "webhook_networks", mode="before")
    @classmethod
    def split_commas(cls, value: object) -> object:
        """`a,b` from the environment or a flag becomes two entries."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def known_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what would never match: a proxy is known by its address, not by a name."""
        for proxy in value:
            if proxy != "*":
                ipaddress.ip_network(proxy)
        return value

    @field_validator("api_keys")
    @classmethod
    def usable_keys(cls, value: SecretStr) -> SecretStr:
        """Refuse keys that no HTTP header could carry, weak ones and doubles."""
        if not (value.get_secret_value().isascii() and value.get_secret_value().isprintable()):
            raise ValueError("keys are printable ASCII")
        parse_keys(value.get_secret_value())
        return value

    @field_validator("database_url")
    @classmethod
    def known_database(cls, value: SecretStr) -> SecretStr:
        """Refuse an address that nothing serves, without a word of it: it may hold a password."""
        if value.get_secret_value():
            from shelfwatch.audits.database import Database  # here: a parent of workers stays small without it

            with refused():
                Database(value.get_secret_value()).close()
        return value

    @field_validator("photo_store")
    @classmethod
    def known_photo_store(cls, value: str) -> str:
        """Refuse an address that nothing serves."""
        if value:
            from shelfwatch.audits.photos import open_photos

            with refused():
                open_photos(value)
        return value

    @field_validator("log_level")
    @classmethod
    def known_level(cls, value: str) -> str:
        """Refuse a level uvicorn does not know."""
        if value not in {"debug", "info", "warning", "error"}:
            raise ValueError("one of debug, info, warning, error")
        return value

    @model_validator(mode="after")
    def room_for_a_body(self) -> Self:
        """Refuse a budget that no largest body fits in."""
        if self.max_held_bytes < self.max_body_bytes:
            raise ValueError("max_held_bytes is at least max_body_bytes")
        return self

    @model_validator(mode="after")
    def usable_receivers(self) -> Self:
        """Refuse networks and a mail server that are none, without a word of the latter: it may hold a password."""
        if self.webhook_networks or self.smtp_url.get_secret_value():
            from shelfwatch.audits.dispatcher import DispatchOptions

            with refused():
                DispatchOptions.of(self.webhook_networks, self.smtp_url.get_secret_value(), self.mail_from)
        return self

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """The API keys, as digests."""
        return parse_keys(self.api_keys.get_secret_value())

    @property
    def host_names(self) -> tuple[str, ...] | None:
        """The host names to answer to beside those of loopback; None for any."""
        return self.allowed_hosts if self.allowed_hosts or (is_loopback(self.host) and not self.keys) else None

    @property
    def model_paths(self) -> tuple[Path, ...]:
        """The model files named, none for the packaged ones."""
        return tuple(Path(path) for path in self.models)

    def refusal(self) -> str | None:
        """Why these settings must not be served, or None."""
        if not (is_loopback(self.host) or self.keys or self.insecure):
            return (
                f"Refusing to listen on {self.host} without API keys: anyone who reaches it could use it. "
                "Set SHELFWATCH_API_KEYS, or pass --insecure if something in front of it checks access."
            )
        if self.rate_limit and not self.keys:
            return "SHELFWATCH_RATE_LIMIT counts by API key: set SHELFWATCH_API_KEYS too."
        return None


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """What the memory cannot use, as an error of validation."""
    from shelfwatch.audits.errors import InvalidError

    try:
        yield
    except InvalidError as error:
        raise ValueError(str(error)) from None


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
