from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from shelfwatch.cli import main
from shelfwatch.inference.detections import Detections
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.training.dataset import Sample, load_dataset
from shelfwatch.training.pseudo import see
from shelfwatch.training.refine import refine, refine_dataset
from shelfwatch.training.rendering import RenderOptions, render_shelf


def sample(boxes, class_id=None):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    ids = np.zeros(len(boxes), np.int32) if class_id is None else np.array(class_id, np.int32)
    return Sample(Path("a.jpg"), 1000, 1000, boxes, ids)


def seen(boxes, class_id=None):
    labelled = sample(boxes, class_id)
    return Detections(labelled.boxes, np.ones(len(labelled.boxes), np.float32), labelled.class_id)


class TestRefine:
    def test_edges_move_by_the_share(self):
        better, refined = refine(sample([[0, 0, 100, 200]]), seen([[8, 4, 104, 196]]), 0.25)
        assert better.boxes.tolist() == [[2, 1, 101, 199]]
        assert refined.tolist() == [True]

    def test_what_the_model_does_not_see_stays(self):
        better, refined = refine(sample([[0, 0, 100, 100], [500, 500, 600, 600]]), seen([[40, 0, 140, 100]]))
        assert better.boxes.tolist() == [[0, 0, 100, 100], [500, 500, 600, 600]]
        assert not refined.any()

    def test_another_class_is_another_product(self):
        _, refined = refine(sample([[0, 0, 100, 100]], [1]), seen([[4, 0, 104, 100]], [0]))
        assert not refined.any()

    def test_neighbours_take_one_box_each_and_the_nearest(self):
        labels = sample([[0, 0, 100, 100], [20, 0, 120, 100]])
        better, refined = refine(labels, seen([[18, 0, 118, 100], [4, 0, 104, 100]]), 1)
        assert better.boxes[:, 0].tolist() == [4, 18]
        better, refined = refine(labels, seen([[18, 0, 118, 100]]), 1)
        assert refined.tolist() == [False, True]
        assert better.boxes[:, 0].tolist() == [0, 18]

    def test_the_label_given_is_left_alone(self):
        labels = sample([[0, 0, 100, 100]])
        refine(labels, seen([[4, 0, 104, 100]]))
        assert labels.boxes.tolist() == [[0, 0, 100, 100]]

    def test_two_shaky_opinions_are_steadier_together(self):
        rng = np.random.default_rng(0)
        corner = rng.uniform(0, 800, (200, 2))
        truth = np.concatenate([corner, corner + rng.uniform(80, 160, (200, 2))], 1)
        by_hand, by_model = (truth + rng.normal(0, 3, truth.shape) for _ in range(2))
        better, refined = refine(sample(by_hand), seen(by_model))
        away, before = (np.abs(boxes - truth)[refined].mean() for boxes in (better.boxes, by_hand))
        assert refined.mean() > 0.9
        assert away < 0.8 * before  # 1/√2 of it for errors of one size

    @pytest.mark.parametrize(("labels", "found"), [([], [[0, 0, 9, 9]]), ([[0, 0, 9, 9]], []), ([], [])])
    def test_nothing(self, labels, found):
        better, refined = refine(sample(labels), seen(found))
        assert better.boxes.tolist() == labels
        assert len(refined) == len(labels)


@pytest.fixture(scope="module")
def shelf():
    return render_shelf(7, RenderOptions(width=600, height=800, rows=(3, 3), facings=(6, 7)))


@pytest.fixture
def shaky(shelf, tmp_path):
    """A dataset of one rendered shelf whose labels are each a few pixels beside the product."""
    for split in ("train", "val"):
        (tmp_path / "shop" / "images" / split).mkdir(parents=True)
        (tmp_path / "shop" / "labels" / split).mkdir(parents=True)
        (tmp_path / "shop" / "images" / split / "a.jpg").write_bytes(shelf.to_jpeg())
        off = np.random.default_rng(0).normal(0, 3, shelf.boxes.shape)
        boxes = (shelf.boxes + off).clip(0, [600, 800, 600, 800]) / [600, 800, 600, 800]
        lines = [f"0 {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}\n" for x1, y1, x2, y2 in boxes]
        (tmp_path / "shop" / "labels" / split / "a.txt").write_text("".join(lines))
    file = tmp_path / "shop" / "shop.yaml"
    file.write_text("train: images/train\nval: images/val\nnames: {0: product}\n")
    return file


def test_a_dataset_moves_towards_what_the_model_sees(packaged, shaky, tmp_path):
    shop = load_dataset(shaky)
    (before,) = shop.samples("train")
    notes = []
    file = refine_dataset(packaged, shop, [before], tmp_path / "out", on_photo=notes.append)
    better = load_dataset(file)
    (after,) = better.samples("train")
    assert len(after.boxes) == len(before.boxes)
    _, found = see(packaged, before.image)
    overlap, later = (iou_matrix(boxes, found.xyxy).max(axis=1) for boxes in (before.boxes, after.boxes))
    assert notes[0].boxes == len(before.boxes)
    assert notes[0].refined == (overlap >= 0.6).sum() > 0.5 * len(before.boxes)
    assert (later[overlap >= 0.6] > overlap[overlap >= 0.6]).all()
    scale = packaged.info.input_size / max(before.width, before.height)
    assert notes[0].shift == pytest.approx(np.abs(after.boxes - before.boxes)[overlap >= 0.6].mean() * scale, rel=1e-3)
    assert better.exact
    (kept,) = better.samples("val")
    assert kept.boxes.tolist() == shop.samples("val")[0].boxes.tolist()


@pytest.mark.parametrize("corrected", [True, False])
def test_what_people_have_set_right_stays_so(packaged, shaky, tmp_path, corrected):
    shop = replace(load_dataset(shaky), corrected=corrected)
    assert load_dataset(refine_dataset(packaged, shop, shop.samples("train"), tmp_path / "out")).corrected == corrected


def test_two_photos_of_one_name_are_refused(packaged, shaky, tmp_path):
    shop = load_dataset(shaky)
    (photo,) = shop.samples("train")
    with pytest.raises(ValueError, match="second photo of this name"):
        refine_dataset(packaged, shop, [photo, replace(photo)], tmp_path / "out")


class TestCommand:
    def test_says_how_far_edges_moved(self, shaky, tmp_path):
        answer = CliRunner().invoke(main, ["refine-labels", str(shaky), str(tmp_path / "out")])
        assert answer.exit_code == 0, answer.output
        assert "boxes in 1 photos refined, by " in answer.output
        assert load_dataset(tmp_path / "out" / "dataset.yaml").names == ("product",)

    def test_other_classes_than_the_models(self, shaky, tmp_path):
        shaky.write_text(shaky.read_text().replace("product", "bottle"))
        answer = CliRunner().invoke(main, ["refine-labels", str(shaky), str(tmp_path / "out")])
        assert answer.exit_code == 1
        assert "its classes are not those of the model accurate" in answer.output
