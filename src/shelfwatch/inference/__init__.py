"""Photo bytes to `Detections`. Needs numpy, pillow and onnxruntime, and knows no HTTP, database or settings."""
