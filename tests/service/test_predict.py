"""`POST /predict` over HTTP, on a real process with the packaged model."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.model import Model
from shelfwatch.training.rendering import DENSE, render_shelf
from support import Service

FIELD = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\nz\r\n--x--\r\n'  # a text field, not a file


def post(service: Service, data: bytes, name: str = "shelf.jpg", **query: Any) -> httpx.Response:
    return httpx.post(f"{service.url}/predict", params=query, files={"image": (name, data)}, timeout=60)


def jpeg(pixels: np.ndarray, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=92, **options)
    return out.getvalue()


def assert_problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == f"/problems/{slug}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem


def test_the_answer_has_the_contract_s_fields(service: Service, sample: bytes) -> None:
    answer = post(service, sample).json()
    assert set(answer) >= {"detections", "count", "truncated", "tiles", "image", "model", "timing_ms", "request_id"}
    with Image.open(io.BytesIO(sample)) as picture:
        assert (answer["image"]["width"], answer["image"]["height"]) == picture.size
    assert answer["count"] == len(answer["detections"]) > 20
    assert answer["truncated"] is False
    assert answer["tiles"] == 0
    assert set(answer["timing_ms"]) == {"decode", "queue", "inference", "total"}
    assert answer["timing_ms"]["total"] >= answer["timing_ms"]["inference"] > 0
    assert set(answer["model"]) == {"name", "version", "precision"}
    for detection in answer["detections"]:
        x1, y1, x2, y2 = detection["box"]
        assert 0 <= x1 < x2 <= answer["image"]["width"]
        assert 0 <= y1 < y2 <= answer["image"]["height"]
        assert detection["label"] == "product"
        assert detection["class_id"] == 0
    confidences = [detection["confidence"] for detection in answer["detections"]]
    assert confidences == sorted(confidences, reverse=True)


def test_the_default_threshold_is_the_model_s_own(service: Service, sample: bytes) -> None:
    threshold = Model(next(iter(packaged_models().values()))).info.operating_threshold
    default, everything = post(service, sample).json(), post(service, sample, confidence=0.01).json()
    kept = [found for found in everything["detections"] if found["confidence"] >= threshold]
    assert default["detections"] == kept
    assert len(everything["detections"]) > len(kept)


def test_max_detections_cuts_the_weakest_and_says_so(service: Service, sample: bytes) -> None:
    full, cut = post(service, sample).json(), post(service, sample, max_detections=5).json()
    assert cut["truncated"] is True
    assert cut["count"] == 5
    assert cut["detections"] == full["detections"][:5]


def test_a_photo_turned_by_exif_gives_upright_boxes(service: Service, sample: bytes) -> None:
    with Image.open(io.BytesIO(sample)) as picture:
        upright = np.asarray(picture.convert("RGB"))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned a quarter counter-clockwise, to be shown turned clockwise
    turned = jpeg(np.rot90(upright, 1).copy(), exif=exif)
    plain, rotated = post(service, jpeg(upright)).json(), post(service, turned).json()
    assert rotated["image"] == plain["image"]
    assert rotated["count"] == pytest.approx(plain["count"], rel=0.05)
    centres = np.array([found["box"] for found in rotated["detections"]])
    expected = np.array([found["box"] for found in plain["detections"]])
    distances = np.abs(centres[:, None] - expected[None]).max(2).min(1)
    assert np.mean(distances < 10) > 0.9


def test_a_dense_shelf_is_answered_whole(service: Service) -> None:
    shelf = render_shelf(3, DENSE)
    answer = post(service, shelf.to_jpeg()).json()
    assert len(shelf) > 500
    assert answer["truncated"] is False
    assert answer["count"] == pytest.approx(len(shelf), rel=0.1)


def test_a_dense_shelf_gets_a_closer_look_where_it_is_asked_for(service: Service) -> None:
    shelf = render_shelf(5, DENSE).to_jpeg()
    plain, off, closer = (
        post(service, shelf).json(),
        post(service, shelf, tiles="off"),
        post(service, shelf, tiles="auto"),
    )
    assert off.json()["detections"] == plain["detections"]
    assert (plain["tiles"], off.json()["tiles"]) == (0, 0)
    answer = closer.json()
    assert answer["tiles"] > 1
    assert answer["count"] == pytest.approx(plain["count"], rel=0.1)
    assert answer["detections"] != plain["detections"]
    assert answer["timing_ms"]["inference"] > plain["timing_ms"]["inference"]


def test_a_photo_that_is_not_dense_gets_none(service: Service, sample: bytes) -> None:
    with Image.open(io.BytesIO(sample)) as picture:  # so large that tiles would want it decoded finer
        large = jpeg(np.asarray(picture.convert("RGB").resize((4000, 3000))))
    plain, answer = post(service, large).json(), post(service, large, tiles="auto").json()
    assert answer["tiles"] == 0
    assert answer["detections"] == plain["detections"]


@pytest.mark.parametrize("size", [(1, 1), (4000, 20), (20, 4000), (33, 31)])
def test_odd_sizes_are_answered(service: Service, size: tuple[int, int]) -> None:
    width, height = size
    response = post(service, jpeg(np.full((height, width, 3), 90, np.uint8)))
    assert response.status_code == 200
    assert response.json()["image"] == {"width": width, "height": height}
    assert response.json()["count"] == 0


def test_the_content_decides_not_the_name(service: Service, sample: bytes) -> None:
    with Image.open(io.BytesIO(sample)) as picture:
        out = io.BytesIO()
        picture.resize((300, 400)).save(out, "WEBP")
    assert post(service, out.getvalue(), name="shelf.txt").status_code == 200
    assert_problem(post(service, b"this is no picture", name="shelf.jpg"), 415, "unsupported-format")
    assert_problem(post(service, b"GIF89a" + bytes(64), name="shelf.jpg"), 415, "unsupported-format")


def test_a_truncated_jpeg_is_undecodable(service: Service, sample: bytes) -> None:
    for share in (0.05, 0.3, 0.6, 0.95):
        assert_problem(post(service, sample[: int(len(sample) * share)]), 400, "undecodable-image")


def test_too_many_pixels_are_refused_from_the_header(service: Service) -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")  # 81 megapixels in a few kilobytes
    assert_problem(post(service, out.getvalue()), 413, "image-too-large")


def test_an_oversized_body_is_refused_announced_or_not(service: Service) -> None:
    large = bytes(21_000_000)
    assert_problem(post(service, large), 413, "payload-too-large")
    assert 'endpoint="/predict",status="413"' in httpx.get(f"{service.url}/metrics").text

    def stream() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        for _ in range(21):
            yield bytes(1_000_000)
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    chunked = httpx.post(f"{service.url}/predict", content=stream(), headers=headers, timeout=60)
    assert_problem(chunked, 413, "payload-too-large")


@pytest.mark.parametrize(
    "query",
    [
        *({"confidence": value} for value in (0, 1.2, "much", "nan")),
        *({"max_detections": value} for value in (0, 3001)),
        {"model": "unheard-of"},
        {"tiles": "always"},
    ],
)
def test_a_wrong_query_names_the_parameter(service: Service, sample: bytes, query: dict[str, Any]) -> None:
    problem = assert_problem(post(service, sample, **query), 422, "invalid-request")
    assert next(iter(query)) in problem["detail"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nno headers", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="photo"\r\n\r\nz\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\nz\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"{}", "application/json"),
    ],
)
def test_a_body_without_an_image_is_invalid(service: Service, content: bytes, kind: str) -> None:
    response = httpx.post(f"{service.url}/predict", content=content, headers={"Content-Type": kind})
    assert_problem(response, 422, "invalid-request")


def test_an_empty_image_is_not_a_format(service: Service) -> None:
    assert_problem(post(service, b""), 415, "unsupported-format")


def test_request_ids_are_kept_when_sane_and_replaced_when_not(service: Service) -> None:
    def echoed(sent: str) -> str:
        return httpx.get(f"{service.url}/health/live", headers={"X-Request-ID": sent}).headers["x-request-id"]

    assert echoed("audit-17.b") == "audit-17.b"
    for hostile in ("a b", "x" * 65, "<script>", ""):
        assert echoed(hostile) != hostile
        assert len(echoed(hostile)) == 32


@pytest.mark.parametrize("name", packaged_models())
def test_each_packaged_model_answers_as_its_detector_does(service: Service, sample: bytes, name: str) -> None:
    detector = Detector(Model(packaged_models()[name]))
    answer = post(service, sample, model=name).json()
    assert answer["model"] == {"name": name, "version": detector.info.version, "precision": "int8"}
    found = detector.detect(detector.decode(sample)).detections
    assert answer["count"] == len(found) > 50
    np.testing.assert_allclose([detection["box"] for detection in answer["detections"]], found.xyxy, atol=0.01)


def test_a_second_model_is_chosen_by_name(run_service: Callable[..., Service], sample: bytes, tmp_path: Path) -> None:
    import dataclasses

    import onnx

    packaged = next(iter(packaged_models().values()))
    graph = onnx.load(packaged)
    info = dataclasses.replace(Model(packaged).info, name="strict", operating_threshold=0.6)
    del graph.metadata_props[:]
    onnx.helper.set_model_props(graph, info.to_metadata())
    onnx.save(graph, tmp_path / "strict.onnx")
    service = run_service(SHELFWATCH_MODELS=f"{packaged},{tmp_path / 'strict.onnx'}")
    names = [model["name"] for model in httpx.get(f"{service.url}/health").json()["models"]]
    assert names == ["accurate", "strict"]
    default, strict = post(service, sample).json(), post(service, sample, model="strict").json()
    assert default["model"]["name"] == "accurate"
    assert strict["model"]["name"] == "strict"
    assert min(found["confidence"] for found in strict["detections"]) >= 0.6
    assert strict["count"] < default["count"]


def test_more_photos_than_places_are_answered_or_refused_with_retry_after(
    run_service: Callable[..., Service], sample: bytes
) -> None:
    service = run_service("--queue-limit", "2")
    answers: list[httpx.Response] = []

    def send() -> None:
        answers.append(post(service, sample))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(good) >= 2  # as many as there are places
    assert refused
    assert len({answer.json()["count"] for answer in good}) == 1
    for answer in refused:
        assert_problem(answer, 503, "overloaded")
        assert int(answer.headers["retry-after"]) >= 1
    assert httpx.get(f"{service.url}/health/ready").status_code == 200
    metrics = httpx.get(f"{service.url}/metrics").text
    assert f'shelfwatch_rejected_total{{reason="overloaded"}} {float(len(refused))}' in metrics


def test_the_event_loop_stays_free_while_photos_are_worked_on(service: Service, sample: bytes) -> None:
    """Health is answered while photos are in the lane: it does not wait for them to finish."""
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(post(service, sample).status_code)) for _ in range(4)]
    for thread in threads:
        thread.start()
    during = 0
    while any(thread.is_alive() for thread in threads):
        assert httpx.get(f"{service.url}/health/live").status_code == 200
        during += len(done) < 4
    assert done == [200] * 4
    assert during >= 4


def test_shared_photos_meet_the_promised_accuracy(service: Service, shared_products: Path) -> None:
    """AP50 and count error over HTTP on the validation photos, the figures MODEL_CARD.md promises."""
    from shelfwatch.training.dataset import load_dataset
    from shelfwatch.training.evaluate import connect, evaluate, http_predict, predict_all, served_models

    dataset = load_dataset(shared_products / "products.yaml")
    samples = dataset.samples("val")
    client = connect(service.url)
    predictions = predict_all(samples, http_predict(client))
    result = evaluate(samples, predictions, dataset.names, next(iter(served_models(client).values())))
    assert result.ap50 >= 0.86
    assert result.count_error <= 0.09


def test_a_report_comes_where_it_is_asked_for(service: Service, sample: bytes) -> None:
    plain, reported = (
        httpx.post(f"{service.url}/predict", params=query, files={"image": sample}, timeout=60).json()
        for query in ({}, {"report": True})
    )
    assert "report" not in plain
    assert "row" not in plain["detections"][0]
    report = reported["report"]
    assert report["facings"] == sum(row["facings"] for row in report["rows"]) > 50
    assert [row["index"] for row in report["rows"]] == list(range(len(report["rows"])))
    places = {(found["row"], found["position"], found["level"]) for found in reported["detections"]}
    assert len(places) >= report["facings"]
    for found, bare in zip(reported["detections"], plain["detections"], strict=True):
        assert {**found, **bare} == found


def test_a_report_may_be_made_of_surer_detections_than_are_answered(service: Service, sample: bytes) -> None:
    usual, wide = (
        httpx.post(f"{service.url}/predict", params=query, files={"image": sample}, timeout=60).json()
        for query in (
            {"report": True, "confidence": 0.3},
            {"report": True, "confidence": 0.05, "report_confidence": 0.3},
        )
    )
    assert wide["count"] > usual["count"]
    assert wide["report"] == usual["report"]
    assert wide["detections"][: usual["count"]] == usual["detections"]
    assert {found["row"] for found in wide["detections"][usual["count"] :]} == {None}
