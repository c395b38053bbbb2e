"""Names of stores and bays in addresses: any name, a slash within it included."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Path
from fastapi.routing import APIRoute
from pydantic import AfterValidator
from starlette.routing import Match
from starlette.types import Scope

KEPT = re.compile("%2f|%25", re.IGNORECASE)  # a slash and the percent sign itself


def still_coded(raw_path: bytes) -> str:
    """The path with everything decoded but what would then be taken for something else."""
    path = raw_path.partition(b"?")[0].decode("latin-1")
    parts = KEPT.split(path)
    kept = [found.upper() for found in KEPT.findall(path)] + [""]
    return "".join(unquote(part) + code for part, code in zip(parts, kept, strict=True))


class NamesRoute(APIRoute):
    """A route that sees slashes within a name as part of it; its parameters are `Name`s."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any route, by the path as it was sent."""
        if scope["type"] == "http":
            raw = scope.get("raw_path")
            path = still_coded(raw) if raw else quote(scope["path"])
            scope = {**scope, "path": path}
        return super().matches(scope)


StoreName = Annotated[
    str, Path(description="The store's name.", examples=["Berlin 1"], min_length=1), AfterValidator(unquote)
]
BayName = Annotated[
    str, Path(description="The bay's name.", examples=["Cereal"], min_length=1), AfterValidator(unquote)
]
