"""How both clients ask, one blocking, one for asyncio: they send and wait; `exchange` decides."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, TypeVar

import httpx

from shelfwatch.client import photos
from shelfwatch.client.calls import Call
from shelfwatch.client.errors import media_type
from shelfwatch.client.exchange import Again, Exchanges
from shelfwatch.client.retries import RetryPolicy

T = TypeVar("T")
Item = TypeVar("Item", covariant=True)

TIMEOUT = 60.0  # seconds; a full queue of photos in tiles takes a while
RETRIES = RetryPolicy()


class Page(Protocol[Item]):
    """Some items of a list."""

    @property
    def items(self) -> tuple[Item, ...]: ...

    @property
    def next_cursor(self) -> str | None: ...


class Asking:
    """Carries calls out, blocking."""

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

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(self, call: Call[T], file: Path | None = None) -> T:
        photo = None if call.photo is None else photos.read(call.photo)
        exchange = self._exchanges.begin(call, photo)
        while True:
            came: httpx.Response | httpx.RequestError
            try:
                came = self._http.send(exchange.request, stream=True)
                try:
                    if file is not None and is_file(call, came):
                        with replacing(file) as out:
                            for chunk in came.iter_bytes():
                                out.write(chunk)
                    else:
                        came.read()
                finally:
                    came.close()
            except httpx.RequestError as error:
                came = error
            verdict = exchange.judge(came)
            if not isinstance(verdict, Again):
                return verdict.value
            self._sleep(verdict.seconds)

    def _each(self, page: Callable[[str | None], Call[Page[Item]]]) -> Iterator[Item]:
        cursor: str | None = None
        while True:
            found = self._ask(page(cursor))
            yield from found.items
            cursor = found.next_cursor
            if cursor is None:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._exchanges.base_url!r})"


class AsyncAsking:
    """Carries calls out in an event loop."""

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

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(self, call: Call[T], file: Path | None = None) -> T:
        # In a thread: a file may be on a slow disk, and the event loop has others to serve.
        photo = None if call.photo is None else await asyncio.to_thread(photos.read, call.photo)
        exchange = self._exchanges.begin(call, photo)
        while True:
            came: httpx.Response | httpx.RequestError
            try:
                came = await self._http.send(exchange.request, stream=True)
                try:
                    if file is not None and is_file(call, came):
                        with replacing(file) as out:
                            async for chunk in came.aiter_bytes():
                                await asyncio.to_thread(out.write, chunk)
                    else:
                        await came.aread()
                finally:
                    await came.aclose()
            except httpx.RequestError as error:
                came = error
            verdict = exchange.judge(came)
            if not isinstance(verdict, Again):
                return verdict.value
            await self._sleep(verdict.seconds)

    async def _each(self, page: Callable[[str | None], Call[Page[Item]]]) -> AsyncIterator[Item]:
        cursor: str | None = None
        while True:
            found = await self._ask(page(cursor))
            for item in found.items:
                yield item
            cursor = found.next_cursor
            if cursor is None:
                return

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._exchanges.base_url!r})"


def is_file(call: Call[T], response: httpx.Response) -> bool:
    """Whether the answer is the file that was asked for, not a problem or a page of a proxy."""
    return response.status_code == 200 and media_type(response) == call.media_type


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once it is whole; one that breaks off leaves nothing. Raises `OSError`."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as out:
            yield out
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
