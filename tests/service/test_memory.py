"""Freed memory goes back to the system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shelfwatch.service.memory import give_back


def resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_pieces_among_those_that_stay_are_given_back() -> None:
    pieces = [bytes(8_192) for _ in range(10_000)]
    stays = pieces[::100]
    full = resident_pages()
    del pieces
    give_back()
    assert resident_pages() < full - 10_000  # of 4 kB, of the 20,000 freed
    assert len(stays) == 100
