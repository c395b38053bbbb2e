"""A model as the service runs it: with every thread for a photo alone, side by side when there are many."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shelfwatch.inference.detector import Detector
from shelfwatch.inference.image import Photo
from shelfwatch.inference.model import Model, ModelError


class Served(Detector):
    """A detector that has, for busy times, a second session whose runs share no threads.

    Threads that work on one photo together wait for each other at every layer. Alone it is done soonest so, but where
    every lane has a photo, one thread each answers a sixth more photos with the same processors.
    """

    def __init__(self, path: Path, *, threads: int, lanes: int) -> None:
        """Load and warm up the model in `path` for `lanes` photos at once on `threads` threads in all.

        Raises `ModelError` where it does not load or run.
        """
        super().__init__(Model(path, threads=threads))
        share = max(1, threads // lanes)
        self.beside: Detector = self if share == threads else Detector(Model(path, threads=share))
        side = self.info.input_size
        black = Photo(np.zeros((side, side, 3), np.uint8), side, side)
        try:
            self.detect(black)
            self.beside.detect(black)
        except Exception as error:  # ONNX Runtime's own types, for a graph that loads but does not run
            raise ModelError(f"{path}: does not run ({error})") from error
