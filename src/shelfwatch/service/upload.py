"""Read a `multipart/form-data` upload while it streams in: one photo and a few short text fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from shelfwatch.service.problems import Problem

IMAGE = "image"  # the one file field
MAX_PARTS = 16
MAX_TEXT_BYTES = 64_000  # of all text fields together
MAX_PART_HEADERS = 8
MAX_PART_HEADER_BYTES = 4_096  # of one header line


def request_body(title: str, required: tuple[str, ...] = (), **fields: dict[str, Any]) -> dict[str, Any]:
    """What a route that reads an upload says of it in the OpenAPI document; `fields` are schemas of text fields."""
    image = {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "title": "Image",
        "description": "JPEG, PNG or WebP; the content decides, not the name.",
    }
    schema = {
        "type": "object",
        "title": title,
        "required": [IMAGE, *required],
        "properties": {IMAGE: image, **fields},
        "additionalProperties": not fields,  # where there are some, a misspelt one would be missed
    }
    encoding = {IMAGE: {"contentType": "image/jpeg, image/png, image/webp"}}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"requestBody": {"required": True, "content": content}}


@dataclass(frozen=True)
class Upload:
    """What was sent: the photo's bytes, and the text fields by name."""

    image: bytes
    fields: dict[str, str]


async def read_upload(request: Request) -> Upload:
    """The upload that a request brings. Raises `Problem` for a form that is not as described above."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise invalid(f"{IMAGE}: send the photo as multipart/form-data.")
    if not options.get(b"boundary"):
        raise invalid("the Content-Type names no boundary.")
    form = Form()
    more = True
    try:
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": form.on_part_begin,
                "on_header_field": form.on_header_field,
                "on_header_value": form.on_header_value,
                "on_header_end": form.on_header_end,
                "on_headers_finished": form.on_headers_finished,
                "on_part_data": form.on_part_data,
                "on_part_end": form.on_part_end,
                "on_end": form.on_end,
            },
            max_header_count=MAX_PART_HEADERS,
            max_header_size=MAX_PART_HEADER_BYTES,
        )
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise invalid("the upload broke off.")
            parser.write(message.get("body", b""))
            more = message.get("more_body", False)
    except FormParserError as error:
        raise invalid(f"this is not a valid form: {error}.") from error
    return form.upload()


def invalid(reason: str) -> Problem:
    """The problem with a form, in the words of a validation error."""
    return Problem("invalid-request", f"body.{reason}" if reason.startswith(IMAGE) else f"body: {reason}")


@dataclass
class Form:
    """What has been parsed so far; the parser calls it for each piece of the form."""

    parts: int = 0
    text_bytes: int = 0
    whole: bool = False
    image: list[bytes] | None = None
    fields: dict[str, str] = field(default_factory=dict)
    # The part that is being read.
    header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    content: list[bytes] = field(default_factory=list)

    def on_part_begin(self) -> None:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise invalid(f"more than {MAX_PARTS} fields.")
        self.headers = {}
        self.content = []

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        name, value = self.header
        self.headers[bytes(name).lower()] = bytes(value)
        name.clear()
        value.clear()

    def on_headers_finished(self) -> None:
        disposition, options = parse_options_header(self.headers.get(b"content-disposition"))
        if disposition != b"form-data" or b"name" not in options:
            raise invalid("a part does not say which field it is.")
        if self.headers.get(b"content-type", b"").lower().startswith(b"multipart/"):
            raise invalid("a form within the form is not read.")
        # Browsers send names in UTF-8; what is not is shown with marks and matches no field.
        self.name = options[b"name"].decode("utf-8", "replace")
        is_file = b"filename" in options
        if self.name == IMAGE:
            if not is_file:
                raise invalid(f"{IMAGE}: this is a text field; send a file.")
            if self.image is not None:
                raise invalid(f"{IMAGE}: sent twice; send one photo a request.")
            self.image = self.content
        elif is_file:
            raise invalid(f"{self.name[:64]!r}: no such file is asked for; the photo's field is {IMAGE!r}.")
        elif self.name in self.fields:
            raise invalid(f"{self.name[:64]!r}: sent twice.")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self.content is not self.image:
            self.text_bytes += end - start
            if self.text_bytes > MAX_TEXT_BYTES:
                raise invalid(f"more than {MAX_TEXT_BYTES // 1000} kB of text.")
        self.content.append(data[start:end])

    def on_part_end(self) -> None:
        if self.content is not self.image:
            try:
                self.fields[self.name] = b"".join(self.content).decode()
            except UnicodeDecodeError:
                raise invalid(f"{self.name[:64]!r}: not UTF-8.") from None

    def on_end(self) -> None:
        self.whole = True

    def upload(self) -> Upload:
        """The finished form. Raises `Problem` where it broke off or held no photo."""
        if self.parts and not self.whole:
            raise invalid("the form breaks off before its last boundary.")
        if self.image is None:
            raise invalid(f"{IMAGE}: the field is missing.")
        return Upload(b"".join(self.image), self.fields)
