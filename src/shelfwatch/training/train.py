"""Fine-tune a YOLOv8, on a GPU or on the CPU the machine has."""

from __future__ import annotations

import copy
import csv
import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from shelfwatch.inference.cpus import available_cpus
from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import to_detections
from shelfwatch.inference.image import decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.nms import VOTE_SHARE
from shelfwatch.training import evaluate
from shelfwatch.training.augment import AugmentOptions
from shelfwatch.training.dataset import DatasetError, Sample, load_dataset
from shelfwatch.training.loss import decode as decode_boxes
from shelfwatch.training.loss import detection_loss
from shelfwatch.training.network import (
    Predictions,
    held_statistics,
    load_network,
    run,
    save_network,
    settle_batch_norm,
    to_image,
    with_classes,
)
from shelfwatch.training.teach import distillation_loss, largest_known, teach
from shelfwatch.training.views import Batch, Source, Views, batches

IOU_THRESHOLD = 0.5  # of duplicates, when validating
WARM_UP = 0.05  # share of the schedule over which the learning rate rises
EMA_RAMP = 200  # steps over which the average lengthens its memory
SETTLING_VIEWS = 32  # whose statistics a start from ONNX takes
MAX_GRADIENT = 10.0  # norm


@dataclass(frozen=True)
class TrainOptions:
    """What one training run does; the defaults are those of the shipped models (see MODEL_CARD.md)."""

    weights: Path  # Ultralytics checkpoint or served ONNX model to continue from
    data: Path  # dataset file
    extra: tuple[tuple[Path, float], ...] = ()  # more dataset files to learn from, with odds against `data`'s 1
    teachers: tuple[Path, ...] = ()  # weights of the same classes, whose predictions, averaged, are learned too
    mirror_teachers: bool = False  # teachers also look at the mirrored views: better, and twice as dear
    teach_boxes: bool = True  # or only the teachers' scores, where labels have better boxes than they see
    out: Path = Path("runs/train")  # checkpoints, figures and curves go here
    epochs: int = 60
    hours: float | None = None  # wall-clock budget of this call; the schedule then follows the clock, not the epochs
    views: int = 480  # training views an epoch
    input_size: int = 960  # long side at which the detector will be served, pixels
    batch: int = 8  # views a step
    learning_rate: float = 2e-4  # AdamW, after warm-up; falls along a cosine to a fiftieth
    weight_decay: float = 5e-3
    ema: float = 0.995  # decay a step of the averaged weights, which are the ones validated and kept
    freeze: int = 0  # first layers that stay as they are
    hold_statistics: bool = False  # BatchNorms keep the mean and variance they start with: a fifth faster
    settle: float = 0.4  # last share of the schedule, whose views are neither distorted nor mosaics
    patience: int = 30  # validations without a better AP before it stops
    workers: int = 1  # processes that read and augment photos
    seed: int = 0
    resume: bool = False  # continue the interrupted run in `out`
    augment: AugmentOptions = field(default_factory=AugmentOptions)


@dataclass
class Progressed:
    """Where a run is; everything a resumed run needs besides weights and optimiser."""

    epoch: int = 0
    step: int = 0
    share: float = 0.0  # of the schedule, 0..1
    best_ap: float = -1.0
    best_epoch: int = 0


def has_fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX-512 BF16 or AMX)."""
    if not torch.backends.mkldnn.is_available():
        return False
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, bool)() for probe in probes)


class Trainer:
    """One training run: network, average, optimiser, schedule, checkpoints."""

    def __init__(self, options: TrainOptions) -> None:
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.last = options.out / "weights" / "last.pt"
        self.best = options.out / "weights" / "best.pt"
        dataset = load_dataset(options.data)
        self.names = dataset.names
        self.val = dataset.samples("val")
        self.sources = [Source.of(dataset)]
        for file, weight in options.extra:
            more = load_dataset(file)
            if more.names != self.names:
                raise DatasetError(f"{file}: its classes are not those of {options.data}")
            self.sources.append(Source.of(more, weight))
        start = self.last if options.resume else options.weights
        self.network = load_network(start).to(self.device, memory_format=torch.channels_last)
        self.console = Console(stderr=True)
        known, count = self.network.model[-1].nc, len(self.names)
        if options.resume and known != count:
            raise ValueError(f"{start} tells {known} classes apart, {options.data} {count}")
        if with_classes(self.network, self.names):
            self.console.print(f"{start} knows {known} classes, not {count}: its class scores are learned anew")
        self.stride = int(max(self.network.stride))
        if options.augment.canvas % self.stride:
            raise ValueError(f"a canvas of {options.augment.canvas} pixels is not a multiple of {self.stride}")
        if start.suffix == ".onnx":
            views = Views(self.sources, SETTLING_VIEWS, options.input_size, options.augment, options.seed)
            settle_batch_norm(self.network, (self.to_image(batch.pixels) for batch in batches(views, 4, 0)))
        self.network.args = {}
        layers = list(self.network.model)
        for i, layer in enumerate(layers):
            for parameter in layer.parameters():
                parameter.requires_grad_(i >= options.freeze)
        if hasattr(layers[-1], "dfl"):  # a constant: it computes the mean of a distribution
            layers[-1].dfl.requires_grad_(False)
        self.average = copy.deepcopy(self.network)
        self.teachers = [load_network(path).to(self.device).eval() for path in options.teachers]
        for path, teacher in zip(options.teachers, self.teachers, strict=True):
            if teacher.model[-1].nc != count:
                raise ValueError(f"{path}: a teacher must know the {count} classes of {options.data}")
            teacher.fuse(verbose=False)
        self.largest_known = largest_known(options.teachers)
        decayed = [p for p in self.network.parameters() if p.requires_grad and p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.requires_grad and p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": options.weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=options.learning_rate,
        )
        self.done = Progressed()
        if options.resume:
            self.restore()

    def restore(self) -> None:
        """Take up optimiser and progress where the interrupted run left them."""
        state = torch.load(self.last, map_location=self.device, weights_only=False).get("shelfwatch")
        if not state:
            raise FileNotFoundError(f"{self.last}: this run has finished, there is nothing to resume")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.done = Progressed(**state["progress"])

    def checkpoint(self) -> None:
        """Write all that `restore` reads; the averaged weights are what other tools see in the file."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": asdict(self.done),
        }
        save_network(self.average, self.last, {"shelfwatch": state})

    def to_image(self, pixels: Tensor) -> Tensor:
        """The network's input, float32 (B, 3, H, W) in 0..1, from uint8 (B, H, W, 3) pixels."""
        return to_image(pixels.to(self.device))

    def predict(self, model: nn.Module, pixels: Tensor) -> Predictions:
        """Predictions of uint8 (B, H, W, 3) pixels, computed in bfloat16 where that is fast, given in float32."""
        image = self.to_image(pixels)
        fast = self.device.type == "cuda" or has_fast_bfloat16()
        held = held_statistics() if self.options.hold_statistics and model is self.network else nullcontext()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast), held:
            predictions = run(model, image)
        return predictions.float()

    def step(self, batch: Batch) -> list[float]:
        """One optimiser step; returns the loss parts a photo: box, classes, dfl, distillation."""
        found = self.predict(self.network, batch.pixels)
        losses = detection_loss(found.logits, found.distributions, batch.targets.to(self.device), found.anchors)
        total, distilled = losses.total, torch.zeros(())
        heard = ~batch.corrected & (batch.side <= self.largest_known)
        if self.teachers and heard.any():
            shown = teach(self.teachers, batch.pixels[heard], self.predict, mirror=self.options.mirror_teachers)
            distilled = distillation_loss(found.of(heard.to(self.device)), shown, boxes=self.options.teach_boxes)
            total = total + distilled
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([p for p in self.network.parameters() if p.requires_grad], MAX_GRADIENT)
        self.optimizer.step()
        self.done.step += 1
        self.follow()
        return [
            float(part.detach()) / len(batch.pixels) for part in (losses.box, losses.classes, losses.dfl, distilled)
        ]

    @torch.no_grad()
    def follow(self) -> None:
        """Move the average towards the network, fast at first."""
        decay = self.options.ema * (1 - math.exp(-self.done.step / EMA_RAMP))
        for mean, value in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)

    def schedule(self) -> None:
        """Set the learning rate for the share of the schedule done: a linear rise, then a cosine to a fiftieth."""
        cosine = 0.02 + 0.98 * (1 + math.cos(math.pi * self.done.share)) / 2
        rate = self.options.learning_rate * min(1.0, max(self.done.share, 1e-4) / WARM_UP) * cosine
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def validate(self) -> evaluate.Evaluation:
        """Accuracy of the averaged weights on the `val` photos, letterboxed as the service does."""
        self.average.eval()
        predictions = [self.detect(sample) for sample in self.val]
        threshold = evaluate.choose_threshold(self.val, predictions)
        return evaluate.evaluate(self.val, predictions, self.names, threshold)

    @torch.no_grad()
    def detect(self, sample: Sample) -> Detections:
        """What the averaged weights find in one photo."""
        photo = decode(sample.image.read_bytes(), target=self.options.input_size)
        letterbox = Letterbox.fit(photo.width, photo.height, self.options.input_size, self.stride)
        found = self.predict(self.average, torch.from_numpy(letterbox.apply(photo)))
        boxes = decode_boxes(found.distributions, found.anchors, found.distributions.shape[2] // 4)[0]
        scores, class_id = found.logits[0].sigmoid().max(1)
        heard = scores >= evaluate.LOWEST_CONFIDENCE * VOTE_SHARE
        return to_detections(
            boxes[heard].cpu().numpy(),
            scores[heard].cpu().numpy(),
            class_id[heard].cpu().numpy().astype(np.int32),
            letterbox,
            evaluate.LOWEST_CONFIDENCE,
            IOU_THRESHOLD,
        )

    def epochs(self) -> Iterator[int]:
        """Epochs still to do, until the schedule or the patience ends."""
        while self.done.share < 1:
            yield self.done.epoch
            if self.done.epoch - self.done.best_epoch >= self.options.patience:
                return

    def augment(self) -> AugmentOptions:
        """How views of this part of the schedule are made.

        A box turned with its photo grows, and boxes learned from turned views come out too wide on upright photos: on
        the validation photos by 1.3 network pixels in 31, which cost .010 AP. So the last views are upright.
        """
        if self.done.share < 1 - self.options.settle:
            return self.options.augment
        return replace(self.options.augment.distorted(0), mosaic=0.0)

    def run(self) -> Path:
        """Train to the end of the schedule and return the best checkpoint."""
        options = self.options
        if self.device.type == "cpu":
            torch.set_num_threads(available_cpus())
        before, begin = self.done.share, time.monotonic()
        steps = max(1, options.views // options.batch)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console) as progress:
            for epoch in self.epochs():
                task = progress.add_task(f"epoch {epoch + 1}", total=steps)
                self.network.train()
                for layer in list(self.network.model)[: options.freeze]:
                    layer.eval()
                seed = options.seed + 1000 * epoch
                views = Views(self.sources, steps * options.batch, options.input_size, self.augment(), seed)
                parts: list[list[float]] = []
                for batch in batches(views, options.batch, options.workers):
                    self.schedule()
                    parts.append(self.step(batch))
                    progress.advance(task)
                    if options.hours:
                        spent = (time.monotonic() - begin) / (options.hours * 3600)
                        self.done.share = min(1.0, before + (1 - before) * spent)
                    else:
                        self.done.share = (epoch + len(parts) / steps) / options.epochs
                    if self.done.share >= 1:
                        break
                progress.remove_task(task)
                self.done.epoch = epoch + 1
                self.finish_epoch(np.mean(parts, axis=0).tolist())
        save_network(self.average, self.last)  # finished: nothing to resume
        plot_curves(options.out / "results.csv", options.out / "curves.png")
        return self.best

    def finish_epoch(self, losses: list[float]) -> None:
        """Validate, note the figures, keep the checkpoints."""
        result = self.validate()
        if result.ap > self.done.best_ap:
            self.done.best_ap, self.done.best_epoch = result.ap, self.done.epoch
            save_network(self.average, self.best)
        self.checkpoint()
        row = {
            "epoch": self.done.epoch,
            **dict(zip(("box_loss", "class_loss", "dfl_loss", "distillation"), losses, strict=True)),
            **{key: getattr(result, key) for key in ("ap", "ap50", "ap75", "ar300", "count_error", "threshold")},
        }
        file = self.options.out / "results.csv"
        new = not file.is_file()
        with file.open("a", newline="") as out:
            writer = csv.DictWriter(out, list(row))
            if new:
                writer.writeheader()
            writer.writerow({key: round(value, 5) for key, value in row.items()})
        self.console.print(
            f"epoch {self.done.epoch}: loss {sum(losses):.3f}, AP {result.ap:.4f}, AP50 {result.ap50:.4f}, "
            f"count error {result.count_error:.1%} at {result.threshold:.2f}"
        )


def train(options: TrainOptions) -> Path:
    """Train and return the path of the best checkpoint (by AP 0.5:0.95 on the `val` split).

    Where the weights know another number of classes than the dataset, class scores are learned anew. Raises
    `FileNotFoundError` where the weights, or an unfinished run to resume, are missing, `ValueError` where they are not
    a YOLOv8 and `shelfwatch.training.dataset.DatasetError` where a dataset is unusable.
    """
    torch.manual_seed(options.seed)
    trainer = Trainer(options)
    if not options.resume:
        (options.out / "results.csv").unlink(missing_ok=True)
    return trainer.run()


def plot_curves(results: Path, picture: Path) -> None:
    """Draw losses and validation accuracy over epochs from a run's `results.csv`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with results.open() as file:
        rows: list[dict[str, Any]] = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    epochs = [row["epoch"] for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for key in ("box_loss", "class_loss", "dfl_loss", "distillation"):
        if any(row[key] for row in rows):
            left.plot(epochs, [row[key] for row in rows], label=key)
    left.set(xlabel="epoch", ylabel="training loss")
    left.legend()
    for key, label in (("ap", "AP"), ("ap50", "AP50"), ("count_error", "count error")):
        right.plot(epochs, [row[key] for row in rows], label=label)
    right.set(xlabel="epoch", ylabel="validation", ylim=(0, 1))
    right.grid(alpha=0.3)
    right.legend()
    figure.savefig(picture, dpi=120)
    pyplot.close(figure)
