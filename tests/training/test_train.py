import csv
import math

import numpy as np
import pytest
from PIL import Image

from shelfwatch.training.dataset import DatasetError
from shelfwatch.training.rendering import RenderOptions
from shelfwatch.training.train import TrainOptions, bfloat16_forward, has_fast_bfloat16, plot_curves, train
from support import write_shelves

pytestmark = pytest.mark.train

INPUT_SIZE = 160


@pytest.fixture(scope="module", autouse=True)
def extra():
    """The train extra."""
    for module in ("torch", "ultralytics", "matplotlib"):
        pytest.importorskip(module, reason=f"{module} is not installed: these tests need the train extra")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A dataset file of six small rendered shelves."""
    options = RenderOptions(width=150, height=200, rows=(2, 2), facings=(4, 5))
    return write_shelves(tmp_path_factory.mktemp("shelves"), options, {"train": range(4), "val": range(4, 6)})


@pytest.fixture(scope="module")
def checkpoint(extra, tmp_path_factory):
    """A YOLOv8n of one class with random weights."""
    import torch
    from ultralytics import YOLO
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("checkpoint") / "random.pt"
    wrapper = YOLO("yolov8n.yaml")
    wrapper.model = DetectionModel("yolov8n.yaml", nc=1, verbose=False)
    wrapper.model.names = {0: "product"}
    wrapper.save(str(path))
    saved = torch.load(path, weights_only=False)
    saved["train_args"] = {**(saved.get("train_args") or {}), "single_cls": True}  # a run must not inherit it
    torch.save(saved, path)
    return path


class TestBfloat16:
    @pytest.fixture
    def model(self, checkpoint):
        from ultralytics import YOLO
        from ultralytics.cfg import get_cfg

        network = YOLO(str(checkpoint)).model.float().train()
        network.args = get_cfg()  # the gains of the loss
        return network

    @pytest.fixture
    def batch(self):
        import torch

        rng = np.random.default_rng(2)
        centres = rng.uniform(0.2, 0.8, (12, 2))
        return {
            "img": torch.from_numpy(rng.random((2, 3, INPUT_SIZE, INPUT_SIZE), dtype=np.float32)),
            "batch_idx": torch.arange(12).float() // 6,
            "cls": torch.zeros(12, 1),
            "bboxes": torch.from_numpy(np.concatenate([centres, np.full((12, 2), 0.2)], axis=1)).float(),
        }

    def test_the_method_is_put_back(self):
        from ultralytics.nn.tasks import DetectionModel

        before = DetectionModel.loss
        with bfloat16_forward(True):
            assert DetectionModel.loss is not before
        assert DetectionModel.loss is before
        with pytest.raises(RuntimeError, match="interrupted"), bfloat16_forward(True):
            raise RuntimeError("interrupted")
        assert DetectionModel.loss is before

    def test_disabled_changes_nothing(self):
        from ultralytics.nn.tasks import DetectionModel

        before = DetectionModel.loss
        with bfloat16_forward(False):
            assert DetectionModel.loss is before

    def test_loss_is_float32_and_close(self, model, batch):
        import torch

        expected, _ = model.loss(batch)
        with bfloat16_forward(True):
            seen = []
            hook = model.model[2].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
            total, _ = model.loss(batch)
            hook.remove()
        assert seen == [torch.bfloat16]
        assert total.dtype == torch.float32
        assert torch.isfinite(total).all()
        assert torch.allclose(total, expected, rtol=0.05)
        assert not torch.equal(total, expected)

    def test_gradients_reach_every_weight(self, model, batch):
        with bfloat16_forward(True):
            model.loss(batch)[0].sum().backward()
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                assert parameter.grad is not None, name
                assert parameter.grad.isfinite().all(), name

    def test_predictions_made_before_are_used(self, model, batch):
        import torch

        predictions = model.forward(batch["img"])
        expected, _ = model.loss(batch, predictions)
        with bfloat16_forward(True):
            total, _ = model.loss(batch, predictions)
        assert torch.equal(total, expected)

    def test_probe_answers(self):
        assert isinstance(has_fast_bfloat16(), bool)


@pytest.fixture(scope="module")
def run(checkpoint, rendered, tmp_path_factory):
    """The folder of a run of one epoch, and the path that `train` returned."""
    out = tmp_path_factory.mktemp("runs") / "first"
    best = train(
        TrainOptions(
            weights=checkpoint, data=rendered, out=out, epochs=1, input_size=INPUT_SIZE, batch=2, workers=0, mosaic=0.5
        )
    )
    return out, best


class TestTrain:
    def test_leaves_a_checkpoint_and_curves(self, run):
        from ultralytics import YOLO

        out, best = run
        assert best == out / "weights" / "best.pt"
        assert (out / "weights" / "last.pt").is_file()
        assert YOLO(str(best)).names == {0: "product"}
        with (out / "results.csv").open() as file:
            rows = [{key.strip(): float(value) for key, value in row.items()} for row in csv.DictReader(file)]
        assert [row["epoch"] for row in rows] == [1]
        assert all(math.isfinite(value) for value in rows[0].values())
        assert rows[0]["train/box_loss"] > 0
        with Image.open(out / "curves.png") as picture:
            assert picture.width > picture.height > 300

    def test_writes_nothing_beside_the_source(self, run, rendered):
        assert {path.suffix for path in rendered.parent.rglob("*") if path.is_file()} == {".jpg", ".txt", ".yaml"}

    def test_weights_moved(self, run, checkpoint):
        import torch
        from ultralytics import YOLO

        before, after = (YOLO(str(path)).model.float().state_dict() for path in (checkpoint, run[1]))
        changed = [name for name in before if not torch.equal(before[name], after[name].float())]
        assert len(changed) > 0.5 * len(before)

    def test_the_result_can_be_exported(self, run, tmp_path):
        from shelfwatch.inference.model import Model
        from shelfwatch.training.export import export

        export(run[1], tmp_path / "model.onnx", name="tiny", version="0", input_size=INPUT_SIZE)
        assert Model(tmp_path / "model.onnx").info.classes == ("product",)

    def test_resuming_a_finished_run_is_refused(self, run, checkpoint, rendered):
        # Ultralytics strips the optimiser of a finished run: there is nothing left to continue.
        options = TrainOptions(weights=checkpoint, data=rendered, out=run[0], resume=True, workers=0)
        before = {path: path.stat().st_mtime_ns for path in (run[1], run[0] / "results.csv")}
        with pytest.raises(FileNotFoundError, match=r"last\.pt: this run has finished, there is nothing to resume"):
            train(options)
        assert {path: path.stat().st_mtime_ns for path in before} == before

    def test_an_interrupted_run_is_continued(self, checkpoint, rendered, tmp_path):
        from ultralytics.engine.trainer import BaseTrainer

        options = {
            "weights": checkpoint,
            "data": rendered,
            "out": tmp_path / "run",
            "epochs": 2,
            "input_size": INPUT_SIZE,
            "batch": 2,
            "workers": 0,
        }

        class Interrupted(Exception):
            pass

        original = BaseTrainer.save_model

        def save_then_stop(trainer):
            original(trainer)
            raise Interrupted

        BaseTrainer.save_model = save_then_stop
        try:
            with pytest.raises(Interrupted):
                train(TrainOptions(**options))
        finally:
            BaseTrainer.save_model = original
        assert (tmp_path / "run" / "weights" / "last.pt").is_file()
        best = train(TrainOptions(**options, resume=True))
        assert best.is_file()
        with (tmp_path / "run" / "results.csv").open() as file:
            assert [float(row["epoch"]) for row in csv.DictReader(file)] == [1, 2]

    @pytest.mark.parametrize("resume", [False, True])
    def test_missing_checkpoint(self, rendered, tmp_path, resume):
        options = TrainOptions(weights=tmp_path / "absent.pt", data=rendered, out=tmp_path / "run", resume=resume)
        with pytest.raises(FileNotFoundError, match=r"last\.pt" if resume else r"absent\.pt"):
            train(options)
        assert not (tmp_path / "run").exists()

    def test_missing_dataset(self, checkpoint, tmp_path):
        with pytest.raises(DatasetError, match="no such dataset file"):
            train(TrainOptions(weights=checkpoint, data=tmp_path / "absent.yaml", out=tmp_path / "run"))


def test_curves_of_a_longer_run(tmp_path):
    columns = [f"{split}/{key}_loss" for split in ("train", "val") for key in ("box", "cls", "dfl")]
    columns = ["epoch", *columns, "metrics/mAP50-95(B)", "metrics/mAP50(B)"]
    lines = [", ".join(columns)] + [", ".join(str(epoch / (i + 1)) for i in range(len(columns))) for epoch in (1, 2, 3)]
    (tmp_path / "results.csv").write_text("\n".join(lines) + "\n")
    plot_curves(tmp_path / "results.csv", tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    # Both halves hold coloured lines on white.
    for half in np.array_split(pixels, 2, axis=1):
        assert (half.max(axis=2).astype(int) - half.min(axis=2) > 60).sum() > 500
