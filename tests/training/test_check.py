import shutil

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from shelfwatch.inference.image import Photo
from shelfwatch.training.check import (
    CHECKS,
    HASH_BITS,
    SAME_PHOTO,
    check,
    check_labels,
    difference_hash,
    near_pairs,
    numbers_of,
)
from shelfwatch.training.dataset import DatasetError, label_path, load_dataset
from shelfwatch.training.rendering import RenderOptions
from support import write_shelves

OPTIONS = RenderOptions(width=480, height=640, rows=(3, 4), facings=(8, 10))


@pytest.fixture(scope="module")
def shelves(tmp_path_factory):
    """A faultless dataset of five rendered shelves."""
    return write_shelves(tmp_path_factory.mktemp("shelves"), OPTIONS, {"train": (0, 1, 2), "val": (3, 4)}).parent


@pytest.fixture
def folder(shelves, tmp_path):
    """A copy of the dataset that may be broken."""
    return shutil.copytree(shelves, tmp_path / "data")


def found(folder, also=()):
    """What the checks find in a dataset folder: (check, file name) in order."""
    return [
        (finding.check, finding.file.name) for finding in check(load_dataset(folder / "dataset.yaml"), also).findings
    ]


def save_copy(source, out, change=lambda photo: photo):
    """A changed copy of a photo, with a label file of its own."""
    change(Image.open(source)).save(out, quality=80)
    shutil.copyfile(label_path(source), label_path(out))


class TestReport:
    def test_a_faultless_dataset(self, folder):
        report = check(load_dataset(folder / "dataset.yaml"))
        boxes = sum(len(file.read_text().split("\n")) - 1 for file in folder.glob("labels/*/*.txt"))
        assert report.to_json() == {
            "photos": {"train": 3, "val": 2},
            "boxes": boxes,
            "errors": 0,
            "warnings": 0,
            "findings": [],
        }

    def test_errors_and_warnings_are_counted_apart(self, folder):
        (folder / "images" / "train" / "shelf_0.jpg").write_bytes(b"no photo")
        (folder / "labels" / "train" / "shelf_1.txt").unlink()
        (folder / "labels" / "train" / "shelf_2.txt").write_text("")
        report = check(load_dataset(folder / "dataset.yaml"))
        assert (report.errors, report.warnings) == (1, 2)
        content = report.to_json()
        assert (content["errors"], content["warnings"]) == (1, 2)
        assert [(entry["check"], entry["severity"]) for entry in content["findings"]] == [
            ("unreadable photo", "error"),
            ("photo without labels", "warning"),
            ("photo without boxes", "warning"),
        ]
        assert content["findings"][0]["file"].endswith("shelf_0.jpg")
        assert "not a JPEG" in content["findings"][0]["detail"]

    def test_findings_come_in_the_order_of_the_checks(self, folder):
        (folder / "labels" / "train" / "absent.txt").write_text("")
        (folder / "labels" / "train" / "shelf_0.txt").write_text("0 0.5 0.5 0 0.1\n9 0.5 0.5 0.1 0.1\n")
        (folder / "images" / "val" / "shelf_4.jpg").write_bytes(b"")
        names = [name for name, _ in found(folder)]
        assert names == sorted(names, key=list(CHECKS).index)
        assert names == ["unreadable photo", "class out of range", "empty box", "labels without a photo"]

    def test_progress_sees_every_photo(self, folder):
        seen = []
        check(load_dataset(folder / "dataset.yaml"), follow=lambda pairs: seen.extend(pairs) or pairs)
        assert [(split, image.name) for split, image in seen] == [
            *(("train", f"shelf_{i}.jpg") for i in range(3)),
            *(("val", f"shelf_{i}.jpg") for i in (3, 4)),
        ]


class TestFiles:
    def test_a_photo_cut_short(self, folder):
        image = folder / "images" / "val" / "shelf_3.jpg"
        image.write_bytes(image.read_bytes()[:5000])
        assert found(folder) == [("unreadable photo", "shelf_3.jpg")]

    def test_labels_without_a_photo(self, folder):
        (folder / "images" / "val" / "shelf_3.jpg").unlink()
        assert found(folder) == [("labels without a photo", "shelf_3.txt")]

    def test_a_missing_split_is_no_finding(self, folder):
        shutil.rmtree(folder / "images" / "val")
        with pytest.raises(DatasetError, match="no photos"):
            check(load_dataset(folder / "dataset.yaml"))

    def test_an_empty_folder_beside(self, folder, tmp_path):
        with pytest.raises(DatasetError, match="nowhere: no photos"):
            check(load_dataset(folder / "dataset.yaml"), [tmp_path / "nowhere"])


class TestLabels:
    @pytest.fixture
    def faults(self, tmp_path):
        """The checks that label lines of a 1000 × 500 photo of two classes fail, each with its detail."""

        def run(*lines):
            (tmp_path / "a.txt").write_text("\n".join(lines))
            _, findings = check_labels(tmp_path / "a.jpg", 1000, 500, 2)
            return [(finding.check, finding.detail) for finding in findings]

        return run

    @pytest.mark.parametrize(
        ("line", "name"),
        [
            ("0 0.5 0.5 0.1", "malformed line"),
            ("0 0.5 0.5 0.1 0.1 0.9", "malformed line"),
            ("can 0.5 0.5 0.1 0.1", "malformed line"),
            ("0 nan 0.5 0.1 0.1", "malformed line"),
            ("0 0.5 0.5 inf 0.1", "malformed line"),
            ("2 0.5 0.5 0.1 0.1", "class out of range"),
            ("-1 0.5 0.5 0.1 0.1", "class out of range"),
            ("0.5 0.5 0.5 0.1 0.1", "class out of range"),
            ("0 0.02 0.5 0.1 0.1", "box outside the photo"),
            ("0 0.5 1.2 0.1 0.1", "box outside the photo"),
            ("0 500 250 0.1 0.1", "box outside the photo"),
            ("0 0.5 0.5 0 0.1", "empty box"),
            ("0 0.5 0.5 0.1 -0.1", "empty box"),
            ("0 0.5 0.5 0.0039 0.008", "box too small"),  # 3.9 × 4 pixels
            ("0 0.5 0.5 0.01 0.0079", "box too small"),  # 10 × 3.95
            ("0 0.5 0.5 0.8 0.7", "box too large"),
            ("0 0.5 0.5 0.26 0.02", "box too stretched"),  # 260 × 10 pixels
        ],
    )
    def test_each_fault_is_found_and_the_rest_still_checked(self, faults, line, name):
        good = "1 0.3 0.3 0.1 0.1"
        ((check_name, detail),) = faults(good, "", line, "0 0.3 0.3 0.1 0.1")
        assert check_name == name
        assert detail.startswith("line 3: ")

    @pytest.mark.parametrize(
        "line",
        [
            "0 0.05 0.05 0.11 0.11",  # overshoots by rounding
            "0 0.5 0.5 0.0041 0.0082",
            "0 0.5 0.5 0.7 0.7",
            "1 0.5 0.5 0.24 0.02",
            "0\t0.5  0.5 0.1 0.1 ",
        ],
    )
    def test_what_is_still_right(self, faults, line):
        assert faults(line) == []

    def test_several_faults_of_one_line(self, faults):
        assert [name for name, _ in faults("7 2.5 0.5 0.001 0.1")] == [
            "class out of range",
            "box outside the photo",
            "box too small",
            "box too stretched",
        ]

    def test_duplicates_of_one_class(self, faults):
        lines = ["0 0.5 0.5 0.1 0.1", "1 0.5 0.5 0.1 0.1", "0 0.501 0.5 0.1 0.1", "0 0.51 0.5 0.1 0.1"]
        assert faults(*lines) == [("duplicate box", "lines 1 and 3: 0 0.5 0.5 0.1 0.1")]

    def test_bytes_that_are_no_text(self, tmp_path):
        (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00\x81 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1 0.1\n")
        count, findings = check_labels(tmp_path / "a.jpg", 1000, 500, 1)
        assert count == 1
        assert [finding.check for finding in findings] == ["malformed line"]

    def test_only_malformed_lines_are_not_a_photo_without_boxes(self, faults):
        assert [name for name, _ in faults("what", "is this")] == ["malformed line"] * 2

    def test_numbers(self):
        assert numbers_of("0 .5 1e-1 0.2 0.3") == [0, 0.5, 0.1, 0.2, 0.3]
        assert numbers_of("0 0.5 0.5 0.2") is None


class TestLeaks:
    def test_a_photo_in_two_splits(self, folder):
        save_copy(folder / "images" / "train" / "shelf_1.jpg", folder / "images" / "val" / "other.jpg")
        (finding,) = check(load_dataset(folder / "dataset.yaml")).findings
        assert (finding.check, finding.file.name, finding.is_error) == ("leak", "shelf_1.jpg", True)
        assert str(folder / "images" / "val" / "other.jpg") in finding.detail

    @pytest.mark.parametrize(
        "change",
        [
            lambda photo: photo.resize((300, 400)),
            lambda photo: ImageEnhance.Brightness(photo).enhance(0.6),
            lambda photo: photo.crop((4, 6, 476, 634)),
            lambda photo: photo.rotate(1),
        ],
        ids=["smaller", "darker", "cut", "turned"],
    )
    def test_a_changed_copy_is_the_same_photo(self, folder, change):
        save_copy(folder / "images" / "train" / "shelf_1.jpg", folder / "images" / "val" / "other.jpg", change)
        assert found(folder) == [("leak", "shelf_1.jpg")]

    def test_twice_in_one_split_is_a_warning(self, folder):
        save_copy(folder / "images" / "train" / "shelf_1.jpg", folder / "images" / "train" / "again.jpg")
        (finding,) = check(load_dataset(folder / "dataset.yaml")).findings
        assert (finding.check, finding.is_error) == ("duplicate photo", False)

    def test_folders_of_unlabelled_photos(self, folder, tmp_path):
        also = [tmp_path / "more", tmp_path / "yet more"]
        for more in also:
            more.mkdir()
        shutil.copyfile(folder / "images" / "val" / "shelf_4.jpg", also[0] / "leaked.jpg")
        shutil.copyfile(folder / "images" / "val" / "shelf_4.jpg", also[1] / "leaked too.jpg")
        assert found(folder, also) == [
            ("leak", "shelf_4.jpg"),
            ("leak", "shelf_4.jpg"),
            ("duplicate photo", "leaked.jpg"),
        ]

    def test_one_camera_turned(self, folder):
        """EXIF orientation is applied before the comparison."""
        photo = Image.open(folder / "images" / "train" / "shelf_1.jpg").transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = 6
        photo.save(folder / "images" / "val" / "other.jpg", exif=exif)
        assert found(folder) == [("leak", "shelf_1.jpg"), ("photo without labels", "other.jpg")]


class TestHashes:
    @pytest.mark.parametrize("rises", [True, False])
    def test_bits(self, rises):
        ramp = np.arange(64, dtype=np.uint8)[:: 1 if rises else -1]
        pixels = np.broadcast_to(ramp[None, :, None], (48, 64, 3))
        bits = difference_hash(Photo(pixels, 64, 48))
        assert (bits.dtype, bits.shape) == (bool, (HASH_BITS,))
        assert (bits == rises).all()

    def test_pairs_are_those_of_a_plain_comparison(self, monkeypatch):
        monkeypatch.setattr("shelfwatch.training.check.BLOCK", 7)
        rng = np.random.default_rng(5)
        centres = rng.random((6, HASH_BITS)) < 0.5
        hashes = centres[rng.integers(0, 6, 30)] ^ (rng.random((30, HASH_BITS)) < rng.uniform(0, 0.2, (30, 1)))
        plain = [
            (i, j, int((hashes[i] != hashes[j]).sum()))
            for i in range(30)
            for j in range(i + 1, 30)
            if (hashes[i] != hashes[j]).sum() <= SAME_PHOTO
        ]
        assert 10 < len(plain) < 400
        assert sorted(near_pairs(hashes)) == plain

    def test_no_photos(self):
        assert near_pairs(np.zeros((0, HASH_BITS), bool)) == []


def test_the_labelled_photos(shared_products):
    report = check(load_dataset(shared_products / "products.yaml"), [shared_products.parent / "rows" / "images"])
    assert report.boxes == 39_077
    assert [(finding.check, finding.file.stem) for finding in report.findings] == [
        ("leak", f"train_{number}") for number in (3075, 3091, 3109, 3173)
    ]
