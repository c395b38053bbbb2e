"""What the tests of `/audits` share: sending one, and photos that differ."""

from __future__ import annotations

import io
from typing import Any

import httpx
from PIL import Image

from shelfwatch.inference.detector import packaged_models
from support import Service

QUICK = {"SHELFWATCH_MODELS": str(packaged_models()["fast"])}  # for a service of one's own: it starts sooner


def photo(number: int, sample: bytes) -> bytes:
    """The sample shelf, small, as another picture for each number."""
    picture = Image.open(io.BytesIO(sample)).convert("RGB")
    picture.thumbnail((400, 400))
    picture.paste((number % 256, number // 256, 0), (0, 0, 8, 8))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def post(service: Service, image: bytes, store: str = "Berlin 1", bay: str = "Cereal", **more: Any) -> httpx.Response:
    """Record an audit; `query` and `headers` go there, every other keyword is a field of the form."""
    options = {name: more.pop(name) for name in ("headers",) if name in more}
    return httpx.post(
        f"{service.url}/audits",
        params={"model": "fast", **more.pop("query", {})},
        data={"store": store, "bay": bay, **more},
        files={"image": ("shelf.jpg", image)},
        timeout=60,
        **options,
    )


def get(service: Service, path: str, **query: Any) -> httpx.Response:
    return httpx.get(f"{service.url}{path}", params=query, timeout=30)
