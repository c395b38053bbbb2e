"""What the service answers, as values. A field is written once: its name and type here are how it is read."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from shelfwatch.client.errors import UnexpectedAnswer

T = TypeVar("T")

Box: typing.TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels of the upright photo, origin top left."""


@dataclass(frozen=True)
class Detection:
    """One product found; `box` is x1, y1, x2, y2 in pixels of the upright photo, origin top left."""

    label: str
    class_id: int
    confidence: float
    box: Box


@dataclass(frozen=True)
class ImageSize:
    """Size of the upright photo in pixels."""

    width: int
    height: int


@dataclass(frozen=True)
class ModelName:
    """Which model answered."""

    name: str
    version: str
    precision: str


@dataclass(frozen=True)
class Timing:
    """Where the service's time went, in milliseconds."""

    decode: float
    queue: float
    inference: float
    total: float  # from the parsed upload to the finished answer


@dataclass(frozen=True)
class Prediction:
    """Every product found in one photo."""

    detections: tuple[Detection, ...]  # sorted by confidence, highest first
    count: int
    truncated: bool  # whether `max_detections` cut the list
    tiles: int  # how many tiles were looked at again; 0 without a closer look
    image: ImageSize
    model: ModelName
    timing_ms: Timing
    request_id: str


@dataclass(frozen=True)
class ServedModel(ModelName):
    """A model the service serves, as its file describes itself."""

    classes: tuple[str, ...]
    input_size: int  # long side of the network input, pixels
    operating_threshold: float  # confidence from which a detection counts by default
    runtime: str


@dataclass(frozen=True)
class Health:
    """State of the service; photos are taken when `status` is `ok`."""

    status: str  # `ok`, `starting`, `failed` or `draining`
    version: str
    models: tuple[ServedModel, ...]  # empty until they are loaded


def parse(kind: type[T], content: bytes) -> T:
    """The `kind` that `content` holds as JSON; fields that `kind` does not know are passed over.

    Raises `UnexpectedAnswer` where it is no JSON, or a field is missing or of another type.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnexpectedAnswer(f"the answer is no JSON: {error}") from error
    result: T = _build(kind, value, "the answer")
    return result


@functools.cache
def _fields(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _build(kind: Any, value: Any, place: str) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        fields, members = _fields(kind), _expect(value, dict, place)
        missing = [name for name in fields if name not in members]
        if missing:
            raise UnexpectedAnswer(f"{place} lacks {', '.join(missing)}")
        return kind(**{name: _build(hint, members[name], f"{place}: {name}") for name, hint in fields.items()})
    if typing.get_origin(kind) is tuple:
        kinds, items = typing.get_args(kind), _expect(value, list, place)
        if kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(items)
        if len(items) != len(kinds):
            raise UnexpectedAnswer(f"{place} has {len(items)} items, not {len(kinds)}")
        return tuple(_build(kinds[i], item, f"{place}[{i}]") for i, item in enumerate(items))
    if typing.get_origin(kind) is types.UnionType:  # of a kind and None
        return None if value is None else _build(typing.get_args(kind)[0], value, place)
    if kind is datetime:
        return _moment(_expect(value, str, place), place)
    if kind is float and type(value) is int:  # JSON may write 12.0 as 12
        try:
            return float(value)
        except OverflowError as error:
            raise UnexpectedAnswer(f"{place} is larger than any number can be") from error
    return _expect(value, kind, place)


def _moment(text: str, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnexpectedAnswer(f"{place} is no ISO 8601 time") from error


def _expect(value: Any, kind: type, place: str) -> Any:
    if type(value) is not kind:  # not isinstance: True would pass for 1
        raise UnexpectedAnswer(f"{place} is of type {type(value).__name__}, not {kind.__name__}")
    return value
