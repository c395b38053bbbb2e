"""Fine-tune a YOLOv8 checkpoint with Ultralytics, on a GPU or on the CPU the machine has."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelfwatch.inference.cpus import available_cpus
from shelfwatch.training.dataset import load_dataset, stage

NOMINAL_BATCH = 16  # photos an optimiser step; smaller batches are accumulated up to it


@dataclass(frozen=True)
class TrainOptions:
    """What one training run does; the defaults are those of the shipped model (see MODEL_CARD.md)."""

    weights: Path  # checkpoint to continue from
    data: Path  # dataset file
    out: Path = Path("runs/train")  # checkpoints, curves and the staged dataset go here
    epochs: int = 60
    hours: float | None = None  # wall-clock budget; epochs are then re-planned from their measured time
    input_size: int = 832  # long side of the network input, pixels
    batch: int = 8  # photos a forward pass
    learning_rate: float = 3e-4  # AdamW, after warm-up; falls along a cosine to a twentieth
    mosaic: float = 0.7  # share of training pictures glued from four photos
    scale: float = 0.6  # random zoom of a picture by 1 ± this
    patience: int = 30  # epochs without a better validation AP before it stops
    workers: int = 1  # processes that read and augment photos
    seed: int = 0
    resume: bool = False  # continue the interrupted run in `out`


@contextlib.contextmanager
def bfloat16_forward(enabled: bool) -> Iterator[None]:
    """Run the forward pass of every `DetectionModel` in bfloat16 on the CPU while the block lasts.

    Ultralytics switches mixed precision off on CPUs, although processors with AVX-512 BF16 or AMX halve the
    step time. The loss stays float32: its sums over many thousand anchors lose too much in bfloat16. The method
    is replaced on the class, not subclassed, so that checkpoints do not depend on this package.
    """
    if not enabled:
        yield
        return
    import torch
    from ultralytics.nn.tasks import DetectionModel

    original = DetectionModel.loss

    def to_float(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.float()
        if isinstance(value, dict):
            return {key: to_float(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(to_float(item) for item in value)
        return value

    def loss(self: Any, batch: dict[str, Any], preds: Any = None) -> Any:
        if preds is None:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                preds = self.forward(batch["img"].to(memory_format=torch.channels_last))
        return original(self, batch, to_float(preds))

    DetectionModel.loss = loss
    try:
        yield
    finally:
        DetectionModel.loss = original


def has_fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX-512 BF16 or AMX)."""
    import torch

    if not torch.backends.mkldnn.is_available():
        return False
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, bool)() for probe in probes)


def train(options: TrainOptions) -> Path:
    """Train and return the path of the best checkpoint (by AP 0.5:0.95 on the `val` split).

    Raises `FileNotFoundError` where the weights, or an unfinished run to resume, are missing and
    `shelfwatch.training.dataset.DatasetError` where the dataset is unusable.
    """
    os.environ.setdefault("YOLO_OFFLINE", "true")  # no look-ups of new versions or fonts while training
    last = options.out / "weights" / "last.pt"
    start = last if options.resume else options.weights
    if not start.is_file():
        raise FileNotFoundError(f"{start}: no such checkpoint")
    options.out.mkdir(parents=True, exist_ok=True)
    data = stage(load_dataset(options.data), options.out.resolve() / "dataset")

    import torch
    from ultralytics import YOLO

    on_cpu = not torch.cuda.is_available()
    model = YOLO(str(start))
    if options.resume and model.ckpt.get("epoch", -1) < 0:  # Ultralytics would start all over, in the same folder
        raise FileNotFoundError(f"{start}: this run has finished, there is nothing to resume")

    def use_the_machine(trainer: Any) -> None:
        trainer.model.to(memory_format=torch.channels_last)
        if on_cpu:  # Ultralytics leaves one core idle, which on two cores is half of the machine
            torch.set_num_threads(available_cpus())

    model.add_callback("on_train_start", use_the_machine)
    with bfloat16_forward(on_cpu and has_fast_bfloat16()):
        model.train(
            data=str(data),
            project=str(options.out.resolve().parent),
            name=options.out.name,
            exist_ok=True,
            resume=options.resume,
            device="cpu" if on_cpu else 0,
            amp=not on_cpu,
            imgsz=options.input_size,
            epochs=options.epochs,
            time=options.hours,
            batch=options.batch,
            nbs=NOMINAL_BATCH,
            single_cls=False,  # a checkpoint may carry True, which renames the classes to "item"
            optimizer="AdamW",
            lr0=options.learning_rate,
            lrf=0.05,
            cos_lr=True,
            warmup_epochs=1,
            warmup_bias_lr=0.0,  # the start is a trained model: its biases need no kick
            weight_decay=5e-4,
            patience=options.patience,
            close_mosaic=6,
            mosaic=options.mosaic,
            scale=options.scale,
            degrees=3.0,
            shear=1.5,
            perspective=2e-4,
            hsv_h=0.02,
            hsv_s=0.6,
            hsv_v=0.45,
            workers=options.workers,
            seed=options.seed,
            save_period=5,
            plots=False,
            verbose=True,
        )
    plot_curves(options.out / "results.csv", options.out / "curves.png")
    return options.out / "weights" / "best.pt"


def plot_curves(results: Path, picture: Path) -> None:
    """Draw losses and validation AP over epochs from an Ultralytics `results.csv`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with results.open() as file:
        rows = [{key.strip(): float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    epochs = [row["epoch"] for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for key in ("box_loss", "cls_loss", "dfl_loss"):
        for split, style in (("train", "-"), ("val", "--")):
            if f"{split}/{key}" in rows[0]:
                left.plot(epochs, [row[f"{split}/{key}"] for row in rows], style, label=f"{split} {key}")
    left.set(xlabel="epoch", ylabel="loss")
    left.legend()
    for key, label in (("metrics/mAP50-95(B)", "AP"), ("metrics/mAP50(B)", "AP50")):
        right.plot(epochs, [row[key] for row in rows], label=label)
    right.set(xlabel="epoch", ylabel="validation")
    right.legend()
    figure.savefig(picture, dpi=120)
    pyplot.close(figure)
