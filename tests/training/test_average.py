import pytest

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="the extra `train` is not installed")


@pytest.fixture(scope="module")
def checkpoint(torch, random_checkpoint):
    """Writes a YOLOv8n with random weights and statistics, for a number of classes and a seed; its path."""
    return lambda classes, seed: random_checkpoint([f"class {i}" for i in range(classes)], seed)


def weights(path):
    from shelfwatch.training.network import folded, load_network

    return folded(load_network(path))


@pytest.mark.parametrize(("shares", "expected"), [(None, (1 / 3, 1 / 3, 1 / 3)), ((1, 2, 5), (0.125, 0.25, 0.625))])
def test_every_weight_is_the_mean_of_what_the_networks_compute_with(torch, checkpoint, tmp_path, shares, expected):
    from shelfwatch.training.average import average

    paths = [checkpoint(1, seed) for seed in (1, 2, 3)]
    average(paths, tmp_path / "mean.pt", shares)
    mean, parts = weights(tmp_path / "mean.pt"), [weights(path) for path in paths]
    assert list(mean) == list(parts[0])
    for key, value in mean.items():
        wanted = sum(share * part[key] for share, part in zip(expected, parts, strict=True))
        assert torch.allclose(value, wanted, atol=2e-3, rtol=2e-3), key  # kept in float16
    assert not torch.equal(mean["model.0.conv.weight"], parts[-1]["model.0.conv.weight"])


def test_a_served_model_and_the_checkpoint_it_came_from(torch, checkpoint, tmp_path):
    from shelfwatch.training.average import average
    from shelfwatch.training.export import export

    source = checkpoint(1, 1)
    export(source, tmp_path / "served.onnx", name="served", version="1", input_size=128)
    average([source, tmp_path / "served.onnx"], tmp_path / "mean.pt")
    mean, part = weights(tmp_path / "mean.pt"), weights(source)
    for key, value in mean.items():
        assert torch.allclose(value, part[key], atol=2e-3, rtol=2e-3), key
    # It is a checkpoint like any other.
    export(tmp_path / "mean.pt", tmp_path / "again.onnx", name="again", version="1", input_size=128)


@pytest.mark.parametrize("shares", [(1,), (1, 1, 1), (1, 0), (1, -1), (1, float("nan"))])
def test_a_share_each(checkpoint, tmp_path, shares):
    from shelfwatch.training.average import average

    with pytest.raises(ValueError, match="2 sources need as many shares above 0"):
        average([checkpoint(1, 1), checkpoint(1, 2)], tmp_path / "mean.pt", shares)


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


def test_a_missing_file(checkpoint, tmp_path):
    from shelfwatch.training.average import average

    with pytest.raises(FileNotFoundError, match=r"absent\.pt: no such checkpoint"):
        average([checkpoint(1, 1), tmp_path / "absent.pt"], tmp_path / "mean.pt")
