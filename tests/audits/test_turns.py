"""One process at a time prunes."""

from __future__ import annotations

import contextlib

from shelfwatch.audits.database import Database
from shelfwatch.audits.turns import pruning_turn


def test_one_at_a_time_and_then_the_next(url: str) -> None:
    with contextlib.closing(Database(url)) as database, contextlib.closing(Database(url)) as other:
        with pruning_turn(database) as ours, pruning_turn(other) as theirs:
            assert (ours, theirs) == (True, False)
        with pruning_turn(other) as theirs:
            assert theirs
            other.check()
