import shutil

import numpy as np
import pytest
from PIL import Image

from shelfwatch.training.dataset import DatasetError, label_path, load_dataset, read_sample


class TestDescription:
    @pytest.mark.parametrize("path", [".", "../source", "./"])
    def test_relative_path_counts_from_the_file(self, write_dataset, monkeypatch, tmp_path, path):
        file = write_dataset({"train": {"a.png": []}, "val": {"b.png": []}}, path=path)
        monkeypatch.chdir(tmp_path)
        dataset = load_dataset(file.relative_to(tmp_path))
        assert dataset.root == file.parent
        assert dataset.splits == {split: file.parent / "images" / split for split in ("train", "val")}
        assert [image.name for image in dataset.images("val")] == ["b.png"]

    def test_absolute_path_stays(self, write_dataset, tmp_path):
        file = write_dataset({"val": {"b.png": []}}, path=tmp_path / "source")
        moved = shutil.move(file, tmp_path / "elsewhere.yaml")
        assert load_dataset(moved).root == tmp_path / "source"

    def test_without_path_the_files_folder_counts(self, write_dataset):
        file = write_dataset({"val": {"b.png": []}})
        file.write_text("val: images/val\nnames: [bottle, can]\n")
        dataset = load_dataset(file)
        assert dataset.root == file.parent
        assert dataset.names == ("bottle", "can")

    def test_names_in_the_order_of_their_ids(self, write_dataset):
        file = write_dataset({"val": {"b.png": []}})
        file.write_text("val: images/val\nnames: {2: snack, 0: bottle, 1: can}\n")
        assert load_dataset(file).names == ("bottle", "can", "snack")

    def test_missing_file(self, tmp_path):
        with pytest.raises(DatasetError, match=r"absent\.yaml: no such dataset file"):
            load_dataset(tmp_path / "absent.yaml")

    @pytest.mark.parametrize("content", ["", "just words", "- a\n- b\n", "train: images/train\n"])
    def test_not_a_dataset_file(self, tmp_path, content):
        file = tmp_path / "d.yaml"
        file.write_text(content)
        with pytest.raises(DatasetError, match=r"d\.yaml: not a dataset file"):
            load_dataset(file)

    def test_no_split(self, tmp_path):
        file = tmp_path / "d.yaml"
        file.write_text("path: .\nval:\nnames: [product]\n")
        with pytest.raises(DatasetError, match="names no split"):
            load_dataset(file)

    def test_missing_split(self, write_dataset):
        dataset = load_dataset(write_dataset({"val": {"b.png": []}}))
        with pytest.raises(DatasetError, match="no split 'test', only val"):
            dataset.images("test")

    def test_split_without_photos(self, write_dataset):
        file = write_dataset({"val": {}})
        (file.parent / "images" / "val" / "notes.txt").write_text("not a photo")
        with pytest.raises(DatasetError, match="no photos"):
            load_dataset(file).images("val")

    def test_photos_are_sorted_and_other_files_ignored(self, write_dataset):
        file = write_dataset({"val": {"c.png": [], "a.JPG": [], "b.webp": [], "d.jpeg": []}})
        (file.parent / "images" / "val" / "a.txt").write_text("not a photo")
        found = load_dataset(file).images("val")
        assert [image.name for image in found] == ["a.JPG", "b.webp", "c.png", "d.jpeg"]


class TestWhatLabelsAre:
    def test_exact_and_first_hand_unless_the_file_says_otherwise(self, write_dataset):
        file = write_dataset({"train": {"a.png": []}})
        dataset = load_dataset(file)
        assert (dataset.exact, dataset.corrected) == (True, False)
        file.write_text(file.read_text() + "exact_boxes: false\ncorrected: true\n")
        dataset = load_dataset(file)
        assert (dataset.exact, dataset.corrected) == (False, True)

    @pytest.mark.parametrize("key", ["exact_boxes", "corrected"])
    def test_yes_or_no(self, write_dataset, key):
        file = write_dataset({"train": {"a.png": []}})
        file.write_text(file.read_text() + f"{key}: mostly\n")
        with pytest.raises(DatasetError, match=f"`{key}` must be true or false"):
            load_dataset(file)


class TestLabels:
    def test_the_last_images_folder_becomes_labels(self, tmp_path):
        assert label_path(tmp_path / "images" / "x" / "images" / "val" / "a.b.jpg") == (
            tmp_path / "images" / "x" / "labels" / "val" / "a.b.txt"
        )
        assert label_path(tmp_path / "photos" / "a.jpg") == tmp_path / "photos" / "a.txt"
        assert label_path(tmp_path / "labels" / "images") == tmp_path / "labels" / "images.txt"

    def sample(self, write_dataset, lines, **options):
        dataset = load_dataset(write_dataset({"val": {"a.png": lines}}, **options))
        (sample,) = dataset.samples("val")
        return sample

    def test_boxes_in_pixels(self, write_dataset):
        lines = ["1 0.5 0.5 0.5 1.0", "", "0 0.1 0.25 0.2 0.1  "]
        sample = self.sample(write_dataset, lines, names=("bottle", "can"))
        assert (sample.width, sample.height) == (40, 20)
        assert np.allclose(sample.boxes, [[10, 0, 30, 20], [0, 4, 8, 6]], atol=1e-5)
        assert sample.class_id.tolist() == [1, 0]
        assert (sample.boxes.dtype, sample.class_id.dtype) == (np.float32, np.int32)

    @pytest.mark.parametrize("lines", [None, [], ["", "   "]])
    def test_a_photo_without_products(self, write_dataset, lines):
        sample = self.sample(write_dataset, lines)
        assert sample.boxes.shape == (0, 4)
        assert sample.class_id.shape == (0,)

    def test_size_is_that_of_the_upright_photo(self, write_dataset):
        file = write_dataset({"val": {"a.jpg": ["0 0.5 0.5 1 0.5"]}})
        exif = Image.Exif()
        exif[0x0112] = 6
        image = file.parent / "images" / "val" / "a.jpg"
        Image.new("RGB", (40, 20)).save(image, exif=exif)
        sample = read_sample(image, 1)
        assert (sample.width, sample.height) == (20, 40)
        assert np.allclose(sample.boxes, [[0, 10, 20, 30]])

    @pytest.mark.parametrize(
        "line",
        ["0 0.5 0.5 0.5", "0 0.5 0.5 0.5 0.5 0.9", "product 0.5 0.5 0.1 0.1", "0,0.5,0.5,0.1,0.1", "0"],
    )
    def test_malformed_lines(self, write_dataset, line):
        with pytest.raises(DatasetError, match=r"a\.txt: each line must be"):
            self.sample(write_dataset, [line])

    def test_one_malformed_line_among_good_ones(self, write_dataset):
        with pytest.raises(DatasetError, match=r"a\.txt: each line must be"):
            self.sample(write_dataset, ["0 0.5 0.5 0.1 0.1", "0 0.5 0.5 0.1"])

    def test_five_short_lines_do_not_pass_for_four_long_ones(self, write_dataset):
        # Twenty numbers in all: only the lines tell that they are not four boxes.
        with pytest.raises(DatasetError, match=r"a\.txt: each line must be"):
            self.sample(write_dataset, ["0 0.5 0.5 0.1"] * 5)

    @pytest.mark.parametrize("class_id", ["2", "-1", "99"])
    def test_class_out_of_range(self, write_dataset, class_id):
        with pytest.raises(DatasetError, match="not one of the 2 named classes"):
            self.sample(write_dataset, [f"{class_id} 0.5 0.5 0.1 0.1"], names=("bottle", "can"))

    @pytest.mark.parametrize(
        "box",
        ["1.2 0.5 0.1 0.1", "0.5 0.5 1.2 0.1", "0.01 0.5 0.1 0.1", "0.5 0.5 0 0.1", "0.5 0.5 0.1 -0.1", "nan 0.5 1 1"],
    )
    def test_boxes_outside_or_empty(self, write_dataset, box):
        with pytest.raises(DatasetError, match="a box lies outside the photo or is empty"):
            self.sample(write_dataset, [f"0 {box}"])

    def test_rounding_overshoot_is_clipped(self, write_dataset):
        sample = self.sample(write_dataset, ["0 0.5 0.5 1.01 1.01"])
        assert np.allclose(sample.boxes, [[0, 0, 40, 20]])
