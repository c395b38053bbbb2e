"""The bare loop: photo bytes to JSON bytes in one process, with nothing around it.

Run as `python -m bench_serve.loop MODEL PHOTO LANES THREADS`: for each line on stdin, a number of photos, it prints
the seconds they took.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shelfwatch.inference.detector import Detector
from shelfwatch.inference.model import Model


def answer(detector: Detector, data: bytes) -> bytes:
    """All that an answer needs but HTTP."""
    photo = detector.decode(data)
    return json.dumps(detector.to_json(photo, detector.detect(photo)), separators=(",", ":")).encode()


def main() -> None:
    """Serve the numbers on stdin."""
    model, picture, lanes, threads = sys.argv[1:]
    detector, data = Detector(Model(Path(model), threads=int(threads))), Path(picture).read_bytes()
    with ThreadPoolExecutor(int(lanes)) as pool:
        for line in sys.stdin:
            begin = time.perf_counter()
            for _ in pool.map(lambda _: answer(detector, data), range(int(line))):
                pass
            print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main()
