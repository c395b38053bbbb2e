"""Where a page of a list ended, as text that only we read."""

from __future__ import annotations

import base64
import binascii
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.ids import EPOCH

LAYOUT = struct.Struct(">q16s")  # microseconds since 1970, the id
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cursor:
    """The last item of a page: the next page begins after it."""

    moment: datetime
    id: str

    def __str__(self) -> str:
        packed = LAYOUT.pack((self.moment - EPOCH) // timedelta(microseconds=1), uuid.UUID(self.id).bytes)
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises `InvalidError` for anything we did not make."""
        try:
            microseconds, packed = LAYOUT.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
        except (binascii.Error, struct.error, ValueError):
            raise InvalidError("cursor: take `next_cursor` of the page before") from None
        if not 0 <= microseconds <= (LATEST - EPOCH) // timedelta(microseconds=1):
            raise InvalidError("cursor: take `next_cursor` of the page before")
        return cls(EPOCH + timedelta(microseconds=microseconds), str(uuid.UUID(bytes=packed)))
