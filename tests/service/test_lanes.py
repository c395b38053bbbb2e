"""Lanes: bounded, off the event loop, honest about when to come back."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from shelfwatch.service.lanes import Lanes, QueueFullError


def test_result_and_waiting_time() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, 1)
        value, waited = await lanes.run(lambda: threading.current_thread().name)
        assert value.startswith("lane")
        assert waited >= 0
        lanes.close()

    asyncio.run(scenario())


def test_a_full_queue_refuses_at_once_and_frees_again() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, 2)
        gate = threading.Event()
        tasks = [asyncio.create_task(lanes.run(gate.wait)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert lanes.waiting == 2
        with pytest.raises(QueueFullError) as refused:
            await lanes.run(gate.wait)
        assert refused.value.retry_after >= 1
        gate.set()
        await asyncio.gather(*tasks)
        await asyncio.sleep(0)
        assert lanes.waiting == 0
        assert (await lanes.run(lambda: 7))[0] == 7
        lanes.close()

    asyncio.run(scenario())


def test_never_more_jobs_at_once_than_lanes() -> None:
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
        lanes = Lanes(2, 20)
        await asyncio.gather(*(lanes.run(job) for _ in range(20)))
        lanes.close()

    asyncio.run(scenario())
    assert peak == 2


def test_a_cancelled_waiter_gives_its_place_back() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, 1)
        gate, ran = threading.Event(), threading.Event()
        first = asyncio.create_task(lanes.run(gate.wait))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(lanes.run(ran.set))
        await asyncio.sleep(0.02)
        second.cancel()
        await asyncio.sleep(0.02)
        assert lanes.waiting == 0
        gate.set()
        await first
        lanes.close()
        assert not ran.is_set()

    asyncio.run(scenario())


def test_an_error_in_a_job_reaches_the_caller_and_frees_the_lane() -> None:
    async def scenario() -> None:
        lanes = Lanes(1, 1)
        with pytest.raises(ZeroDivisionError):
            await lanes.run(lambda: 1 // 0)
        assert (await lanes.run(lambda: 3))[0] == 3
        lanes.close()

    asyncio.run(scenario())


def test_retry_after_follows_the_observed_service_time() -> None:
    lanes = Lanes(1, 100)
    lanes.service_seconds = 2.0
    lanes._accepted = 10
    assert lanes.retry_after() == 20
    lanes.close()
