"""What can go wrong between a caller and the service, as exceptions."""
# Named for what happened, like the problem types they stand for:
# ruff: noqa: N818

from __future__ import annotations

import contextlib
import json
from typing import Any

import httpx

from shelfwatch.client.retries import seconds_to_wait

BLANK = "about:blank"  # RFC 9457: a problem that says no more than its HTTP status
TYPE_PREFIX = "/problems/"
RETRYABLE_STATUSES = frozenset({429, 503})
LASTING = frozenset({"model-failed"})  # slugs of those that the same request meets again, whatever their status


class ShelfWatchError(Exception):
    """Base of everything the clients raise for what the service or the network did."""

    retryable: bool = False  # whether the same request may well succeed a little later

    def __init__(self, message: str, request_id: str = "") -> None:
        super().__init__(message, request_id)
        self.message = message
        self.request_id = request_id  # what the service knows the request by

    def __str__(self) -> str:
        return f"{self.message} (request {self.request_id})" if self.request_id else self.message


class Unreachable(ShelfWatchError):
    """The connection failed before there was a whole answer."""

    retryable = True


class TimedOut(Unreachable):
    """The service was reached, but its answer did not come in time.

    Not sent again: it may still be at work on the photo, and a second copy would only lengthen the queue.
    """

    retryable = False


class UnexpectedAnswer(ShelfWatchError):
    """The answer is not what the contract says: not this service, or a version that does not fit this client."""


class ProblemError(ShelfWatchError):
    """The service answered with a problem (RFC 9457); an unknown one is raised as this class itself.

    A bare error status, of a proxy say, counts as a problem of type `about:blank`.
    """

    def __init__(
        self, type: str, title: str, status: int, detail: str, request_id: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(f"{title}: {detail}" if detail else title, request_id)
        # So that the exception survives pickling, on its way out of a process pool for one.
        self.args = (type, title, status, detail, request_id, retry_after)
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.retry_after = retry_after  # seconds the service asks to wait, None where it does not say
        self.retryable = status in RETRYABLE_STATUSES and self.slug not in LASTING

    @property
    def slug(self) -> str:
        """The end of a type `/problems/<slug>`, empty for types that are none of the service's."""
        return self.type.rpartition(TYPE_PREFIX)[2] if TYPE_PREFIX in self.type else ""


class UndecodableImage(ProblemError):
    """400: the bytes begin like a picture and then break off or make no sense."""


class BadRequest(ProblemError):
    """400: what arrived is not valid HTTP."""


class Unauthorized(ProblemError):
    """401: the service asks for an API key, or does not know this one."""


class Forbidden(ProblemError):
    """403: the service does not take this from where it comes."""


class NotFound(ProblemError):
    """404: nothing is at this address."""


class MethodNotAllowed(ProblemError):
    """405: the address does not take this method."""


class SlowUpload(ProblemError):
    """408: the request took too long to arrive."""


class Conflict(ProblemError):
    """409: the request contradicts what is stored or being done."""


class PayloadTooLarge(ProblemError):
    """413: the file has too many bytes."""


class ImageTooLarge(ProblemError):
    """413: the picture has too many pixels."""


class RangeNotSatisfiable(ProblemError):
    """416: the photo has no such bytes."""


class UnsupportedFormat(ProblemError):
    """415: neither JPEG, PNG nor WebP."""


class InvalidRequest(ProblemError):
    """422: `detail` names the parameter and what is wrong with it."""


class RateLimited(ProblemError):
    """429: too many requests of this caller."""


class HeadersTooLarge(ProblemError):
    """431: the request's headers have too many bytes."""


class InternalError(ProblemError):
    """500: a fault of the service; its log has the request id."""


class Overloaded(ProblemError):
    """503: the queue is full, or no model is loaded yet."""


class Draining(ProblemError):
    """503: the service is stopping."""


class ModelFailed(ProblemError):
    """503: no model could be loaded, and waiting does not help."""


class StorageUnavailable(ProblemError):
    """503: audits cannot be stored or read now; photos are answered all the same."""


class StorageFull(ProblemError):
    """507: there is no room left for audits; nothing was stored."""


PROBLEMS: dict[str, type[ProblemError]] = {
    "undecodable-image": UndecodableImage,
    "bad-request": BadRequest,
    "unauthorized": Unauthorized,
    "forbidden": Forbidden,
    "not-found": NotFound,
    "method-not-allowed": MethodNotAllowed,
    "slow-upload": SlowUpload,
    "conflict": Conflict,
    "payload-too-large": PayloadTooLarge,
    "image-too-large": ImageTooLarge,
    "unsupported-format": UnsupportedFormat,
    "range-not-satisfiable": RangeNotSatisfiable,
    "invalid-request": InvalidRequest,
    "rate-limited": RateLimited,
    "headers-too-large": HeadersTooLarge,
    "internal-error": InternalError,
    "overloaded": Overloaded,
    "draining": Draining,
    "model-failed": ModelFailed,
    "storage-unavailable": StorageUnavailable,
    "storage-full": StorageFull,
}


def media_type(response: httpx.Response) -> str:
    """The type of a response's content without parameters, in lower case."""
    content_type: str = response.headers.get("Content-Type", "")
    return content_type.partition(";")[0].strip().lower()


def problem(response: httpx.Response, request_id: str) -> ProblemError:
    """The exception for an error answer to the request of that id; it is made of whatever the answer holds."""
    members: Any = None
    if media_type(response) == "application/problem+json":
        with contextlib.suppress(ValueError, RecursionError):  # the status still says something
            members = json.loads(response.content)

    def text(name: str, otherwise: str) -> str:
        # RFC 9457 has members of a wrong type ignored.
        value = members.get(name) if isinstance(members, dict) else None
        return value if isinstance(value, str) and value else otherwise

    error = ProblemError(
        type=text("type", BLANK),
        title=text("title", response.reason_phrase or f"HTTP {response.status_code}"),
        status=response.status_code,
        detail=text("detail", ""),
        request_id=text("request_id", response.headers.get("X-Request-ID") or request_id),
        retry_after=seconds_to_wait(response.headers),
    )
    return PROBLEMS.get(error.slug, ProblemError)(*error.args)
