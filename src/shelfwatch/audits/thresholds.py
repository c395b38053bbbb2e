"""When a bay is past a threshold, and when it is back: pure functions on its figures."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

FILL_MARGIN = 0.05  # of the fill rate, that it must rise above its threshold before an alert is over
FACINGS_MARGIN = 0.05  # the same for facings, as a share of the threshold, rounded up
GAPS_MARGIN = 1  # gaps below the threshold

KINDS = ("fill_rate", "facings", "gaps")  # what alerts are about, named as the columns of an audit


@dataclass(frozen=True)
class Rule:
    """A threshold of a bay: `after` audits in a row past it raise an alert."""

    kind: str  # one of KINDS
    threshold: float
    after: int = 1

    @property
    def back(self) -> float:
        """The figure at which an alert is over. Between it and the threshold nothing begins and nothing ends."""
        if self.kind == "gaps":
            return max(0, self.threshold - GAPS_MARGIN)
        if self.kind == "facings":
            return self.threshold + math.ceil(self.threshold * FACINGS_MARGIN)
        return min(1.0, round(self.threshold + FILL_MARGIN, 6))  # a sum of floats may end in ...01

    def past(self, value: float) -> bool:
        """Whether a figure is on the wrong side of the threshold."""
        return value > self.threshold if self.kind == "gaps" else value < self.threshold

    def clear(self, value: float) -> bool:
        """Whether a figure is well on the right side."""
        return value <= self.back if self.kind == "gaps" else value >= self.back


@dataclass(frozen=True)
class Reading:
    """One figure of one audit."""

    audit_id: str
    taken_at: datetime
    value: float


class State(enum.Enum):
    """What a bay's audits say of one threshold."""

    RAISED = enum.auto()
    CALM = enum.auto()
    UNKNOWN = enum.auto()  # neither enough in a row past it nor one that is clear of it


@dataclass(frozen=True)
class Verdict:
    """The state, the newest reading, and the first of those in a row that raised it.

    `bounded` says that a reading clear of the threshold came before them: what came before that does not matter.
    """

    state: State
    newest: Reading | None = None
    first: Reading | None = None
    bounded: bool = False


def judge(readings: Iterable[Reading], rule: Rule) -> Verdict:
    """What readings, the newest first, say; they are read back to the last that was clear of the threshold.

    Only what the audits show and when they were taken counts, not the order in which they came.
    """
    newest = first = None
    in_a_row = 0
    bounded = False
    for reading in readings:
        newest = newest or reading
        if rule.clear(reading.value):
            bounded = True
            break
        in_a_row = in_a_row + 1 if rule.past(reading.value) else 0
        if in_a_row >= rule.after:
            first = reading
    otherwise = State.CALM if bounded else State.UNKNOWN
    state = otherwise if first is None else State.RAISED
    return Verdict(state, newest, first, bounded)
