"""Small datasets, photos and networks for the tests of training."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support import SHARED


@pytest.fixture(scope="session")
def networks():
    """The functions of `networks.py` beside this file, by name."""
    return runpy.run_path(str(Path(__file__).with_name("networks.py")))


@pytest.fixture(scope="session")
def random_checkpoint(tmp_path_factory):
    """Writes a YOLOv8n with random weights as an Ultralytics checkpoint that tells `names` apart; its path."""
    import torch
    from ultralytics import YOLO
    from ultralytics.nn.tasks import DetectionModel

    def write(names=("product",), seed=7):
        torch.manual_seed(seed)
        model = DetectionModel("yolov8n.yaml", nc=len(names), verbose=False)
        model.names = dict(enumerate(names))
        for module in model.modules():  # fresh statistics would hide a fold that goes wrong
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.data.uniform_(0.8, 1.2)
                module.bias.data.normal_(0, 0.1)
        for branch in model.model[-1].cv3:  # a fresh head is sure of nothing; spread its logits round zero
            branch[-1].weight.data *= 20
            branch[-1].bias.data.normal_(0, 0.5)
        path = tmp_path_factory.mktemp("checkpoint") / "random.pt"
        wrapper = YOLO("yolov8n.yaml")
        wrapper.model = model
        wrapper.save(str(path))
        return path

    return write


@pytest.fixture(scope="session")
def small_photos(tmp_path_factory):
    """Six small photos of coloured blocks, as different from one another as shelf photos are."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(11)
    for number in range(6):
        blocks = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        image = Image.fromarray(blocks).resize((128, 96), Image.Resampling.BICUBIC)
        image.save(folder / f"{number}.jpg", quality=95)
    return sorted(folder.iterdir())


@pytest.fixture
def write_dataset(tmp_path):
    """Write a dataset: of each split, photo names with the lines of their labels (None: no label file)."""

    def make(splits, names=("product",), path=".", size=(40, 20), folder=tmp_path / "source"):
        for split, photos in splits.items():
            for kind in ("images", "labels"):
                (folder / kind / split).mkdir(parents=True, exist_ok=True)
            for name, lines in photos.items():
                Image.new("RGB", size, "grey").save(folder / "images" / split / name)
                if lines is not None:
                    (folder / "labels" / split / Path(name).with_suffix(".txt")).write_text("\n".join(lines) + "\n")
        file = folder / "dataset.yaml"
        described = [f"path: {path}", *(f"{split}: images/{split}" for split in splits), "names:"]
        file.write_text("\n".join([*described, *(f"  {i}: {name}" for i, name in enumerate(names))]) + "\n")
        return file

    return make


@pytest.fixture(scope="session")
def shared():
    """The folder of photos and weights beside the checkout, which are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: its photos and weights are not part of the project")
    return SHARED
