import pytest

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="the extra `train` is not installed")


@pytest.fixture(scope="module")
def checkpoint(torch, tmp_path_factory):
    """Writes an untrained YOLOv8n with the given number of classes and seed as a checkpoint."""
    from ultralytics.nn.tasks import DetectionModel

    folder = tmp_path_factory.mktemp("checkpoints")

    def write(classes, seed):
        torch.manual_seed(seed)
        model = DetectionModel("yolov8n.yaml", nc=classes, verbose=False)
        path = folder / f"{classes}-{seed}.pt"
        torch.save({"epoch": 3, "model": None, "ema": model.half(), "optimizer": None, "train_args": {}}, path)
        return path

    return write


def weights(path):
    from ultralytics import YOLO

    return YOLO(str(path)).model.float().state_dict()


def test_every_weight_is_the_mean(torch, checkpoint, tmp_path):
    from shelfwatch.training.average import average

    paths = [checkpoint(1, seed) for seed in (1, 2, 3)]
    average(paths, tmp_path / "mean.pt")
    mean, parts = weights(tmp_path / "mean.pt"), [weights(path) for path in paths]
    for key, value in mean.items():
        if value.is_floating_point():
            expected = torch.stack([part[key] for part in parts]).mean(0)
            assert torch.allclose(value, expected, atol=2e-3, rtol=2e-3), key
    assert not torch.equal(mean["model.0.conv.weight"], parts[-1]["model.0.conv.weight"])


def test_one_checkpoint_or_two_networks_have_no_mean(checkpoint, tmp_path):
    from shelfwatch.training.average import average

    with pytest.raises(ValueError, match="at least two"):
        average([checkpoint(1, 1)], tmp_path / "mean.pt")
    with pytest.raises(ValueError, match="different networks"):
        average([checkpoint(1, 1), checkpoint(3, 1)], tmp_path / "mean.pt")
    assert not (tmp_path / "mean.pt").exists()


def test_what_a_run_needs_to_go_on_stays_behind(torch, checkpoint, tmp_path):
    from shelfwatch.training.average import average
    from shelfwatch.training.network import load_network, save_network

    save_network(load_network(checkpoint(1, 1)), tmp_path / "last.pt", {"shelfwatch": {"optimizer": {}}})
    average([checkpoint(1, 2), tmp_path / "last.pt"], tmp_path / "new" / "mean.pt")
    assert "shelfwatch" not in torch.load(tmp_path / "new" / "mean.pt", weights_only=False)


def test_neither_a_missing_file_nor_a_served_model_has_a_part(checkpoint, tmp_path):
    from shelfwatch.training.average import average

    with pytest.raises(FileNotFoundError, match=r"absent\.pt: no such checkpoint"):
        average([checkpoint(1, 1), tmp_path / "absent.pt"], tmp_path / "mean.pt")
    with pytest.raises(ValueError, match=r"served\.onnx: a served model; only checkpoints have a mean"):
        average([checkpoint(1, 1), tmp_path / "served.onnx"], tmp_path / "mean.pt")
