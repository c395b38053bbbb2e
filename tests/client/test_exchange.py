"""The core without a network: what is sent, and the verdict on whatever comes of it."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from shelfwatch.client import (
    Draining,
    Overloaded,
    ProblemError,
    RateLimited,
    RetryPolicy,
    TimedOut,
    Unauthorized,
    UnexpectedAnswer,
    Unreachable,
    calls,
)
from shelfwatch.client.calls import Call
from shelfwatch.client.exchange import Again, Done, Exchange, Exchanges, service_url

POLICY = RetryPolicy(attempts=3, total_wait=20, backoff=0.5)
METRICS = calls.metrics()


def begin(call: Call[object] = METRICS, photo: bytes | None = None, retries: RetryPolicy = POLICY) -> Exchange[object]:
    return Exchanges("http://shelf.example", None, 5, retries).begin(call, photo)


def refusal(status: int, slug: str = "", retry_after: str | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/problem+json"} | ({"Retry-After": retry_after} if retry_after else {})
    document = {"type": f"/problems/{slug}", "title": "No", "detail": "Not now."} if slug else {}
    return httpx.Response(status, headers=headers, content=json.dumps(document))


def test_a_photo_is_sent_as_the_multipart_field_image() -> None:
    call = calls.predict("/home/ann/shelf.jpg", confidence=0.25, model="a b&c", max_detections=None, tiles=None)
    request = begin(call, b"\x00photo\r\n--bytes").request
    body = request.read()
    assert request.method == "POST"
    assert str(request.url) == "http://shelf.example/predict?confidence=0.25&model=a+b%26c"
    boundary = re.fullmatch(r"multipart/form-data; boundary=(\w+)", request.headers["Content-Type"])
    assert boundary
    assert body.startswith(f'--{boundary[1]}\r\nContent-Disposition: form-data; name="image"; filename="'.encode())
    assert b"\r\n\r\n\x00photo\r\n--bytes\r\n--" in body
    assert body.count(boundary[1].encode()) == 2
    assert b"ann" not in body


def test_requests_carry_an_id_of_their_own_the_timeout_and_no_key_by_default() -> None:
    first, second = begin().request, begin().request
    assert re.fullmatch(r"[0-9a-f]{32}", first.headers["X-Request-ID"])
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert first.extensions["timeout"] == {"connect": 5, "read": 5, "write": 5, "pool": 5}
    assert "Authorization" not in first.headers
    assert str(first.url) == "http://shelf.example/metrics"


def test_the_key_is_sent_and_not_shown() -> None:
    exchanges = Exchanges("http://shelf.example", "s3cret", None, POLICY)
    exchange = exchanges.begin(METRICS, None)
    assert exchange.request.headers["Authorization"] == "Bearer s3cret"
    for thing in (exchanges, vars(exchanges), exchange, vars(exchange), vars(exchange.request)):
        assert "s3cret" not in repr(thing)


def test_an_empty_key_is_none() -> None:
    assert "Authorization" not in Exchanges("http://shelf.example", "", 5, POLICY).begin(METRICS, None).request.headers


@pytest.mark.parametrize("key", ["s3cret\n", "s3cret\r\nX-Other: 1", "clé-s3cret", "\x00s3cret"])
def test_a_key_no_header_can_carry_is_refused_unseen(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        Exchanges("http://shelf.example", key, 5, POLICY)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://shop.example/shelves/", "https://shop.example/shelves"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_addresses_with_and_without_a_path(given: str, used: str) -> None:
    assert service_url(given) == used
    assert str(Exchanges(given, None, 5, POLICY).begin(METRICS, None).request.url) == f"{used}/metrics"


@pytest.mark.parametrize(
    "url",
    [
        *("", "shelf.example", "127.0.0.1:8000", "ftp://shelf.example", "http://", "http://a/?b=1", "http://a/#b"),
        *("http://a:port", "http://a:65536"),
    ],
)
def test_addresses_of_no_service_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        service_url(url)


def test_a_password_in_the_address_is_refused_unseen() -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        service_url("http://ann:s3cret@shelf.example")
    assert "s3cret" not in str(caught.value)


def test_an_answer_is_read() -> None:
    assert begin().judge(httpx.Response(200, text="up 1")) == Done("up 1")


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (refusal(503, "overloaded", "2"), Overloaded),
        (refusal(503, "draining", "2"), Draining),
        (refusal(429, "rate-limited", "2"), RateLimited),
        (httpx.Response(503, html="<p>down</p>", headers={"Retry-After": "2"}), ProblemError),
    ],
)
def test_what_passes_is_sent_again_after_the_time_asked_for(response: httpx.Response, kind: type[ProblemError]) -> None:
    exchange = begin()
    for ceiling in (0.5, 1.0):
        verdict = exchange.judge(response)
        assert isinstance(verdict, Again)
        assert 2 <= verdict.seconds <= 2 + ceiling
    with pytest.raises(kind) as caught:
        exchange.judge(response)
    assert type(caught.value) is kind
    assert caught.value.request_id == exchange.request_id


def test_waits_add_up_to_no_more_than_the_total() -> None:
    exchange = begin(retries=RetryPolicy(attempts=100, total_wait=20, backoff=0))
    for _ in range(3):
        assert exchange.judge(refusal(503, "overloaded", "6")) == Again(6)
    with pytest.raises(Overloaded) as caught:
        exchange.judge(refusal(503, "overloaded", "6"))
    assert caught.value.retry_after == 6


def test_a_wait_longer_than_the_total_is_not_begun() -> None:
    with pytest.raises(Overloaded):
        begin().judge(refusal(503, "overloaded", "60"))


@pytest.mark.parametrize("status", [400, 401, 404, 405, 409, 413, 415, 422, 500, 502, 504])
def test_no_other_status_is_sent_again(status: int) -> None:
    with pytest.raises(ProblemError) as caught:
        begin().judge(refusal(status, retry_after="0"))
    assert caught.value.status == status


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadError(""),
        httpx.WriteError(""),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_broken_connections_are_tried_again_and_then_unreachable(failure: httpx.TransportError) -> None:
    exchange = begin()
    for ceiling in (0.5, 1.0):
        verdict = exchange.judge(failure)
        assert isinstance(verdict, Again)
        assert 0 <= verdict.seconds <= ceiling
    with pytest.raises(Unreachable) as caught:
        exchange.judge(failure)
    assert type(caught.value) is Unreachable
    assert caught.value.__cause__ is failure
    assert "GET http://shelf.example/metrics" in str(caught.value)
    assert exchange.request_id in str(caught.value)


@pytest.mark.parametrize("failure", [httpx.ReadTimeout(""), httpx.WriteTimeout(""), httpx.PoolTimeout("")], ids=repr)
def test_a_late_answer_is_not_asked_for_twice(failure: httpx.TransportError) -> None:
    with pytest.raises(TimedOut, match=type(failure).__name__):
        begin().judge(failure)


def test_refusals_and_failures_share_the_attempts() -> None:
    exchange = begin()
    assert isinstance(exchange.judge(httpx.ConnectError("refused")), Again)
    assert isinstance(exchange.judge(refusal(503, "overloaded")), Again)
    with pytest.raises(Unreachable):
        exchange.judge(httpx.ConnectError("refused"))


def test_an_unreadable_body_is_unexpected() -> None:
    with pytest.raises(UnexpectedAnswer, match="zlib"):
        begin().judge(httpx.DecodingError("zlib: incorrect header"))


def test_a_redirect_is_unexpected_and_names_its_aim() -> None:
    with pytest.raises(UnexpectedAnswer, match=r"307, to https://shelf\.example/metrics"):
        begin().judge(httpx.Response(307, headers={"Location": "https://shelf.example/metrics"}))
    with pytest.raises(UnexpectedAnswer, match="status 204"):
        begin().judge(httpx.Response(204))


def test_unexpected_answers_name_the_request() -> None:
    exchange = begin(calls.health())
    with pytest.raises(UnexpectedAnswer) as caught:
        exchange.judge(httpx.Response(200, json={"status": "ok", "version": "1"}))
    assert str(caught.value) == f"the answer lacks models (request {exchange.request_id})"


def test_health_reads_a_503_of_its_own_and_none_of_another() -> None:
    starting = {"status": "starting", "version": "0.1.0", "models": []}
    verdict = begin(calls.health()).judge(httpx.Response(503, json=starting))
    assert isinstance(verdict, Done)
    assert isinstance(begin(calls.health()).judge(refusal(503, "overloaded")), Again)
    assert isinstance(begin(calls.health()).judge(httpx.Response(503, html="<p>down</p>")), Again)


@pytest.mark.parametrize("call", [calls.ready(), calls.live()], ids=lambda call: call.path)
def test_probes_answer_at_once(call: Call[bool]) -> None:
    assert begin(call).judge(httpx.Response(200, json={"status": "ready"})) == Done(True)
    assert begin(call).judge(httpx.Response(503, json={"status": "draining"})) == Done(False)
    assert begin(call).judge(httpx.Response(503, html="<p>down</p>")) == Done(False)
    assert begin(call).judge(httpx.ConnectError("refused")) == Done(False)
    assert begin(call).judge(httpx.ReadTimeout("")) == Done(False)
    with pytest.raises(ProblemError):
        begin(call).judge(refusal(404, "not-found"))


def test_a_key_is_not_blamed_on_the_connection() -> None:
    with pytest.raises(Unauthorized):
        begin().judge(refusal(401, "unauthorized"))


def test_each_wait_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "shelfwatch.client"):
        begin().judge(refusal(503, "overloaded", "2"))
    assert "request 1 of 3, the next in 2." in caplog.text
    assert "Not now." in caplog.text
