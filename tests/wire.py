"""Speak HTTP by hand, for what no client library would send."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """What came back until the service hung up or the answer was whole."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    def problem(self) -> str:
        """The slug of the problem document."""
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status
        assert document["request_id"] == self.headers["x-request-id"]
        return str(document["type"]).removeprefix("/problems/")


def connect(url: str) -> socket.socket:
    address = urlsplit(url)
    assert address.hostname
    assert address.port
    return socket.create_connection((address.hostname, address.port), timeout=20)


def read_reply(connection: socket.socket) -> Reply:
    """Read one whole answer; fails where the connection ends before."""
    start = time.monotonic()
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        assert piece, f"the connection ended after {data!r}"
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers["content-length"]):
        piece = connection.recv(65_536)
        assert piece, f"the connection ended within {body!r}"
        body += piece
    return Reply(int(first.split()[1]), headers, body, time.monotonic() - start)


def hung_up(connection: socket.socket) -> bool:
    """Whether the service closes the connection, cleanly, within its patience."""
    return connection.recv(1) == b""
