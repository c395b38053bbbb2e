import numpy as np
import onnx
import pytest
from onnx import helper
from onnxruntime.quantization import CalibrationMethod
from onnxruntime.quantization.calibrate import TensorsData
from PIL import Image

from shelfwatch.inference.image import decode
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.training.calibrate import MEAN_EXTREMES, Calibration, LetterboxReader, find_ranges, share_ranges

CLASSES = ("bottle", "can")


@pytest.fixture(scope="module")
def source(networks, tmp_path_factory):
    """The float32 detector."""
    return networks["write_network"](tmp_path_factory.mktemp("network") / "float32.onnx", CLASSES)


class TestReader:
    def test_feeds_what_the_service_feeds(self, source, small_photos):
        info = Model(source).info
        reader = LetterboxReader(small_photos, info)
        for path in small_photos:
            photo = decode(path.read_bytes(), target=info.input_size)
            feed = reader.get_next()
            expected = Letterbox.fit(photo.width, photo.height, info.input_size, info.stride).apply(photo)
            assert np.array_equal(feed["image"], expected)
            assert feed["confidence"] == np.float32(info.operating_threshold)
        assert reader.get_next() is None


@pytest.fixture(scope="module")
def dim_photos(tmp_path_factory):
    """Photos of one grey each, of the input's shape, so that no padding shows: 40, 80 and 240 of 255."""
    folder = tmp_path_factory.mktemp("dim")
    for number, grey in enumerate((40, 80, 240)):
        Image.new("RGB", (96, 96), (grey, grey, grey)).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


class TestRanges:
    """The scaled pixels, which the first convolution reads, have known extremes."""

    @staticmethod
    def pixels(source, photos, calibration):
        ranges = find_ranges(source, Model(source).info, photos, calibration)
        graph = onnx.load(source)
        (first,) = (node for node in graph.graph.node if node.op_type == "Conv" and node.name == "node.stem")
        return [float(np.ravel(value)[0]) for value in ranges[first.input[0]].range_value]

    def test_of_all_photos(self, source, dim_photos):
        assert self.pixels(source, dim_photos, Calibration())[1] == pytest.approx(240 / 255, abs=1e-5)

    def test_mean_of_the_photos(self, source, dim_photos):
        assert self.pixels(source, dim_photos, MEAN_EXTREMES)[1] == pytest.approx(120 / 255, abs=1e-5)

    def test_a_percentile_leaves_out_the_tails(self, source, dim_photos):
        narrow = Calibration(CalibrationMethod.Percentile, {"num_bins": 2048, "percentile": 20.0, "symmetric": False})
        assert self.pixels(source, dim_photos, narrow)[1] == pytest.approx(80 / 255, abs=0.01)


class TestSharedRanges:
    """Joined: a with b, b's pooled form with c. In float: d with e."""

    @pytest.fixture
    def graph(self):
        nodes = [
            helper.make_node("Concat", ["a", "b"], ["ab"], "join", axis=1),
            helper.make_node("MaxPool", ["b"], ["pooled"], "pool", kernel_shape=[1, 1]),
            helper.make_node("Concat", ["pooled", "c"], ["pc"], "join.again", axis=1),
            helper.make_node("Conv", ["ab", "weight"], ["through"], "conv"),
            helper.make_node("Concat", ["d", "e"], ["de"], "join.float", axis=1),
        ]
        return helper.make_model(helper.make_graph(nodes, "joins", [], []))

    def test_are_the_union_of_all_that_is_joined(self, graph):
        ranges = {
            "a": (-1, 2),
            "b": (0, 3),
            "ab": (-1, 3),
            "pooled": (0, 3),
            "c": (-4, 1),
            "pc": (-4, 3),
            "through": (-9, 9),
            "d": (0, 1),
            "e": (0, 2),
            "de": (0, 2),
        }
        data = {name: tuple(np.array(value, np.float32) for value in pair) for name, pair in ranges.items()}
        found = TensorsData(CalibrationMethod.MinMax, data)
        share_ranges(graph, ["join.float"], found)
        joined = {"a", "b", "ab", "pooled", "c", "pc"}
        expected = {name: (-4, 3) if name in joined else pair for name, pair in ranges.items()}
        assert {name: (found[name].lowest, found[name].highest) for name in expected} == expected
