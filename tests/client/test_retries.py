"""How long to wait: `Retry-After` in all its forms, and a policy that keeps within its bounds."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwatch.client import RetryPolicy
from shelfwatch.client.retries import LONGEST_DELAY, http_date, retry_after, seconds_to_wait

NOW = datetime(1994, 11, 6, 8, 49, 30, tzinfo=UTC)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(st.integers(0, 10**6))
def test_delta_seconds_are_seconds(seconds: int) -> None:
    assert retry_after(str(seconds), NOW) == seconds
    assert retry_after(f" {seconds:08d}\t", NOW) == seconds


@given(moments, moments)
def test_a_date_counts_from_now_and_never_backwards(date: datetime, now: datetime) -> None:
    assert retry_after(format_datetime(date, usegmt=True), now) == max(0.0, (date - now).total_seconds())


@pytest.mark.parametrize(
    "value",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
    ids=["IMF-fixdate", "RFC 850", "asctime"],
)
def test_the_three_forms_of_a_date_are_read(value: str) -> None:
    assert retry_after(value, NOW) == 7.0


@pytest.mark.parametrize(
    "value", ["", "soon", "-1", "1.5", "1e3", "٣", "1, 2", "0x10", "Sun, 99 Nov 1994 08:49:37 GMT"]
)
def test_anything_else_asks_for_nothing(value: str) -> None:
    assert retry_after(value, NOW) is None


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,9} (Jan|Nov) [0-9]{1,9} [0-9:]{1,9} ([+-][0-9]{1,9}|GMT)"))
def test_no_value_breaks_the_parser(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds < math.inf


def test_a_delay_too_long_to_count_is_still_a_number() -> None:
    assert retry_after("9" * 5000, NOW) == LONGEST_DELAY


@given(moments, st.integers(-12, 12))
def test_dates_of_other_zones_name_the_same_moment(moment: datetime, hours: int) -> None:
    there = moment.astimezone(timezone(timedelta(hours=hours)))
    assert http_date(format_datetime(there)) == moment


def test_a_date_is_compared_with_the_answer_s_own_clock() -> None:
    headers = {"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:30 GMT"}
    assert seconds_to_wait(headers) == 7.0


def test_without_a_date_of_its_own_the_answer_is_compared_with_ours() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert seconds_to_wait({"Retry-After": soon}) == pytest.approx(100, abs=5)
    assert seconds_to_wait({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT", "Date": "never"}) == 0.0


def test_nothing_asked_is_nothing() -> None:
    assert seconds_to_wait({}) is None


policies = st.builds(
    RetryPolicy, attempts=st.integers(1, 10**9), total_wait=st.floats(0, 1e6), backoff=st.floats(0, 1e300)
)


@given(policies, st.integers(1, 10**9), st.floats(0, 1e6), st.none() | st.floats(0, LONGEST_DELAY))
def test_a_wait_is_as_long_as_asked_and_within_the_bounds(
    policy: RetryPolicy, sent: int, waited: float, asked: float | None
) -> None:
    seconds = policy.wait(sent, waited, asked)
    if seconds is None:
        assert sent >= policy.attempts or waited >= policy.total_wait or (asked or 0) > policy.total_wait - waited
    else:
        assert sent < policy.attempts
        assert (asked or 0) <= seconds <= policy.total_wait - waited


def test_the_random_part_doubles_and_uses_its_whole_range() -> None:
    policy = RetryPolicy(attempts=9, total_wait=1000, backoff=0.5)
    for sent, ceiling in ((1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0)):
        waits = [policy.wait(sent, 0, 3.0) for _ in range(300)]
        extra = [seconds - 3.0 for seconds in waits if seconds is not None]
        assert len(extra) == 300
        assert 0 <= min(extra) < 0.1 * ceiling  # a tenth is missed by all 300 once in 10^13 runs
        assert 0.9 * ceiling < max(extra) <= ceiling


def test_a_wait_that_is_asked_for_may_use_up_the_rest_but_no_more() -> None:
    policy = RetryPolicy(total_wait=10, backoff=100)
    assert policy.wait(1, 0, 10) == 10
    assert policy.wait(1, 0, 10.001) is None
    assert policy.wait(1, 4, 7) is None
    assert policy.wait(1, 10, None) is None


def test_one_attempt_is_never_followed_by_another() -> None:
    assert RetryPolicy(attempts=1).wait(1, 0, 0) is None


def test_no_time_to_wait_is_no_second_attempt() -> None:
    assert RetryPolicy(total_wait=0).wait(1, 0, None) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"total_wait": -1},
        {"total_wait": math.nan},
        {"backoff": -0.1},
        {"backoff": math.inf},
        {"backoff": math.nan},
    ],
    ids=str,
)
def test_a_policy_without_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]
