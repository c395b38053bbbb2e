"""Write an ONNX model with its metadata."""

from __future__ import annotations

from pathlib import Path

import onnx

from shelfwatch.inference.model import ModelInfo


def save(graph: onnx.ModelProto, info: ModelInfo, out: Path) -> None:
    """Write `graph` to `out` with `info` as its only metadata. Raises `onnx.checker.ValidationError` if invalid."""
    del graph.metadata_props[:]
    onnx.helper.set_model_props(graph, info.to_metadata())
    onnx.checker.check_model(graph)
    part = out.with_suffix(".part")
    onnx.save(graph, part)
    part.replace(out)  # an interruption leaves the old file or the new one, never half of one
