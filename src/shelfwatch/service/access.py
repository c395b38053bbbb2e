"""Who may call what: keys on every path but the page and health, a rate a key, guessing slowed down."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shelfwatch.service.keys import ApiKey, Keyring
from shelfwatch.service.metrics import Metrics
from shelfwatch.service.problems import Problem, refuse
from shelfwatch.service.rate import RateLimit, Recent, rate_limited

log = logging.getLogger("shelfwatch")

OPEN_PATHS = re.compile(r"/|/health(/(live|ready))?|/static/.*|/sw\.js|/favicon\.ico")
WRONG_KEYS = 10  # an address may send at once, and again each minute
NEIGHBOURS = 64  # bits of an IPv6 address that one subscriber usually holds; the rest is theirs to vary


class Access:
    """Asks for `Authorization: Bearer <key>` on every path but the page, its files and health.

    `rate` holds for each key. The key's name is left in the scope as `api_key`, for metrics and the log.
    """

    def __init__(self, app: ASGIApp, keys: Iterable[ApiKey], rate: RateLimit | None, metrics: Metrics) -> None:
        self.app = app
        self.keys = Keyring(keys)
        self.rate = rate
        self.guesses = Guesses()
        self.admitted = metrics.key_requests
        for key in self.keys.keys:
            self.admitted.labels(key.name)  # so that one never used shows as 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or OPEN_PATHS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            scope["api_key"] = self._admit(scope).name
        except Problem as problem:
            await refuse(problem, scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _admit(self, scope: Scope) -> ApiKey:
        """The caller's key. Raises `Problem` where there is none or it comes too often."""
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given:
            raise unauthorized()
        key = self.guesses.judge(address(scope), self.keys.find(given))
        if self.rate and (wait := self.rate.take(key.name)):
            raise rate_limited(f"The key {key.name} has used up its requests; wait for a while.", wait)
        self.admitted.labels(key.name).inc()
        return key


class Guesses:
    """Slows down an address that sends wrong keys.

    While it is slowed down even a right key is refused, or guessing would go on at full speed; but a key that came
    from there before goes on working, so that a stranger behind the same router locks nobody out.
    """

    def __init__(self) -> None:
        self.wrong = RateLimit(WRONG_KEYS, WRONG_KEYS)
        self.right: Recent[tuple[str, str], None] = Recent()

    def judge(self, caller: str, key: ApiKey | None) -> ApiKey:
        """The key found, if it may be used from that address now. Raises `Problem`."""
        wait = self.wrong.wait(caller)
        if wait and (key is None or (caller, key.name) not in self.right):
            raise rate_limited("Too many wrong keys came from this address; wait for a while.", wait)
        if key is None:
            self.wrong.take(caller)
            if self.wrong.wait(caller):
                log.warning("wrong API keys from %s: it is slowed down", caller or "an unknown address")
            raise unauthorized()
        self.right[caller, key.name] = None
        return key


def unauthorized() -> Problem:
    """The problem of a caller without a valid key."""
    return Problem(
        "unauthorized", "Send a valid key as `Authorization: Bearer <key>`.", headers={"WWW-Authenticate": "Bearer"}
    )


def address(scope: Scope) -> str:
    """Where a request comes from; IPv6 addresses of one subscriber are one."""
    host: str = (scope.get("client") or ("",))[0]
    try:
        version = ipaddress.ip_address(host).version
        return str(ipaddress.ip_network(f"{host}/{NEIGHBOURS}", strict=False)) if version == 6 else host
    except ValueError:  # a name or nothing: a proxy may send what it likes
        return host
