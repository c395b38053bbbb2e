"""Several worker processes that share nothing but the port, and the parent that keeps them alive."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from shelfwatch.service import logs
from shelfwatch.service.data_folder import claim
from shelfwatch.service.settings import Settings

log = logging.getLogger("shelfwatch")

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where workers keep the counts that any of them answers for all
BACKLOG = 2048  # connections that may wait for a worker to accept them
FIRST_DELAY = 0.5  # seconds before a worker that died young is started again; doubled with each such death
LONGEST_DELAY = 30.0  # seconds
GROWN_UP = 30.0  # seconds a worker must have lived to be started again at once
SPARE_SECONDS = 10.0  # beyond the grace time, before a worker that does not end is killed

# Only where the kernel spreads connections over sockets bound to one port; macOS gives all to the last.
SPREADS = hasattr(socket, "SO_REUSEPORT") and sys.platform.startswith("linux")


@dataclass
class Worker:
    """One place for a worker process, which a new one takes when the old has died."""

    number: int
    process: SpawnProcess | None = None
    started: float = 0.0  # when, by the monotonic clock
    young_deaths: int = 0  # in a row
    due: float = 0.0  # when to start again

    def postpone(self) -> float:
        """Set when the next process is due after this one died; seconds until then."""
        now = time.monotonic()
        self.young_deaths = 0 if now - self.started >= GROWN_UP else self.young_deaths + 1
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (self.young_deaths - 1)) if self.young_deaths > 1 else 0.0
        self.due = now + delay
        return delay


class Supervisor:
    """Starts workers, restarts those that die, hands on SIGTERM (drain) and SIGHUP (reload), ends when all have."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workers = [Worker(number) for number in range(settings.workers)]
        self.stopping_since: float | None = None
        self.signals: list[int] = []  # come in, and not obeyed yet
        self.clean = True  # no worker was lost while stopping
        self.spawn = multiprocessing.get_context("spawn")  # a fork would share what libraries hold open

    def run(self) -> bool:
        """Supervise until stopped; whether every worker ended well. Raises `OSError` where the port cannot be had."""
        # Bound without listening: it keeps the port, picks one for 0, and fails early where another has it.
        held = bind(self.settings.host, self.settings.port)
        self.settings = self.settings.model_copy(update={"port": held[0].getsockname()[1]})
        if not SPREADS:
            for listener in held:
                listener.listen(BACKLOG)
        self.sockets = [] if SPREADS else held
        log.info("%d workers start", len(self.workers))
        self.wake, waker = socket.socketpair()
        for end in (self.wake, waker):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _: self.signals.append(number))
        while self.stopping_since is None or any(worker.process for worker in self.workers):
            self.turn()
        return self.clean

    def turn(self) -> None:
        """Start who is due, then wait for a death, a signal or the next date."""
        now = time.monotonic()
        if self.stopping_since is None:
            for worker in self.workers:
                if worker.process is None and worker.due <= now:
                    self.start(worker)
        elif now > self.stopping_since + 2 * self.settings.grace_seconds + SPARE_SECONDS:
            for process in self.alive():
                log.error("worker process %d does not end and is killed", process.pid)
                process.kill()
        dates = [worker.due - now for worker in self.workers if worker.process is None]
        timeout = max(0.0, min([1.0, *dates])) if self.stopping_since is None else 1.0
        connection.wait([self.wake, *(process.sentinel for process in self.alive())], timeout)
        with contextlib.suppress(BlockingIOError):
            self.wake.recv(4096)
        while self.signals:
            self.obey(self.signals.pop(0))
        for worker in self.workers:
            if worker.process is not None and worker.process.exitcode is not None:
                self.bury(worker, worker.process.exitcode)

    def alive(self) -> list[SpawnProcess]:
        """Processes that are not buried yet."""
        return [worker.process for worker in self.workers if worker.process is not None]

    def start(self, worker: Worker) -> None:
        """Start a process in a worker's place."""
        again = worker.started > 0
        worker.started = time.monotonic()
        worker.process = self.spawn.Process(
            target=work, args=(self.settings, worker.number, again, self.sockets), name=f"worker-{worker.number}"
        )
        # A worker that is still starting must not die of a SIGHUP: it stays pending until the worker can take it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        try:
            worker.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})

    def bury(self, worker: Worker, code: int) -> None:
        """Take leave of a dead process and say when the next one comes."""
        from prometheus_client.multiprocess import mark_process_dead

        worker.process = None
        # Forgets its gauges; its counts stay, and the next process goes on with them.
        mark_process_dead(worker.number)  # type: ignore[no-untyped-call]
        (Path(os.environ[FOLDER]) / f"{worker.number}.pid").unlink(missing_ok=True)
        if self.stopping_since is not None:
            self.clean &= code in {0, -signal.SIGTERM}  # a signal before it had even begun to serve is no loss
            return
        delay = worker.postpone()
        log.error("worker %d ended with code %d; the next starts in %.1f s", worker.number, code, delay)

    def obey(self, number: int) -> None:
        """Hand on SIGHUP, and anything else as SIGTERM; a second one is handed on too, and skips the workers' wait."""
        if number != signal.SIGHUP:
            self.stopping_since = self.stopping_since or time.monotonic()
            number = signal.SIGTERM
        for process in self.alive():
            if process.pid is not None and process.exitcode is None:
                os.kill(process.pid, number)


def supervise(settings: Settings) -> bool:
    """Serve with `settings.workers` processes until stopped; whether all ended well.

    Raises `ValueError` where the settings must not be served and `OSError` where the port cannot be had.
    """
    refusal = settings.refusal()
    if refusal:
        raise ValueError(refusal)
    if not hasattr(os, "setsid"):
        raise ValueError("Several workers need Linux, macOS or another Unix; start one.")
    if settings.data_dir:
        claim(Path(settings.data_dir))
    logs.configure(settings.log_format, settings.log_level)
    # In the data folder where there is one: nothing else may be writable.
    with tempfile.TemporaryDirectory(prefix="shelfwatch-", dir=settings.data_dir or None) as folder:
        os.environ[FOLDER] = folder  # spawned workers find it there, before they make a metric
        from shelfwatch.service import metrics

        metrics.announce("parent")
        return Supervisor(settings).run()


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of `host`, not listening yet; port 0 takes a free one, the same for all."""
    sockets: list[socket.socket] = []
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        listener = socket.socket(family, kind, protocol)
        sockets.append(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if SPREADS:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address[0], sockets[0].getsockname()[1] if len(sockets) > 1 else port, *address[2:]))
    return sockets


def work(settings: Settings, number: int, again: bool, sockets: list[socket.socket]) -> None:
    """Serve as worker `number`, in its own process; `again` where it takes the place of a dead one."""
    os.setsid()  # Ctrl-C in a terminal reaches the parent alone, which tells its workers once
    threading.Thread(target=end_with_parent, daemon=True).start()
    logs.configure(settings.log_format, settings.log_level, number)
    from shelfwatch.service import metrics
    from shelfwatch.service.server import serve

    metrics.count_as(number)
    try:
        started = serve(
            settings,
            sockets=sockets or bind(settings.host, settings.port),
            announced=number > 0 or again,
            # One says at once that the service is starting; the rest take no connection before they can answer it.
            loaded=number > 0 or again,
        )
    except Exception:
        log.exception("worker %d failed", number)
        sys.exit(1)
    finally:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():  # it cannot tidy up any more
            shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
    sys.exit(0 if started else 1)


def reload_others() -> None:
    """Have the parent hand a SIGHUP to every worker, this one included, which loads the same files once more."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        os.kill(parent.pid, signal.SIGHUP)


def end_with_parent() -> None:
    """Drain when the parent is gone, however it went: nobody else would stop this worker."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
