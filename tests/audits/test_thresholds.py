"""When a bay is past a threshold and when it is back, by hand-made tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.memories import NOON
from shelfwatch.audits.thresholds import Reading, Rule, State, judge


def readings(values: list[float]) -> list[Reading]:
    """Values as they were photographed, one a minute, handed over newest first."""
    made = [Reading(str(number), NOON + timedelta(minutes=number), value) for number, value in enumerate(values)]
    return made[::-1]


@pytest.mark.parametrize(
    ("kind", "threshold", "past", "between", "clear"),
    [
        ("fill_rate", 0.6, 0.59, 0.6, 0.65),
        ("fill_rate", 0.6, 0.0, 0.6499, 1.0),
        ("fill_rate", 0.98, 0.97, 0.99, 1.0),  # the margin ends where a shelf is full
        ("facings", 40, 39, 41, 42),
        ("facings", 8, 7, 8, 9),  # 5 % of 8 is a whole facing
        ("gaps", 3, 4, 3, 2),
    ],
)
def test_between_threshold_and_margin_nothing_begins_and_nothing_ends(
    kind: str, threshold: float, past: float, between: float, clear: float
) -> None:
    rule = Rule(kind, threshold)
    assert (rule.past(past), rule.past(between), rule.past(clear)) == (True, False, False)
    assert (rule.clear(past), rule.clear(between), rule.clear(clear)) == (False, False, True)


@pytest.mark.parametrize("kind", ["fill_rate", "facings", "gaps"])
def test_a_threshold_at_the_end_of_its_range_can_be_cleared(kind: str) -> None:
    rule = Rule(kind, 1 if kind == "fill_rate" else 0)
    assert rule.clear(rule.threshold)
    assert not rule.past(rule.threshold)


CALM, RAISED, UNKNOWN = State.CALM, State.RAISED, State.UNKNOWN


@pytest.mark.parametrize(
    ("after", "values", "state", "since"),
    [
        (1, [], UNKNOWN, None),
        (1, [90], CALM, None),
        (1, [40], RAISED, 0),
        (1, [52], UNKNOWN, None),
        (1, [90, 40], RAISED, 1),
        (1, [40, 52], RAISED, 0),  # not back far enough
        (1, [40, 52, 40], RAISED, 0),
        (1, [40, 90], CALM, None),
        (1, [40, 90, 52], CALM, None),
        (1, [40, 90, 52, 40], RAISED, 3),
        (2, [40], UNKNOWN, None),
        (2, [90, 40], CALM, None),
        (2, [90, 40, 40], RAISED, 1),
        (2, [90, 40, 52, 40], CALM, None),  # not in a row
        (2, [90, 40, 52, 40, 40, 40], RAISED, 3),
        (2, [90, 40, 40, 52, 40], RAISED, 1),
        (2, [40, 40, 90, 40], CALM, None),
        (3, [90, 40, 40, 40, 52, 52, 40, 40, 40], RAISED, 1),
    ],
)
def test_audits_in_a_row_raise_an_alert_and_one_that_is_clear_ends_it(
    after: int, values: list[float], state: State, since: int | None
) -> None:
    verdict = judge(readings(values), Rule("facings", 50, after))  # past below 50, clear from 53
    assert verdict.state is state
    assert (verdict.first and verdict.first.audit_id) == (None if since is None else str(since))
    assert (verdict.newest and verdict.newest.value) == (values[-1] if values else None)


@given(st.lists(st.sampled_from([40.0, 52.0, 90.0]), max_size=12), st.integers(1, 3))
def test_reading_back_says_what_a_machine_that_runs_forward_would(values: list[float], after: int) -> None:
    raised, in_a_row, since = False, 0, None
    for number, value in enumerate(values):
        in_a_row = in_a_row + 1 if value < 50 else 0
        if value >= 53:
            raised = False
        elif in_a_row == after and not raised:
            raised, since = True, number - after + 1
    verdict = judge(readings(values), Rule("facings", 50, after))
    assert (verdict.state is State.RAISED) == raised
    if raised:
        assert verdict.first is not None
        assert verdict.first.audit_id == str(since)
