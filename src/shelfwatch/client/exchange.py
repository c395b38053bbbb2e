"""How a call is carried out, without doing any of it: what to send, what an answer means, when to send again.

The clients send and wait as an `Exchange` tells them; everything they have in common is here, once.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeAlias, TypeVar

import httpx

from shelfwatch.client.calls import Call
from shelfwatch.client.errors import (
    NotFound,
    ProblemError,
    ShelfWatchError,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
    media_type,
    problem,
)
from shelfwatch.client.retries import RetryPolicy

log = logging.getLogger("shelfwatch.client")

T = TypeVar("T")

USER_AGENT = "shelfwatch-client"
UNTOUCHED = frozenset({"rate-limited", "overloaded", "draining"})  # slugs of refusals before anything is done
FILE_NAME = "photo"  # the service goes by content; the caller's names are nobody's business


@dataclass(frozen=True)
class Done(Generic[T]):
    """The call is answered."""

    value: T


@dataclass(frozen=True)
class Again:
    """The same request is to be sent once more, in so many seconds."""

    seconds: float


Verdict: TypeAlias = "Done[T] | Again"


class Exchange(Generic[T]):
    """One call on its way: the request to send, and a verdict on whatever came of sending it."""

    def __init__(self, call: Call[T], request: httpx.Request, retries: RetryPolicy) -> None:
        self.call = call
        self.request = request  # the same each time, its id included
        self.retries = retries
        self.request_id = request.headers["X-Request-ID"]
        self._sent = 0
        self._may_be_done = False  # whether one of those sent may have been carried out without our knowing
        self._waited = 0.0

    def judge(self, came: httpx.Response | httpx.RequestError) -> Verdict[T]:
        """What to do after the request was sent and this came of it: a response, read in full, or a failure.

        Raises `ShelfWatchError` where sending again does not help or is no longer allowed.
        """
        self._sent += 1
        try:
            return Done(self._read(came) if isinstance(came, httpx.Response) else self._fail(came))
        except ShelfWatchError as error:
            error.request_id = error.request_id or self.request_id
            absent = isinstance(error, Unreachable) or (isinstance(error, ProblemError) and error.status == 503)
            if absent and self.call.otherwise is not None:
                return Done(self.call.otherwise)
            if self.call.gone_is_done and self._may_be_done and isinstance(error, NotFound):
                return Done(self.call.read(httpx.Response(204)))
            asked = error.retry_after if isinstance(error, ProblemError) else None
            again = error.retryable and (self.call.repeatable or nothing_done(error))
            seconds = self.retries.wait(self._sent, self._waited, asked) if again else None
            if seconds is None:
                raise
            self._may_be_done = self._may_be_done or not nothing_done(error)
            self._waited += seconds
            log.info("request %d of %d, the next in %.1f s: %s", self._sent, self.retries.attempts, seconds, error)
            return Again(seconds)

    def _read(self, response: httpx.Response) -> T:
        status = response.status_code
        # A 503 in another form is a problem document, or the page of a proxy.
        if status in self.call.statuses or (
            status == 503 and self.call.reads_503 and media_type(response) == "application/json"
        ):
            return self.call.read(response)
        if status >= 400:
            raise problem(response, self.request_id)
        aim = f", to {response.headers['Location']}" if "Location" in response.headers else ""
        raise UnexpectedAnswer(f"{self._what()} was answered with status {status}{aim}")

    def _fail(self, error: httpx.RequestError) -> NoReturn:
        reason = str(error) or type(error).__name__
        if not isinstance(error, httpx.TransportError):  # such as a body that is not in the encoding it names
            raise UnexpectedAnswer(f"the answer to {self._what()} cannot be read: {reason}") from error
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            raise TimedOut(f"{self._what()} was not answered in time: {reason}") from error
        raise Unreachable(f"{self._what()} was not answered: {reason}") from error

    def _what(self) -> str:
        return f"{self.request.method} {self.request.url}"


class Exchanges:
    """Begins exchanges with one service. Raises `ValueError` for an address or key that cannot be used."""

    def __init__(
        self, base_url: str, api_key: str | None, timeout: float | httpx.Timeout | None, retries: RetryPolicy
    ) -> None:
        self.base_url = service_url(base_url)
        self.retries = retries
        self._timeout = httpx.Timeout(timeout).as_dict()
        # As httpx's Headers, which show a key to nobody who looks at them in a log or a traceback.
        self._headers = httpx.Headers({"User-Agent": USER_AGENT})
        if api_key:
            if not (api_key.isascii() and api_key.isprintable()):
                raise ValueError("an API key is printable ASCII without line breaks")  # nor is it shown here
            self._headers["Authorization"] = f"Bearer {api_key}"

    def begin(self, call: Call[T], photo: bytes | None) -> Exchange[T]:
        """The exchange that carries out `call` with its photo's bytes."""
        request = httpx.Request(
            call.method,
            self.base_url + call.path,
            params=dict(call.query) or None,
            headers=self._headers,
            data=dict(call.form) or None,
            files=None if photo is None else {"image": (FILE_NAME, photo)},
            json=call.body,
            extensions={"timeout": self._timeout},
        )
        request.headers["X-Request-ID"] = uuid.uuid4().hex
        return Exchange(call, request, self.retries)


def nothing_done(error: ShelfWatchError) -> bool:
    """Whether the service has certainly not begun with what was asked."""
    if isinstance(error, ProblemError):
        return error.slug in UNTOUCHED
    return isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout)


def service_url(url: str) -> str:
    """The address without a slash at its end. Raises `ValueError` where no service can be at it."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"base_url: {error}") from None
    if parts.userinfo:
        raise ValueError("base_url holds no user and password: the service takes an api_key")
    usable = parts.scheme in {"http", "https"} and parts.host and (parts.port or 0) <= 65535
    if not usable or parts.query or parts.fragment:
        raise ValueError(f"base_url is like https://shelfwatch.example or http://127.0.0.1:8000, not {url!r}")
    return str(parts).rstrip("/")
