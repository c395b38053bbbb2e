"""API keys: how settings write them, how one is recognised, how a new one is made."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

MIN_LENGTH = 16  # characters of a key written in plain
MIN_DISTINCT = 6  # different characters in it; "aaaaaaaaaaaaaaaa" is long and no secret
RANDOM_BYTES = 32  # of a new key; 256 bits cannot be guessed
NEW_KEY_PREFIX = "sw_"  # lets scanners for leaked secrets recognise a key
DIGEST_PREFIX = "sha256:"
NAME = re.compile(r"[A-Za-z0-9._-]{1,32}")
# A `=` at the end is the padding of a base64 key, not the end of a name.
ENTRY = re.compile(rf"(?:(?P<name>{NAME.pattern})=(?!=*$))?(?P<secret>.+)")


@dataclass(frozen=True)
class ApiKey:
    """One key the service accepts: what to call it, and its SHA-256.

    The key itself is not kept. One fast hash is enough for what is long and random: unlike a password it cannot be
    found by trying, and every request pays for the hash.
    """

    name: str
    digest: bytes = field(repr=False)


class Keyring:
    """The keys the service accepts."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self.keys = tuple(keys)

    def find(self, given: str) -> ApiKey | None:
        """The key a caller sent, or None. Takes the same time whichever it is, or none."""
        digest = digest_of(given)
        found = None
        for key in self.keys:  # all of them: where the search ended would tell which one came close
            if hmac.compare_digest(digest, key.digest):
                found = key
        return found


def digest_of(secret: str) -> bytes:
    """SHA-256 of a key."""
    return hashlib.sha256(secret.encode()).digest()


def parse_keys(text: str) -> tuple[ApiKey, ...]:
    """The keys of a comma-separated setting.

    An entry is a key, or `sha256:` and the 64 hex digits of its digest, either after `name=`. One without a name is
    called after its place: `key1`, `key2`. Raises `ValueError`, whose words never show a key.
    """
    keys: dict[bytes, ApiKey] = {}
    names: set[str] = set()
    for place, (given_name, secret) in enumerate(_entries(text), start=1):
        name = given_name or f"key{place}"
        if secret.startswith(DIGEST_PREFIX):
            digits = secret.removeprefix(DIGEST_PREFIX)
            if not re.fullmatch("[0-9a-fA-F]{64}", digits):
                raise ValueError(f"API key {name}: after {DIGEST_PREFIX} come 64 hex digits")
            digest = bytes.fromhex(digits)
        else:
            if len(secret) < MIN_LENGTH or len(set(secret)) < MIN_DISTINCT:
                raise ValueError(
                    f"API key {name} is too weak: use at least {MIN_LENGTH} characters, {MIN_DISTINCT} of them "
                    "different; `shelfwatch new-key` makes a good one"
                )
            digest = digest_of(secret)
        if digest in keys:
            raise ValueError(f"API keys {keys[digest].name} and {name} are the same")
        if name in names:
            raise ValueError(f"two API keys are named {name}")
        names.add(name)
        keys[digest] = ApiKey(name, digest)
    return tuple(keys.values())


def plain_key(text: str) -> str:
    """The first key that such a setting holds in plain, for a client on the same machine; empty without one."""
    return next((secret for _, secret in _entries(text) if not secret.startswith(DIGEST_PREFIX)), "")


def new_key(name: str | None = None) -> tuple[str, str]:
    """A random key, and the entry for the setting that accepts it. Raises `ValueError` for a name it cannot write."""
    if name is not None and not NAME.fullmatch(name):
        raise ValueError("a name is 1 to 32 letters, digits, dots, dashes and underscores")
    key = NEW_KEY_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    entry = DIGEST_PREFIX + digest_of(key).hex()
    return key, f"{name}={entry}" if name else entry


def _entries(text: str) -> Iterable[tuple[str | None, str]]:
    """Name and secret of each entry."""
    for part in text.split(","):
        if found := ENTRY.fullmatch(part.strip()):
            yield found["name"], found["secret"]
