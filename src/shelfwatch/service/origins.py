"""Which web pages may call: those of this service and of named origins, under names this service goes by.

Without keys a service on loopback is open to whatever runs on the machine, and any page in its browser would be such:
a form may be posted to another site without asking it first. And a page whose own name is made to point to 127.0.0.1
(DNS rebinding) could read the answers too. Programs send none of the headers looked at here and go on as they are.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shelfwatch.service.access import OPEN_PATHS
from shelfwatch.service.problems import Problem, refuse
from shelfwatch.service.settings import is_loopback

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # change nothing and cost no inference
OWN_SITE = frozenset({"same-origin", "none"})  # Sec-Fetch-Site of the page itself, and of what the user typed


class Origins:
    """Refuses what pages of other sites send, and names in the address that are not the service's.

    `trusted` are the origins that CORS admits. `hosts` are names the service goes by beside those of loopback; None
    admits any.
    """

    def __init__(self, app: ASGIApp, trusted: Collection[str], hosts: Collection[str] | None) -> None:
        self.app = app
        self.trusted = frozenset(trusted)
        self.hosts = None if hosts is None else frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            try:
                self._check_host(headers, scope["path"])
                if scope["method"] not in SAFE_METHODS:
                    self._check_origin(headers)
            except Problem as problem:
                await refuse(problem, scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _check_host(self, headers: Headers, path: str) -> None:
        """Raise `Problem` where the address names another host.

        What is open to everyone is so under any name: probes call by one of their own, and the page can say what
        is wrong.
        """
        if self.hosts is None or OPEN_PATHS.fullmatch(path):
            return
        name = host_name(headers.get("host", ""))
        # Every browser names a host; what does not is no page.
        if name and name not in self.hosts and not is_loopback(name) and not name.endswith(".localhost"):
            raise Problem(
                "forbidden",
                "This service does not answer to the host name in the address. Whoever runs it can add the name to "
                "SHELFWATCH_ALLOWED_HOSTS, or set SHELFWATCH_API_KEYS.",
            )

    def _check_origin(self, headers: Headers) -> None:
        """Raise `Problem` where a page of another site sent the request.

        Sec-Fetch-Site counts where it is sent: no page can set it, and a proxy that rewrites Host does not upset it.
        """
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        trusted = origin in self.trusted or (origin is not None and "*" in self.trusted)
        own = site in OWN_SITE if site else origin is None or is_of_host(origin, headers.get("host", ""))
        if trusted or own:
            return
        raise Problem(
            "forbidden",
            "A page of another site sent this. Whoever runs the service can admit it with SHELFWATCH_CORS_ORIGINS.",
        )


def is_of_host(origin: str, host: str) -> bool:
    """Whether an Origin header names that host and port; the scheme is the business of a proxy in front."""
    named = origin.partition("://")[2]
    return named != "" and named.lower() == host.lower()


def host_name(host: str) -> str:
    """The name or address of a Host header, without port, brackets and a final dot."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.rstrip(".").lower()
