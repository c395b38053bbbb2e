"""Answers: fields of later versions are passed over, missing and mistyped ones are named."""

from __future__ import annotations

import copy
import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwatch.client import Detection, Health, ImageSize, ModelName, Prediction, ServedModel, Timing, UnexpectedAnswer
from shelfwatch.client.answers import parse

PREDICTION: dict[str, Any] = {
    "detections": [{"label": "product", "class_id": 0, "confidence": 0.93, "box": [12, 40.5, 80.2, 151.9]}],
    "count": 1,
    "truncated": False,
    "tiles": 0,
    "image": {"width": 2448, "height": 3264},
    "model": {"name": "accurate", "version": "1.0.0", "precision": "int8"},
    "timing_ms": {"decode": 21.0, "queue": 0, "inference": 45.0, "total": 69.0},
    "request_id": "r1",
}
HEALTH: dict[str, Any] = {
    "status": "ok",
    "version": "0.1.0",
    "models": [
        {
            "name": "fast",
            "version": "1.0.0",
            "precision": "int8",
            "classes": ["product"],
            "input_size": 960,
            "operating_threshold": 0.4,
            "runtime": "some CPU",
        }
    ],
}


def changed(path: tuple[str | int, ...], value: object = None, *, drop: bool = False) -> bytes:
    """The answer above with one value replaced or dropped."""
    answer = copy.deepcopy(PREDICTION)
    place: Any = answer
    for step in path[:-1]:
        place = place[step]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(answer).encode()


def test_a_prediction_is_read_whole() -> None:
    assert parse(Prediction, json.dumps(PREDICTION).encode()) == Prediction(
        detections=(Detection("product", 0, 0.93, (12.0, 40.5, 80.2, 151.9)),),
        count=1,
        truncated=False,
        tiles=0,
        image=ImageSize(2448, 3264),
        model=ModelName("accurate", "1.0.0", "int8"),
        timing_ms=Timing(21.0, 0.0, 45.0, 69.0),
        request_id="r1",
    )


def test_health_is_read_whole() -> None:
    model = ServedModel("fast", "1.0.0", "int8", ("product",), 960, 0.4, "some CPU")
    assert parse(Health, json.dumps(HEALTH).encode()) == Health("ok", "0.1.0", (model,))


def test_whole_numbers_become_floats_where_floats_are_promised() -> None:
    answer = parse(Prediction, json.dumps(PREDICTION).encode())
    assert [type(edge) for edge in answer.detections[0].box] == [float] * 4
    assert type(answer.timing_ms.queue) is float


def test_answers_cannot_be_changed() -> None:
    answer = parse(Prediction, json.dumps(PREDICTION).encode())
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.count = 2  # type: ignore[misc]


@pytest.mark.parametrize("path", [("report",), ("image", "url"), ("detections", 0, "row"), ("model", "licence")])
def test_fields_added_later_are_passed_over(path: tuple[str | int, ...]) -> None:
    assert parse(Prediction, changed(path, {"anything": [1]})) == parse(Prediction, json.dumps(PREDICTION).encode())


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("tiles",), "the answer lacks tiles"),
        (("image", "height"), "the answer: image lacks height"),
        (("detections", 0, "box"), "the answer: detections[0] lacks box"),
    ],
)
def test_a_missing_field_is_named(path: tuple[str | int, ...], place: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        parse(Prediction, changed(path, drop=True))
    assert str(caught.value) == place


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("count",), "1", "count is of type str, not int"),
        (("count",), 1.0, "count is of type float, not int"),
        (("count",), True, "count is of type bool, not int"),
        (("truncated",), 0, "truncated is of type int, not bool"),
        (("request_id",), None, "request_id is of type NoneType, not str"),
        (("image",), [1, 2], "image is of type list, not dict"),
        (("detections",), {}, "detections is of type dict, not list"),
        (("detections", 0, "box"), [1, 2, 3], "box has 3 items, not 4"),
        (("detections", 0, "box", 2), "80", "box[2] is of type str, not float"),
        (("detections", 0, "confidence"), False, "confidence is of type bool, not float"),
        (("detections", 0, "confidence"), 10**400, "confidence is larger than any number"),
    ],
)
def test_a_field_of_another_type_is_named(path: tuple[str | int, ...], value: object, words: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        parse(Prediction, changed(path, value))
    assert words in str(caught.value)


@dataclasses.dataclass(frozen=True)
class Seen:
    at: datetime | None


def test_times_are_utc_and_may_be_missing() -> None:
    for text in ("2026-03-01T08:00:00.500000Z", "2026-03-01T09:00:00.5+01:00", "2026-03-01T08:00:00.5"):
        at = parse(Seen, json.dumps({"at": text}).encode()).at
        assert at == datetime(2026, 3, 1, 8, 0, 0, 500_000, UTC)
        assert at.tzinfo is UTC
    assert parse(Seen, b'{"at": null}').at is None
    for wrong, words in (("soon", "at is no ISO 8601 time"), ("0001-01-01T00:00:00+14:00", "no ISO 8601"), (3, "int")):
        with pytest.raises(UnexpectedAnswer, match=words):
            parse(Seen, json.dumps({"at": wrong}).encode())


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe\xff", b"[" * 200_000, b"9" * 5000])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        parse(Prediction, content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text() | st.sampled_from([*PREDICTION]), inner),
    max_leaves=20,
)


@given(st.sampled_from([*PREDICTION]), json_values)
def test_whatever_stands_in_a_field_is_read_or_refused(name: str, value: object) -> None:
    try:
        answer = parse(Prediction, changed((name,), value))
    except UnexpectedAnswer:
        return
    assert isinstance(answer, Prediction)
