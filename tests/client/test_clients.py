"""Both clients against the real service, and against a scripted server for what the service rarely does."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

import shelfwatch
from shelfwatch.client import (
    AsyncClient,
    Client,
    Draining,
    ImageTooLarge,
    InvalidRequest,
    ModelFailed,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    ProblemError,
    RateLimited,
    RetryPolicy,
    TimedOut,
    Unauthorized,
    UndecodableImage,
    UnexpectedAnswer,
    Unreachable,
    UnsupportedFormat,
)
from support import Service, free_port, start_service

Connect = Callable[..., Any]  # of the fixture `connect`
Script = Any  # the fixture `script`, a `Script` of conftest.py

KEY = "a-key-made-for-this-test"
HEALTH = b'{"status": "ok", "version": "0.1.0", "models": []}'
PREDICTION = (
    b'{"detections": [], "count": 0, "truncated": false, "tiles": 0, "image": {"width": 3, "height": 4}, '
    b'"model": {"name": "m", "version": "1", "precision": "int8"}, "request_id": "r", '
    b'"timing_ms": {"decode": 1, "queue": 0, "inference": 2, "total": 3}}'
)


def never(seconds: float) -> None:
    """The sleep of a client that is not to send anything again."""
    pytest.fail(f"it waits {seconds} s to send again")


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for a key."""
    service = start_service(tmp_path_factory.mktemp("locked") / "service.log", SHELFWATCH_API_KEYS=KEY)
    yield service
    service.process.kill()
    service.process.wait()


# The real service


def test_a_photo_gives_the_same_from_wherever_it_comes(
    connect: Connect, service: Service, sample: bytes, tmp_path: Path
) -> None:
    client = connect(service.url)
    path = tmp_path / "shelf.jpg"
    path.write_bytes(sample)
    with path.open("rb") as file:
        answers = [client.predict(photo) for photo in (sample, path, str(path), file)]
    with Image.open(path) as picture:
        assert (answers[0].image.width, answers[0].image.height) == picture.size
    assert answers[0].count == len(answers[0].detections) > 20
    assert answers[0].detections[0].label == "product"
    assert answers[0].timing_ms.total >= answers[0].timing_ms.inference > 0
    assert all(answer.detections == answers[0].detections for answer in answers)
    assert len({answer.request_id for answer in answers}) == 4


def test_every_option_reaches_the_service(connect: Connect, service: Service, sample: bytes) -> None:
    answer = connect(service.url).predict(sample, confidence=0.6, model="fast", max_detections=5, tiles="off")
    assert (answer.model.name, answer.count, answer.truncated, answer.tiles) == ("fast", 5, True, 0)
    assert min(product.confidence for product in answer.detections) >= 0.6
    with pytest.raises(InvalidRequest, match="tiles"):
        connect(service.url).predict(sample, tiles="often")


def test_the_other_questions(connect: Connect, service: Service) -> None:
    client = connect(service.url)
    health = client.health()
    assert (health.status, health.version) == ("ok", shelfwatch.__version__)
    assert client.models() == health.models
    assert [model.name for model in health.models] == ["accurate", "fast"]
    assert health.models[0].classes == ("product",)
    assert client.live() is True
    assert client.ready() is True
    assert "shelfwatch_requests_total" in client.metrics()


def test_refused_photos_raise_the_exception_of_their_problem(connect: Connect, service: Service, sample: bytes) -> None:
    client = connect(service.url, sleep=never)
    picture = io.BytesIO()
    Image.new("1", (9000, 9000)).save(picture, "PNG")
    for photo, kind, status in (
        (b"no picture", UnsupportedFormat, 415),
        (b"", UnsupportedFormat, 415),
        (sample[: len(sample) // 2], UndecodableImage, 400),
        (picture.getvalue(), ImageTooLarge, 413),
    ):
        with pytest.raises(kind) as caught:
            client.predict(photo)
        assert (caught.value.status, caught.value.retry_after) == (status, None)
        assert caught.value.detail
        assert re.fullmatch(r"[0-9a-f]{32}", caught.value.request_id)  # the one that the client made
    for wrong in ({"confidence": 2}, {"model": "unheard-of"}, {"max_detections": 0}):
        with pytest.raises(InvalidRequest, match=next(iter(wrong))):
            client.predict(sample, **wrong)


def test_a_body_over_the_limit_is_refused(connect: Connect, service: Service) -> None:
    """While it is still on its way: the service takes in the rest, so that neither client loses the answer."""
    with pytest.raises(PayloadTooLarge, match="20 MB") as caught:
        connect(service.url, retries=RetryPolicy(attempts=1)).predict(bytes(21_000_000))
    assert (caught.value.status, caught.value.slug) == (413, "payload-too-large")


def test_an_address_with_nothing_at_it(connect: Connect, service: Service) -> None:
    client = connect(f"{service.url}/elsewhere/")
    with pytest.raises(NotFound, match="/elsewhere/health"):
        client.health()
    with pytest.raises(NotFound):
        client.ready()


def test_keys_open_the_service_and_show_nowhere(
    connect: Connect, locked: Service, sample: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for key in (None, "wrong-key"):
            stranger = connect(locked.url, api_key=key)
            assert stranger.ready() is True
            for ask, arguments in ((stranger.metrics, ()), (stranger.predict, (sample,))):
                with pytest.raises(Unauthorized) as caught:
                    ask(*arguments)
                assert caught.value.status == 401
                assert "wrong-key" not in f"{caught.value!r} {caught.value} {vars(caught.value)}"
        client = connect(locked.url, api_key=KEY)
        assert client.predict(sample).count > 20
        assert "shelfwatch_requests_total" in client.metrics()
    assert "/predict" in caplog.text
    assert KEY not in caplog.text
    assert "wrong-key" not in caplog.text
    assert repr(client) in (f"Client({locked.url!r})", f"AsyncClient({locked.url!r})")


def test_a_service_without_a_model_is_described_not_waited_for(
    connect: Connect, run_service: Callable[..., Service], sample: bytes, tmp_path: Path
) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    service = run_service(wait_ready=False, SHELFWATCH_MODELS=str(tmp_path / "broken.onnx"))
    client = connect(service.url, retries=RetryPolicy(attempts=100, backoff=0.2))
    while client.health().status == "starting":  # the first waits for the service to listen at all
        pass
    assert client.health().status == "failed"
    assert client.models() == ()
    assert client.ready() is False
    assert client.live() is True
    with pytest.raises(ModelFailed) as caught:
        client.predict(sample)
    assert (caught.value.retryable, caught.value.retry_after) == (False, None)


def test_one_async_client_asks_many_things_at_once(service: Service, sample: bytes) -> None:
    async def ask() -> None:
        async with AsyncClient(service.url) as client:
            *answers, live = await asyncio.gather(*(client.predict(sample) for _ in range(3)), client.live())
        assert live is True
        assert len({answer.request_id for answer in answers}) == 3
        assert answers[0].detections == answers[1].detections == answers[2].detections

    asyncio.run(ask())


def test_threads_share_one_client(service: Service, sample: bytes) -> None:
    with Client(service.url) as client, ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(client.predict, [sample] * 3))
    assert len({answer.request_id for answer in answers}) == 3
    assert answers[0].detections == answers[1].detections == answers[2].detections


# The scripted server


@pytest.mark.parametrize(
    ("status", "slug", "kind"),
    [(503, "overloaded", Overloaded), (503, "draining", Draining), (429, "rate-limited", RateLimited)],
)
def test_refusals_that_pass_are_waited_out(
    connect: Connect, script: Script, tmp_path: Path, status: int, slug: str, kind: type[ProblemError]
) -> None:
    photo = os.urandom(300_000)
    path = tmp_path / "shelf.jpg"
    path.write_bytes(photo)
    waits: list[float] = []
    script.problem(status, slug, Retry_After="3")
    script.problem(status, slug)
    script.answer(200, PREDICTION)
    with path.open("rb") as file:
        answer = connect(script.url, sleep=waits.append).predict(file, confidence=0.5)
    assert answer.image.height == 4
    assert len(waits) == 2
    assert 3 <= waits[0] <= 3.5
    assert 0 <= waits[1] <= 1
    # The file was read once, and yet each request had all of it, under one id.
    assert [request.path for request in script.received] == ["/predict?confidence=0.5"] * 3
    assert all(photo in request.body for request in script.received)
    assert len({request.body for request in script.received}) == 1
    assert len({request.headers["x-request-id"] for request in script.received}) == 1
    script.problem(status, slug)
    with pytest.raises(kind, match="Not now"):
        connect(script.url, retries=RetryPolicy(attempts=1), sleep=never).predict(photo)


def test_a_date_to_return_at_is_kept(connect: Connect, script: Script) -> None:
    waits: list[float] = []
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True)
    script.problem(503, "draining", Retry_After=date)
    script.answer(200, HEALTH)
    connect(script.url, sleep=waits.append, retries=RetryPolicy(backoff=0)).health()
    assert waits == [pytest.approx(8.5, abs=1.5)]


def test_the_real_sleep_waits(connect: Connect, script: Script) -> None:
    script.problem(503, "overloaded", Retry_After="1")
    script.answer(200, b"up 1", "text/plain")
    start = datetime.now()
    assert connect(script.url, retries=RetryPolicy(backoff=0)).metrics() == "up 1"
    assert datetime.now() - start >= timedelta(seconds=0.99)


def test_waits_are_bounded_and_the_last_error_is_raised(connect: Connect, script: Script) -> None:
    waits: list[float] = []
    for seconds in ("4", "5", "6"):
        script.problem(503, "overloaded", Retry_After=seconds)
    client = connect(script.url, sleep=waits.append, retries=RetryPolicy(attempts=9, total_wait=10, backoff=0))
    with pytest.raises(Overloaded) as caught:
        client.predict(b"photo")
    assert waits == [4, 5]
    assert caught.value.retry_after == 6
    assert caught.value.request_id == script.received[0].headers["x-request-id"]
    assert len(script.received) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 409, 413, 415, 422, 500, 502])
def test_other_refusals_are_final(connect: Connect, script: Script, status: int) -> None:
    script.problem(status, "teapot", Retry_After="0")
    with pytest.raises(ProblemError) as caught:
        connect(script.url, sleep=never).predict(b"photo")
    assert (caught.value.status, caught.value.slug) == (status, "teapot")
    assert len(script.received) == 1


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"], ids=["none", "half"])
def test_connections_that_break_before_the_end_are_tried_again(connect: Connect, script: Script, sent: bytes) -> None:
    waits: list[float] = []
    script.hang_up(sent)
    script.answer(200, PREDICTION)
    script.hang_up(sent)  # where the second call takes the connection of the first
    script.answer(200, PREDICTION)
    client = connect(script.url, sleep=waits.append)
    for _ in range(2):
        assert client.predict(b"photo").count == 0
    assert len(waits) == 2
    assert all(b"photo" in request.body for request in script.received)


def test_nobody_there(connect: Connect) -> None:
    waits: list[float] = []
    client = connect(f"http://127.0.0.1:{free_port()}", sleep=waits.append)
    with pytest.raises(Unreachable) as caught:
        client.predict(b"photo")
    assert len(waits) == 3
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert client.ready() is False
    assert client.live() is False
    assert len(waits) == 3  # probes ask about this moment


def test_a_late_answer_is_given_up_once(connect: Connect, script: Script) -> None:
    script.stall(1)
    with pytest.raises(TimedOut):
        connect(script.url, timeout=0.2, sleep=never).predict(b"photo")
    assert len(script.received) == 1


def test_answers_out_of_contract_are_unexpected(connect: Connect, script: Script) -> None:
    client = connect(script.url, sleep=never)
    script.answer(200, b"<html>", "text/html")
    script.answer(200, PREDICTION.replace(b'"count": 0, ', b""))
    script.answer(200, gzip.compress(PREDICTION)[2:], Content_Encoding="gzip")
    script.answer(307, Location="https://elsewhere.example/predict")
    for words in ("no JSON", "lacks count", "cannot be read", "307, to https://elsewhere"):
        with pytest.raises(UnexpectedAnswer, match=words) as caught:
            client.predict(b"photo")
        assert caught.value.request_id == script.received[-1].headers["x-request-id"]


def test_what_is_sent(connect: Connect, script: Script) -> None:
    script.answer(200, b"up 1", "text/plain; charset=utf-8")
    connect(f"{script.url}/shelves", api_key=KEY).metrics()
    request = script.received[0]
    assert (request.method, request.path, request.body) == ("GET", "/shelves/metrics", b"")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"] == "shelfwatch-client"


# Without a server


def test_a_transport_takes_the_place_of_the_network() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=request.url.path)

    with Client("http://shelf.example", transport=httpx.MockTransport(answer)) as client:
        assert client.metrics() == "/metrics"

    async def ask() -> str:
        async with AsyncClient("http://shelf.example", transport=httpx.MockTransport(answer)) as client:
            return await client.metrics()

    assert asyncio.run(ask()) == "/metrics"


def test_a_closed_client_answers_no_more(connect: Connect) -> None:
    client = connect("http://shelf.example")
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.live()


def test_unreadable_photos_are_not_sent(connect: Connect, script: Script, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connect(script.url).predict(tmp_path / "missing.jpg")
    with pytest.raises(TypeError, match="rb"):
        connect(script.url).predict(io.StringIO("text"))
    assert script.received == []


def test_both_clients_have_the_same_methods() -> None:
    def methods(client: type) -> dict[str, tuple[list[inspect.Parameter], str]]:
        functions = inspect.getmembers(client, inspect.isfunction)
        signatures = {name: inspect.signature(function) for name, function in functions if not name.startswith("_")}
        return {
            name: ([*signature.parameters.values()], signature.return_annotation.removeprefix("Async"))
            for name, signature in signatures.items()
        }

    assert methods(Client) == methods(AsyncClient)
    assert {"predict", "health", "models", "ready", "live", "metrics", "close", "audits"} <= set(methods(Client))
    for name, function in inspect.getmembers(AsyncClient, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.iscoroutinefunction(function) or "Iterator" in methods(Client)[name][1], name
    names = [[*inspect.signature(client).parameters] for client in (Client, AsyncClient)]
    assert names[0] == names[1]


def test_nothing_of_the_package_but_the_client_is_loaded(tmp_path: Path) -> None:
    """Click and rich may be: httpx itself loads them where they are installed."""
    code = (
        "import sys, shelfwatch.client;"
        "heavy = {'numpy', 'PIL', 'onnxruntime', 'fastapi', 'starlette', 'pydantic'} & set(sys.modules);"
        "ours = {n for n in sys.modules if n.startswith('shelfwatch.') and not n.startswith('shelfwatch.client')};"
        "sys.exit(', '.join(sorted(heavy | ours)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
