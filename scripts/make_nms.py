"""Write `src/shelfwatch/inference/nms.onnx`: ONNX Runtime's suppression as a graph of one node.

A test compares the file with what this builds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FILE = Path(__file__).resolve().parent.parent / "src" / "shelfwatch" / "inference" / "nms.onnx"
OPSET, IR_VERSION = 17, 9
CONSTANTS = {
    "most": np.array([2**31 - 1], np.int64),  # boxes kept of a class: no limit
    "least": np.array([-0.5], np.float32),  # above the score -1 that says "not of this class"
}


def build() -> onnx.ModelProto:
    """The graph: `boxes` (1, N, 4), `scores` (1, classes, N) and `iou` (1,) to `chosen` (K, 3)."""
    graph = helper.make_graph(
        [helper.make_node("NonMaxSuppression", ["boxes", "scores", "most", "iou", "least"], ["chosen"])],
        "nms",
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, "candidates", 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, "classes", "candidates"]),
            helper.make_tensor_value_info("iou", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("chosen", TensorProto.INT64, ["kept", 3])],
        [numpy_helper.from_array(value, name) for name, value in CONSTANTS.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


if __name__ == "__main__":
    FILE.write_bytes(build().SerializeToString())
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
