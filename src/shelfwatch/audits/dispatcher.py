"""Deliver what lies in the outbox, each event to every receiver, until stopped.

Any number of dispatchers may run on one database, in one process or many.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from shelfwatch.audits.addresses import parse_networks
from shelfwatch.audits.crop import picture
from shelfwatch.audits.errors import AuditsError, UnavailableError
from shelfwatch.audits.mail import MailError, MailServer, compose, send
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.outbox import FAILED, Claimed, Retries, claim, finish, is_due
from shelfwatch.audits.post import PostError, PostOptions, post
from shelfwatch.audits.webhooks import encode
from shelfwatch.inference.image import ImageError

POLL_SECONDS = 1.0  # between looks at an outbox that was empty
AWAY_SECONDS = 5.0  # between looks at a database that was away
THREADS = 8  # receivers served at once, so that one that hangs holds up none but itself

log = logging.getLogger("shelfwatch")


@dataclass(frozen=True)
class DispatchOptions:
    """How events are delivered; without a mail server, e-mails are not."""

    post: PostOptions = field(default_factory=PostOptions)
    mail: MailServer | None = None
    retries: Retries = field(default_factory=Retries)
    threads: int = THREADS
    poll_seconds: float = POLL_SECONDS

    @classmethod
    def of(cls, networks: Iterable[str] = (), smtp_url: str = "", mail_from: str = "") -> DispatchOptions:
        """From what an operator sets, as text. Raises `InvalidError`."""
        mail = MailServer.parse(smtp_url, mail_from) if smtp_url else None
        return cls(post=PostOptions(allowed=parse_networks(networks)), mail=mail)


class Dispatcher:
    """Takes what is due, one delivery a receiver at a time."""

    def __init__(self, memory: Memory, options: DispatchOptions) -> None:
        self.memory = memory
        self.options = options
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._busy: set[str] = set()  # receivers that are being told something
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """`run` in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="dispatcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more, and return once what is being delivered is."""
        self.ask_to_stop()
        self.wake()
        if self._thread is not None:
            self._thread.join()

    def ask_to_stop(self) -> None:
        """As `stop`, without waiting and without a lock, so that a signal's handler may call it."""
        self._stopping.set()

    def wake(self) -> None:
        """Look at once: something was put into the outbox."""
        with self._changed:
            self._changed.notify_all()

    def run(self) -> None:
        """Deliver until `stop`. A database that is away is waited for."""
        with ThreadPoolExecutor(self.options.threads, thread_name_prefix="delivery") as threads:
            while not self._stopping.is_set():
                try:
                    taken = self._take()
                except UnavailableError as error:
                    log.warning("the outbox is not reached: %s", error)
                    self._stopping.wait(AWAY_SECONDS)
                    continue
                if taken is not None:
                    threads.submit(self._deliver, taken).add_done_callback(_tell)
                    continue
                with self._changed:
                    if not self._stopping.is_set():
                        self._changed.wait(self.options.poll_seconds)

    def _take(self) -> Claimed | None:
        with self._changed:
            busy = frozenset(self._busy)
        if len(busy) >= self.options.threads:
            return None
        self.memory.start()
        if not is_due(self.memory.database, busy):
            return None
        taken = claim(self.memory.database, self.options.retries, busy)
        if taken is not None:
            with self._changed:
                self._busy.add(taken.webhook_id)
        return taken

    def _deliver(self, taken: Claimed) -> None:
        try:
            error = self._attempt(taken)
            state = finish(self.memory.database, taken, self.options.retries, error)
            if state == FAILED:
                log.error("delivery %s is given up after %d attempts: %s", taken.id, taken.attempt, error)
            elif error is not None:
                log.warning("delivery %s, attempt %d: %s", taken.id, taken.attempt, error)
        except UnavailableError as error:
            # Its lease ends and someone delivers it again, with the same id.
            log.warning("how delivery %s went is not noted: %s", taken.id, error)
        finally:
            with self._changed:
                self._busy.discard(taken.webhook_id)
                self._changed.notify_all()

    def _attempt(self, taken: Claimed) -> str | None:
        """Deliver; None, or what went wrong."""
        try:
            if taken.url.startswith("mailto:"):
                if self.options.mail is None:
                    return "no mail server is set"
                send(compose(taken, self.options.mail, self._picture(taken)), self.options.mail)
            else:
                post(taken.url, taken.secret, taken.event_id, encode(taken.body), self.options.post)
        except (PostError, MailError) as error:
            return str(error)
        except UnavailableError:
            raise
        except Exception as error:  # a fault of ours must not be tried for ever in silence
            log.exception("delivery %s met a fault", taken.id)
            return type(error).__name__
        return None

    def _picture(self, taken: Claimed) -> bytes | None:
        """What the alert is about, None where the photo is gone: the letter is worth sending without it."""
        alert = taken.body["alert"]
        try:
            return picture(self.memory.database, self.memory.photos, alert["audit_id"], alert["box"])
        except (AuditsError, ImageError):
            return None


def _tell(done: Future[None]) -> None:
    """A fault in a thread is not lost with its future."""
    fault = done.exception()
    if fault is not None:
        log.error("a delivery met a fault", exc_info=fault)
