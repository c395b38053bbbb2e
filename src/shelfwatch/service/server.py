"""Serve the application with uvicorn and say where."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from pathlib import Path
from types import FrameType

import uvicorn

from shelfwatch.service import logs
from shelfwatch.service.app import create_app
from shelfwatch.service.data_folder import claim
from shelfwatch.service.engine import Engine, ReloadRefusedError
from shelfwatch.service.memory import share_heaps
from shelfwatch.service.protocol import counting
from shelfwatch.service.settings import Settings

log = logging.getLogger("shelfwatch")

POLL_SECONDS = 0.05  # how often a stopping server looks whether it is idle
LEAST_SECONDS = 1  # for answers on their way when the grace time is over


class ShelfServer(uvicorn.Server):
    """uvicorn that says where it answers, and that stops in two steps.

    On a first signal it goes on listening but takes no new photos, so that probes see it draining and clients are
    told to go elsewhere; once nothing is in flight, or the grace time is over, uvicorn's own shutdown follows. A
    second signal skips the wait.
    """

    def __init__(
        self, config: uvicorn.Config, engine: Engine, grace_seconds: float, *, announced: bool = False
    ) -> None:
        super().__init__(config)
        self.announced = announced  # by another worker
        self.engine = engine
        self.grace_seconds = grace_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; uvicorn calls this for SIGTERM and SIGINT."""
        if self.engine.state == "draining":
            super().handle_exit(sig, frame)
            return
        self.engine.drain()
        deadline = time.monotonic() + self.grace_seconds

        def stop_when_idle() -> None:
            while self.engine.in_hand and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            # What is left of the grace time is for answers that are still being sent.
            self.config.timeout_graceful_shutdown = max(LEAST_SECONDS, int(deadline - time.monotonic()))
            self.should_exit = True

        threading.Thread(target=stop_when_idle, daemon=True).start()

    def handle_reload(self, *_: object) -> None:
        """Load the models again, for SIGHUP; what comes of it stands in the log."""

        def reload() -> None:
            try:
                self.engine.reload()
            except ReloadRefusedError as refused:
                log.error("%s", refused)

        threading.Thread(target=reload, daemon=True).start()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then announce."""
        await super().startup(sockets)
        # A parent blocks it in workers that are starting; from here on it reloads the models.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        for server in [] if self.announced else getattr(self, "servers", []):
            for listener in server.sockets[:1]:
                host, port = listener.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                # Apart from the log, whatever its level and form: people and scripts look for it.
                print(f"ShelfWatch is at http://{shown}:{port}", flush=True)  # noqa: T201


def serve(
    settings: Settings, *, sockets: list[socket.socket] | None = None, announced: bool = False, loaded: bool = False
) -> bool:
    """Serve until stopped; whether it started. Raises `ValueError` where the settings must not be served.

    A worker among several brings its own `sockets`, says nothing of its address where it is `announced`, and with
    `loaded` takes no connection before its models are loaded.
    """
    refusal = settings.refusal()
    if refusal:
        raise ValueError(refusal)
    if settings.data_dir:
        claim(Path(settings.data_dir))
    if sockets is None:
        logs.configure(settings.log_format, settings.log_level)
    share_heaps()
    app = create_app(settings, loaded=loaded)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,  # its lines go the way of all others, and `RequestLog` writes one a request
        access_log=False,
        http=counting(app.state.metrics),
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=settings.grace_seconds,
    )
    server = ShelfServer(config, app.state.engine, settings.grace_seconds, announced=announced)
    # uvicorn finishes accepted requests on these signals and then raises them again; a stop that was asked for
    # and went well is exit code 0, not death by signal.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, server.handle_reload)
    server.run(sockets)
    return bool(server.started)
