import io
import json

import numpy as np
import pytest
from PIL import Image

from shelfwatch.commands.annotate import colour
from shelfwatch.inference.detector import packaged_models
from shelfwatch.shelf import analyze
from shelfwatch.training.rendering import DENSE, render_shelf


@pytest.fixture
def bad(tmp_path):
    """A file that says it is a photo and is none."""
    path = tmp_path / "words.jpg"
    path.write_text("not a photo")
    return path


def expected(packaged, path):
    return packaged.detect(packaged.decode(path.read_bytes())).detections


def test_table(shelfwatch, packaged, photos):
    result = shelfwatch("predict", *photos[:2])
    assert result.exit_code == 0
    assert f"{packaged.info.name} {packaged.info.version}" in result.stdout
    for path in photos[:2]:
        (line,) = [line for line in result.stdout.splitlines() if str(path) in line]
        found = expected(packaged, path)
        cells = [cell.strip() for cell in line.strip("│┃").split("│")]
        assert cells[1:4] == ["600 × 800", str(len(found)), f"{found.confidence.mean():.2f}"]


def test_json(shelfwatch, packaged, photos):
    result = shelfwatch("predict", "--json", *photos[:2])
    assert result.exit_code == 0
    answers = json.loads(result.stdout)
    assert [answer["path"] for answer in answers] == [str(path) for path in photos[:2]]
    for answer, path in zip(answers, photos, strict=False):
        found = expected(packaged, path)
        assert answer["count"] == len(answer["detections"]) == len(found) > 0
        assert answer["truncated"] is False
        assert answer["tiles"] == 0
        assert answer["image"] == {"width": 600, "height": 800}
        assert answer["model"] == {
            "name": packaged.info.name,
            "version": packaged.info.version,
            "precision": packaged.info.precision,
        }
        first = answer["detections"][0]
        assert set(first) == {"label", "class_id", "confidence", "box"}
        assert (first["label"], first["class_id"]) == ("product", 0)
        assert np.allclose([item["box"] for item in answer["detections"]], found.xyxy, atol=0.01)
        assert np.allclose([item["confidence"] for item in answer["detections"]], found.confidence, atol=1e-4)


def test_confidence_and_cap(shelfwatch, photos):
    def answer(*flags):
        return json.loads(shelfwatch("predict", "--json", *flags, photos[0]).stdout)[0]

    plain, eager = answer(), answer("--confidence", "0.05")
    assert eager["count"] > plain["count"]
    assert 0.05 <= eager["detections"][-1]["confidence"] < plain["detections"][-1]["confidence"]
    capped = answer("--max-detections", "3")
    assert (capped["count"], capped["truncated"]) == (3, True)
    assert capped["detections"] == plain["detections"][:3]


def test_a_closer_look(shelfwatch, packaged, tmp_path):
    path = tmp_path / "dense.jpg"
    path.write_bytes(render_shelf(5, DENSE).to_jpeg())
    (answer,) = json.loads(shelfwatch("predict", "--json", "--tiles", "auto", path).stdout)
    found = packaged.detect(packaged.decode(path.read_bytes(), tiles=True), tiles=True)
    assert answer["tiles"] == found.tiles > 1
    assert np.allclose([item["box"] for item in answer["detections"]], found.detections.xyxy, atol=0.01)
    (plain,) = json.loads(shelfwatch("predict", "--json", path).stdout)
    assert plain["tiles"] == 0


def test_the_table_marks_a_cut_list(shelfwatch, photos):
    assert "│ 3+ │" in " ".join(shelfwatch("predict", "--max-detections", "3", photos[0]).stdout.split())


@pytest.mark.parametrize(
    "flags",
    [
        ("--confidence", "0"),
        ("--confidence", "1.5"),
        ("--max-detections", "0"),
        ("--max-detections", "3001"),
        ("--tiles", "always"),
    ],
)
def test_flags_out_of_range(shelfwatch, photos, flags):
    result = shelfwatch("predict", *flags, photos[0])
    assert result.exit_code == 2
    assert flags[0] in result.stderr


def test_annotated_pictures(shelfwatch, packaged, photos, tmp_path):
    folder = tmp_path / "annotated" / "today"
    result = shelfwatch("predict", "--save-annotated", folder, *photos[:2])
    assert result.exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [f"{path.stem}.jpg" for path in photos[:2]]
    for path in photos[:2]:
        picture = np.asarray(Image.open(folder / path.name).convert("RGB")).astype(int)
        original = np.asarray(Image.open(path).convert("RGB")).astype(int)
        assert picture.shape == original.shape
        # Along the left edge of most boxes the picture turned green.
        green = np.array(colour(0))
        edges = [
            np.abs(picture[int(y1) + 3 : int(y2) - 3, int(x1)] - green).mean()
            for x1, y1, x2, y2 in expected(packaged, path).xyxy
        ]
        assert np.median(edges) < 60
        assert np.abs(picture - original).mean() < 40


def test_annotated_picture_of_a_large_turned_photo(shelfwatch, photos, tmp_path):
    # Decoded at reduced scale for the model; the picture for people keeps its size and stands upright.
    exif = Image.Exif()
    exif[0x0112] = 6
    large = Image.open(photos[0]).resize((2400, 3200)).transpose(Image.Transpose.ROTATE_90)
    large.save(tmp_path / "large.jpg", exif=exif)
    result = shelfwatch("predict", "--json", "--save-annotated", tmp_path / "out", tmp_path / "large.jpg")
    assert result.exit_code == 0
    (answer,) = json.loads(result.stdout)
    assert answer["image"] == {"width": 2400, "height": 3200}
    assert answer["count"] > 0
    with Image.open(tmp_path / "out" / "large.jpg") as picture:
        assert picture.size == (2400, 3200)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    x1, y1, _, y2 = (int(value) for value in answer["detections"][0]["box"])
    assert np.abs(pixels[y1 + 9 : y2 - 9, x1 + 1] - colour(0)).mean() < 60


def test_a_bad_file_is_reported_and_the_others_go_on(shelfwatch, photos, bad, tmp_path):
    absent = tmp_path / "absent.jpg"
    result = shelfwatch("predict", "--json", photos[0], bad, absent, photos[1])
    assert result.exit_code == 1
    assert [answer["path"] for answer in json.loads(result.stdout)] == [str(photos[0]), str(photos[1])]
    assert f"{bad}: The file is not a JPEG, PNG or WebP picture." in result.stderr
    assert f"{absent}: No such file or directory" in result.stderr
    assert "Traceback" not in result.output


def test_a_truncated_photo_is_reported(shelfwatch, photos, tmp_path):
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(photos[0].read_bytes()[:5000])
    result = shelfwatch("predict", cut)
    assert result.exit_code == 1
    assert f"{cut}: The JPEG file is damaged or cut short" in result.stderr
    assert result.stdout == ""


def test_a_folder_is_reported(shelfwatch, tmp_path):
    result = shelfwatch("predict", tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path}: Is a directory" in result.stderr


def test_no_photos(shelfwatch):
    result = shelfwatch("predict")
    assert result.exit_code == 2
    assert "PHOTOS" in result.stderr


def test_unknown_model(shelfwatch, photos):
    result = shelfwatch("predict", "--model", "tremendous", photos[0])
    assert result.exit_code == 1
    assert "no model 'tremendous'" in result.stderr
    for name in packaged_models():
        assert name in result.stderr


def test_a_file_that_is_no_model(shelfwatch, photos, bad):
    result = shelfwatch("predict", "--model", bad, photos[0])
    assert result.exit_code == 1
    assert f"{bad}: not a readable ONNX model" in result.stderr


def test_a_model_by_name_and_by_path(shelfwatch, packaged, photos):
    default = json.loads(shelfwatch("predict", "--json", photos[0]).stdout)
    for model in (packaged.info.name, packaged.model.path):
        assert json.loads(shelfwatch("predict", "--json", "--model", model, photos[0]).stdout) == default


def test_labels_come_from_the_model(shelfwatch, networks, photos, tmp_path):
    path = networks["write_network"](tmp_path / "drinks.onnx", ("bottle", "can"))
    result = shelfwatch("predict", "--json", "--model", path, "--confidence", "0.01", photos[0])
    (answer,) = json.loads(result.stdout)
    assert answer["model"] == {"name": "small", "version": "0.1.0", "precision": "float32"}
    seen = {(item["class_id"], item["label"]) for item in answer["detections"]}
    assert seen == {(0, "bottle"), (1, "can")}


def test_nothing_found(shelfwatch, tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(buffer, "PNG")
    (tmp_path / "blank.png").write_bytes(buffer.getvalue())
    result = shelfwatch("predict", "blank.png")
    assert result.exit_code == 0
    (line,) = [line for line in result.stdout.splitlines() if "blank.png" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")][1:4] == ["300 × 300", "0", "–"]


def test_a_report_says_where_products_stand(shelfwatch, packaged, photos, tmp_path):
    (answer,) = json.loads(shelfwatch("predict", "--json", "--report", photos[0]).stdout)
    (plain,) = json.loads(shelfwatch("predict", "--json", photos[0]).stdout)
    photo = packaged.decode(photos[0].read_bytes())
    report = analyze(packaged.detect(photo).detections, width=600, height=800, pixels=photo.pixels)
    assert answer["report"] == report.to_json()
    assert answer["report"]["facings"] > 10
    assert [item["row"] for item in answer["detections"]] == report.row.tolist()
    assert "report" not in plain
    assert all("row" not in item for item in plain["detections"])


def test_a_report_has_columns_in_the_table_and_a_picture(shelfwatch, photos, tmp_path):
    result = shelfwatch("predict", "--report", "--save-annotated", "drawn", photos[0])
    assert result.exit_code == 0
    for name in ("rows", "gaps", "filled"):
        assert name in result.stdout
    (drawn,) = (tmp_path / "drawn").iterdir()
    plain = shelfwatch("predict", "--save-annotated", "plain", photos[0])
    assert plain.exit_code == 0
    assert drawn.read_bytes() != (tmp_path / "plain" / drawn.name).read_bytes()
