"""The two clients: the same methods, one blocking, one for asyncio."""

from __future__ import annotations

from shelfwatch.client import calls
from shelfwatch.client.alerts import Alerts, AsyncAlerts
from shelfwatch.client.answers import Health, Prediction, ServedModel
from shelfwatch.client.audits import AsyncAudits, Audits
from shelfwatch.client.calls import Tiles
from shelfwatch.client.corrections import AsyncCorrections, Corrections
from shelfwatch.client.photos import Photo
from shelfwatch.client.stores import AsyncStores, Stores
from shelfwatch.client.tasks import AsyncTasks, Tasks
from shelfwatch.client.webhooks import AsyncWebhooks, Webhooks


class Client(Audits, Corrections, Stores, Alerts, Tasks, Webhooks):
    """A blocking client; threads may share one. Use it in a `with` statement, or `close` it.

    - `base_url`: where the service is, such as `https://shelfwatch.example`; a path in front of its own may be part
      of it.
    - `api_key`: one of the service's keys; it is sent to no other address and shown nowhere.
    - `timeout`: seconds to connect, to send and to wait for an answer, each; None waits for ever.
    - `retries`: whether and when to send again, after 429, 503 and connections that failed.
    - `transport`, `sleep`: take the place of the network and of waiting, in tests.

    Raises `ValueError` for an address or key that cannot be used. Every method raises a `ShelfWatchError`.
    """

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


class AsyncClient(AsyncAudits, AsyncCorrections, AsyncStores, AsyncAlerts, AsyncTasks, AsyncWebhooks):
    """A client for asyncio, with the arguments and methods of `Client`; `sleep` is asynchronous too.

    Use it in an `async with` statement, or await `close`.
    """

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
