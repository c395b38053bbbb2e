import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from shelfwatch.cli import main
from shelfwatch.inference.detections import Detections
from shelfwatch.inference.image import decode
from shelfwatch.inference.nms import iou_matrix
from shelfwatch.training.dataset import load_dataset
from shelfwatch.training.pseudo import SCALES, fuse, label, looks, read_counts, trusted
from shelfwatch.training.rendering import RenderOptions, render_shelf


def found(*items):
    """Detections from (x, y, width, height, confidence, class)."""
    values = np.array(items, np.float32).reshape(-1, 6)
    boxes = np.concatenate([values[:, :2], values[:, :2] + values[:, 2:4]], axis=1)
    return Detections(boxes, values[:, 4], values[:, 5].astype(np.int32))


class TestFuse:
    def test_boxes_are_means_weighted_by_confidence(self):
        fused = fuse([found((0, 0, 100, 100, 0.9, 0)), found((10, 0, 100, 100, 0.3, 0))])
        assert fused.xyxy.tolist() == [pytest.approx([2.5, 0, 102.5, 100])]
        assert fused.confidence.tolist() == pytest.approx([0.6])

    def test_a_look_that_missed_it_counts_as_nothing(self):
        fused = fuse([found((0, 0, 9, 9, 0.8, 0)), found(), found((50, 0, 9, 9, 0.6, 0)), found()])
        assert fused.confidence.tolist() == pytest.approx([0.2, 0.15])

    def test_the_best_of_one_look_counts_once(self):
        double = found((0, 0, 100, 100, 0.8, 0), (4, 0, 100, 100, 0.6, 0))
        assert fuse([double]).confidence.tolist() == pytest.approx([0.8])

    def test_classes_stay_apart(self):
        fused = fuse([found((0, 0, 50, 50, 0.8, 0), (0, 0, 50, 50, 0.6, 1))])
        assert sorted(fused.class_id.tolist()) == [0, 1]

    def test_boxes_without_area_survive_without_nan(self):
        fused = fuse([found((5, 5, 0, 10, 0.5, 0)), found((5, 5, 10, 10, 0.4, 0))])
        assert len(fused) == 2
        assert np.isfinite(fused.xyxy).all()

    def test_nothing(self):
        assert len(fuse([found(), found()])) == 0


class TestTrusted:
    fused = found(*((20 * i, 0, 10, 10, 0.9 - 0.05 * i, 0) for i in range(12)))  # ten from 0.45 up

    def test_without_a_count_those_above_the_threshold(self):
        assert len(trusted(self.fused, 0.45, None)) == 10

    @pytest.mark.parametrize(("known", "kept"), [(10, 10), (11, 11), (9, 9), (8, 0), (12, 0), (0, 0), (400, 0)])
    def test_a_known_count_sets_the_number_or_refuses_the_photo(self, known, kept):
        chosen = trusted(self.fused, 0.45, known)
        assert len(chosen) == kept
        assert chosen.confidence.tolist() == self.fused.confidence[:kept].tolist()


class TestCounts:
    def test_read(self, tmp_path):
        (tmp_path / "counts.csv").write_text("image,products\na.jpg,12\nb.jpg,0\n")
        assert read_counts(tmp_path / "counts.csv") == {"a.jpg": 12, "b.jpg": 0}

    @pytest.mark.parametrize(
        "text", ["image,number\na.jpg,1\n", "image,products\na.jpg,x\n", "image,products\na.jpg\n"]
    )
    def test_malformed(self, tmp_path, text):
        (tmp_path / "counts.csv").write_text(text)
        with pytest.raises(ValueError, match="needs the columns"):
            read_counts(tmp_path / "counts.csv")

    def test_negative(self, tmp_path):
        (tmp_path / "counts.csv").write_text("image,products\na.jpg,-1\n")
        with pytest.raises(ValueError, match="negative"):
            read_counts(tmp_path / "counts.csv")


@pytest.fixture(scope="module")
def shelf():
    return render_shelf(7, RenderOptions(width=600, height=800, rows=(3, 3), facings=(6, 7)))


def test_mirrored_looks_see_the_same_places(packaged, shelf):
    seen = looks(packaged, decode(shelf.to_jpeg()))
    assert len(seen) == 2 * len(SCALES)
    upright, mirrored = (look[look.confidence > 0.5] for look in seen[4:6])
    assert len(upright) > 5
    assert (iou_matrix(upright.xyxy, mirrored.xyxy).max(axis=1) > 0.7).mean() > 0.8


def test_labels_are_those_of_the_truth(packaged, shelf, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("right.jpg", "wrong.jpg", "unknown.jpg"):
        (photos / name).write_bytes(shelf.to_jpeg())
    truth = shelf.boxes
    counts = {"right.jpg": len(truth), "wrong.jpg": 3 * len(truth)}
    outcomes = []
    file = label(packaged, sorted(photos.iterdir()), tmp_path / "out", counts, on_photo=outcomes.append)
    assert [(outcome.photo.name, outcome.kept) for outcome in outcomes] == [("right.jpg", len(truth)), ("wrong.jpg", 0)]
    assert not load_dataset(file).exact
    (sample,) = load_dataset(file).samples("train")
    assert sample.image.name == "right.jpg"
    assert (iou_matrix(truth, sample.boxes).max(axis=1) > 0.5).mean() > 0.9


class TestCommand:
    def test_labels_a_folder(self, shelf, tmp_path):
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos" / "one.jpg").write_bytes(shelf.to_jpeg())
        answer = CliRunner().invoke(main, ["pseudo-label", str(tmp_path / "photos"), str(tmp_path / "out")])
        assert answer.exit_code == 0, answer.output
        assert "1 of 1 photos trusted" in answer.output
        assert load_dataset(tmp_path / "out" / "dataset.yaml").names == ("product",)

    def test_labels_whose_edges_shall_be_learned(self, shelf, tmp_path):
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos" / "one.jpg").write_bytes(shelf.to_jpeg())
        answer = CliRunner().invoke(main, ["pseudo-label", str(tmp_path / "photos"), str(tmp_path / "out"), "--exact"])
        assert answer.exit_code == 0, answer.output
        assert load_dataset(tmp_path / "out" / "dataset.yaml").exact

    def test_a_damaged_photo_is_named(self, tmp_path):
        (tmp_path / "photos").mkdir()
        Image.new("RGB", (40, 40)).save(tmp_path / "photos" / "a.jpg")
        (tmp_path / "photos" / "b.jpg").write_bytes(b"no picture")
        answer = CliRunner().invoke(main, ["pseudo-label", str(tmp_path / "photos"), str(tmp_path / "out")])
        assert answer.exit_code == 1
        assert "b.jpg" in answer.output

    def test_an_empty_folder(self, tmp_path):
        answer = CliRunner().invoke(main, ["pseudo-label", str(tmp_path), str(tmp_path / "out")])
        assert answer.exit_code == 1
        assert "no photos" in answer.output
