"""The two clients: the same methods, one blocking, one for asyncio. They send and wait; `exchange` decides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

import httpx

from shelfwatch.client import calls, photos
from shelfwatch.client.answers import Health, Prediction, ServedModel
from shelfwatch.client.calls import Call, Tiles
from shelfwatch.client.exchange import Again, Exchanges
from shelfwatch.client.photos import Photo
from shelfwatch.client.retries import RetryPolicy

T = TypeVar("T")

TIMEOUT = 60.0  # seconds; a full queue of photos in tiles takes a while
RETRIES = RetryPolicy()


class Client:
    """A blocking client; threads may share one. Use it in a `with` statement, or `close` it.

    - `base_url`: where the service is, such as `https://shelfwatch.example`; a path in front of its own may be part
      of it.
    - `api_key`: one of the service's keys; it is sent to no other address and shown nowhere.
    - `timeout`: seconds to connect, to send and to wait for an answer, each; None waits for ever.
    - `retries`: whether and when to send again, after 429, 503 and connections that failed.
    - `transport`, `sleep`: take the place of the network and of waiting, in tests.

    Raises `ValueError` for an address or key that cannot be used. Every method raises a `ShelfWatchError`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        timeout: float | httpx.Timeout | None = TIMEOUT,
        retries: RetryPolicy = RETRIES,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._exchanges = Exchanges(base_url, api_key, timeout, retries)
        self._http = httpx.Client(transport=transport)
        self._sleep = sleep

    def predict(
        self,
        photo: Photo,
        *,
        confidence: float | None = None,
        model: str | None = None,
        max_detections: int | None = None,
        tiles: Tiles | None = None,
    ) -> Prediction:
        """Every product in a JPEG, PNG or WebP, given as bytes, a path or a file opened for reading bytes.

        - `confidence`: least confidence of a detection, 0.01 to 1; default: the model's operating threshold.
        - `model`: the name of a served model; default: the service's first.
        - `max_detections`: most detections to answer, 1 to 3000; default 1000.
        - `tiles`: `auto` looks at dense photos and panoramas again, closer, which takes longer; default `off`.

        Raises `OSError` where the file cannot be read.
        """
        return self._ask(
            calls.predict(photo, confidence=confidence, model=model, max_detections=max_detections, tiles=tiles)
        )

    def health(self) -> Health:
        """State and models of the service, whether or not it takes photos."""
        return self._ask(calls.health())

    def models(self) -> tuple[ServedModel, ...]:
        """The models served, the default first; none until they are loaded."""
        return self._ask(calls.models())

    def ready(self) -> bool:
        """Whether photos are taken now; False as well where nobody answers."""
        return self._ask(calls.ready())

    def live(self) -> bool:
        """Whether the service's process turns; False where nobody answers."""
        return self._ask(calls.live())

    def metrics(self) -> str:
        """The service's metrics in Prometheus text format."""
        return self._ask(calls.metrics())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(self, call: Call[T]) -> T:
        photo = None if call.photo is None else photos.read(call.photo)
        exchange = self._exchanges.begin(call, photo)
        while True:
            came: httpx.Response | httpx.RequestError
            try:
                came = self._http.send(exchange.request)
            except httpx.RequestError as error:
                came = error
            verdict = exchange.judge(came)
            if not isinstance(verdict, Again):
                return verdict.value
            self._sleep(verdict.seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._exchanges.base_url!r})"


class AsyncClient:
    """A client for asyncio, with the arguments and methods of `Client`; `sleep` is asynchronous too.

    Use it in an `async with` statement, or await `close`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        timeout: float | httpx.Timeout | None = TIMEOUT,
        retries: RetryPolicy = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._exchanges = Exchanges(base_url, api_key, timeout, retries)
        self._http = httpx.AsyncClient(transport=transport)
        self._sleep = sleep

    async def predict(
        self,
        photo: Photo,
        *,
        confidence: float | None = None,
        model: str | None = None,
        max_detections: int | None = None,
        tiles: Tiles | None = None,
    ) -> Prediction:
        """Every product in a photo; see `Client.predict`."""
        return await self._ask(
            calls.predict(photo, confidence=confidence, model=model, max_detections=max_detections, tiles=tiles)
        )

    async def health(self) -> Health:
        """State and models of the service, whether or not it takes photos."""
        return await self._ask(calls.health())

    async def models(self) -> tuple[ServedModel, ...]:
        """The models served, the default first; none until they are loaded."""
        return await self._ask(calls.models())

    async def ready(self) -> bool:
        """Whether photos are taken now; False as well where nobody answers."""
        return await self._ask(calls.ready())

    async def live(self) -> bool:
        """Whether the service's process turns; False where nobody answers."""
        return await self._ask(calls.live())

    async def metrics(self) -> str:
        """The service's metrics in Prometheus text format."""
        return await self._ask(calls.metrics())

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(self, call: Call[T]) -> T:
        # In a thread: a file may be on a slow disk, and the event loop has others to serve.
        photo = None if call.photo is None else await asyncio.to_thread(photos.read, call.photo)
        exchange = self._exchanges.begin(call, photo)
        while True:
            came: httpx.Response | httpx.RequestError
            try:
                came = await self._http.send(exchange.request)
            except httpx.RequestError as error:
                came = error
            verdict = exchange.judge(came)
            if not isinstance(verdict, Again):
                return verdict.value
            await self._sleep(verdict.seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self._exchanges.base_url!r})"
