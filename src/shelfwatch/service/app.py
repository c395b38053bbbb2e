"""The ASGI application, put together from its parts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from shelfwatch import __version__
from shelfwatch.service import (
    admin,
    alerts,
    audits,
    boxes,
    compare,
    corrections,
    exports,
    gaps,
    health,
    notes,
    openapi,
    page,
    photos,
    predict,
    problems,
    stores,
    tasks,
    tracing,
    webhooks,
)
from shelfwatch.service.access import Access
from shelfwatch.service.admission import Admission
from shelfwatch.service.bodies import BodyLimits, Leftovers
from shelfwatch.service.engine import Engine
from shelfwatch.service.headers import SecurityHeaders
from shelfwatch.service.logs import RequestLog
from shelfwatch.service.metrics import Metrics
from shelfwatch.service.middleware import RequestContext
from shelfwatch.service.origins import Origins
from shelfwatch.service.rate import RateLimit
from shelfwatch.service.settings import Settings
from shelfwatch.service.stock import StockMetrics
from shelfwatch.service.storage import Storage
from shelfwatch.service.tracing import Tracing

log = logging.getLogger("shelfwatch")


def create_app(settings: Settings | None = None, *, loaded: bool = False) -> FastAPI:
    """The service for `settings` (default: from the environment). Models load when it starts, not here.

    It starts at once and answers "starting" meanwhile, or with `loaded` once they are there.
    """
    settings = settings or Settings()
    engine = Engine(settings)
    spans = tracing.provider()
    storage = Storage(settings)
    stock = StockMetrics(storage, settings.store_metrics)
    metrics = Metrics(queue_depth=lambda: engine.lanes.waiting, others=[stock])
    engine.on_models = metrics.show_models

    async def load() -> None:
        try:
            await asyncio.to_thread(engine.load)
        except Exception:
            log.exception("no model could be loaded")

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        storage.start()  # models are not waited for, nor do they wait
        loading = asyncio.create_task(load())  # health answers "starting" meanwhile
        following = asyncio.create_task(metrics.follow())
        if loaded:
            await loading
        yield
        await loading
        following.cancel()
        await asyncio.to_thread(engine.close)
        await asyncio.to_thread(app.state.trials.close)
        await asyncio.to_thread(storage.close)
        if spans:
            await asyncio.to_thread(spans.shutdown)  # sends what it still holds

    app = FastAPI(
        title="ShelfWatch",
        version=__version__,
        summary="Find every product facing in a photo of a shelf, and remember what each shelf looked like.",
        license_info={"name": "MIT", "identifier": "MIT"},
        lifespan=lifespan,
        docs_url=None,  # these pages load scripts from another server; the document itself is at /openapi.json
        redoc_url=None,
    )
    app.state.engine, app.state.metrics, app.state.storage, app.state.stock = engine, metrics, storage, stock
    app.state.trials = webhooks.Trials(storage.options.post)
    problems.install(app)
    paths = set()
    for router in (
        predict.router, exports.router, audits.router, photos.router, compare.router, stores.router, alerts.router,
        webhooks.router, notes.router, boxes.router, gaps.router, corrections.router, tasks.router,
        health.router, admin.router, page.router,
    ):  # fmt: skip
        app.include_router(router)
        paths |= {route.path for route in router.routes if isinstance(route, APIRoute)}
    openapi.install(app, keyed=bool(settings.keys), models=lambda: engine.detectors)
    app.mount("/static", page.FreshFiles(directory=page.ui_folder()), name="static")
    # The last added is outermost.
    app.add_middleware(
        BodyLimits,
        limit=settings.max_body_bytes,
        seconds=settings.upload_seconds,
        held_limit=settings.max_held_bytes,
        retry_after=engine.lanes.pace.retry_after,
    )
    app.add_middleware(Admission, paths={"/predict", "/audits"}, check=engine.check)
    if settings.keys:
        rate = RateLimit(settings.rate_limit, settings.rate_burst) if settings.rate_limit else None
        app.add_middleware(Access, keys=settings.keys, rate=rate, metrics=metrics)
    app.add_middleware(Origins, trusted=settings.cors_origins, hosts=settings.host_names)
    app.add_middleware(RequestContext, metrics=metrics, paths=paths)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "X-Request-ID", "Idempotency-Key", "If-None-Match", "If-Range", "Range"],
            expose_headers=["X-Request-ID", "Retry-After", "Location", "ETag", "Content-Range"],
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog)
    if spans:
        app.add_middleware(Tracing, provider=spans)
    app.add_middleware(Leftovers, stopping=lambda: engine.state == "draining")
    return app
