import json

from PIL import Image

from shelfwatch.training.rendering import RenderOptions, render_shelf, write_dataset

TINY = RenderOptions(width=180, height=240, rows=(2, 2), facings=(4, 5))


def test_a_dataset_holds_photo_labels_and_truth(tmp_path):
    write_dataset(tmp_path, 2, seed=5, options=TINY)
    stems = ["shelf_000005", "shelf_000006"]
    for folder, suffix in (("images", "jpg"), ("labels", "txt"), ("truth", "json")):
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == [f"{stem}.{suffix}" for stem in stems]
    shelf = render_shelf(6, TINY)
    assert (tmp_path / "labels" / "shelf_000006.txt").read_text() == shelf.to_yolo()
    assert json.loads((tmp_path / "truth" / "shelf_000006.json").read_text()) == shelf.to_truth()
    assert Image.open(tmp_path / "images" / "shelf_000006.jpg").size == (180, 240)
