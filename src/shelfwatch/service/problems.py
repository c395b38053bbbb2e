"""Errors as RFC 9457 problem documents with stable types."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from shelfwatch.inference.image import ImageTooLargeError, UndecodableImageError, UnsupportedFormatError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class ProblemType:
    """One kind of error: its stable slug, its status and what it is called."""

    slug: str
    status: int
    title: str


TYPES = {
    kind.slug: kind
    for kind in (
        ProblemType("undecodable-image", 400, "The picture cannot be read"),
        ProblemType("bad-request", 400, "This is not valid HTTP"),
        ProblemType("unauthorized", 401, "An API key is needed"),
        ProblemType("forbidden", 403, "This caller is not allowed here"),
        ProblemType("not-found", 404, "Nothing is here"),
        ProblemType("method-not-allowed", 405, "This address does not take that method"),
        ProblemType("slow-upload", 408, "The request came in too slowly"),
        ProblemType("conflict", 409, "This cannot be done now"),
        ProblemType("payload-too-large", 413, "The request is too large"),
        ProblemType("image-too-large", 413, "The picture has too many pixels"),
        ProblemType("unsupported-format", 415, "This kind of file is not supported"),
        ProblemType("range-not-satisfiable", 416, "The photo has no such part"),
        ProblemType("invalid-request", 422, "The request is not valid"),
        ProblemType("rate-limited", 429, "Too many requests at once"),
        ProblemType("headers-too-large", 431, "The request's headers are too large"),
        ProblemType("internal-error", 500, "Something went wrong on our side"),
        ProblemType("overloaded", 503, "Too many photos at once"),
        ProblemType("draining", 503, "The service is stopping"),
        ProblemType("model-failed", 503, "No model could be loaded"),
        ProblemType("storage-unavailable", 503, "Audits cannot be stored or read now"),
        ProblemType("storage-full", 507, "There is no room to store this"),
    )
}

STATUS_TYPES = {400: "invalid-request", 404: "not-found", 405: "method-not-allowed", 413: "payload-too-large"}


class Problem(HTTPException):
    """An error to answer with. It is an `HTTPException` so that FastAPI's body parsing lets it through."""

    def __init__(self, slug: str, detail: str, *, headers: dict[str, str] | None = None) -> None:
        self.kind = TYPES[slug]
        super().__init__(self.kind.status, detail, headers)


def problem_response(slug: str, detail: str, request_id: str, headers: dict[str, str] | None = None) -> Response:
    """The problem document as a response."""
    kind = TYPES[slug]
    content = {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "request_id": request_id,
    }
    return Response(json.dumps(content), kind.status, headers, MEDIA_TYPE)


async def refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a problem from a middleware, which no exception handler stands behind."""
    slug = scope["problem"] = problem.kind.slug
    headers = dict(problem.headers) if problem.headers else None
    response = problem_response(slug, str(problem.detail), scope.get("request_id", ""), headers)
    await response(scope, receive, send)


def request_id_of(request: Request) -> str:
    """The id that the request-id middleware gave this request."""
    return str(request.scope.get("request_id", ""))


def methods(request: Request) -> set[str]:
    """What an address takes, over all its routes; the router itself names those of one."""
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return found


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""

    def answer(request: Request, slug: str, detail: str, headers: dict[str, str] | None = None) -> Response:
        request.scope["problem"] = slug
        return problem_response(slug, detail, request_id_of(request), headers)

    @app.exception_handler(StarletteHTTPException)
    async def on_http(request: Request, error: StarletteHTTPException) -> Response:
        headers = dict(error.headers) if error.headers else None
        if isinstance(error, Problem):
            return answer(request, error.kind.slug, str(error.detail), headers)
        slug = STATUS_TYPES.get(error.status_code, "internal-error")
        if slug == "method-not-allowed":
            headers = {"Allow": ", ".join(sorted(methods(request)))}
        details = {
            "not-found": f"There is nothing at {request.url.path}.",
            "method-not-allowed": f"{request.url.path} does not take {request.method}.",
        }
        return answer(request, slug, details.get(slug, str(error.detail)), headers)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        return answer(request, "invalid-request", "; ".join(faults[:10]))

    @app.exception_handler(UndecodableImageError)
    async def on_undecodable(request: Request, error: UndecodableImageError) -> Response:
        return answer(request, "undecodable-image", str(error))

    @app.exception_handler(UnsupportedFormatError)
    async def on_unsupported(request: Request, error: UnsupportedFormatError) -> Response:
        return answer(request, "unsupported-format", str(error))

    @app.exception_handler(ImageTooLargeError)
    async def on_too_large(request: Request, error: ImageTooLargeError) -> Response:
        return answer(request, "image-too-large", str(error))
