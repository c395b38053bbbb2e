import io
import time
from datetime import UTC, datetime

import pytest
from PIL import Image

from shelfwatch.commands.taken import taken_at


@pytest.fixture
def in_berlin(monkeypatch):
    """This machine stands in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def photo(taken=None, zone=None, kind="JPEG"):
    exif = Image.Exif()
    directory = exif.get_ifd(0x8769)
    for tag, text in ((0x9003, taken), (0x9011, zone)):
        if text is not None:
            directory[tag] = text
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, kind, exif=exif.tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_time_with_a_zone(kind):
    assert taken_at(photo("2026:03:01 08:00:00", "+02:00", kind)) == datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize("zone", [None, "", "   :  ", "local"])
def test_without_a_zone_it_is_this_machines(in_berlin, zone):
    assert taken_at(photo("2026:07:01 08:00:00", zone)) == datetime(2026, 7, 1, 6, tzinfo=UTC)
    assert taken_at(photo("2026:01:01 08:00:00", zone)) == datetime(2026, 1, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "", "0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday"])
def test_no_time(text):
    assert taken_at(photo(text)) is None


def test_no_photo_and_damaged_metadata():
    whole = photo("2026:03:01 08:00:00")
    place = whole.index(b"Exif\0\0")
    assert taken_at(whole[:place] + b"Exif\0\0" + b"\xff" * 20 + whole[place + 26 :]) is None
    assert taken_at(b"words") is None
    assert taken_at(b"") is None
