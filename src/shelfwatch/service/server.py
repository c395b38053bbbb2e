"""Serve the application with uvicorn and say where."""

from __future__ import annotations

import signal
import socket

import uvicorn

from shelfwatch.service.app import create_app
from shelfwatch.service.settings import Settings


class AnnouncingServer(uvicorn.Server):
    """Prints the address people open, once it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then announce."""
        await super().startup(sockets)
        for server in getattr(self, "servers", []):
            for listener in server.sockets[:1]:
                host, port = listener.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                print(f"ShelfWatch is at http://{shown}:{port}", flush=True)  # noqa: T201


def serve(settings: Settings) -> bool:
    """Serve until stopped; whether it started. Raises `ValueError` where the settings must not be served."""
    refusal = settings.refusal()
    if refusal:
        raise ValueError(refusal)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        server_header=False,
        timeout_graceful_shutdown=settings.grace_seconds,
    )
    server = AnnouncingServer(config)
    # uvicorn finishes accepted requests on these signals and then raises them again; a stop that was asked for
    # and went well is exit code 0, not death by signal.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server.run()
    return bool(server.started)
