"""One POST: signed, bounded, to the address that was checked."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from audits.receivers import HANG, Receiver, certificate, is_signed
from shelfwatch.audits.addresses import parse_networks
from shelfwatch.audits.post import PostError, PostOptions, post
from support import ROOT

LOOPBACK = parse_networks(["127.0.0.0/8", "::1/128"])
OPTIONS = PostOptions(connect_seconds=2, read_seconds=0.3, total_seconds=0.8, allowed=LOOPBACK)


def send(url: str, options: PostOptions = OPTIONS) -> int:
    return post(url, "secret", "event-1", b'{"bay":"Caf\xc3\xa9"}', options)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as receiver:
        yield receiver


def test_what_arrives_is_signed(receiver: Receiver) -> None:
    receiver.status = 204
    assert send(receiver.url) == 204
    [(headers, body)] = receiver.got
    assert body == b'{"bay":"Caf\xc3\xa9"}'
    assert headers["ShelfWatch-Id"] == "event-1"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == f"localhost:{receiver.port}"
    assert is_signed(headers, body, "secret")
    assert not is_signed(headers, body, "another")
    assert not is_signed(headers, body + b" ", "secret")
    later = str(int(headers["ShelfWatch-Timestamp"]) + 1)
    assert not is_signed({**headers, "ShelfWatch-Timestamp": later}, body, "secret")


def test_the_check_that_the_documentation_shows_works(receiver: Receiver) -> None:
    page = (ROOT / "docs" / "alerts.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    shown: dict[str, Any] = {}
    exec(code, shown)
    send(receiver.url)
    [(headers, body)] = receiver.got
    assert shown["is_ours"](headers, body, "secret")
    assert not shown["is_ours"](headers, body, "another")
    assert not shown["is_ours"](headers, body + b" ", "secret")
    assert not shown["is_ours"]({**headers, "ShelfWatch-Timestamp": "1772367060"}, body, "secret")


@pytest.mark.parametrize("status", [400, 410, 500, 503])
def test_what_is_not_taken_is_told_by_its_status(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(PostError, match=f"^answered {status}$"):
        send(receiver.url)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    with closing(Receiver()) as other:
        receiver.status, receiver.more = status, {"Location": other.url}
        with pytest.raises(PostError, match="redirects are not followed"):
            send(receiver.url)
        assert other.got == []


def test_this_machine_is_refused_unless_it_is_allowed(receiver: Receiver) -> None:
    with pytest.raises(PostError, match="not public"):
        send(receiver.url, PostOptions())
    assert receiver.got == []


def test_a_name_is_looked_up_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name whose second answer is another address, as in DNS rebinding, leads to the first."""
    asked = []
    real = socket.getaddrinfo

    def lookup(host: str, *arguments: Any, **options: Any) -> Any:
        if host != "hooks.example":
            return real(host, *arguments, **options)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    only_first = PostOptions(allowed=parse_networks(["127.0.0.1"]))
    assert send(f"http://hooks.example:{receiver.port}/", only_first) == 200
    assert asked == ["hooks.example"]
    assert receiver.got[0][0]["Host"] == f"hooks.example:{receiver.port}"


def test_no_answer_is_given_up(receiver: Receiver) -> None:
    receiver.status = HANG
    with pytest.raises(PostError, match="no answer in time"):
        send(receiver.url)


def serve(talk: Callable[[socket.socket], None]) -> tuple[socket.socket, str]:
    """A server of one connection that says what it likes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            with suppress(OSError):  # the client has heard enough
                talk(connection)

    threading.Thread(target=run, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_an_answer_that_drips_for_ever_is_cut_off() -> None:
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                connection.sendall(b"X")
                time.sleep(0.05)
        finally:
            ended.set()

    listener, url = serve(drip)
    with closing(listener):
        with pytest.raises(PostError, match="no answer in time"):
            send(url)
        assert ended.wait(10)


def test_an_endless_body_is_read_no_further_than_its_bound() -> None:
    ended = threading.Event()
    sent = []

    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                connection.sendall(bytes(65_536))
                sent.append(65_536)
        finally:
            ended.set()

    listener, url = serve(pour)
    with closing(listener):
        assert send(url) == 200
        assert ended.wait(10)
    assert sum(sent) < 50_000_000  # what fits into the buffers between


@pytest.mark.parametrize("words", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_answer_is_no_success(words: bytes) -> None:
    listener, url = serve(lambda connection: connection.sendall(words))
    with closing(listener), pytest.raises(PostError):
        send(url)


def test_nobody_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(PostError, match="refused"):
        send(f"http://127.0.0.1:{port}/secret-path")


def test_a_certificate_must_be_trusted_and_name_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, file = certificate(tmp_path, "localhost")
    with closing(Receiver(tls=context)) as receiver:
        with pytest.raises(PostError, match="TLS: self-signed"):
            send(receiver.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert send(receiver.url) == 200
        with pytest.raises(PostError, match=r"TLS: .*not valid for '127\.0\.0\.1'"):
            send(receiver.url.replace("localhost", "127.0.0.1"))
    assert len(receiver.got) == 1
