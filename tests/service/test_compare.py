"""`GET /audits/{id}/compare/{earlier}` on the real process."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from service.audit_calls import QUICK, get, post
from support import Service


def test_a_photo_from_a_little_further_right(
    run_service: Callable[..., Service], tmp_path: Path, sample: bytes
) -> None:
    service = run_service(**QUICK, SHELFWATCH_DATA_DIR=str(tmp_path / "data"))
    picture = Image.open(io.BytesIO(sample)).convert("RGB")
    photos = []
    for left in (0, 60):
        out = io.BytesIO()
        picture.crop((left, 0, picture.width - 60 + left, picture.height)).save(out, "JPEG", quality=90)
        photos.append(out.getvalue())
    earlier, later = (post(service, photo).json() for photo in photos)
    found = get(service, f"/audits/{later['id']}/compare/{earlier['id']}").json()
    assert (found["earlier"], found["later"], found["registered"]) == (earlier["id"], later["id"], True)
    np.testing.assert_allclose(found["transform"], [[1, 0, -60], [0, 1, 0], [0, 0, 1]], atol=3)
    assert len(found["stayed"]) > 0.9 * min(earlier["count"], later["count"])
    assert found["change"]["count"] == later["count"] - earlier["count"]

    other = post(service, photos[0], bay="Tea").json()
    apart = get(service, f"/audits/{later['id']}/compare/{other['id']}")
    assert apart.json()["type"] == "/problems/invalid-request"
    unknown = get(service, f"/audits/{later['id']}/compare/01968bd1-9a10-7c11-8a44-2f6f3c1b7d90")
    assert unknown.json()["type"] == "/problems/not-found"
