"""The shapes of answers, for the OpenAPI document and for those who read the code."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Box = tuple[float, float, float, float]


class Detection(BaseModel):
    """One product found; `row`, `position` and `level` come with a report, null for what is no product."""

    label: str = Field(examples=["product"])
    class_id: int = Field(examples=[0])
    confidence: float = Field(ge=0, le=1, examples=[0.93])
    box: Box = Field(
        description="x1, y1, x2, y2 in pixels of the upright photo, origin top left.",
        examples=[(12.0, 40.5, 80.2, 151.9)],
    )
    row: int | None = Field(None, description="Counted from the top, 0 first.", examples=[0])
    position: int | None = Field(None, description="In the row, from the left; stacked ones share it.", examples=[0])
    level: int | None = Field(None, description="In the stack, 0 at the bottom.", examples=[0])


class ReportRow(BaseModel):
    """One row of the shelf."""

    index: int = Field(description="Counted from the top.")
    bay: int = Field(description="Counted from the left, where the photo shows several.")
    box: Box
    facings: int
    fill_rate: float = Field(ge=0, le=1, description="Share of its length that is not gap.")


class ReportGap(BaseModel):
    """An empty place in a row."""

    row: int
    box: Box
    width_facings: float = Field(description="Its width in widths of its neighbours.")
    severity: Literal["minor", "major", "critical"]


class Report(BaseModel):
    """What stands where on the shelf and what is missing."""

    facings: int
    fill_rate: float | None = Field(description="Share of all rows' length that is not gap, 0 to 1.")
    rows: list[ReportRow]
    gaps: list[ReportGap]


class ImageSize(BaseModel):
    """Size of the upright photo in pixels."""

    width: int = Field(examples=[2448])
    height: int = Field(examples=[3264])


class ModelName(BaseModel):
    """Which model answered."""

    name: str = Field(examples=["accurate"])
    version: str = Field(examples=["1.0.0"])
    precision: str = Field(examples=["int8"])


class Timing(BaseModel):
    """Where the time went, in milliseconds; `total` runs from the parsed upload to the finished answer."""

    decode: float
    queue: float
    inference: float
    total: float


class Prediction(BaseModel):
    """The answer of `POST /predict`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "detections": [
                    {"label": "product", "class_id": 0, "confidence": 0.9312, "box": [12.0, 40.5, 80.2, 151.9]}
                ],
                "count": 1,
                "truncated": False,
                "tiles": 0,
                "image": {"width": 2448, "height": 3264},
                "model": {"name": "accurate", "version": "1.4.0", "precision": "int8"},
                "timing_ms": {"decode": 21.0, "queue": 0.1, "inference": 95.0, "total": 117.2},
                "request_id": "4f9c0d6be0a14b8f9a35f2c3a7d1e604",
            }
        }
    )

    detections: list[Detection] = Field(description="Sorted by confidence, highest first.")
    count: int = Field(description="Length of `detections`.", examples=[131])
    truncated: bool = Field(description="Whether `max_detections` cut the list.")
    tiles: int = Field(description="How many tiles were looked at again; 0 without a closer look.", examples=[0])
    image: ImageSize
    model: ModelName
    report: Report | None = Field(None, description="Only where `report` was asked for.")
    timing_ms: Timing
    request_id: str


class ServedModel(ModelName):
    """A model this service serves, as its file describes itself."""

    classes: list[str] = Field(examples=[["product"]])
    input_size: int = Field(description="Long side of the network input in pixels.", examples=[1056])
    operating_threshold: float = Field(description="Confidence from which a detection counts by default.")
    runtime: str = Field(examples=["onnxruntime 1.23.0, CPU, 2 threads"])


class Health(BaseModel):
    """State of the service."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "ok",
                "version": "0.1.0",
                "models": [
                    {
                        "name": "accurate",
                        "version": "1.4.0",
                        "precision": "int8",
                        "classes": ["product"],
                        "input_size": 1056,
                        "operating_threshold": 0.44,
                        "runtime": "ONNX Runtime 1.23.0, CPU, 2 threads",
                    }
                ],
            }
        }
    )

    status: Literal["ok", "starting", "failed", "draining"]
    version: str
    models: list[ServedModel]


class Live(BaseModel):
    """The process turns."""

    status: Literal["live"]


class Readiness(BaseModel):
    """Whether photos and audits are taken."""

    status: Literal["ready", "starting", "failed", "draining", "storage-unavailable"]
    audits: Literal["ready", "starting", "unavailable", "off"] = Field(
        description="`off` where the service keeps none; then photos are taken all the same."
    )


class Reloaded(BaseModel):
    """The answer of `POST /admin/reload`."""

    models: list[ModelName] = Field(description="The models served from now on.")


class ProblemDocument(BaseModel):
    """An error, RFC 9457."""

    type: str = Field(description="Stable; act on it.", examples=["/problems/undecodable-image"])
    title: str = Field(description="What the type is called.", examples=["The picture cannot be read"])
    status: int = Field(description="The status, again.", examples=[400])
    detail: str = Field(description="What happened, for people.")
    request_id: str = Field(description="As in `X-Request-ID`, and in the log.")
