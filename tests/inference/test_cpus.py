import os

import pytest

from shelfwatch.inference import cpus


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with so many allowed CPUs and these cgroup files; files not named do not exist."""

    def make(allowed=8, v2=None, v1_quota=None, v1_period=None):
        for constant, content in (
            ("CGROUP_V2_QUOTA", v2),
            ("CGROUP_V1_QUOTA", v1_quota),
            ("CGROUP_V1_PERIOD", v1_period),
        ):
            file = tmp_path / constant
            if content is not None:
                file.write_text(content)
            monkeypatch.setattr(cpus, constant, file)
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(allowed)), raising=False)

    return make


@pytest.mark.parametrize(
    ("content", "quota"),
    [
        ("max 100000\n", None),
        ("200000 100000\n", 2.0),
        ("150000 100000\n", 1.5),
        ("50000 100000\n", 0.5),
        ("", None),
        ("100000", None),
        ("many 100000\n", None),
        ("100000 0\n", None),
    ],
)
def test_cgroup_v2(machine, content, quota):
    machine(v2=content)
    assert cpus.cgroup_quota() == quota


@pytest.mark.parametrize(
    ("limit", "period", "quota"),
    [
        ("300000\n", "100000\n", 3.0),
        ("-1\n", "100000\n", None),
        ("300000\n", None, None),
        ("soon\n", "100000\n", None),
        ("300000\n", "0\n", None),
    ],
)
def test_cgroup_v1(machine, limit, period, quota):
    machine(v1_quota=limit, v1_period=period)
    assert cpus.cgroup_quota() == quota


def test_version_2_wins_over_version_1(machine):
    machine(v2="100000 100000\n", v1_quota="400000\n", v1_period="100000\n")
    assert cpus.cgroup_quota() == 1.0


def test_no_cgroup(machine):
    machine(allowed=3)
    assert cpus.cgroup_quota() is None
    assert cpus.available_cpus() == 3


@pytest.mark.parametrize(
    ("allowed", "v2", "expected"),
    [
        (8, "200000 100000", 2),
        (8, "150000 100000", 2),  # half a CPU is used, not left idle
        (8, "10000 100000", 1),
        (2, "600000 100000", 2),  # affinity is the tighter limit
        (8, "max 100000", 8),
    ],
)
def test_available_cpus_is_the_tighter_limit(machine, allowed, v2, expected):
    machine(allowed=allowed, v2=v2)
    assert cpus.available_cpus() == expected


def test_without_affinity_every_cpu_counts(machine, monkeypatch):
    machine()
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert cpus.available_cpus() == 5
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cpus.available_cpus() == 1


def test_affinity_of_this_process_is_honoured():
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no CPU affinity")
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cpus.available_cpus() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("machine", "flags", "lacks"),
    [
        ("x86_64", "flags\t\t: fpu avx2 avx512_vnni", False),
        ("x86_64", "flags\t\t: fpu avx2 avx_vnni", False),
        ("x86_64", "flags\t\t: fpu avx2", True),
        ("x86_64", "no such line", False),
        ("aarch64", "flags\t\t: fpu avx2", False),
    ],
)
def test_int8_dot_products_by_processor_flags(monkeypatch, tmp_path, machine, flags, lacks):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{flags}\n")
    monkeypatch.setattr(cpus, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(cpus.platform, "machine", lambda: machine)
    assert cpus.lacks_int8_dot_products() is lacks
