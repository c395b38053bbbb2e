"""How many CPUs this process may really use: affinity and cgroup quota, not what the host has."""

from __future__ import annotations

import math
import os
import platform
import re
from pathlib import Path

CGROUP_V2_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # "<quota> <period>" in microseconds, or "max <period>"
CGROUP_V1_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")  # microseconds, -1 for none
CGROUP_V1_PERIOD = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
CPU_INFO = Path("/proc/cpuinfo")


def available_cpus() -> int:
    """CPUs this process may use, at least 1; a quota of 1.5 CPUs counts as 2, as half a CPU is not left idle."""
    # macOS has neither affinity nor cgroups.
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_quota()
    return max(1, allowed if quota is None else min(allowed, math.ceil(quota)))


def cgroup_quota() -> float | None:
    """The cgroup's CPU quota in CPUs, or None where there is none or it cannot be read."""
    try:
        if CGROUP_V2_QUOTA.exists():
            quota, period = CGROUP_V2_QUOTA.read_text().split()
            return None if quota == "max" else int(quota) / int(period)
        limit = int(CGROUP_V1_QUOTA.read_text())
        return limit / int(CGROUP_V1_PERIOD.read_text()) if limit > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None


def lacks_int8_dot_products() -> bool:
    """Whether this is an x86 CPU known to be without VNNI.

    There ONNX Runtime multiplies unsigned by signed bytes in pairs summed to 16 bits, which saturates for large
    weights. ARM has no such step. Where the flags cannot be read the answer is False: nothing is known.
    """
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    try:
        flags = re.search(r"^flags\s*:(.*)$", CPU_INFO.read_text(), re.MULTILINE)
    except OSError:
        return False
    return flags is not None and not {"avx512_vnni", "avx_vnni"} & set(flags[1].split())
