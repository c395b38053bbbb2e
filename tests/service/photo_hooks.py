"""Lets schemathesis send a photo where it would send any bytes; all else of a request it tries as it likes."""

from __future__ import annotations

import io
from datetime import datetime
from urllib.parse import quote, unquote

import schemathesis
from hypothesis import strategies as st
from PIL import Image

from shelfwatch.audits.entry import known_name
from shelfwatch.audits.tables import NAME_LENGTH

out = io.BytesIO()
Image.linear_gradient("L").resize((40, 30)).save(out, "JPEG")

for kind in ("jpeg", "png", "webp"):  # the content decides, whatever the type
    schemathesis.openapi.media_type(f"image/{kind}", st.just(out.getvalue()))


# What can be printed, and times that cameras may be right about.
printed = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20)
schemathesis.openapi.format("name", printed)
schemathesis.openapi.format("note", printed)
schemathesis.openapi.format("receiver", st.from_regex(r"\Ahttps://[a-z]{1,9}\.invalid/[a-z]{0,9}\Z"))  # nobody's
times = st.datetimes(datetime(2001, 1, 1), datetime(2025, 1, 1))
schemathesis.openapi.format("date-time", times.map(lambda time: f"{time.isoformat(timespec='seconds')}Z"))


@schemathesis.hook
def map_path_parameters(_: object, parameters: dict[str, object] | None) -> dict[str, object] | None:
    """Names that can be printed; they come percent-encoded."""
    return parameters and {
        name: quote(str(printable(unquote(str(value)), NAME_LENGTH)), safe="") for name, value in parameters.items()
    }


@schemathesis.hook
def map_body(_: object, body: object) -> object:
    """Boxes of a correction lie in the photo and claim no detection; what breaks the schema as it is."""
    boxes = body.get("detections") if isinstance(body, dict) else None
    if not isinstance(boxes, list) or not all(well_formed(box) for box in boxes):
        return body
    return {**body, "detections": [{**box, "box": [1.0, 1.0, 5.0, 5.0], "source": None} for box in boxes]}


@schemathesis.hook
def filter_case(_: object, case: schemathesis.Case) -> bool:
    """Leave out what no schema can say is wrong.

    That is forms with lists, which are sent as a name that comes twice, bays without their store and keys without
    their bay, cursors that nobody gave, and two idempotency keys.
    """
    query = case.query or {}
    if ("bay" in query and "store" not in query) or ("idempotency_key" in query and "bay" not in query):
        return False
    if "cursor" in query:
        return False
    form = case.body if isinstance(case.body, dict) and case.media_type == "multipart/form-data" else {}
    if "idempotency_key" in form and "idempotency-key" in {name.lower() for name in case.headers or {}}:
        return False
    if any(str(form.get(name, "-")) == "" for name in ("store", "bay")):  # it takes those for valid
        return False
    return not any(isinstance(value, list) for value in form.values())


def printable(text: object, most: int) -> object:
    """The text as it could be stored; what breaks the schema as it is."""
    if not isinstance(text, str) or not 1 <= len(text) <= most or known_name(text):
        return text
    return "".join(letter for letter in text if letter.isprintable()).strip() or "Cereal"


def well_formed(box: object) -> bool:
    """Whether it is a box by the schema."""
    if not isinstance(box, dict) or not {"box", "label"} <= set(box) <= {"box", "label", "source"}:
        return False
    sides, label, source = box["box"], box["label"], box.get("source")
    return (
        isinstance(sides, list)
        and len(sides) == 4
        and all(isinstance(side, int | float) and not isinstance(side, bool) for side in sides)
        and isinstance(label, str)
        and 1 <= len(label) <= 100
        and (source is None or (isinstance(source, int) and not isinstance(source, bool) and source >= 0))
    )
