"""Which addresses webhooks may reach: public ones, and networks that the operator names."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.tables import URL_LENGTH

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = {"http": 80, "https": 443}
# Public by their numbers, but answered by the cloud's own machines, or known as special to newer Pythons only.
SPECIAL = tuple(ipaddress.ip_network(text) for text in ("168.63.129.16/32", "192.0.0.0/24", "64:ff9b:1::/48"))
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # the last 32 bits are an IPv4 address


class RefusedError(Exception):
    """An address that webhooks may not reach; the message names the host, never the rest of the URL."""


@dataclass(frozen=True)
class Target:
    """Where a URL leads: `host` is what the certificate must say, `addresses` are what is connected to."""

    host: str
    port: int
    tls: bool
    path: str
    addresses: tuple[str, ...]


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks such as `10.1.0.0/16` or single addresses. Raises `InvalidError`."""
    try:
        return tuple(ipaddress.ip_network(text.strip()) for text in texts if text.strip())
    except ValueError as error:
        raise InvalidError(f"A network is written as 10.1.0.0/16 or fd00::/8: {error}") from None


def parse_url(url: str) -> SplitResult:
    """An http or https address in parts. Raises `InvalidError`."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not (usable and len(url) <= URL_LENGTH and url.isascii() and url.isprintable() and " " not in url):
        raise InvalidError(f"url: an http or https address of at most {URL_LENGTH} ASCII characters")
    if "@" in parts.netloc or "#" in url:
        raise InvalidError("url: without a name, a password or a fragment")
    return parts


def is_allowed(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether an address may be reached: it is public or allowed, and so is the IPv4 address it leads through.

    Raises `ValueError` for what is no address.
    """
    address = _plain(ipaddress.ip_address(text.partition("%")[0]))
    hops = [address]
    if isinstance(address, ipaddress.IPv6Address):
        hops += [hop for hop in (address.sixtofour, (address.teredo or (None, None))[1]) if hop is not None]
    return all(_is_public(hop) or _within(hop, allowed) for hop in hops)


def resolve(url: str, allowed: Sequence[Network] = ()) -> Target:
    """Look a URL's host up, once; whoever connects must use these addresses and not look it up again.

    Raises `RefusedError` where any of its addresses may not be reached, `OSError` where it has none.
    """
    parts = parse_url(url)
    host = parts.hostname or ""
    port = parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise RefusedError(f"{host} is no host name.") from None
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_allowed(address, allowed):
            raise RefusedError(f"{host} is at {address}, which is not public: allow its network to reach it.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port, parts.scheme == "https", path, addresses)


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one is another spelling of."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    return address.is_global and not special and not _within(address, SPECIAL)


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
