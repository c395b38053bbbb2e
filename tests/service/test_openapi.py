"""The OpenAPI document: complete, with examples that are valid and true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest

from service.hostile import SMALL
from shelfwatch.service.app import create_app
from shelfwatch.service.openapi import DETAILS
from shelfwatch.service.problems import MEDIA_TYPE, TYPES
from shelfwatch.service.settings import Settings
from support import Service

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    return create_app(Settings(api_keys="a-key-made-for-this-test")).openapi()


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def validate(document: Json, schema: Json, value: object) -> None:
    jsonschema_rs.validate({**schema, "components": document["components"]}, value)


def examples(document: Json, media: Json) -> list[object]:
    """The examples of one kind of content, or of the schema it refers to."""
    named = document["components"]["schemas"].get(media["schema"].get("$ref", "").rpartition("/")[2], {})
    found = [entry["value"] for entry in media.get("examples", {}).values()]
    found += [holder["example"] for holder in (media, named) if "example" in holder]
    return found or [example_of(document, named)]


def example_of(document: Json, schema: Json) -> object:
    """An example put together from those of the fields."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "object":
        return {name: example_of(document, field) for name, field in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example_of(document, schema["items"])]
    return schema["const"] if "const" in schema else (schema.get("examples") or schema["enum"])[0]


def test_every_operation_and_parameter_is_described(document: Json) -> None:
    assert len(list(operations(document))) >= 6
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        for parameter in operation.get("parameters", []):
            assert parameter["description"], name
            assert "example" in parameter or {"examples", "default"} & set(parameter["schema"]), (name, parameter)
            assert "anyOf" not in parameter["schema"]


def test_every_answer_has_an_example_that_is_valid(document: Json) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            assert response["description"], (name, status)
            for media in response.get("content", {}).values():
                for example in examples(document, media):
                    validate(document, media["schema"], example)


def test_every_problem_type_has_an_example_of_its_own(document: Json) -> None:
    assert set(document["components"]["responses"]) == set(TYPES) <= set(DETAILS)
    for slug, response in document["components"]["responses"].items():
        media = response["content"][MEDIA_TYPE]
        assert list(media["examples"]) == [slug]
        example = media["examples"][slug]["value"]
        validate(document, media["schema"], example)
        assert example["type"] == f"/problems/{slug}"
        for wrong in ({"status": 299}, {"type": "/problems/none"}, {"detail": 3}):
            with pytest.raises(jsonschema_rs.ValidationError):
                validate(document, media["schema"], {**example, **wrong})


def test_problems_of_one_status_are_told_apart(document: Json) -> None:
    found = document["paths"]["/predict"]["post"]["responses"]["413"]["content"][MEDIA_TYPE]["examples"]
    assert set(found) == {"payload-too-large", "image-too-large"}


def test_access_is_described_where_keys_are_asked_for(document: Json) -> None:
    secured = {name for name, operation in operations(document) if "security" in operation}
    every = {name for name, _ in operations(document)}
    assert secured == every - {"GET /", "GET /health", "GET /health/live", "GET /health/ready"}
    assert {"POST /predict", "POST /audits", "PUT /stores/{store}/bays/{bay}"} <= secured
    assert "securitySchemes" not in create_app(Settings()).openapi()["components"]


def test_the_models_that_can_be_asked_for_are_named(service: Service) -> None:
    served = httpx.get(f"{service.url}/openapi.json").json()
    parameters = served["paths"]["/predict"]["post"]["parameters"]
    names = next(parameter["schema"]["enum"] for parameter in parameters if parameter["name"] == "model")
    assert names == [model["name"] for model in httpx.get(f"{service.url}/health").json()["models"]]


@pytest.mark.parametrize(
    ("slug", "photo", "query"),
    [
        ("undecodable-image", SMALL["jpeg"][:90], {}),
        ("unsupported-format", b"GIF89a", {}),
        ("payload-too-large", bytes(20_100_000), {}),
        ("invalid-request", SMALL["jpeg"], {"confidence": 2}),
    ],
)
def test_the_examples_are_what_the_service_says(service: Service, slug: str, photo: bytes, query: Json) -> None:
    problem = httpx.post(f"{service.url}/predict", params=query, files={"image": photo}).json()
    assert problem["type"] == f"/problems/{slug}"
    assert problem["detail"] == DETAILS[slug]


@pytest.mark.parametrize("path", ["/predict", "/health", "/health/live", "/health/ready"])
def test_answers_fit_their_schemas(service: Service, document: Json, path: str) -> None:
    send: Callable[..., httpx.Response] = httpx.get
    method, options = "get", {}
    if path == "/predict":
        send, method, options = httpx.post, "post", {"files": {"image": SMALL["png"]}}
    media = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]
    validate(document, media["schema"], send(f"{service.url}{path}", **options).json())
