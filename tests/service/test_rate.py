"""Token buckets, by a clock of the test's own."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwatch.service.rate import RateLimit, Recent, rate_limited


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_burst_then_one_at_a_time(clock: Clock) -> None:
    limit = RateLimit(60, 3, clock=clock)
    assert [limit.take("a") for _ in range(3)] == [0, 0, 0]
    assert limit.take("a") == pytest.approx(1)
    assert limit.take("a") == pytest.approx(1)  # asking in vain costs nothing
    clock.now += 0.4
    assert limit.wait("a") == pytest.approx(0.6)
    clock.now += 0.6
    assert limit.take("a") == 0
    assert limit.take("a") > 0


def test_callers_do_not_share(clock: Clock) -> None:
    limit = RateLimit(1, 1, clock=clock)
    assert limit.take("a") == 0
    assert limit.take("b") == 0
    assert limit.take("a") == pytest.approx(60)


def test_a_bucket_never_holds_more_than_the_burst(clock: Clock) -> None:
    limit = RateLimit(60, 2, clock=clock)
    limit.take("a")
    clock.now += 3600
    assert [bool(limit.take("a")) for _ in range(3)] == [False, False, True]


@given(
    per_minute=st.integers(1, 10_000),
    burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_no_more_than_burst_and_rate_allow_come_through(per_minute: int, burst: int, pauses: list[float]) -> None:
    clock = Clock()
    limit = RateLimit(per_minute, burst, clock=clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        taken += limit.take("a") == 0
    assert taken <= burst + (clock.now - 1000) * per_minute / 60 + 1e-3
    assert taken >= min(burst, len(pauses))
    clock.now += limit.wait("a")
    assert limit.take("a") == 0  # who waits as told comes through


def test_memory_is_bounded_and_the_least_recent_is_forgotten(clock: Clock) -> None:
    limit = RateLimit(1, 1, size=100, clock=clock)
    for number in range(1000):
        limit.take(str(number))
    assert len(limit.full_at) == 100
    assert limit.take("999") > 0
    assert limit.take("0") == 0


def test_setting_again_makes_an_entry_recent() -> None:
    table: Recent[str, int] = Recent(2)
    table["a"], table["b"] = 1, 2
    table["a"] = 3
    table["c"] = 4
    assert dict(table) == {"a": 3, "c": 4}


def test_retry_after_is_whole_seconds_never_too_few() -> None:
    problem = rate_limited("Wait.", 1.2)
    assert problem.status_code == 429
    assert problem.headers == {"Retry-After": str(math.ceil(1.2))}
