"""What the OpenAPI document says beyond the routes' signatures: problems, an example for each, and access."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI

from shelfwatch.service.problems import MEDIA_TYPE, TYPES, ProblemType
from shelfwatch.service.schemas import ProblemDocument

PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}
OTHER_PROBLEM = "#/components/schemas/HTTPValidationError"  # FastAPI's, which is never answered here
ACCESS = (
    "unauthorized",
    "forbidden",
    "rate-limited",
)  # what every route but the page and health may answer before it is asked
RETRIED = frozenset({429, 503})  # statuses that say in `Retry-After` when to come again

DETAILS = {
    "undecodable-image": "The JPEG file is damaged or cut short and cannot be read.",
    "bad-request": "This is not a valid HTTP request.",
    "unauthorized": "Send a valid key as `Authorization: Bearer <key>`.",
    "forbidden": "A page of another site sent this. Whoever runs it can admit it with SHELFWATCH_CORS_ORIGINS.",
    "not-found": "There is nothing at /audit.",
    "method-not-allowed": "/predict does not take GET.",
    "slow-upload": "The body did not arrive within 30 s.",
    "conflict": "The models are being loaded again already.",
    "payload-too-large": "At most 20 MB are accepted.",
    "image-too-large": "The picture has 12000 × 9000 pixels; at most 60 megapixels are accepted.",
    "unsupported-format": "The file is not a JPEG, PNG or WebP picture.",
    "range-not-satisfiable": "The photo has 1834201 bytes.",
    "invalid-request": "query.confidence: Input should be less than or equal to 1",
    "headers-too-large": "The request's head is longer than is read.",
    "rate-limited": "The key shop has used up its requests; wait for a while.",
    "internal-error": "The request could not be finished. Try again; the log has the id.",
    "overloaded": "16 photos are waiting already; try again in 3 s.",
    "draining": "The service is stopping; send the photo again shortly.",
    "model-failed": "No model could be loaded; whoever runs the service sees why in its log.",
    "storage-unavailable": "The database does not answer as it should (OperationalError).",
    "storage-full": "The disk behind the photo store is full.",
}
"""An example of each problem's `detail`."""


def responses(slugs: Iterable[str]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for problem types, those of one status joined."""
    kinds: dict[int, list[ProblemType]] = {}
    for kind in (TYPES[slug] for slug in slugs):
        kinds.setdefault(kind.status, []).append(kind)
    return {status: response(joined) for status, joined in kinds.items()}


def response(kinds: list[ProblemType]) -> dict[str, Any]:
    """The OpenAPI entry of problem types that share a status."""
    types = {"type": {"enum": [f"/problems/{kind.slug}" for kind in kinds]}, "status": {"const": kinds[0].status}}
    entry: dict[str, Any] = {
        "description": " ".join(f"`/problems/{kind.slug}`: {kind.title}." for kind in kinds),
        "content": {
            MEDIA_TYPE: {
                "schema": {"allOf": [PROBLEM], "properties": types},
                "examples": {kind.slug: {"summary": kind.title, "value": example(kind)} for kind in kinds},
            }
        },
    }
    if kinds[0].status in RETRIED:
        seconds = {"type": "integer", "minimum": 1}
        entry["headers"] = {"Retry-After": {"description": "Seconds to wait.", "required": True, "schema": seconds}}
    return entry


def example(kind: ProblemType) -> dict[str, object]:
    """A problem document of that type."""
    return {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": DETAILS[kind.slug],
        "request_id": "4f9c0d6be0a14b8f9a35f2c3a7d1e604",
    }


def install(app: FastAPI, *, keyed: bool, models: Callable[[], Iterable[str]]) -> None:
    """Let `app` give its document with every problem type, `keyed` access and the names of the served `models`."""
    from_signatures = app.openapi

    def openapi() -> dict[str, Any]:
        document = copy.deepcopy(from_signatures())
        components = document.setdefault("components", {})
        for name in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(name, None)
        components["schemas"]["ProblemDocument"] = ProblemDocument.model_json_schema()
        components["responses"] = {kind.slug: response([kind]) for kind in TYPES.values()}
        if keyed:
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path in document["paths"].values():
            for operation in path.values():
                if OTHER_PROBLEM in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]  # put there for any parameter, even one that takes all text
                for parameter in operation.get("parameters", ()):
                    state_parameter(parameter, list(models()))
                if keyed and "401" in operation["responses"]:
                    operation["security"] = [{"key": []}]
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def state_parameter(parameter: dict[str, Any], models: list[str]) -> None:
    """Say of a query parameter what can be sent: no null, and of `model` the names there are."""
    schema = parameter["schema"]
    for choice in schema.pop("anyOf", ()):
        if choice != {"type": "null"}:
            schema.update(choice)
    if parameter["name"] == "model" and models:
        schema["enum"] = models
