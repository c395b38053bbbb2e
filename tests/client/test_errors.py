"""Problem documents, and what merely looks like one, as exceptions."""

from __future__ import annotations

import json
import pickle
from typing import Any

import httpx
import pytest

from shelfwatch import client
from shelfwatch.client import ProblemError, ShelfWatchError, TimedOut, UnexpectedAnswer, Unreachable
from shelfwatch.client.errors import PROBLEMS, problem
from shelfwatch.service.problems import TYPES

DOCUMENT = {
    "type": "/problems/unsupported-format",
    "title": "This kind of file is not supported",
    "status": 415,
    "detail": "It is a GIF.",
    "request_id": "r7",
}


def response(status: int, members: object, content_type: str = "application/problem+json", **headers: str) -> Any:
    content = members if isinstance(members, bytes) else json.dumps(members).encode()
    return httpx.Response(status, content=content, headers={"Content-Type": content_type, **headers})


def test_a_document_becomes_its_exception_with_every_member() -> None:
    error = problem(response(415, DOCUMENT), "sent")
    assert type(error) is client.UnsupportedFormat
    assert (error.type, error.slug) == ("/problems/unsupported-format", "unsupported-format")
    assert (error.title, error.status, error.detail) == (DOCUMENT["title"], 415, "It is a GIF.")
    assert (error.request_id, error.retry_after, error.retryable) == ("r7", None, False)
    assert str(error) == "This kind of file is not supported: It is a GIF. (request r7)"


@pytest.mark.parametrize("slug", TYPES)
def test_every_problem_of_the_service_has_its_exception(slug: str) -> None:
    document = {**DOCUMENT, "type": f"/problems/{slug}"}
    error = problem(response(TYPES[slug].status, document), "sent")
    assert type(error) is PROBLEMS[slug]
    assert type(error).__name__ == slug.title().replace("-", "")
    assert f"{TYPES[slug].status}: " in (type(error).__doc__ or "")


def test_a_type_may_be_a_whole_address() -> None:
    error = problem(response(503, {**DOCUMENT, "type": "https://shop.example/problems/draining"}), "sent")
    assert type(error) is client.Draining


def test_an_unknown_type_is_a_problem_all_the_same() -> None:
    error = problem(response(418, {**DOCUMENT, "type": "/problems/teapot"}), "sent")
    assert type(error) is ProblemError
    assert (error.slug, error.status) == ("teapot", 418)


@pytest.mark.parametrize(
    ("members", "content_type"),
    [
        (b"<html>Bad gateway</html>", "text/html"),
        (b"{", "application/problem+json"),
        (b"[" * 200_000, "application/problem+json"),
        ([], "application/problem+json"),
        ({"type": 3, "title": None, "detail": ["x"], "request_id": ""}, "application/problem+json"),
        ({}, "Application/Problem+JSON; charset=utf-8"),
    ],
)
def test_an_error_without_a_usable_document_is_told_by_its_status(members: object, content_type: str) -> None:
    error = problem(response(502, members, content_type), "sent")
    assert type(error) is ProblemError
    assert (error.type, error.slug, error.title, error.status) == ("about:blank", "", "Bad Gateway", 502)
    assert (error.detail, error.request_id) == ("", "sent")
    assert str(error) == "Bad Gateway (request sent)"


def test_the_id_is_the_document_s_then_the_header_s_then_the_one_sent() -> None:
    bare = {name: value for name, value in DOCUMENT.items() if name != "request_id"}
    assert problem(response(415, DOCUMENT, **{"X-Request-ID": "header"}), "sent").request_id == "r7"
    assert problem(response(415, bare, **{"X-Request-ID": "header"}), "sent").request_id == "header"
    assert problem(response(415, bare), "sent").request_id == "sent"


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (429, True), (500, False), (502, False), (503, True)])
def test_only_429_and_503_are_worth_another_try(status: int, retryable: bool) -> None:
    assert problem(response(status, {}), "sent").retryable is retryable


def test_retry_after_is_given_in_seconds() -> None:
    assert problem(response(503, DOCUMENT, **{"Retry-After": "7"}), "sent").retry_after == 7.0
    dates = {"Retry-After": "Fri, 06 Nov 2026 08:49:40 GMT", "Date": "Fri, 06 Nov 2026 08:49:37 GMT"}
    assert problem(response(503, DOCUMENT, **dates), "sent").retry_after == 3.0
    assert problem(response(503, DOCUMENT, **{"Retry-After": "soon"}), "sent").retry_after is None


def test_a_timeout_is_a_kind_of_unreachable_that_is_not_sent_again() -> None:
    assert issubclass(TimedOut, Unreachable)
    assert Unreachable("gone").retryable
    assert not TimedOut("late").retryable
    assert not UnexpectedAnswer("odd").retryable


def test_exceptions_survive_pickling() -> None:
    error = problem(response(503, {**DOCUMENT, "type": "/problems/overloaded"}, **{"Retry-After": "7"}), "sent")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is client.Overloaded
    assert (vars(copy), str(copy)) == (vars(error), str(error))
    lost = Unreachable("nobody there", "r8")
    assert str(pickle.loads(pickle.dumps(lost))) == str(lost) == "nobody there (request r8)"


def test_every_exception_is_public_and_has_the_one_base() -> None:
    for kind in (*PROBLEMS.values(), ProblemError, Unreachable, TimedOut, UnexpectedAnswer):
        assert issubclass(kind, ShelfWatchError)
        assert getattr(client, kind.__name__) is kind
