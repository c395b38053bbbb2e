"""What each question sends."""

from __future__ import annotations

import json

import httpx
import pytest

from shelfwatch.client import UnexpectedAnswer, calls
from shelfwatch.client.calls import Call

HEALTH = {"status": "starting", "version": "0.1.0", "models": []}


def test_predict_leaves_to_the_service_what_is_not_chosen() -> None:
    bare = calls.predict(b"photo", confidence=None, model=None, max_detections=None, tiles=None)
    assert (bare.method, bare.path, dict(bare.query), bare.photo) == ("POST", "/predict", {}, b"photo")
    full = calls.predict(b"photo", confidence=0.2, model="fast", max_detections=7, tiles="auto")
    assert full.query == {"confidence": 0.2, "model": "fast", "max_detections": 7, "tiles": "auto"}


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (calls.health(), "/health"),
        (calls.models(), "/health"),
        (calls.ready(), "/health/ready"),
        (calls.live(), "/health/live"),
        (calls.metrics(), "/metrics"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_others_are_plain_gets(call: Call[object], path: str) -> None:
    assert (call.method, call.path, dict(call.query), call.photo) == ("GET", path, {}, None)


def test_health_and_models_are_read_from_one_document() -> None:
    response = httpx.Response(200, content=json.dumps(HEALTH))
    assert calls.health().read(response).status == "starting"
    assert calls.models().read(response) == ()
    for call in (calls.health(), calls.models()):
        with pytest.raises(UnexpectedAnswer):
            call.read(httpx.Response(200, content=b"{}"))


def test_only_probes_have_an_answer_where_nobody_gives_one() -> None:
    assert calls.ready().otherwise is False
    assert calls.live().otherwise is False
    for call in (calls.health(), calls.models(), calls.metrics()):
        assert call.otherwise is None
