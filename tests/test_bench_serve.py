"""`make bench-serve`: honest ratios, what processes cost, a verdict for each promise, and a whole short run."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support import ROOT, Service, free_port

pytestmark = pytest.mark.usefixtures("scripts_on_the_path")


def rows(seconds: dict[tuple[str, str], list[float]]) -> object:
    from bench_serve.contenders import Round
    from bench_serve.saturation import Row, Saturation

    return Saturation(
        [
            Row("a", name, shape, 10, [Round(each, 1, 0.1, [0.2]) for each in times])
            for (name, shape), times in seconds.items()
        ],
        "",
    )


def test_throughput_is_compared_round_by_round_with_the_best_shape() -> None:
    from bench_serve.contenders import LITSERVE, LOOP, OURS

    found = rows({(OURS, "default"): [1, 2, 40], (LOOP, "1 × 2"): [2, 4, 80], (LOOP, "2 × 1"): [0.9, 1.8, 1]})
    assert [found.advantage(row) for row in found.rows] == [1.0, 2.0, 0.9]
    assert found.worst(LOOP) == 0.9
    assert found.worst(LITSERVE) is None


def test_each_promise_gets_its_verdict() -> None:
    from bench_serve import overload
    from bench_serve.client import Answer, Load
    from bench_serve.contenders import LITSERVE, LOOP, OURS
    from bench_serve.memory import Memory
    from bench_serve.overload import Overload
    from bench_serve.report import promises_table

    answers = [Answer(200, 1.0), Answer(503, 0.01)]
    good = rows({(OURS, "default"): [1.0], (LOOP, "1 × 2"): [0.95], (LITSERVE, "1 × 2"): [1.1]})
    fair = Overload(Load(answers, 1, 0), 1 / overload.QUEUE_LIMIT)
    memory = Memory(3000, 300_000_000, 309_000_000, 320_000_000)

    def verdicts(*found: object) -> list[str]:
        return [line.split(" | ")[-1].removesuffix(" |") for line in promises_table(*found).splitlines()[2:]]

    assert verdicts(good, fair, memory) == ["held"] * 6
    slow = rows({(OURS, "default"): [1.0], (LOOP, "1 × 2"): [0.85], (LITSERVE, "1 × 2"): [0.9]})
    late = Overload(Load([replace(answers[0], seconds=1.6), Answer(503, 0.01, False)], 1, 0), 1 / overload.QUEUE_LIMIT)
    leak = Memory(3000, 330_000_000, 348_000_000, 351_000_000)
    assert verdicts(slow, late, leak) == ["**missed**"] * 6
    assert verdicts(rows({(OURS, "default"): [1.0]}), fair, memory)[:2] == ["not measured"] * 2


def test_clients_tell_what_became_of_each_photo(service: Service, sample: bytes) -> None:
    from bench_serve.client import LOST, Request, drive

    load = drive(service.url, [Request.photo(sample), Request.photo(b"no picture")], 2, count=4)
    assert sorted(answer.status for answer in load.answers) == [200, 200, 415, 415]
    assert {answer.documented for answer in load.answers if answer.status == 415} == {False}
    assert len(load.times(200)) == 2
    nobody = drive(f"http://127.0.0.1:{free_port()}", [Request.photo(sample)], 1, count=2)
    assert [answer.status for answer in nobody.answers] == [LOST] * 2


def test_children_count_with_their_process() -> None:
    from bench_serve.processes import cpu_seconds, resident_bytes

    child = "held = bytes(80_000_000); import time; [0 for _ in range(10**7)]; print(flush=True); time.sleep(60)"
    before = resident_bytes(os.getpid())
    spent = cpu_seconds(os.getpid())
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert resident_bytes(process.pid) < resident_bytes(os.getpid()) - before + 20_000_000
        assert cpu_seconds(process.pid) > 0
        assert cpu_seconds(os.getpid()) >= spent + cpu_seconds(process.pid) - 0.02
        process.kill()


def test_a_quick_run_writes_its_section_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    from sections import marked

    page = tmp_path / "docs" / "benchmarks.md"
    page.parent.mkdir()
    page.write_text("# Benchmarks\n\nof others\n")
    done = subprocess.run(
        [sys.executable, "-m", "bench_serve", "--quick", "--model", "fast", "--write", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert page.read_text() == f"# Benchmarks\n\nof others\n\n{marked('make bench-serve', done.stdout)}"
    lines = done.stdout.splitlines()
    assert [line.split(" | ")[1] for line in lines if line.startswith("| fast | ")][:2] == ["ShelfWatch", "bare loop"]
    assert not [line for line in lines if line.startswith("| accurate | ")]
    installed = importlib.util.find_spec("litserve") is not None
    assert ("Skipped: LitServe is not installed for python" in done.stdout) != installed
    overload = next(line for line in lines if line.startswith("| overload: only 200"))
    assert " × 200, " in overload
    assert overload.endswith(" × 503 | held |")
    assert "memory over 8 photos" in done.stdout
