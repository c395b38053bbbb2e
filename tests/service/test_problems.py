"""What goes wrong is told in problem documents, and neither they nor the log tell what they must not."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from shelfwatch.inference.model import ModelInfo
from support import Service

PLAIN = "a-key-made-for-this-test"
GUESS = "a-key-that-nobody-made"
PLACES = 8  # of the table in the model that breaks; a brighter pixel points beyond it


@pytest.fixture(scope="module")
def breaking_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that loads and answers a black photo, and fails inside ONNX Runtime for any other."""
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.INT32),
        helper.make_node("ReduceMax", ["pixels"], ["brightest"], keepdims=0),
        helper.make_node("Gather", ["table", "brightest"], ["found"]),
        helper.make_node("Mul", ["found", "confidence"], ["scaled"]),
        helper.make_node("Reshape", ["scaled", "one"], ["all"]),
        helper.make_node("Slice", ["all", "zero", "zero"], ["scores"]),
        helper.make_node("Cast", ["scores"], ["class_id"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["scores", "rows"], ["boxes"]),
    ]
    numbers = {"one": [1], "zero": [0], "rows": [-1, 4]}
    table = helper.make_tensor("table", TensorProto.FLOAT, [PLACES], [0.0] * PLACES)
    graph = helper.make_graph(
        nodes,
        "breaking",
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "h", "w", 3]),
            helper.make_tensor_value_info("confidence", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["k", 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["k"]),
            helper.make_tensor_value_info("class_id", TensorProto.INT64, ["k"]),
        ],
        [table, *(helper.make_tensor(name, TensorProto.INT64, [len(v)], v) for name, v in numbers.items())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    info = ModelInfo("breaking", "1.0.0", "float32", ("product",), 64, 32, 0.3, 0.6)
    helper.set_model_props(model, info.to_metadata())
    path = tmp_path_factory.mktemp("models") / "breaking.onnx"
    onnx.save(model, path)
    return path


def jpeg(brightness: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (brightness,) * 3).save(out, "JPEG")
    return out.getvalue()


def test_a_crash_tells_its_id_and_nothing_else(run_service: Callable[..., Service], breaking_model: Path) -> None:
    service = run_service("--log-level", "debug", SHELFWATCH_API_KEYS=PLAIN, SHELFWATCH_MODELS=str(breaking_model))
    answers = []

    def send(path: str, key: str | None = PLAIN, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answers.append(
            httpx.post(f"{service.url}{path}", headers=headers | more.pop("headers", {}), timeout=30, **more)
        )
        return answers[-1]

    def photo(brightness: int) -> dict[str, Any]:
        return {"image": ("shelf.jpg", jpeg(brightness))}

    assert send("/predict", files=photo(0)).status_code == 200
    crash = send("/predict", files=photo(255), headers={"X-Request-ID": "the-crash"})
    assert crash.status_code == 500
    assert crash.json()["type"] == "/problems/internal-error"
    assert crash.json()["request_id"] == "the-crash"
    assert send("/predict", files=photo(0)).status_code == 200  # and it goes on
    forged = "x\tERROR forged"
    send("/predict", files=photo(255), headers={"X-Request-ID": forged})
    send("/predict?model=unheard-of", files=photo(0))
    send("/predict", key=None)
    send("/predict", key=GUESS)
    send(f"/predict%0AERROR%20forged?confidence=9&key={'z' * 20}")
    send("/predict", content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert service.stop() == 0
    log = service.log.read_text()
    assert "request the-crash failed" in log
    assert "Gather" in log  # whoever runs the service sees the cause
    assert PLAIN not in log
    assert GUESS not in log
    assert not re.search(r"^ERROR forged|\tERROR forged", log, re.MULTILINE)
    for answer in answers:
        told = answer.text + str(answer.headers)
        for secret in (
            PLAIN,
            GUESS,
            "Traceback",
            "onnxruntime",
            "Gather",
            str(breaking_model.parent),
            ".py",
            "forged\t",
        ):
            assert secret not in told, answer.url
    assert {answer.status_code for answer in answers} == {200, 401, 404, 422, 500}


def test_a_model_that_does_not_load_is_told_in_the_log_only(
    run_service: Callable[..., Service], tmp_path: Path
) -> None:
    broken = tmp_path / "secret-folder" / "broken.onnx"
    broken.parent.mkdir()
    broken.write_bytes(b"no model")
    service = run_service(wait_ready=False, SHELFWATCH_MODELS=str(broken), SHELFWATCH_API_KEYS=PLAIN)
    transport = httpx.HTTPTransport(retries=20)
    with httpx.Client(
        base_url=service.url, transport=transport, headers={"Authorization": f"Bearer {PLAIN}"}
    ) as client:
        while (health := client.get("/health")).json()["status"] == "starting":
            pass
        answer = client.post("/predict", files={"image": ("shelf.jpg", jpeg(0))})
    assert (health.status_code, answer.status_code) == (503, 503)
    for told in (health.text, answer.text):
        assert "secret-folder" not in told
        assert "Traceback" not in told
    service.stop()
    log = service.log.read_text()
    assert str(broken) in log
    assert PLAIN not in log
