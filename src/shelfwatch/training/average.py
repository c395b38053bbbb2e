"""Average the weights of several models of one descent into one that costs no more to serve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shelfwatch.training.network import folded, load_network, save_network, take_folded


def average(sources: Sequence[Path], out: Path, shares: Sequence[float] | None = None) -> None:
    """Write the mean of the sources' weights, or their mixture by `shares`, to `out`, a checkpoint in float16.

    Sources are checkpoints and served models. What descends from one start lies in one basin of the loss, and the mean
    nearer its middle than each of them; it tends to carry over better to new photos (Izmailov et al., *Averaging
    Weights Leads to Wider Optima*, UAI 2018; Wortsman et al., *Model soups*, ICML 2022). BatchNorms are folded into
    the convolutions first, so that the mean is one of what the networks compute. To train from the result, its
    BatchNorms need statistics: `train` gives them to a model from ONNX, so export it first.

    Raises `ValueError` where the networks differ, fewer than two are given, or shares are not one positive number each,
    and as `shelfwatch.training.network.load_network`.
    """
    if len(sources) < 2:
        raise ValueError("an average needs at least two sources")
    parts = np.ones(len(sources)) if shares is None else np.asarray(shares, float)
    if len(parts) != len(sources) or not (np.isfinite(parts).all() and (parts > 0).all()):
        raise ValueError(f"{len(sources)} sources need as many shares above 0")
    models = [load_network(path) for path in sources]
    held = [folded(model) for model in models]
    shapes = [{name: value.shape for name, value in part.items()} for part in held]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("the sources are different networks")
    weights = (parts / parts.sum()).tolist()
    mean = {name: sum(w * part[name] for w, part in zip(weights, held, strict=True)) for name in held[0]}
    take_folded(models[-1], mean)
    save_network(models[-1], out)
