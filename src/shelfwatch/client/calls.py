"""What can be asked of the service: one function a question, each giving the `Call` that both clients carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeAlias, TypeVar

import httpx

from shelfwatch.client.answers import Health, Prediction, ServedModel, parse
from shelfwatch.client.photos import Photo

T_co = TypeVar("T_co", covariant=True)

Tiles: TypeAlias = Literal["auto", "off"]

MAX_PAGE = 200  # longest page of a list


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """One question: what is sent, and how its answer is read."""

    method: str
    path: str
    read: Callable[[httpx.Response], T_co]  # raises `UnexpectedAnswer`
    query: Mapping[str, str | float] = field(default_factory=dict)
    photo: Photo | None = None
    form: Mapping[str, str] = field(default_factory=dict)  # text fields beside the photo
    body: Mapping[str, object] | None = None  # sent as JSON
    statuses: frozenset[int] = frozenset({200})  # of an answer that `read` takes
    media_type: str | None = None  # of a file, which the clients write while it arrives; None: the answer is no file
    repeatable: bool = True  # whether it does no harm to do it twice; if not, it is sent again only if nothing was done
    gone_is_done: bool = False  # whether a 404 to what was sent before and may have arrived means that it was done
    reads_503: bool = False  # whether `read` takes a 503 in JSON as it takes a 200
    otherwise: T_co | None = None  # the answer where nobody answers, or with 503; None: both are errors


def given(**choices: str | float | datetime | None) -> dict[str, str | float]:
    """Those that are not None, times as ISO 8601; the others are left to the service."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in choices.items()
        if value is not None
    }


def predict(
    photo: Photo, *, confidence: float | None, model: str | None, max_detections: int | None, tiles: Tiles | None
) -> Call[Prediction]:
    """Which products are in a photo? What is None is left to the service's default."""
    query = given(confidence=confidence, model=model, max_detections=max_detections, tiles=tiles)
    return Call("POST", "/predict", lambda response: parse(Prediction, response.content), query, photo)


def health() -> Call[Health]:
    """How is the service?"""
    return Call("GET", "/health", _health, reads_503=True)


def models() -> Call[tuple[ServedModel, ...]]:
    """Which models does it serve?"""
    return Call("GET", "/health", lambda response: _health(response).models, reads_503=True)


def ready() -> Call[bool]:
    """Does it take photos now?"""
    return _probe("/health/ready")


def live() -> Call[bool]:
    """Does its process turn?"""
    return _probe("/health/live")


def metrics() -> Call[str]:
    """What has it measured?"""
    return Call("GET", "/metrics", lambda response: response.text)


def _health(response: httpx.Response) -> Health:
    return parse(Health, response.content)


def _probe(path: str) -> Call[bool]:
    return Call("GET", path, lambda _: True, otherwise=False)
