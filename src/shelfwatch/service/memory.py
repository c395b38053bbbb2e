"""Memory that the allocator keeps for later."""

from __future__ import annotations

import ctypes
import sys

M_ARENA_MAX = -8  # from glibc's malloc.h
HEAPS = 2


def give_back() -> None:
    """Return freed memory to the system, where the C library is glibc; others do so by themselves or not at all.

    Weights are freed in pieces among others that stay, and glibc keeps the pages of such: without this each reload of
    the models would add some to what the process holds.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def share_heaps() -> None:
    """Let all threads take memory from two heaps, where the C library is glibc, instead of eight a processor.

    What one thread has freed in a heap of its own no other can use: with some twenty threads that is 15 MB for nothing.
    """
    option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if option is not None:
        option(M_ARENA_MAX, HEAPS)
