"""The picture of an alert shows its gap, framed, and what is around it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from audits.memories import Memory
from audits.test_alerts import LOW, expect
from shelfwatch.audits.alerts import list_alerts
from shelfwatch.audits.crop import COLOUR, crop, picture
from shelfwatch.audits.errors import NotFoundError
from shelfwatch.audits.photos import digest
from shelfwatch.audits.remove import purge


def kept(memory: Memory, image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    memory.photos.claim(digest(buffer.getvalue()), buffer.getvalue()).release()
    return digest(buffer.getvalue())


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_crop_shows_the_gap_and_its_surroundings(memory: Memory) -> None:
    photo = Image.new("RGB", (2000, 1000), (0, 0, 200))
    photo.paste((0, 200, 0), (1000, 400, 1300, 600))  # the gap
    data = crop(memory.photos, kept(memory, photo), [1000.0, 400.0, 1300.0, 600.0])
    found = Image.open(io.BytesIO(data))
    assert found.format == "JPEG"
    assert found.size == (900, 800)  # a gap's width of shelf on each side
    pixels = np.asarray(found).astype(int)
    assert np.abs(pixels[400, 450] - (0, 200, 0)).max() < 20
    assert np.abs(pixels[400, 100] - (0, 0, 200)).max() < 20
    assert np.abs(pixels[302, 450] - COLOUR).max() < 60  # the frame
    assert crop(memory.photos, kept(memory, photo), None) != data


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("box", [[-50.0, -50.0, 20.0, 20.0], [470.0, 20.0, 600.0, 90.0], [900.0, 900.0, 950.0, 950.0]])
def test_a_gap_at_the_edge_is_cropped_to_the_photo(memory: Memory, box: list[float]) -> None:
    photo = Image.new("RGB", (480, 640), (0, 0, 200))
    found = Image.open(io.BytesIO(crop(memory.photos, kept(memory, photo), box)))
    assert found.width <= 480
    assert found.height <= 640


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_large_photo_becomes_a_picture_that_fits_a_letter(memory: Memory) -> None:
    photo = Image.new("RGB", (3000, 4000), (0, 0, 200))
    sha256 = kept(memory, photo)
    for box in (None, [0.0, 0.0, 3000.0, 4000.0]):
        assert max(Image.open(io.BytesIO(crop(memory.photos, sha256, box))).size) == 1024
    with pytest.raises(NotFoundError):
        crop(memory.photos, "f" * 64, None)


def test_an_alert_has_a_picture_until_its_photo_is_purged(memory: Memory) -> None:
    expect(memory)
    audit = memory.record(0, fill_rate=LOW)
    [alert] = list_alerts(memory.database).items
    data = picture(memory.database, memory.photos, alert.audit_id, alert.box)
    assert data == crop(memory.photos, audit.photo, [1.0, 2.0, 3.0, 4.0])
    purge(memory.database, memory.photos, audit.id)
    with pytest.raises(NotFoundError):
        picture(memory.database, memory.photos, alert.audit_id, alert.box)
