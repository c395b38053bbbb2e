import json
import logging
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from shelfwatch.cli import COMMANDS
from shelfwatch.commands.training import store
from shelfwatch.inference.model import Model
from shelfwatch.training.dataset import load_dataset
from shelfwatch.training.evaluate import (
    Evaluation,
    break_down,
    evaluate,
    local_predict,
    predict_all,
    product_size,
)


@pytest.fixture
def copied_model(packaged, tmp_path):
    """A copy of the packaged model that may be changed."""
    return shutil.copy(packaged.model.path, tmp_path / "copy.onnx")


class TestEvaluate:
    def test_figures(self, shelfwatch, packaged, dataset, tmp_path):
        result = shelfwatch("evaluate", dataset, "--json", tmp_path / "figures.json")
        assert result.exit_code == 0, result.output
        figures = json.loads((tmp_path / "figures.json").read_text())
        assert list(figures) == [packaged.info.name]
        (values,) = figures.values()
        breakdown = values.pop("breakdown")
        assert list(values) == [field.name for field in fields(Evaluation)]
        samples = load_dataset(dataset).samples("val")
        predictions = predict_all(samples, local_predict(packaged))
        assert values == evaluate(samples, predictions, ("product",), packaged.info.operating_threshold).to_json()
        expected = break_down(samples, predictions, ("product",), packaged.info.operating_threshold)
        assert breakdown == expected.to_json()
        assert values["photos"] == 2
        assert 0.8 <= values["ap50"] <= 1
        (line,) = [line for line in result.stdout.splitlines() if f"│ {packaged.info.name} " in line]
        assert f"{values['ap50']:.3f}" in line
        rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
        sparse = expected.densities["under 100"]
        assert ["AP, photos with under 100", str(sparse.boxes), f"{sparse.ap:.3f}"] in rows
        assert ["AP, photos with over 200", "0", "–"] in rows
        low, high = expected.count_error_interval
        assert ["count error, 95 % interval", str(values["boxes"]), f"{low:.1%} – {high:.1%}"] in rows

    @pytest.mark.train
    def test_report(self, shelfwatch, packaged, networks, dataset, tmp_path):
        other = networks["write_network"](tmp_path / "other.onnx")
        result = shelfwatch("evaluate", dataset, "--model", packaged.info.name, "--model", other, "--report", "made")
        assert result.exit_code == 0, result.output
        folders = sorted((tmp_path / "made").iterdir())
        assert len(folders) == 2
        for folder in folders:
            assert {file.name for file in folder.iterdir()} == {
                "report.json",
                "precision_recall.png",
                "reliability.png",
                "counts.png",
            }
        figures = json.loads((tmp_path / "made" / packaged.info.name / "report.json").read_text())
        assert {photo["photo"] for photo in figures["photos"]} == {"shelf_2.jpg", "shelf_3.jpg"}
        assert f"{packaged.info.name}: counted worst" in result.stdout
        for photo in figures["photos"]:
            assert f"│ {photo['photo']} │ {photo['true']:8} │ {photo['found']:5} │" in result.stdout

    @pytest.mark.train
    def test_a_report_that_cannot_be_written(self, shelfwatch, dataset, tmp_path):
        (tmp_path / "taken").write_text("")
        result = shelfwatch("evaluate", dataset, "--report", "taken/inside")
        assert result.exit_code == 1
        assert "taken" in result.stderr

    def test_split_and_confidence(self, shelfwatch, dataset, tmp_path):
        flags = ("--split", "train", "--confidence", "0.98", "--json", tmp_path / "figures.json")
        assert shelfwatch("evaluate", dataset, *flags).exit_code == 0
        (values,) = json.loads((tmp_path / "figures.json").read_text()).values()
        assert values["threshold"] == 0.98
        assert values["count_bias"] < -0.2  # few products are that sure

    def test_a_closer_look_leaves_photos_that_are_not_dense_as_they_are(self, shelfwatch, dataset, tmp_path):
        figures = []
        for flags in ((), ("--tiles",)):
            assert shelfwatch("evaluate", dataset, *flags, "--json", tmp_path / "figures.json").exit_code == 0
            figures.append(json.loads((tmp_path / "figures.json").read_text()))
        assert figures[0] == figures[1]

    def test_several_models(self, shelfwatch, packaged, networks, dataset, tmp_path):
        other = networks["write_network"](tmp_path / "other.onnx")
        flags = ("--model", packaged.info.name, "--model", other, "--json", tmp_path / "figures.json")
        result = shelfwatch("evaluate", dataset, *flags)
        assert result.exit_code == 0, result.output
        figures = json.loads((tmp_path / "figures.json").read_text())
        assert list(figures) == [packaged.info.name, str(other)]
        assert figures[packaged.info.name]["ap50"] > 0.8 > 0.1 > figures[str(other)]["ap50"]

    def test_threshold_and_size_of_products_are_stored(self, shelfwatch, dataset, copied_model, tmp_path):
        before = Model(copied_model).info
        store(copied_model, replace(before, operating_threshold=0.97, product_size=0.0))
        flags = ("--model", copied_model, "--choose-threshold", "--json", tmp_path / "figures.json")
        result = shelfwatch("evaluate", dataset, *flags)
        assert result.exit_code == 0, result.output
        after = Model(copied_model).info
        (values,) = json.loads((tmp_path / "figures.json").read_text()).values()
        assert after.operating_threshold == pytest.approx(values["threshold"], abs=1e-9)
        assert 0.1 <= after.operating_threshold < 0.9
        assert after.product_size == product_size(load_dataset(dataset).samples("train"), after.input_size) > 10
        assert replace(after, operating_threshold=0.5, product_size=0.0) == replace(
            before, operating_threshold=0.5, product_size=0.0
        )

    def test_a_service_has_no_file_to_store_into(self, shelfwatch, dataset):
        result = shelfwatch("evaluate", dataset, "--url", "http://127.0.0.1:9", "--choose-threshold")
        assert result.exit_code == 1
        assert "--model" in result.stderr

    def test_missing_dataset(self, shelfwatch):
        result = shelfwatch("evaluate", "absent.yaml")
        assert result.exit_code == 1
        assert "absent.yaml: no such dataset file" in result.stderr

    def test_missing_split(self, shelfwatch, dataset):
        result = shelfwatch("evaluate", dataset, "--split", "test")
        assert result.exit_code == 1
        assert "no split 'test', only train, val" in result.stderr

    def test_unknown_model(self, shelfwatch, dataset):
        result = shelfwatch("evaluate", dataset, "--model", "tremendous")
        assert result.exit_code == 1
        assert "no model 'tremendous'" in result.stderr


def test_storing_a_threshold_leaves_the_network_alone(copied_model, packaged, photos):
    store(copied_model, replace(packaged.info, operating_threshold=0.123))
    changed = Model(copied_model)
    assert changed.info.operating_threshold == 0.123
    photo = packaged.decode(photos[0].read_bytes())
    expected = packaged.detect(photo, confidence=0.5).detections
    found = type(packaged)(changed).detect(photo, confidence=0.5).detections
    assert found.xyxy.tolist() == expected.xyxy.tolist()


class TestQuantize:
    @pytest.fixture(autouse=True)
    def log_level(self):
        """The quantiser sets the level of the root logger; other tests keep theirs."""
        level = logging.getLogger().level
        yield
        logging.getLogger().setLevel(level)

    def test_writes_an_int8_model(self, shelfwatch, networks, dataset, tmp_path):
        source = networks["write_network"](tmp_path / "float32.onnx")
        result = shelfwatch("quantize", source, tmp_path / "int8.onnx", dataset, "--photos", "1")
        assert result.exit_code == 0, result.output
        assert "int8.onnx: small 0.1.0, int8, 0.0 MB" in result.stdout
        assert Model(tmp_path / "int8.onnx").info.precision == "int8"

    def test_refuses_what_is_quantised_already(self, shelfwatch, packaged, dataset):
        result = shelfwatch("quantize", packaged.model.path, "out.onnx", dataset)
        assert result.exit_code == 1
        assert "already int8" in result.stderr

    def test_missing_source(self, shelfwatch, dataset):
        result = shelfwatch("quantize", "absent.onnx", "out.onnx", dataset)
        assert result.exit_code == 1
        assert "absent.onnx: not a readable ONNX model" in result.stderr


# A module set to None in `sys.modules` is one that Python reports as not installed.
WITHOUT = "import sys; sys.modules[{module!r}] = None; from shelfwatch.cli import main; main()"


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("torch", ("export", "weights.pt", "out.onnx", "--version", "1")),
        ("onnx", ("quantize", "in.onnx", "out.onnx", "DATASET")),
        ("yaml", ("evaluate", "DATASET")),
        ("cv2", ("train", "weights.pt", "DATASET")),
        ("pycocotools", ("evaluate", "DATASET")),
        ("matplotlib", ("evaluate", "DATASET", "--report", "made")),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_missing_extra_is_named(tmp_path, dataset, module, words):
    (tmp_path / "weights.pt").write_bytes(b"")
    arguments = [str(dataset) if word == "DATASET" else word for word in words]
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(module=module), *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert result.returncode == 1
    assert f"needs {module}" in result.stderr
    assert "shelfwatch[train]" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["train", "export", "quantize", "evaluate"])
def test_help_needs_no_extra(shelfwatch, command):
    assert command in COMMANDS
    result = shelfwatch(command, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


@pytest.mark.parametrize("value", ["more.yaml", "more.yaml:", ":0.5", "more.yaml:-1", "more.yaml:nan", "a.yaml:inf"])
def test_an_extra_dataset_needs_its_weight(shelfwatch, dataset, value):
    result = shelfwatch("train", "accurate", dataset, "--extra", value)
    assert result.exit_code == 2
    assert "not DATA:WEIGHT with a weight above 0" in result.stderr


@pytest.mark.train
class TestTrain:
    SMALL = ("--epochs", 1, "--views", 1, "--batch", 1, "--canvas", 64, "--input-size", 96, "--workers", 0)

    @pytest.fixture
    def given(self, monkeypatch):
        """The options of runs that are only asked for."""
        asked = []
        monkeypatch.setattr("shelfwatch.training.train.train", lambda options: asked.append(options) or "best.pt")
        return asked

    def test_the_packaged_model_on_ones_own_photos(self, shelfwatch, packaged, dataset, tmp_path):
        result = shelfwatch("train", packaged.info.name, dataset, "--out", "runs/shop", *self.SMALL)
        assert result.exit_code == 0, result.output
        assert f"best checkpoint: {Path('runs/shop/weights/best.pt')}" in result.stdout
        assert (tmp_path / "runs" / "shop" / "weights" / "best.pt").is_file()

    def test_own_classes(self, shelfwatch, packaged, dataset, tmp_path):
        folder = shutil.copytree(dataset.parent, tmp_path / "own")
        description = (folder / "dataset.yaml").read_text().replace("{0: product}", "{0: cola, 1: tea}")
        (folder / "dataset.yaml").write_text(description)
        result = shelfwatch("train", packaged.info.name, folder / "dataset.yaml", "--out", "own/run", *self.SMALL)
        assert result.exit_code == 0, result.output
        assert "knows 1 classes, not 2: its class scores are learned anew" in result.stderr
        flags = ("own/run/weights/best.pt", "own.onnx", "--version", "1", "--name", "own")
        assert shelfwatch("export", *flags).exit_code == 0
        assert Model(tmp_path / "own.onnx").info.classes == ("cola", "tea")

    def test_the_defaults_are_those_of_the_code(self, shelfwatch, given, dataset):
        from shelfwatch.training.train import TrainOptions

        assert shelfwatch("train", "start.pt", dataset).exit_code == 0
        assert given == [TrainOptions(weights=Path("start.pt"), data=dataset)]

    def test_every_option_arrives(self, shelfwatch, given, packaged, dataset):
        flags = "--hours 2 --ema 0.9 --freeze 3 --patience 4 --seed 5 --learning-rate 1e-3 --resume --extra a.yaml:0.7"
        flags += " --extra c:/b.yaml:2 --teacher accurate --teacher other.pt --mirror-teachers"
        flags += (
            " --input-size 320 --canvas 96 --hold-statistics --zoom 0.7 1.4 --mosaic 0.2 --distortion 0.5 --settle 0.3"
        )
        assert shelfwatch("train", "start.pt", dataset, *flags.split()).exit_code == 0
        (options,) = given
        assert (options.hours, options.ema, options.freeze, options.patience, options.seed) == (2, 0.9, 3, 4, 5)
        assert (options.learning_rate, options.resume, options.input_size) == (1e-3, True, 320)
        assert options.extra == ((Path("a.yaml"), 0.7), (Path("c:/b.yaml"), 2.0))
        assert options.hold_statistics
        assert options.settle == 0.3
        assert (options.augment.canvas, options.augment.zoom, options.augment.mosaic) == (96, (0.7, 1.4), 0.2)
        assert options.augment == replace(options.augment, aspect=0.05, degrees=1.5, shear=0.015, perspective=0.06)
        assert options.teachers == (packaged.model.path, Path("other.pt"))
        assert options.mirror_teachers

    def test_the_input_size_is_that_of_the_model(self, shelfwatch, given, networks, packaged, dataset, tmp_path):
        networks["write_network"](tmp_path / "small.onnx")
        for weights in (packaged.info.name, "small.onnx"):
            assert shelfwatch("train", weights, dataset).exit_code == 0
        assert [options.input_size for options in given] == [packaged.info.input_size, 128]
        assert [options.weights for options in given] == [packaged.model.path, Path("small.onnx")]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("absent.pt",), "absent.pt: no such checkpoint"),
            (("absent.onnx",), "absent.onnx"),
            (("tremendous",), "tremendous: no such checkpoint"),
            (("accurate", "--resume"), "last.pt: no such checkpoint"),
            (("accurate", "--canvas", "100"), "not a multiple of 32"),
            (("accurate", "--extra", "absent.yaml:1"), "absent.yaml: no such dataset file"),
        ],
    )
    def test_errors(self, shelfwatch, dataset, words, message):
        weights, *flags = words
        result = shelfwatch("train", weights, dataset, *flags)
        assert result.exit_code == 1
        assert message in result.stderr

    def test_the_lower_zoom_comes_first(self, shelfwatch, dataset):
        result = shelfwatch("train", "accurate", dataset, "--zoom", "1.5", "0.5")
        assert result.exit_code == 2
        assert "the lower one comes first" in result.stderr

    def test_missing_dataset(self, shelfwatch):
        result = shelfwatch("train", "accurate", "absent.yaml")
        assert result.exit_code == 1
        assert "absent.yaml: no such dataset file" in result.stderr


@pytest.mark.train
def test_slim(shelfwatch, packaged, dataset, tmp_path):
    result = shelfwatch("slim", packaged.info.name, "slim.pt", dataset, "--views", 1)
    assert result.exit_code == 0, result.output
    assert "slim.pt: a YOLOv8n, " in result.stdout
    assert (tmp_path / "slim.pt").is_file()
    result = shelfwatch("slim", packaged.info.name, "slim.pt", dataset, "--views", 1, "--size", "m")
    assert result.exit_code == 1
    assert "no more channels" in result.stderr


@pytest.mark.train
def test_a_served_model_can_be_exported(shelfwatch, packaged, tmp_path):
    result = shelfwatch("export", packaged.model.path, "float32.onnx", "--version", "2")
    assert result.exit_code == 0, result.output
    assert Model(tmp_path / "float32.onnx").info.precision == "float32"
    result = shelfwatch("export", "absent.pt", "out.onnx", "--version", "1")
    assert result.exit_code == 1
    assert "absent.pt: no such checkpoint" in result.stderr
