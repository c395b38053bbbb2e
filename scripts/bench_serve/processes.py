"""What processes cost, as Linux tells it in /proc."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")  # a second
PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
PARENT, USER_TICKS, SYSTEM_TICKS, RSS_PAGES = 1, 11, 12, 21  # fields of /proc/<pid>/stat, after the name


def family(pid: int) -> list[list[str]]:
    """The fields of a process and of all that descend from it."""
    found = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            # The name before the last bracket may hold anything, blanks too.
            found[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
    members, news = {pid}, {pid}
    while news:
        news = {child for child, fields in found.items() if int(fields[PARENT]) in news} - members
        members |= news
    return [found[member] for member in members if member in found]


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process and its children have used."""
    return sum(int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS]) for fields in family(pid)) / TICKS


def resident_bytes(pid: int) -> int:
    """Memory of a process and its children; what they share counts for each."""
    return sum(int(fields[RSS_PAGES]) for fields in family(pid)) * PAGE
