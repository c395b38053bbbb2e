"""Average the weights of several checkpoints of one run into one model that costs no more to serve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from shelfwatch.training.network import load_network, save_network


def average(checkpoints: Sequence[Path], out: Path) -> None:
    """Write the mean of the checkpoints' weights to `out`, an Ultralytics checkpoint in float16.

    Checkpoints of one run lie in one basin of the loss; their mean lies nearer its middle than each of them and tends
    to carry over better to new photos (Izmailov et al., *Averaging Weights Leads to Wider Optima*, UAI 2018).
    Integer buffers are those of the last. Raises `ValueError` where the networks differ or fewer than two are given,
    and as `shelfwatch.training.network.load_network`.
    """
    if len(checkpoints) < 2:
        raise ValueError("an average needs at least two checkpoints")
    served = [path for path in checkpoints if path.suffix == ".onnx"]
    if served:  # without BatchNorms of its own it has nothing in common with the runs it starts
        raise ValueError(f"{served[0]}: a served model; only checkpoints have a mean")
    models = [load_network(path) for path in checkpoints]
    states = [model.state_dict() for model in models]
    shapes = [{key: value.shape for key, value in state.items()} for state in states]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("the checkpoints are of different networks")
    mean = {
        key: torch.stack([state[key] for state in states]).mean(0) if value.is_floating_point() else value
        for key, value in states[-1].items()
    }
    models[-1].load_state_dict(mean)
    save_network(models[-1], out)
