"""Turn photos away at the door when the service is full, before anything is spent on them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from shelfwatch.service.problems import Problem, refuse


class Admission:
    """Asks `check`, which raises `Problem`, before a POST to one of `paths` is routed.

    The route asks again, so this only saves work; but when many are turned away it is the photos in hand that pay for
    each refusal.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str], check: Callable[[], None]) -> None:
        self.app = app
        self.paths = frozenset(paths)
        self.check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self.paths:
            try:
                self.check()
            except Problem as problem:
                await refuse(problem, scope, receive, send)
                return
        await self.app(scope, receive, send)
