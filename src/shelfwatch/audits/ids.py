"""Ids that sort by the time they were made: UUID version 7 (RFC 9562, 5.7)."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

RANDOM_BITS = 74  # all that is neither time, version nor variant; here one number that grows within a millisecond
STEP_BITS = 32  # most that it grows from one id to the next
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_lock = threading.Lock()
_last = (0, 0)  # milliseconds and number of the newest id


def new_id() -> str:
    """An id greater than any this process made before, as 36 characters of text."""
    global _last
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last[0]:
            _last = (now, secrets.randbits(RANDOM_BITS - 1))  # the upper half is room to grow
        else:
            number = _last[1] + 1 + secrets.randbits(STEP_BITS)
            _last = (_last[0] + (number >> RANDOM_BITS), number % (1 << RANDOM_BITS))
        return _text(*_last)


def first_id(moment: datetime) -> str:
    """The least id of that millisecond: ids made earlier sort before it."""
    return _text(max(0, (moment - EPOCH) // timedelta(milliseconds=1)), 0)


def known_id(text: str) -> str | None:
    """The id in the form it is stored, or None where the text is no id."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def _text(milliseconds: int, number: int) -> str:
    high, low = number >> 62, number & ((1 << 62) - 1)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))
