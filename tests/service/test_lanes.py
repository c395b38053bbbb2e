"""Lanes: bounded, off the event loop, fair, honest about when to come back."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from shelfwatch.service.lanes import Lane, Lanes, Pace, QueueFullError, WaitedTooLongError


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 20))


async def soon(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for happens in threads
        await asyncio.sleep(0.001)


def test_result_and_waiting_time() -> None:
    async def scenario() -> None:
        lane = Lane("decode", 1)
        name, waited = await lane.run(lambda: threading.current_thread().name)
        assert name.startswith("decode")
        assert 0 <= waited < 5
        lane.close()

    run(scenario)


def test_a_job_s_error_is_the_caller_s() -> None:
    def fail() -> None:
        raise KeyError("no such shelf")

    async def scenario() -> None:
        lanes = Lanes(1, 1)
        with pytest.raises(KeyError), lanes.enter() as place:
            await place.run(lanes.sort, fail)
        assert lanes.accepted == 0
        lanes.close()

    run(scenario)


def test_never_more_jobs_at_once_than_threads() -> None:
    running = peak = 0
    lock = threading.Lock()

    def job() -> None:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    async def scenario() -> None:
        lane = Lane("decode", 2)
        await asyncio.gather(*(lane.run(job) for _ in range(20)))
        lane.close()

    run(scenario)
    assert peak == 2


def test_places_bound_decoding_and_inference_together() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, queue_limit=3)
        gate = threading.Event()

        async def photo() -> None:
            with lanes.enter() as place:
                await place.run(lanes.sort, lambda: None)
                await place.run(lanes.infer, gate.wait)

        photos = [asyncio.create_task(photo()) for _ in range(3)]
        await soon(lambda: lanes.infer.running == 1 and lanes.infer.pace.ahead == 3)
        assert (lanes.accepted, lanes.waiting) == (3, 2)
        with pytest.raises(QueueFullError) as refused:
            lanes.check()
        assert refused.value.retry_after >= 1
        with pytest.raises(QueueFullError), lanes.enter():
            pass
        gate.set()
        await asyncio.gather(*photos)
        assert (lanes.accepted, lanes.waiting) == (0, 0)
        lanes.check()
        lanes.close()

    run(scenario)


def test_small_photos_pass_large_ones() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, queue_limit=8)
        gate = threading.Event()

        async def large() -> None:
            with lanes.enter() as place:
                await place.run(lanes.heavy, gate.wait)

        async with contextlib.AsyncExitStack() as stack:
            stack.callback(gate.set)
            photos = [asyncio.create_task(large()) for _ in range(4)]
            await soon(lambda: lanes.heavy.running == 1 and lanes.heavy.pace.ahead == 4)
            with lanes.enter() as place:  # all but the large ones' share of the places is left to others
                assert await place.run(lanes.sort, lambda: 1) + await place.run(lanes.infer, lambda: 2) == 3
            with pytest.raises(QueueFullError):
                await large()
        await asyncio.gather(*photos)
        lanes.close()

    run(scenario)


def test_a_job_whose_turn_does_not_come_in_time_never_runs() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, queue_limit=5, wait_seconds=0.05)
        gate, ran = threading.Event(), threading.Event()

        async def photo(job: Callable[[], Any]) -> None:
            with lanes.enter() as place:
                await place.run(lanes.infer, job)

        first = asyncio.create_task(photo(gate.wait))
        await soon(lambda: lanes.infer.running == 1)
        with pytest.raises(WaitedTooLongError):
            await photo(ran.set)
        gate.set()
        await first  # it began in time, and may take its time
        lanes.close()
        assert not ran.is_set()

    run(scenario)


def test_waiting_adds_up_over_the_stages() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, queue_limit=5, wait_seconds=10)
        with lanes.enter() as place:
            place.waited = 10.0  # in the first stage
            gate = threading.Event()
            busy = asyncio.create_task(lanes.infer.run(gate.wait))
            await soon(lambda: lanes.infer.running == 1)
            with pytest.raises(WaitedTooLongError):
                await place.run(lanes.infer, lambda: None)
            gate.set()
            await busy
        lanes.close()

    run(scenario)


def test_a_caller_that_leaves_takes_the_waiting_job_along() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, queue_limit=5)
        gate, ran = threading.Event(), threading.Event()

        async def photo(job: Callable[[], Any]) -> None:
            with lanes.enter() as place:
                await place.run(lanes.sort, job)

        first = asyncio.create_task(photo(gate.wait))
        await soon(lambda: lanes.sort.running == 1)
        second = asyncio.create_task(photo(ran.set))
        await soon(lambda: lanes.accepted == 2)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert lanes.accepted == 1
        gate.set()
        await first
        lanes.close()
        assert not ran.is_set()

    run(scenario)


def test_the_event_loop_turns_while_jobs_run() -> None:
    async def scenario() -> None:
        lane = Lane("decode", 1)
        gate = threading.Event()
        job = asyncio.create_task(lane.run(gate.wait))
        await soon(lambda: lane.running == 1)
        gate.set()  # only a loop that turns gets here
        await job
        lane.close()

    run(scenario)


def test_closing_finishes_what_was_accepted() -> None:
    async def scenario() -> None:
        lane = Lane("decode", 1)
        jobs = [asyncio.create_task(lane.run(lambda i=i: i)) for i in range(5)]  # type: ignore[misc]
        await asyncio.sleep(0)
        await asyncio.to_thread(lane.close)
        assert [(await job)[0] for job in jobs] == list(range(5))

    run(scenario)


def test_retry_after_follows_the_observed_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def pace(seconds: float, together: int) -> Pace:
        """After photos finished `together` at a time, every so many seconds."""
        nonlocal now
        pace = Pace()
        for _ in range(10):
            pace.begin()
        for _ in range(60):
            now += seconds
            for _ in range(together):
                pace.begin()
                pace.end(finished=True)
        return pace

    assert pace(1.0, 1).retry_after() == pytest.approx(10, abs=1)
    assert pace(1.0, 2).retry_after() == pytest.approx(5, abs=1)  # two lanes are twice as fast
    assert pace(0.01, 1).retry_after() == 1
    idle = pace(1.0, 1)
    for _ in range(10):
        idle.end(finished=False)  # their clients left
    now += 3600
    idle.begin()
    now += 1.0
    idle.end(finished=True)
    assert idle.seconds == pytest.approx(1.0, abs=0.1)  # the idle hour does not count
