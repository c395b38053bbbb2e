"""Webhooks reach public addresses, in whatever spelling, and none else unless it is allowed."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from shelfwatch.audits.addresses import RefusedError, is_allowed, parse_networks, parse_url, resolve
from shelfwatch.audits.errors import InvalidError


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",  # metadata of a cloud
        "169.254.169.254",  # metadata of most clouds
        "168.63.129.16",  # of another
        "192.0.0.192",  # of yet another
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",  # metadata by IPv6
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo, leads to 127.0.0.1
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_allowed(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_what_is_public_is_reached(address: str) -> None:
    assert is_allowed(address)


def test_a_network_is_allowed_and_its_neighbour_is_not() -> None:
    allowed = parse_networks(["10.1.0.0/16", " fd12::/16 ", "::1/128", ""])
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd12::5", "::1"):
        assert is_allowed(address, allowed), address
    for address in ("10.2.0.1", "127.0.0.1", "169.254.169.254", "fd13::1", "::ffff:127.0.0.1"):
        assert not is_allowed(address, allowed), address
    with pytest.raises(InvalidError):
        parse_networks(["10.1.2.3/16"])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_spellings_of_this_machine_are_seen_through(url: str) -> None:
    with pytest.raises(RefusedError, match="not public"):
        resolve(url)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", ("93.184.215.14", port)), (0, 0, 0, "", ("10.0.0.5", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(RefusedError, match=r"hooks\.example is at 10\.0\.0\.5"):
        resolve("https://hooks.example/secret-path")
    target = resolve("https://hooks.example:8443/path?a=1", parse_networks(["10.0.0.5"]))
    assert (target.host, target.port, target.tls, target.path) == ("hooks.example", 8443, True, "/path?a=1")
    assert target.addresses == ("93.184.215.14", "10.0.0.5")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "http://",
        "http:///path",
        "http://user:password@hooks.example/",
        "http://hooks.example/#part",
        "http://hooks.example:99999/",
        "http://hooks.example:0/",
        "http://[::1/",
        "http://hooks.example/a b",
        "http://hooks.example/\r\nX: 1",
        "http://hööks.example/",
        "http://hooks.example/" + "a" * 2000,
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidError, match=r"^url: "):
        parse_url(url)
