"""The memory within the service: opened beside it, worked with in threads of its own, watched, pruned, told of."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from shelfwatch.audits.dispatcher import Dispatcher, DispatchOptions
from shelfwatch.audits.errors import (
    AuditsError,
    ConflictError,
    InvalidError,
    NotFoundError,
    StorageFullError,
    UnavailableError,
)
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.prune import Retention, prune
from shelfwatch.audits.turns import pruning_turn
from shelfwatch.service.data_folder import claim, usual
from shelfwatch.service.engine import retry
from shelfwatch.service.lanes import Lane, QueueFullError, WaitedTooLongError
from shelfwatch.service.problems import Problem
from shelfwatch.service.settings import Settings

log = logging.getLogger("shelfwatch")

State = Literal["starting", "ready", "unavailable", "off"]

T = TypeVar("T")

THREADS = 4  # of the memory; most of their time they wait for a disk or a server
QUEUE_LIMIT = 64  # pieces of work waiting or being done
PATIENCE_SECONDS = 15.0  # that a piece of work waits for its turn
ANSWER_SECONDS = 60.0  # after which a piece of work is given up; the memory itself gives up earlier where it can
WATCH_SECONDS = 2.0  # between looks at the database
SILENCE_SECONDS = 5.0  # after which a database that has not answered a look is taken to be away
PRUNE_SECONDS = 24 * 3600.0
RETRY_SECONDS = 3  # when to ask again for audits that are not to be had now
OFF_RETRY_SECONDS = 300  # the same where only a restart helps

OFF = (
    "This service keeps no audits: it found no folder to write to. Whoever runs it can name one with "
    "SHELFWATCH_DATA_DIR."
)


class Storage:
    """The memory of one process. Its database may be away at any time, the start included; nothing else waits for it.

    While it is away requests are told so at once: were each to find out for itself, they would wait in all threads.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.memory: Memory | None = None
        self.lane = Lane("memory", THREADS, limit=QUEUE_LIMIT)
        self.retention = Retention(settings.keep_days, settings.keep_bytes)
        self.options = DispatchOptions.of(
            settings.webhook_networks, settings.smtp_url.get_secret_value(), settings.mail_from
        )
        self._dispatcher: Dispatcher | None = None
        self._state: State = "starting"
        self._reason = "The database does not answer."  # for `unavailable`
        self._asked: float | None = None  # since when a look at the database waits for its answer
        self._stopping = threading.Event()
        self._look_now = threading.Event()

    @property
    def state(self) -> State:
        """Whether audits can be stored and read now."""
        asked = self._asked
        silent = asked is not None and time.monotonic() - asked > SILENCE_SECONDS
        return "unavailable" if silent and self._state == "ready" else self._state

    def start(self) -> None:
        """Open the memory and go on watching it, in a thread that ends with the process."""
        threading.Thread(target=self._watch, name="memory-watch", daemon=True).start()

    def check(self) -> None:
        """Return if it is worth asking the memory now. Raises `Problem`."""
        state = self.state
        if state == "off":
            raise Problem("storage-unavailable", OFF, headers=retry(OFF_RETRY_SECONDS))
        if state != "ready":
            reason = "The database is being prepared." if state == "starting" else self._reason
            raise Problem("storage-unavailable", reason, headers=retry(RETRY_SECONDS))

    async def run(self, job: Callable[[Memory], T]) -> T:
        """What `job` gives, done off the event loop. Raises `Problem` for whatever the memory says no to."""
        self.check()
        memory = self.memory
        assert memory is not None
        try:
            with spoken():
                async with asyncio.timeout(ANSWER_SECONDS):
                    return (await self.lane.run(lambda: job(memory), PATIENCE_SECONDS))[0]
        except TimeoutError as late:  # it may be done all the same: with an idempotency key, sending it again tells
            reason = "The database has not answered in time."
            raise Problem("storage-unavailable", reason, headers=retry(RETRY_SECONDS)) from late
        except (QueueFullError, WaitedTooLongError) as busy:
            self.check()  # where those before it hang, that is the reason
            raise Problem(
                "overloaded",
                "Too many requests wait for the database; try again shortly.",
                headers=retry(self.lane.pace.retry_after()),
            ) from busy
        except Problem as problem:
            if problem.kind.slug == "storage-unavailable":
                log.warning("audits: %s", problem.detail)
                self._look_now.set()
            raise

    def close(self) -> None:
        """Finish what was accepted and close the connections."""
        self._stopping.set()
        self._look_now.set()
        self.lane.close()
        if self._dispatcher is not None:
            self._dispatcher.stop()
        if self.memory is not None:
            self.memory.close()

    def _watch(self) -> None:
        """Keep `state` true, tell of alerts, and prune."""
        self.memory = open_memory(self.settings)
        if self.memory is None:
            self._state = "off"
            return
        pruning: threading.Thread | None = None
        while not self._stopping.is_set():
            self._look(self.memory)
            if self._state == "ready" and pruning is None:
                # Beside the watch, since it may take long. Where the process ends meanwhile, the next goes on.
                pruning = threading.Thread(target=self._prune, args=(self.memory,), name="memory-prune", daemon=True)
                pruning.start()
            if self._state == "ready" and self._dispatcher is None:
                # Every process may deliver: what one has taken the others leave alone.
                self._dispatcher = Dispatcher(self.memory, self.options)
                self._dispatcher.start()
            self._look_now.wait(WATCH_SECONDS)
            self._look_now.clear()

    def _look(self, memory: Memory) -> None:
        self._asked = time.monotonic()
        try:
            memory.check()
        except Exception as error:
            if isinstance(error, AuditsError):
                self._reason = str(error)
            if self._state != "unavailable" and not self._stopping.is_set():
                # Beyond what the memory says itself a fault of ours, which must not end the watch.
                log.error("audits are not available: %s", error, exc_info=not isinstance(error, AuditsError))
            self._state = "unavailable"
        else:
            if self._state == "unavailable":
                log.info("audits are available again")
            self._state = "ready"
        finally:
            self._asked = None

    def _prune(self, memory: Memory) -> None:
        """Remove what was deleted long enough ago and what retention does not keep, now and once a day."""
        while True:
            try:
                with pruning_turn(memory.database) as ours:
                    if ours:
                        done = prune(memory.database, memory.photos, self.retention)
                        counts = (done.deleted, done.too_old, done.too_much)
                        if any(counts):
                            log.info("retention: %d deleted audits, %d too old and %d over the size removed", *counts)
            except Exception:  # tomorrow is another day
                log.exception("retention could not be kept")
            if self._stopping.wait(PRUNE_SECONDS):
                return


def open_memory(settings: Settings) -> Memory | None:
    """The memory that the settings name, or None where none is named and the usual folder cannot be written."""
    url, photos = settings.database_url.get_secret_value(), settings.photo_store
    folder = Path(settings.data_dir) if settings.data_dir else usual()
    if not (settings.data_dir or (url and photos)):
        try:
            if folder is None:
                raise ValueError("there is no home folder")
            claim(folder)
        except ValueError as error:
            log.warning("no audits are kept: set SHELFWATCH_DATA_DIR (%s)", error)
            return None
    return Memory.at(folder, url, photos)


@contextlib.contextmanager
def spoken() -> Iterator[None]:
    """What the memory says no to, as problems."""
    try:
        yield
    except InvalidError as error:
        raise Problem("invalid-request", str(error)) from error
    except NotFoundError as error:
        raise Problem("not-found", str(error)) from error
    except ConflictError as error:
        raise Problem("conflict", str(error)) from error
    except StorageFullError as error:
        raise Problem("storage-full", str(error)) from error
    except UnavailableError as error:
        raise Problem("storage-unavailable", str(error), headers=retry(RETRY_SECONDS)) from error
