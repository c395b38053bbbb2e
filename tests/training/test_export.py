import copy

import numpy as np
import pytest

from shelfwatch.inference.detections import Detections
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.image import Photo
from shelfwatch.inference.letterbox import Letterbox
from shelfwatch.inference.model import Model
from shelfwatch.inference.nms import iou_matrix, nms

pytestmark = pytest.mark.train

CLASSES = {1: ("product",), 3: ("bottle", "can", "snack")}


@pytest.fixture(scope="module", autouse=True)
def extra():
    """The train extra."""
    for module in ("torch", "ultralytics", "onnx"):
        pytest.importorskip(module, reason=f"{module} is not installed: these tests need the train extra")


@pytest.fixture(scope="module", params=CLASSES, ids=lambda count: f"{count}-classes")
def checkpoint(request, extra, random_checkpoint):
    """A YOLOv8n with random weights as an Ultralytics checkpoint, and its class names."""
    names = CLASSES[request.param]
    return random_checkpoint(names), names


@pytest.fixture(scope="module")
def exported(checkpoint, tmp_path_factory):
    """The checkpoint as ONNX, and what `export` said of it."""
    from shelfwatch.training.export import export

    out = tmp_path_factory.mktemp("exported") / "folder" / "model.onnx"
    info = export(
        checkpoint[0], out, name="random", version="0.9.1", input_size=320, operating_threshold=0.3, iou_threshold=0.55
    )
    return out, info


def test_metadata(checkpoint, exported):
    path, info = exported
    assert Model(path, threads=1).info == info
    assert info.classes == checkpoint[1]
    assert (info.name, info.version, info.precision) == ("random", "0.9.1", "float32")
    assert (info.input_size, info.stride) == (320, 32)
    assert (info.operating_threshold, info.iou_threshold) == (0.3, 0.55)


@pytest.mark.parametrize("size", [(320, 256), (96, 416), (32, 32)], ids=str)
def test_same_as_the_torch_models_own_decoding(checkpoint, exported, size):
    import torch
    from ultralytics import YOLO

    image = np.random.default_rng(3).integers(0, 256, (1, *size, 3), dtype=np.uint8)
    network = copy.deepcopy(YOLO(str(checkpoint[0])).model).float().eval()
    with torch.no_grad():
        raw = network(torch.from_numpy(image).permute(0, 3, 1, 2).float() / 255)
    raw = (raw[0] if isinstance(raw, tuple) else raw)[0].numpy()  # (4 + classes, anchors): centre, size, scores
    corners = np.concatenate([raw[:2] - raw[2:4] / 2, raw[:2] + raw[2:4] / 2]).T
    expected_scores, expected_id = raw[4:].max(axis=0), raw[4:].argmax(axis=0)
    model = Model(exported[0], threads=1)

    boxes, scores, class_id = model.run(image, 0.0)
    anchors = sum((size[0] // stride) * (size[1] // stride) for stride in (8, 16, 32))
    assert len(boxes) == anchors == raw.shape[1]
    assert np.ptp(scores) > 0.05  # otherwise closeness says nothing
    assert np.abs(scores - expected_scores).max() < 1e-3
    assert np.abs(boxes - corners).max() < 1e-3 * max(size)
    clear = np.sort(raw[4:], axis=0)[-1] - np.sort(raw[4:], axis=0)[-2:][0] > 1e-4 if len(raw) > 5 else slice(None)
    assert np.array_equal(class_id[clear], expected_id[clear])

    threshold = float(np.median(scores))
    chosen = scores >= np.float32(threshold)
    some_boxes, some_scores, some_id = model.run(image, threshold)
    assert 0 < len(some_scores) < anchors
    assert np.array_equal(some_scores, scores[chosen])
    assert np.array_equal(some_boxes, boxes[chosen])
    assert np.array_equal(some_id, class_id[chosen])


def test_not_a_detection_checkpoint(tmp_path):
    from ultralytics import YOLO

    from shelfwatch.training.export import export

    path = tmp_path / "classifier.pt"
    YOLO("yolov8n-cls.yaml").save(str(path))
    with pytest.raises(ValueError, match=r"classifier\.pt: not a YOLOv8 detection checkpoint"):
        export(path, tmp_path / "out.onnx", name="x", version="1", input_size=320)
    assert not (tmp_path / "out.onnx").exists()


class TestTrainedCheckpoint:
    """Our own checkpoint, which is not part of the project, on photos that are not either."""

    INPUT_SIZE = 640
    CONFIDENCE = 0.25
    IOU = 0.6

    @pytest.fixture(scope="class")
    @staticmethod
    def weights(shared):
        path = shared / "weights" / "yolov8s-shelf.pt"
        if not path.is_file():
            pytest.skip(f"{path} is missing")
        return path

    @pytest.fixture(scope="class")
    @staticmethod
    def photos(shared):
        return sorted((shared / "data" / "products" / "images" / "val").glob("*.jpg"))[:2]

    @pytest.fixture(scope="class")
    @staticmethod
    def float32(weights, extra, tmp_path_factory):
        from shelfwatch.training.export import export

        out = tmp_path_factory.mktemp("trained") / "float32.onnx"
        cls = TestTrainedCheckpoint
        export(
            weights,
            out,
            name="accurate",
            version="0",
            input_size=cls.INPUT_SIZE,
            operating_threshold=cls.CONFIDENCE,
            iou_threshold=cls.IOU,
        )
        return out

    @staticmethod
    def share(expected, found, least=0.9):
        return float((iou_matrix(expected.xyxy, found.xyxy).max(axis=1, initial=0) >= least).mean())

    def test_finds_what_ultralytics_finds(self, weights, float32, photos):
        from PIL import Image
        from ultralytics import YOLO

        model = Model(float32)
        network = YOLO(str(weights))
        for path in photos:
            image = Image.open(path).convert("RGB")
            image.thumbnail((self.INPUT_SIZE, self.INPUT_SIZE))  # so that neither side resamples in its own way
            pixels = np.asarray(image)
            assert max(pixels.shape) == self.INPUT_SIZE
            height, width = pixels.shape[:2]
            boxes = network.predict(
                np.ascontiguousarray(pixels[..., ::-1]),  # it takes BGR
                imgsz=self.INPUT_SIZE,
                conf=self.CONFIDENCE,
                iou=self.IOU,
                max_det=1000,
                device="cpu",
                verbose=False,
            )[0].boxes
            theirs = Detections(
                boxes.xyxy.numpy().astype(np.float32),
                boxes.conf.numpy().astype(np.float32),
                boxes.cls.numpy().astype(np.int32),
            )
            # Suppression alone, as theirs: voting would move our boxes.
            letterbox = Letterbox.fit(width, height, self.INPUT_SIZE, model.info.stride)
            candidates, scores, class_id = model.run(letterbox.apply(Photo(pixels, width, height)), self.CONFIDENCE)
            kept = nms(candidates, scores, class_id, self.IOU)
            ours = Detections(letterbox.to_photo(candidates[kept]), scores[kept], class_id[kept])
            assert len(theirs) > 50
            assert self.share(theirs, ours, 0.95) >= 0.98
            assert self.share(ours, theirs, 0.95) >= 0.98

    def test_int8_finds_what_float32_finds(self, float32, photos, shared, tmp_path):
        from shelfwatch.training.quantize import quantize

        training = sorted((shared / "data" / "products" / "images" / "train").glob("*.jpg"))[::30]
        quantize(float32, tmp_path / "int8.onnx", training)
        before, after = Detector(Model(float32)), Detector(Model(tmp_path / "int8.onnx"))
        assert (tmp_path / "int8.onnx").stat().st_size < 0.3 * float32.stat().st_size
        for path in photos:
            data = path.read_bytes()
            expected = before.detect(before.decode(data)).detections
            found = after.detect(after.decode(data)).detections
            sure = expected[expected.confidence >= self.CONFIDENCE + 0.05]
            assert self.share(sure, found, 0.8) >= 0.97
            assert abs(len(found) - len(expected)) <= 0.05 * len(expected)
