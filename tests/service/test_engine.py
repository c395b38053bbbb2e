"""The engine: who gets a place, which lane a photo takes, and what a reload leaves alone."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shelfwatch.inference import detector as detector_module
from shelfwatch.inference.detector import packaged_models
from shelfwatch.inference.image import UndecodableImageError, UnsupportedFormatError
from shelfwatch.service import engine as engine_module
from shelfwatch.service.engine import Answer, Engine, ReloadRefusedError
from shelfwatch.service.lanes import FIRST_ESTIMATE
from shelfwatch.service.problems import Problem
from shelfwatch.service.settings import Settings

FAST = str(packaged_models()["fast"])


def settings(**values: Any) -> Settings:
    return Settings(models=(FAST,), **values)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(settings(lanes=1, queue_limit=4))
    engine.load()
    yield engine
    engine.close()


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.zeros((height, width), np.uint8)).save(out, "PNG")
    return out.getvalue()


async def analyse(engine: Engine, data: bytes, *, tiles: bool = False) -> Answer:
    with engine.admit(None) as detector:
        return await engine.analyse(detector, data, confidence=None, max_detections=1000, tiles=tiles)


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 60))


async def soon(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for happens in threads
        await asyncio.sleep(0.001)


def test_a_photo_goes_through_every_stage(engine: Engine, sample: bytes) -> None:
    async def scenario() -> None:
        answer = await analyse(engine, sample)
        assert len(answer.result.detections) > 50
        assert answer.decode_seconds > 0
        assert (engine.in_hand, engine.lanes.accepted) == (0, 0)
        assert engine.lanes.pace.seconds != FIRST_ESTIMATE

    run(scenario)


def test_large_photos_are_decoded_in_their_own_lane(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = next(iter(engine.detectors.values()))
    decoded_by: list[str] = []
    decode = detector.decode

    def note(data: bytes, **options: Any) -> Any:
        decoded_by.append(threading.current_thread().name.rpartition("_")[0])
        return decode(data, **options)

    monkeypatch.setattr(detector, "decode", note)

    async def scenario() -> None:
        await analyse(engine, png(60, 40))
        await analyse(engine, png(4000, 2000))

    run(scenario)
    assert decoded_by == ["infer", "heavy"]


def test_large_photos_are_decoded_one_at_a_time_for_a_closer_look_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once, in whichever lanes, would take twice the memory."""
    busy, most, lanes = 0, 0, set()
    decode = detector_module.decode
    count = threading.Lock()

    def watched(data: bytes, **options: Any) -> Any:
        nonlocal busy, most
        with count:
            busy += 1
            most = max(most, busy)
            lanes.add(threading.current_thread().name.rpartition("_")[0])
        try:
            return decode(data, **options)
        finally:
            with count:
                busy -= 1

    engine = Engine(settings(lanes=2, queue_limit=8))
    engine.load()
    monkeypatch.setattr(detector_module, "decode", watched)

    async def scenario() -> None:
        panoramas = [analyse(engine, png(6000, 1400), tiles=True) for _ in range(4)]
        assert all(answer.result.tiles > 0 for answer in await asyncio.gather(*panoramas))

    try:
        run(scenario)
    finally:
        engine.close()
    assert lanes == {"heavy", "infer"}
    assert most == 1


def test_small_photos_are_answered_while_a_large_one_is_decoded(
    engine: Engine, sample: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = next(iter(engine.detectors.values()))
    gate = threading.Event()
    decode = detector.decode

    def hold(data: bytes, **options: Any) -> Any:
        if threading.current_thread().name.startswith("heavy"):
            gate.wait(30)
        return decode(data, **options)

    monkeypatch.setattr(detector, "decode", hold)

    async def scenario() -> None:
        large = asyncio.create_task(analyse(engine, png(4000, 2000)))
        await soon(lambda: engine.lanes.heavy.running == 1)
        for _ in range(3):
            assert len((await analyse(engine, sample)).result.detections) > 50
        assert not large.done()
        gate.set()
        assert (await large).photo.width == 4000

    run(scenario)


def test_bad_photos_are_told_as_the_decoder_tells(engine: Engine, sample: bytes) -> None:
    async def scenario() -> None:
        with pytest.raises(UnsupportedFormatError):
            await analyse(engine, b"no picture")
        with pytest.raises(UndecodableImageError):
            await analyse(engine, sample[: len(sample) // 2])
        with pytest.raises(UndecodableImageError):  # known in the heavy lane only
            await analyse(engine, png(4000, 2000)[:-100])
        assert engine.lanes.accepted == 0

    run(scenario)


def test_no_place_is_said_before_the_photo_is_read(engine: Engine, sample: bytes) -> None:
    async def scenario() -> None:
        gate = threading.Event()
        busy = asyncio.create_task(engine.lanes.infer.run(gate.wait))
        photos = [asyncio.create_task(analyse(engine, sample)) for _ in range(engine.lanes.capacity)]
        await soon(lambda: engine.lanes.accepted == engine.lanes.capacity)
        with pytest.raises(Problem) as refused, engine.admit(None):
            pytest.fail("it was admitted")
        assert refused.value.kind.slug == "overloaded"
        assert refused.value.headers
        assert int(refused.value.headers["Retry-After"]) >= 1
        gate.set()
        await asyncio.gather(busy, *photos)

    run(scenario)


def test_a_photo_whose_turn_does_not_come_costs_no_inference(sample: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(settings(lanes=1, wait_seconds=1))
    engine.load()
    detector = next(iter(engine.detectors.values()))
    monkeypatch.setattr(detector, "detect", lambda *_, **__: pytest.fail("it was looked at"))

    async def scenario() -> None:
        gate = threading.Event()
        busy = asyncio.create_task(engine.lanes.infer.run(gate.wait))
        with pytest.raises(Problem, match="within 1 s") as late:
            await analyse(engine, sample)
        assert late.value.kind.slug == "overloaded"
        gate.set()
        await busy

    run(scenario)
    engine.close()


def test_a_client_that_left_costs_no_inference(engine: Engine, sample: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = next(iter(engine.detectors.values()))
    monkeypatch.setattr(detector, "detect", lambda *_, **__: pytest.fail("it was looked at"))

    async def scenario() -> None:
        gate = threading.Event()
        busy = asyncio.create_task(engine.lanes.infer.run(gate.wait))
        photo = asyncio.create_task(analyse(engine, sample))
        await soon(lambda: engine.lanes.infer.pace.ahead == 2)
        photo.cancel()
        with pytest.raises(asyncio.CancelledError):
            await photo
        assert (engine.in_hand, engine.lanes.accepted) == (0, 0)
        gate.set()
        await busy

    run(scenario)


def test_a_reload_while_one_runs_is_refused_and_the_first_goes_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, gate = threading.Event(), threading.Event()
    served = engine_module.Served

    def slow(path: Path, **options: int) -> Any:
        began.set()
        gate.wait(30)
        return served(path, **options)

    monkeypatch.setattr(engine_module, "Served", slow)
    before = engine.detectors
    first = threading.Thread(target=engine.reload)
    first.start()
    assert began.wait(30)
    with pytest.raises(ReloadRefusedError, match="already"):
        engine.reload()
    assert engine.detectors is before  # the old ones answer until the new ones are warm
    assert engine.state == "ok"
    gate.set()
    first.join()
    assert engine.detectors is not before


def test_requests_end_with_the_model_they_began_with(engine: Engine, sample: bytes) -> None:
    async def scenario() -> None:
        with engine.admit(None) as detector:
            await asyncio.to_thread(engine.reload)
            assert next(iter(engine.detectors.values())) is not detector
            answer = await engine.analyse(detector, sample, confidence=None, max_detections=9, tiles=False)
        assert len(answer.result.detections) == 9

    run(scenario)


def test_two_models_of_one_name_are_refused() -> None:
    engine = Engine(Settings(models=(FAST, FAST)))
    with pytest.raises(ValueError, match="served already"):
        engine.load()
    assert engine.state == "failed"
    engine.close()


def test_lanes_and_threads_are_as_set() -> None:
    engine = Engine(settings(lanes=3, threads=1))
    engine.load()
    assert engine.detectors["fast"].model.threads == 1
    assert engine.lanes.infer.threads == 3
    engine.close()


def test_as_many_photos_are_inferred_at_once_as_there_are_lanes(sample: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(settings(lanes=2))
    engine.load()
    both = threading.Barrier(2, timeout=30)  # broken unless two photos meet there
    detector = next(iter(engine.detectors.values()))
    detect = detector.detect

    def meet(photo: Any, **options: Any) -> Any:
        both.wait()
        return detect(photo, **options)

    monkeypatch.setattr(detector, "detect", meet)

    async def scenario() -> None:
        first, second = await asyncio.gather(analyse(engine, sample), analyse(engine, sample))
        assert first.result.detections.xyxy.tolist() == second.result.detections.xyxy.tolist()

    run(scenario)
    engine.close()
