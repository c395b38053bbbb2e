"""Settings: one field, one environment variable `SHELFWATCH_<NAME>`, one flag of `shelfwatch serve`."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

List = Annotated[tuple[str, ...], NoDecode]  # comma-separated in the environment, not JSON


class Settings(BaseSettings):
    """How the service runs. Every field is described here and listed in `docs/settings.md`."""

    model_config = SettingsConfigDict(env_prefix="SHELFWATCH_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on. Beyond loopback, API keys are required.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    api_keys: SecretStr = Field(
        SecretStr(""),
        description="Comma-separated API keys. When set, every route but the page and health asks for one.",
    )
    insecure: bool = Field(False, description="Allow listening beyond loopback without API keys.")
    cors_origins: List = Field((), description="Comma-separated origins that may call from a browser; none by default.")
    models: List = Field(
        (),
        description="Comma-separated ONNX files to serve instead of the packaged ones; the first is the default.",
    )
    workers: int = Field(
        1, ge=1, le=256, description="Processes that share the CPUs and the port; every limit holds for each."
    )
    lanes: int = Field(1, ge=1, le=64, description="Photos in the network at the same time.")
    threads: int = Field(
        0, ge=0, le=256, description="Threads of one inference; 0 shares the CPUs allowed among the lanes."
    )
    queue_limit: int = Field(
        16, ge=1, le=1024, description="Photos that may wait or be decoded; beyond it the answer is 503."
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
        le=178_956_970,  # where Pillow itself refuses
        description="Largest photo in pixels, width × height.",
    )
    grace_seconds: int = Field(30, ge=0, description="Seconds a stopping service gives to accepted requests.")
    log_level: str = Field("info", description="Log level: debug, info, warning or error.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Log lines as `json` or for a `console`; `auto` is `console` on a terminal."
    )

    @field_validator("cors_origins", "models", mode="before")
    @classmethod
    def split_commas(cls, value: object) -> object:
        """`a,b` from the environment or a flag becomes two entries."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("api_keys")
    @classmethod
    def sendable_keys(cls, value: SecretStr) -> SecretStr:
        """Refuse keys that no HTTP header could carry."""
        if not (value.get_secret_value().isascii() and value.get_secret_value().isprintable()):
            raise ValueError("keys are printable ASCII")
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

    @property
    def keys(self) -> tuple[str, ...]:
        """The API keys, split."""
        return tuple(key.strip() for key in self.api_keys.get_secret_value().split(",") if key.strip())

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
        return None


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
