"""Uploads: one photo and short text fields, read as they stream in, whatever the pieces."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from shelfwatch.service.problems import Problem
from shelfwatch.service.upload import MAX_PARTS, MAX_TEXT_BYTES, Upload, read_upload

FORM = "multipart/form-data; boundary=shelf"


def part(name: str | None, content: bytes, *, file: str | None = None, kind: str = "") -> bytes:
    head = "Content-Disposition: form-data"
    head += "" if name is None else f'; name="{name}"'
    head += "" if file is None else f'; filename="{file}"'
    head += f"\r\nContent-Type: {kind}" if kind else ""
    return b"--shelf\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--shelf--\r\n"


PHOTO = part("image", b"pixels", file="shelf.jpg", kind="image/jpeg")


def read(body: bytes | Iterable[bytes], kind: str | None = FORM) -> Upload:
    pieces = [body] if isinstance(body, bytes) else list(body)
    messages: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": i < len(pieces) - 1} for i, piece in enumerate(pieces)
    ]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    headers = [] if kind is None else [(b"content-type", kind.encode())]
    return asyncio.run(read_upload(Request({"type": "http", "method": "POST", "headers": headers}, receive)))


def refused(body: bytes | Iterable[bytes], kind: str | None = FORM) -> str:
    with pytest.raises(Problem) as caught:
        read(body, kind)
    assert caught.value.kind.slug == "invalid-request"
    return str(caught.value.detail)


def test_a_photo_and_text_fields() -> None:
    upload = read(form(part("store", "Zürich 3".encode()), PHOTO, part("note", b"")))
    assert upload == Upload(b"pixels", {"store": "Zürich 3", "note": ""})


def test_an_epilogue_is_ignored() -> None:
    assert read(form(PHOTO) + b"anything").image == b"pixels"


@settings(deadline=None, max_examples=60)
@given(
    content=st.binary(max_size=300) | st.lists(st.sampled_from([b"\r", b"\n", b"--", b"shelf", b"x"])).map(b"".join),
    cuts=st.lists(st.integers(0, 600), max_size=12),
)
def test_bytes_survive_however_the_body_is_cut(content: bytes, cuts: list[int]) -> None:
    if b"\r\n--shelf" in b"\r\n" + content:
        return  # then it is not content
    body = form(part("note", b"two facings"), part("image", content, file="a.png"))
    edges = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    pieces = [body[start:end] for start, end in itertools.pairwise(edges)]
    assert read(pieces) == Upload(content, {"note": "two facings"})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "image"),
        (form(), "image"),
        (form(part("note", b"x")), "image"),
        (form(part("image", b"x")), "text field"),
        (form(PHOTO, PHOTO), "twice"),
        (form(PHOTO, part("note", b"a"), part("note", b"b")), "twice"),
        (form(PHOTO, part("second", b"x", file="b.jpg")), "second"),
        (form(part(None, b"x", file="b.jpg")), "which field"),
        (form(part("image", b"x", file="a", kind="multipart/mixed; boundary=inner")), "form within"),
        (form(PHOTO, part("note", b"\xff\xfe")), "UTF-8"),
        (PHOTO, "breaks off"),
        (form(PHOTO)[:-6], "breaks off"),
        (b"no form at all", "not a valid form"),
        (b"--shelf\r\nContent-Disposition form-data\r\n\r\nx\r\n--shelf--", "not a valid form"),
        (form(*[part(f"f{i}", b"") for i in range(MAX_PARTS + 1)]), "fields"),
        (form(part("note", bytes(MAX_TEXT_BYTES + 1)), PHOTO), "text"),
        (form(part("note", b"x", kind="x" * 5000), PHOTO), "header size"),
        (b"--shelf\r\n" + b"A: b\r\n" * 20 + b"\r\nx\r\n--shelf--\r\n", "header count"),
    ],
)
def test_what_is_no_upload_is_refused_and_said_why(body: bytes, words: str) -> None:
    assert words in refused(body)


@pytest.mark.parametrize(
    "kind", [None, "", "application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed"]
)
def test_other_content_types_are_refused(kind: str | None) -> None:
    assert "body" in refused(form(PHOTO), kind)


def test_a_boundary_too_long_is_refused() -> None:
    assert "oundary" in refused(form(PHOTO), f"multipart/form-data; boundary={'x' * 1000}")


def test_endless_fields_are_refused_before_they_end() -> None:
    taken = 0

    def endless() -> Iterable[bytes]:
        nonlocal taken
        for i in range(1000):
            taken += 1
            yield part(f"f{i}", b"x")

    class Pieces:
        def __init__(self) -> None:
            self.source = iter(endless())

        async def receive(self) -> Message:
            return {"type": "http.request", "body": next(self.source), "more_body": True}

    request = Request({"type": "http", "headers": [(b"content-type", FORM.encode())]}, Pieces().receive)
    with pytest.raises(Problem):
        asyncio.run(read_upload(request))
    assert taken <= MAX_PARTS + 2


def test_a_client_that_leaves_ends_the_reading() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "headers": [(b"content-type", FORM.encode())]}, receive)
    with pytest.raises(Problem, match="broke off"):
        asyncio.run(read_upload(request))
