"""Photos of audits: as sent but for their metadata, in part, small, and not again to who has them."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from service.audit_calls import photo, post
from shelfwatch.service.photos import Span, is_known
from shelfwatch.service.problems import Problem
from support import Service


@pytest.fixture(scope="module")
def address(service: Service, sample: bytes) -> str:
    audit = post(service, photo(4, sample), "Photos").json()
    return f"{service.url}{audit['image']['url']}"


def test_a_photo_comes_whole_in_parts_and_once(address: str, sample: bytes) -> None:
    whole = httpx.get(address)
    assert whole.status_code == 200
    assert Image.open(io.BytesIO(whole.content)).size == Image.open(io.BytesIO(photo(4, sample))).size
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"] == "private, no-cache"
    etag = whole.headers["etag"]

    def ask(**headers: str) -> httpx.Response:
        return httpx.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})

    known = ask(If_None_Match=f'"other", {etag}')
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    assert ask(If_None_Match='"other"').status_code == 200
    size = len(whole.content)
    parts = [ask(Range="bytes=0-999"), ask(Range="bytes=1000-"), ask(Range="bytes=-5")]
    assert [part.status_code for part in parts] == [206] * 3
    assert [part.headers["content-range"] for part in parts] == [
        f"bytes 0-999/{size}", f"bytes 1000-{size - 1}/{size}", f"bytes {size - 5}-{size - 1}/{size}",
    ]  # fmt: skip
    assert parts[0].content + parts[1].content == whole.content
    assert parts[2].content == whole.content[-5:]
    assert ask(Range="bytes=0-9", If_Range=etag).status_code == 206
    assert ask(Range="bytes=0-9", If_Range='"other"').status_code == 200
    beyond = ask(Range=f"bytes={size}-")
    assert (beyond.status_code, beyond.json()["type"]) == (416, "/problems/range-not-satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{size}"


def test_a_thumbnail_is_small_and_known_apart(address: str) -> None:
    answers = [httpx.get(address, params={"size": "thumbnail"}) for _ in range(2)]
    assert {answer.headers["content-type"] for answer in answers} == {"image/webp"}
    assert max(Image.open(io.BytesIO(answers[0].content)).size) == 320
    assert answers[0].content == answers[1].content
    etag = answers[0].headers["etag"]
    assert etag != httpx.get(address).headers["etag"]
    assert httpx.get(address, params={"size": "thumbnail"}, headers={"If-None-Match": etag}).status_code == 304
    assert httpx.get(address, params={"size": "huge"}).status_code == 422


def test_a_photo_of_megabytes_comes_whole(service: Service) -> None:
    noise = Image.effect_noise((2200, 1500), 80)
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=92)
    assert len(out.getvalue()) > 2_000_000
    audit = post(service, out.getvalue(), "Large").json()
    whole = httpx.get(f"{service.url}{audit['image']['url']}").content
    assert Image.open(io.BytesIO(whole)).tobytes() == Image.open(io.BytesIO(out.getvalue())).tobytes()
    middle = httpx.get(f"{service.url}{audit['image']['url']}", headers={"Range": "bytes=999990-2000009"})
    assert middle.content == whole[999_990:2_000_010]


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 1)), ("bytes=2-", (2, 10)), ("bytes=2-99", (2, 10)), ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)), ("bytes=0-99999999999999999999999", (0, 10)),
        ("bytes=-", None), ("bytes=0-1,3-4", None), ("items=0-1", None), ("bytes=5-2", None), ("bytes=a-b", None),
    ],
)  # fmt: skip
def test_ranges_are_read_by_the_standard(header: str, span: tuple[int, int] | None) -> None:
    assert Span.read(header, 10) == (span and Span(*span, 10))


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"])
def test_a_part_that_is_not_there_is_a_problem(header: str) -> None:
    with pytest.raises(Problem) as refused:
        Span.read(header, 10)
    assert refused.value.kind.status == 416


@pytest.mark.parametrize(
    ("header", "known"), [(None, False), ("", False), ("*", True), ('W/"a"', True), ('"b", "a"', True), ('"b"', False)]
)
def test_etags_are_compared_weakly(header: Any, known: bool) -> None:
    assert is_known(header, '"a"') is known
