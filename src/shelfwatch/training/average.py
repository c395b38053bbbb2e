"""Average the weights of several checkpoints of one run into one model that costs no more to serve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch


def average(checkpoints: Sequence[Path], out: Path) -> None:
    """Write the mean of the checkpoints' weights to `out`, an Ultralytics checkpoint in float16.

    Checkpoints of one run lie in one basin of the loss; their mean lies nearer its middle than each of them and tends
    to carry over better to new photos (Izmailov et al., *Averaging Weights Leads to Wider Optima*, UAI 2018).
    Integer buffers are those of the last. Raises `ValueError` where the networks differ or fewer than two are given.
    """
    if len(checkpoints) < 2:
        raise ValueError("an average needs at least two checkpoints")
    loaded = [torch.load(path, map_location="cpu", weights_only=False) for path in checkpoints]
    models = [checkpoint.get("ema") or checkpoint["model"] for checkpoint in loaded]
    states = [model.float().state_dict() for model in models]
    shapes = [{key: value.shape for key, value in state.items()} for state in states]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("the checkpoints are of different networks")
    mean = {
        key: torch.stack([state[key] for state in states]).mean(0) if value.is_floating_point() else value
        for key, value in states[-1].items()
    }
    models[-1].load_state_dict(mean)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({**loaded[-1], "model": models[-1].half(), "ema": None, "optimizer": None, "epoch": -1}, out)
