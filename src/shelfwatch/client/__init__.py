"""A typed client of the service, blocking and asynchronous. Needs httpx and nothing else of the package."""

from shelfwatch.client.answers import Detection, Health, ImageSize, ModelName, Prediction, ServedModel, Timing
from shelfwatch.client.calls import Tiles
from shelfwatch.client.clients import AsyncClient, Client
from shelfwatch.client.errors import (
    Conflict,
    Draining,
    ImageTooLarge,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    ProblemError,
    RateLimited,
    ShelfWatchError,
    TimedOut,
    Unauthorized,
    UndecodableImage,
    UnexpectedAnswer,
    Unreachable,
    UnsupportedFormat,
)
from shelfwatch.client.photos import Photo
from shelfwatch.client.retries import RetryPolicy

__all__ = [
    "AsyncClient",
    "Client",
    "Conflict",
    "Detection",
    "Draining",
    "Health",
    "ImageSize",
    "ImageTooLarge",
    "InternalError",
    "InvalidRequest",
    "MethodNotAllowed",
    "ModelName",
    "NotFound",
    "Overloaded",
    "PayloadTooLarge",
    "Photo",
    "Prediction",
    "ProblemError",
    "RateLimited",
    "RetryPolicy",
    "ServedModel",
    "ShelfWatchError",
    "Tiles",
    "TimedOut",
    "Timing",
    "Unauthorized",
    "UndecodableImage",
    "UnexpectedAnswer",
    "Unreachable",
    "UnsupportedFormat",
]
