"""ShelfWatch: find every product facing in a photo of a shelf, on an ordinary CPU."""

import os

# ONNX Runtime from 1.32 on sends telemetry and writes a device id below ~/.cache unless told otherwise before its first
# import; set here, because every module of the package passes through this one.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
