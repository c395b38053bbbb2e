"""LitServe with the service's own decoding, model and suppression.

Run as `python -m bench_serve.litserve_peer MODEL WORKERS THREADS PORT` with a Python that has litserve, numpy, pillow
and onnxruntime.
"""

from __future__ import annotations

import sys
from pathlib import Path

import litserve
from starlette.responses import Response

from bench_serve.loop import answer
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.model import Model


class Shelf(litserve.LitAPI):  # type: ignore[misc]
    """The same multipart request in, the same JSON out; a worker decodes, as LitServe means it."""

    def __init__(self, model: Path, threads: int) -> None:
        super().__init__()
        self.model, self.threads = model, threads

    def setup(self, device: str) -> None:
        """Load the model, once a worker."""
        self.detector = Detector(Model(self.model, threads=self.threads))

    # No annotations: LitServe reads them as what FastAPI shall parse.
    def decode_request(self, request):
        """The photo's bytes."""
        return request["image"].file.read()

    def predict(self, data: bytes) -> bytes:
        """Bytes to JSON bytes."""
        return answer(self.detector, data)

    def encode_response(self, output):
        """Finished JSON: LitServe's own way through FastAPI's encoder takes longer."""
        return Response(output, media_type="application/json")


def main() -> None:
    """Serve on loopback until stopped."""
    model, workers, threads, port = sys.argv[1:]
    server = litserve.LitServer(
        Shelf(Path(model), int(threads)), accelerator="cpu", devices=1, workers_per_device=int(workers)
    )
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False)


if __name__ == "__main__":
    main()
