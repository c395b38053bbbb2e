"""docs/api.md says what the OpenAPI document says, no more and no less."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from shelfwatch.service.app import create_app
from shelfwatch.service.problems import TYPES
from shelfwatch.service.settings import Settings
from support import ROOT

PAGE = (ROOT / "docs" / "api.md").read_text()
DOCUMENT: dict[str, Any] = create_app(Settings()).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
PROBLEM = re.compile(r"\b([45]\d\d)\s`([a-z-]+)`")


def problems(operation: dict[str, Any]) -> set[tuple[str, str]]:
    """The statuses and slugs an operation may answer."""
    return {
        (status, slug)
        for status, response in operation["responses"].items()
        for slug in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }


def fenced(text: str) -> list[Any]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def test_every_operation_has_its_section_and_no_other_has() -> None:
    assert {name for name in SECTIONS if re.match(r"[A-Z]+ /", name)} == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_statuses_and_problems_are_the_document_s(name: str) -> None:
    operation, text = OPERATIONS[name], SECTIONS[name]
    assert set(PROBLEM.findall(text)) == problems(operation)
    for status in set(operation["responses"]) - {"200"}:
        assert re.search(rf"\b{status}\b", text), status


def test_every_problem_type_is_named_with_its_status() -> None:
    assert {(int(status), slug) for status, slug in PROBLEM.findall(PAGE)} == {
        (kind.status, kind.slug) for kind in TYPES.values()
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_query_parameters_are_the_document_s(name: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|", SECTIONS[name], re.MULTILINE)
    parameters = {
        parameter["name"]: parameter["schema"]
        for parameter in OPERATIONS[name].get("parameters", [])
        if parameter["in"] == "query"
    }
    assert {row[0] for row in rows} == set(parameters)
    for parameter, allowed, default in rows:
        schema = parameters[parameter]
        if "minimum" in schema:
            assert allowed == f"{schema['minimum']:g} – {schema['maximum']:g}"
        if "enum" in schema:
            assert allowed == ", ".join(f"`{value}`" for value in schema["enum"])
        if "default" in schema:
            assert default.strip("`") == str(schema["default"]).replace("False", "false")
        else:
            assert re.search("model's|first|all", default)


@pytest.mark.parametrize("name", OPERATIONS)
def test_examples_are_valid(name: str) -> None:
    success = OPERATIONS[name]["responses"].get("201") or OPERATIONS[name]["responses"].get("200", {})
    media = success.get("content", {}).get("application/json")
    found = fenced(SECTIONS[name])
    assert len(found) == (media is not None)
    for example in found:
        jsonschema_rs.validate({**media["schema"], "components": DOCUMENT["components"]}, example)
        named = DOCUMENT["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
        assert set(example) == set(named["properties"]), "every field is shown"


def test_the_example_of_a_problem_is_the_document_s() -> None:
    (example,) = fenced(SECTIONS["Errors"])
    media = DOCUMENT["components"]["responses"]["unsupported-format"]["content"]["application/problem+json"]
    assert example == media["examples"]["unsupported-format"]["value"]


def test_limits_are_the_code_s() -> None:
    from shelfwatch.inference import containers, image

    for number in (
        f"{image.MAX_PIXELS / 1e6:g} megapixels", f"{image.MAX_WEBP_PIXELS / 1e6:g} megapixels at most",
        f"{image.MAX_JPEG_SCANS} scans", f"{image.MAX_SCANNED_PIXELS / 1e9:g} gigapixels",
        f"{containers.MAX_SEGMENTS:,} segments", f"{containers.MAX_CHUNKS:,} chunks",
        f"{Settings().max_body_bytes / 1e6:g} MB",
    ):  # fmt: skip
        assert number in re.sub(r"\s+", " ", PAGE), number
