import csv
import math
import shutil
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("ultralytics", reason="the extra `train` is not installed")

from shelfwatch.inference.detector import Detector  # noqa: E402
from shelfwatch.inference.model import Model  # noqa: E402
from shelfwatch.inference.nms import iou_matrix  # noqa: E402
from shelfwatch.training.augment import AugmentOptions  # noqa: E402
from shelfwatch.training.dataset import DatasetError  # noqa: E402
from shelfwatch.training.evaluate import local_predict, predict_all  # noqa: E402
from shelfwatch.training.export import export  # noqa: E402
from shelfwatch.training.network import load_network  # noqa: E402
from shelfwatch.training.rendering import RenderOptions  # noqa: E402
from shelfwatch.training.teach import teach  # noqa: E402
from shelfwatch.training.train import (  # noqa: E402
    IOU_THRESHOLD,
    WARM_UP,
    Trainer,
    TrainOptions,
    has_fast_bfloat16,
    plot_curves,
    train,
)
from shelfwatch.training.views import Views, batches  # noqa: E402
from support import write_shelves  # noqa: E402

pytestmark = pytest.mark.train

INPUT_SIZE = 96
COLUMNS = ["epoch", "box_loss", "class_loss", "dfl_loss", "distillation"]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Tiny tensors gain nothing from threads, which on a busy machine wait for one another."""
    monkeypatch.setattr("shelfwatch.training.train.available_cpus", lambda: 1)


@pytest.fixture
def float32(monkeypatch):
    """Arithmetic that leaves nothing to chance."""
    monkeypatch.setattr("shelfwatch.training.train.has_fast_bfloat16", lambda: False)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A dataset file of six small rendered shelves."""
    options = RenderOptions(width=150, height=200, rows=(2, 2), facings=(4, 5))
    return write_shelves(tmp_path_factory.mktemp("shelves"), options, {"train": range(4), "val": range(4, 6)})


@pytest.fixture
def two_classes(rendered, tmp_path):
    """The same shelves with a second class in the dataset file."""
    folder = shutil.copytree(rendered.parent, tmp_path / "two")
    file = folder / "dataset.yaml"
    file.write_text(file.read_text().replace("{0: product}", "{0: bottle, 1: can}"))
    return file


@pytest.fixture(scope="module")
def checkpoint(random_checkpoint):
    """A YOLOv8n of one class with random weights, which says of itself that it was trained on one class."""
    path = random_checkpoint(("item",))
    saved = torch.load(path, weights_only=False)
    saved["train_args"] = {**(saved.get("train_args") or {}), "single_cls": True}  # a run must not inherit it
    torch.save(saved, path)
    return path


@pytest.fixture(scope="module")
def served(checkpoint, tmp_path_factory):
    """The checkpoint as an ONNX model."""
    path = tmp_path_factory.mktemp("served") / "random.onnx"
    export(checkpoint, path, name="random", version="1", input_size=INPUT_SIZE)
    return path


@pytest.fixture
def options(checkpoint, rendered, tmp_path):
    """A run of two epochs of two steps each on tiny views."""
    return TrainOptions(
        weights=checkpoint,
        data=rendered,
        out=tmp_path / "run",
        epochs=2,
        views=4,
        batch=2,
        input_size=INPUT_SIZE,
        workers=0,
        augment=AugmentOptions(canvas=64),
    )


def rows_of(out):
    with (out / "results.csv").open() as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def state_of(path):
    return load_network(path).state_dict()


def same_boxes(a, b):
    """Whether nearly every box of one has its like in the other."""
    overlap = iou_matrix(a.xyxy, b.xyxy) > 0.98
    return len(a) > 5 and overlap.any(0).mean() > 0.98 and overlap.any(1).mean() > 0.98


def some_batch(trainer):
    options = trainer.options
    views = Views(trainer.sources, options.batch, options.input_size, options.augment, options.seed)
    (batch,) = batches(views, options.batch, 0)
    return batch


class TestTrain:
    @pytest.fixture(scope="class")
    @staticmethod
    def run(checkpoint, rendered, tmp_path_factory):
        """The folder of a run of one epoch, and the path that `train` returned."""
        out = tmp_path_factory.mktemp("runs") / "first"
        options = TrainOptions(checkpoint, rendered, out=out, epochs=1, views=4, batch=2, input_size=INPUT_SIZE)
        return out, train(replace(options, workers=0, augment=AugmentOptions(canvas=64)))

    def test_leaves_checkpoints_and_curves(self, run):
        from ultralytics import YOLO

        out, best = run
        assert best == out / "weights" / "best.pt"
        for name in ("best.pt", "last.pt"):
            assert YOLO(out / "weights" / name).names == {0: "product"}
        (row,) = rows_of(out)
        assert list(row)[:5] == COLUMNS
        assert list(row)[5:] == ["ap", "ap50", "ap75", "ar300", "count_error", "threshold"]
        assert all(math.isfinite(value) for value in row.values())
        assert row["epoch"] == 1
        assert min(row["box_loss"], row["class_loss"], row["dfl_loss"]) > 0
        assert row["distillation"] == 0
        with Image.open(out / "curves.png") as picture:
            assert picture.width > picture.height > 300

    def test_writes_nothing_beside_the_source(self, run, rendered):
        assert {path.suffix for path in rendered.parent.rglob("*") if path.is_file()} == {".jpg", ".txt", ".yaml"}

    def test_weights_moved(self, run, checkpoint):
        before, after = state_of(checkpoint), state_of(run[1])
        changed = [name for name in before if not torch.equal(before[name], after[name])]
        assert len(changed) > 0.5 * len(before)

    def test_the_result_can_be_exported(self, run, tmp_path):
        export(run[1], tmp_path / "model.onnx", name="tiny", version="0", input_size=INPUT_SIZE)
        assert Model(tmp_path / "model.onnx").info.classes == ("product",)

    def test_resuming_a_finished_run_is_refused(self, run, checkpoint, rendered):
        before = {path: path.stat().st_mtime_ns for path in (run[1], run[0] / "results.csv")}
        with pytest.raises(FileNotFoundError, match=r"last\.pt: this run has finished, there is nothing to resume"):
            train(TrainOptions(checkpoint, rendered, out=run[0], resume=True, workers=0))
        assert {path: path.stat().st_mtime_ns for path in before} == before

    def test_the_same_run_again_is_the_same(self, options, tmp_path):
        for name in ("a", "b"):
            train(replace(options, epochs=1, out=tmp_path / name))
        assert rows_of(tmp_path / "a") == rows_of(tmp_path / "b")

    def test_a_new_run_in_the_same_folder_starts_its_curves_anew(self, options):
        for epochs in (2, 1):
            train(replace(options, epochs=epochs))
        assert [row["epoch"] for row in rows_of(options.out)] == [1]


class TestResume:
    def interrupt(self, options, monkeypatch):
        """Run until the second epoch begins."""

        class Interrupted(Exception):
            pass

        original = Trainer.schedule

        def schedule(trainer):
            if trainer.done.epoch == 1:
                raise Interrupted
            original(trainer)

        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "schedule", schedule)
            with pytest.raises(Interrupted):
                train(options)

    def test_goes_on_as_if_nothing_had_happened(self, options, monkeypatch, tmp_path):
        train(replace(options, out=tmp_path / "whole"))
        self.interrupt(options, monkeypatch)
        assert [row["epoch"] for row in rows_of(options.out)] == [1]
        best = train(replace(options, resume=True))
        assert best.is_file()
        whole, resumed = rows_of(tmp_path / "whole"), rows_of(options.out)
        assert [row["epoch"] for row in resumed] == [1, 2]
        for expected, found in zip(whole, resumed, strict=True):
            assert list(found.values()) == pytest.approx(list(expected.values()), rel=1e-3, abs=1e-4)
        expected, found = (state_of(out / "weights" / "last.pt") for out in (tmp_path / "whole", options.out))
        for name, value in expected.items():
            assert torch.allclose(value.float(), found[name].float(), rtol=1e-2, atol=1e-3), name

    def test_an_interrupted_run_is_a_checkpoint_too(self, options, monkeypatch):
        self.interrupt(options, monkeypatch)
        assert load_network(options.out / "weights" / "last.pt").names == {0: "product"}

    def test_with_another_dataset(self, options, monkeypatch, two_classes):
        self.interrupt(options, monkeypatch)
        with pytest.raises(ValueError, match=r"last\.pt tells 1 classes apart, .*dataset\.yaml 2"):
            train(replace(options, data=two_classes, resume=True))


class TestErrors:
    @pytest.mark.parametrize("resume", [False, True])
    def test_missing_checkpoint(self, options, tmp_path, resume):
        with pytest.raises(FileNotFoundError, match=r"last\.pt" if resume else r"absent\.pt"):
            train(replace(options, weights=tmp_path / "absent.pt", resume=resume))
        assert not options.out.exists()

    def test_a_failed_start_leaves_an_earlier_run_alone(self, options):
        options.out.mkdir()
        (options.out / "results.csv").write_text("epoch\n1\n")
        with pytest.raises(FileNotFoundError):
            train(replace(options, weights=options.out / "absent.pt"))
        assert (options.out / "results.csv").read_text() == "epoch\n1\n"

    def test_missing_dataset(self, options, tmp_path):
        with pytest.raises(DatasetError, match="no such dataset file"):
            train(replace(options, data=tmp_path / "absent.yaml"))
        with pytest.raises(DatasetError, match="no such dataset file"):
            train(replace(options, extra=((tmp_path / "absent.yaml", 1.0),)))

    def test_extra_photos_of_other_classes(self, options, two_classes):
        with pytest.raises(DatasetError, match="its classes are not those of"):
            train(replace(options, extra=((two_classes, 1.0),)))

    def test_a_teacher_of_other_classes(self, options, random_checkpoint):
        other = random_checkpoint(("a", "b"))
        with pytest.raises(ValueError, match="a teacher must know the 1 classes"):
            train(replace(options, teachers=(other,)))

    def test_a_canvas_the_network_cannot_halve(self, options):
        with pytest.raises(ValueError, match="a canvas of 100 pixels is not a multiple of 32"):
            train(replace(options, augment=AugmentOptions(canvas=100)))


class TestStarts:
    def test_from_onnx(self, options, served, float32):
        trainer = Trainer(replace(options, weights=served))
        norms = [m for m in trainer.network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        assert all(norm.running_mean.abs().max() > 0 for norm in norms)  # the photos' own statistics
        own = Trainer(options)
        expected, found = (each.detect(each.val[0]) for each in (own, trainer))
        assert same_boxes(found, expected)
        assert train(replace(options, weights=served, epochs=1)).is_file()

    def test_another_number_of_classes(self, options, two_classes, capsys):
        best = train(replace(options, data=two_classes, epochs=1))
        words = " ".join(capsys.readouterr().err.split())
        assert "knows 1 classes, not 2: its class scores are learned anew" in words
        assert load_network(best).names == {0: "bottle", 1: "can"}
        assert load_network(best).model[-1].nc == 2

    def test_extra_photos(self, options, rendered, tmp_path):
        more = shutil.copytree(rendered.parent, tmp_path / "more") / "dataset.yaml"
        trainer = Trainer(replace(options, extra=((more, 0.5),)))
        assert [(len(source.samples), source.weight) for source in trainer.sources] == [(4, 1.0), (4, 0.5)]
        assert len(trainer.val) == 2


class TestTrainer:
    def test_a_step_lowers_the_loss(self, options):
        trainer = Trainer(replace(options, learning_rate=1e-3))
        trainer.network.train()
        batch = some_batch(trainer)
        losses = [sum(trainer.step(batch)) for _ in range(8)]
        assert losses[-1] < 0.9 * losses[0]

    def test_the_average_follows(self, options):
        trainer = Trainer(options)
        trainer.network.train()
        start = {name: value.clone() for name, value in trainer.average.state_dict().items()}
        trainer.step(some_batch(trainer))
        decay = options.ema * (1 - math.exp(-1 / 200))
        for name, value in trainer.average.state_dict().items():
            now = trainer.network.state_dict()[name]
            expected = start[name] * decay + now * (1 - decay) if value.is_floating_point() else now
            assert torch.allclose(value, expected, atol=1e-5), name

    def test_a_long_memory(self, options):
        trainer = Trainer(options)
        trainer.done.step = 100_000
        before = trainer.average.state_dict()["model.0.conv.weight"].clone()
        with torch.no_grad():
            trainer.network.model[0].conv.weight.add_(1)
        trainer.follow()
        moved = trainer.average.state_dict()["model.0.conv.weight"] - before
        assert torch.allclose(moved, torch.full_like(moved, 1 - options.ema), atol=1e-4)

    def test_frozen_layers_stay(self, options, checkpoint):
        train(replace(options, freeze=5, epochs=1, learning_rate=1e-3))
        before, after = state_of(checkpoint), state_of(options.out / "weights" / "last.pt")
        for name, value in before.items():
            if int(name.split(".")[1]) < 5:
                assert torch.allclose(value.float(), after[name].float(), rtol=1e-3, atol=1e-6), name
        for name in ("model.5.conv.weight", "model.5.bn.running_mean", "model.22.cv3.0.2.bias"):
            assert not torch.allclose(before[name], after[name], rtol=1e-3, atol=1e-6), name

    def test_the_learning_rate_rises_and_falls(self, options):
        trainer = Trainer(options)
        rates = []
        for share in (0.0, WARM_UP / 2, WARM_UP, 0.5, 1.0):
            trainer.done.share = share
            trainer.schedule()
            rates.append({group["lr"] for group in trainer.optimizer.param_groups})
        (first,), (half,), (full,), (middle,), (last,) = rates
        assert 0 < first < 0.01 * full
        assert half == pytest.approx(full / 2, rel=0.02)
        assert full == pytest.approx(options.learning_rate, rel=0.01)
        assert middle == pytest.approx(0.51 * options.learning_rate, rel=0.01)
        assert last == pytest.approx(0.02 * options.learning_rate)

    def test_the_last_views_are_upright(self, options):
        trainer = Trainer(replace(options, settle=0.25))
        wanted = options.augment
        trainer.done.share = 0.74
        assert trainer.augment() == wanted
        trainer.done.share = 0.75
        upright = trainer.augment()
        assert (upright.mosaic, upright.degrees, upright.shear, upright.perspective, upright.aspect) == (0, 0, 0, 0, 0)
        assert (upright.zoom, upright.light, upright.jpeg) == (wanted.zoom, wanted.light, wanted.jpeg)

    @pytest.mark.parametrize("hold", [False, True])
    def test_statistics_are_held_where_asked(self, options, hold):
        trainer = Trainer(replace(options, hold_statistics=hold))
        before = trainer.network.model[0].bn.running_mean.clone()
        weights = trainer.network.model[0].conv.weight.clone()
        trainer.run()
        assert torch.equal(trainer.network.model[0].bn.running_mean, before) == hold
        assert not torch.equal(trainer.network.model[0].conv.weight, weights)

    def test_only_matrices_decay(self, options):
        decayed, plain = Trainer(options).optimizer.param_groups
        assert (decayed["weight_decay"], plain["weight_decay"]) == (options.weight_decay, 0)
        assert {p.ndim for p in decayed["params"]} == {4}
        assert {p.ndim for p in plain["params"]} == {1}

    def test_validates_as_the_service_answers(self, options, served, float32):
        trainer = Trainer(options)
        detector = Detector(Model(served))
        assert detector.info.iou_threshold == IOU_THRESHOLD
        trainer.average.eval()
        for sample, expected in zip(trainer.val, predict_all(trainer.val, local_predict(detector)), strict=True):
            found = trainer.detect(sample)
            assert same_boxes(found, expected)
            assert np.allclose(found.confidence[:20], expected.confidence[:20], atol=1e-3)

    def test_the_hours_end_the_run(self, options):
        best = train(replace(options, hours=1e-9, epochs=50))
        assert best.is_file()
        assert [row["epoch"] for row in rows_of(options.out)] == [1]
        with pytest.raises(FileNotFoundError, match="has finished"):
            train(replace(options, resume=True))

    def test_hours_take_the_place_of_epochs(self, options, monkeypatch):
        clock = count(0, 12 * 60)  # seconds; every look at it takes a fifth of an hour
        monkeypatch.setattr("shelfwatch.training.train.time.monotonic", lambda: next(clock))
        steps = []
        monkeypatch.setattr(Trainer, "schedule", lambda trainer: steps.append(trainer.done.share))
        train(replace(options, hours=1, epochs=1))
        assert steps == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
        assert [row["epoch"] for row in rows_of(options.out)] == [1, 2, 3]

    def test_patience_ends_the_run(self, options, monkeypatch):
        figures, validate = iter([0.2, 0.3, 0.1, 0.1, 0.1, 0.1]), Trainer.validate
        monkeypatch.setattr(Trainer, "validate", lambda trainer: replace(validate(trainer), ap=next(figures)))
        best = train(replace(options, epochs=6, views=2, patience=2))
        assert [row["ap"] for row in rows_of(options.out)] == [0.2, 0.3, 0.1, 0.1]
        best_weights, last = (state_of(best.with_name(name))["model.0.conv.weight"] for name in ("best.pt", "last.pt"))
        assert not torch.equal(best_weights, last)  # the second epoch's, not the fourth's
        with pytest.raises(FileNotFoundError, match="has finished"):
            train(replace(options, resume=True))

    def test_probe_answers(self):
        assert isinstance(has_fast_bfloat16(), bool)


class TestTeacher:
    def test_a_run_with_a_teacher(self, options, random_checkpoint):
        teacher = random_checkpoint(("product",), seed=8)
        train(replace(options, epochs=1, teachers=(teacher,)))
        assert rows_of(options.out)[0]["distillation"] > 0

    def test_steps_bring_the_student_closer(self, options, random_checkpoint):
        trainer = Trainer(replace(options, teachers=(random_checkpoint(("product",), seed=8),), learning_rate=1e-3))
        trainer.network.train()
        batch = some_batch(trainer)
        distances = [trainer.step(batch)[3] for _ in range(8)]
        assert distances[-1] < 0.9 * distances[0]

    def test_is_not_asked_about_what_people_have_set_right_or_it_does_not_know(
        self, options, random_checkpoint, monkeypatch
    ):
        trainer = Trainer(replace(options, teachers=(random_checkpoint(("product",), seed=8),)))
        batch = replace(some_batch(trainer), side=torch.tensor([30.0, 60.0]))
        asked = []

        def watched(teachers, pixels, *others, **options):
            asked.append(pixels)
            return teach(teachers, pixels, *others, **options)

        monkeypatch.setattr("shelfwatch.training.train.teach", watched)
        trainer.largest_known = 30.0
        assert trainer.step(batch)[3] > 0
        assert torch.equal(asked.pop(), batch.pixels[:1])
        assert trainer.step(replace(batch, corrected=torch.tensor([True, False])))[3] == 0
        assert not asked


def test_curves_of_a_longer_run(tmp_path):
    columns = [*COLUMNS, "ap", "ap50", "ap75", "ar300", "count_error", "threshold"]
    lines = [",".join(columns)] + [",".join(str(epoch / (i + 4)) for i in range(len(columns))) for epoch in (1, 2, 3)]
    (tmp_path / "results.csv").write_text("\n".join(lines) + "\n")
    plot_curves(tmp_path / "results.csv", tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    # Both halves hold coloured lines on white.
    for half in np.array_split(pixels, 2, axis=1):
        assert (half.max(axis=2).astype(int) - half.min(axis=2) > 60).sum() > 500
