"""Endless, reproducible training views of labelled photos, as torch batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as Numbered

from shelfwatch.inference.distance import typical_side
from shelfwatch.inference.image import decode
from shelfwatch.training.augment import AugmentOptions, View, compose, disturb
from shelfwatch.training.dataset import Dataset, Sample
from shelfwatch.training.loss import Targets


@dataclass(frozen=True)
class Source:
    """Labelled photos and how often they are looked at: a view is of photos from here with odds of `weight`.

    Where boxes are not `exact`, views teach where products are, but not where their edges run. Where they are
    `corrected`, a teacher would teach what people have set right.
    """

    samples: Sequence[Sample]
    weight: float = 1.0
    exact: bool = True
    corrected: bool = False

    @classmethod
    def of(cls, dataset: Dataset, weight: float = 1.0) -> Source:
        """The `train` photos of a dataset, with what it says of its boxes."""
        return cls(dataset.samples("train"), weight, dataset.exact, dataset.corrected)


@dataclass(frozen=True)
class Batch:
    """Views of one training step: `pixels` uint8 (B, H, W, 3) RGB and their true boxes.

    `side`, float32 (B,), is that of each view's typical product in pixels, and `corrected`, bool (B,), whose boxes
    people have set right.
    """

    pixels: Tensor
    targets: Targets
    side: Tensor
    corrected: Tensor


class Views(Numbered[View]):
    """View number i, the same in every run with the same seed, whichever process makes it."""

    def __init__(
        self, sources: Sequence[Source], number: int, input_size: int, options: AugmentOptions, seed: int
    ) -> None:
        self.sources = sources
        self.number = number
        self.input_size = input_size
        self.options = options
        self.seed = seed

    def __len__(self) -> int:
        return self.number

    @cached_property
    def odds(self) -> NDArray[np.float64]:
        """Probability of each source."""
        weights = np.array([source.weight for source in self.sources], np.float64)
        share: NDArray[np.float64] = weights / weights.sum()
        return share

    def __getitem__(self, index: int) -> View:
        cv2.setNumThreads(0)  # the network needs the cores
        rng = np.random.default_rng([self.seed, index])
        size = 4 if rng.random() < self.options.mosaic else 1
        source = self.source(rng)
        view = compose(rng, [self.photo(rng, source) for _ in range(size)], self.input_size, self.options)
        return View(disturb(rng, view.pixels, self.options), view.boxes, view.class_id, source.exact, source.corrected)

    def source(self, rng: np.random.Generator) -> Source:
        """The source of a view, by the odds."""
        return self.sources[rng.choice(len(self.sources), p=self.odds)]

    def photo(self, rng: np.random.Generator, source: Source) -> View:
        """A random photo with its boxes, decoded no larger than a view can show it."""
        sample = source.samples[int(rng.integers(len(source.samples)))]
        data = sample.image.read_bytes()
        pixels = decode(data, target=round(self.input_size * self.options.zoom[1])).pixels
        scale = np.array([pixels.shape[1] / sample.width, pixels.shape[0] / sample.height] * 2, np.float32)
        return View(pixels, sample.boxes * scale, sample.class_id)


def collate(views: Sequence[View]) -> Batch:
    """One batch of views of equal size."""
    image = np.repeat(np.arange(len(views)), [len(view.boxes) for view in views])
    return Batch(
        torch.from_numpy(np.stack([view.pixels for view in views])),
        Targets(
            torch.from_numpy(image),
            torch.from_numpy(np.concatenate([view.class_id for view in views]).astype(np.int64)),
            torch.from_numpy(np.concatenate([view.boxes for view in views])),
            torch.from_numpy(np.array([view.exact for view in views])[image]),
        ),
        torch.tensor([typical_side((view.boxes[:, 2:] - view.boxes[:, :2]).prod(1)) for view in views]),
        torch.tensor([view.corrected for view in views]),
    )


def batches(views: Views, size: int, workers: int) -> DataLoader[View]:
    """Batches in order; `workers` processes read and augment ahead of the network."""
    return DataLoader(
        views, size, num_workers=workers, collate_fn=collate, drop_last=True, prefetch_factor=4 if workers else None
    )
