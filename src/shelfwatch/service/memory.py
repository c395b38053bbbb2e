"""Memory that the allocator keeps for later."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Return freed memory to the system, where the C library is glibc; others do so by themselves or not at all.

    Weights are freed in pieces among others that stay, and glibc keeps the pages of such: without this each reload of
    the models would add some to what the process holds.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
