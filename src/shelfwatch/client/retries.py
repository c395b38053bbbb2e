"""When to send again: how often, how long to wait, and what `Retry-After` asks for."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_DOUBLINGS = 32  # of the backoff; far beyond any wait that is worth it, and still a number
LONGEST_DELAY = 2.0**31  # seconds; what HTTP takes a delay for that is too long to be counted (RFC 9111, 1.2.2)


@dataclass(frozen=True)
class RetryPolicy:
    """How often a call is sent and how long it may wait in between. Raises `ValueError` for what makes no sense.

    Before each further request the client waits as long as `Retry-After` asked, and on top of that a random time
    between 0 and a backoff that doubles ("full jitter"), so that callers refused together do not return together.
    """

    attempts: int = 4  # requests one call sends at most, the first included; 1 never sends again
    total_wait: float = 30.0  # seconds that all waits of one call may add up to
    backoff: float = 0.5  # seconds; longest random wait before the second request

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError("attempts is at least 1")
        if not self.total_wait >= 0:  # so that NaN is refused too
            raise ValueError("total_wait is a number of seconds, at least 0")
        if not 0 <= self.backoff < math.inf:
            raise ValueError("backoff is a finite number of seconds, at least 0")

    def wait(self, sent: int, waited: float, asked: float | None) -> float | None:
        """Seconds to wait before sending once more, or None where the call has to give up.

        `sent` requests, at least one, were sent so far, with `waited` seconds between them; the last answer `asked`
        for so many seconds, if it did.
        """
        least = asked or 0.0
        left = self.total_wait - waited
        if sent >= self.attempts or left <= 0 or least > left:
            return None
        ceiling = self.backoff * 2.0 ** min(sent - 1, MOST_DOUBLINGS)
        return min(least + random.uniform(0, ceiling), left)  # noqa: S311 - spreads callers, guards nothing


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer's `Retry-After` asks for, or None where there is none that can be understood.

    A date is compared with the answer's own `Date`, where it has one: the two clocks may differ.
    """
    now = http_date(headers.get("Date", "")) or datetime.now(UTC)
    return retry_after(headers.get("Retry-After", ""), now)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from `now` that a `Retry-After` of delta-seconds or an HTTP-date asks for, never negative, or None."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), LONGEST_DELAY)
    date = http_date(value)
    return None if date is None else max(0.0, (date - now).total_seconds())


def http_date(value: str) -> datetime | None:
    """The moment an HTTP-date names in any of the three forms of RFC 9110, or None where it is none."""
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date  # the form of C's asctime names no zone
