import numpy as np
import onnx
import pytest

from shelfwatch.inference.model import Model
from shelfwatch.training.onnx_file import save


def test_what_is_written_can_be_served(networks, tmp_path):
    info = networks["network_info"](("bottle", "Getränk"))
    path = tmp_path / "model.onnx"
    save(networks["network_graph"](2), info, path)
    model = Model(path, threads=1)
    assert model.info == info
    boxes, scores, class_id = model.run(np.zeros((1, 32, 64, 3), np.uint8), 0.0)
    assert len(boxes) == len(scores) == len(class_id) == (32 // 4) * (64 // 4)


def test_metadata_is_replaced_not_added(networks, tmp_path):
    graph = networks["network_graph"]()
    onnx.helper.set_model_props(graph, {"author": "an exporter", "shelfwatch.name": '"old"'})
    info = networks["network_info"]()
    save(graph, info, tmp_path / "model.onnx")
    written = onnx.load(tmp_path / "model.onnx")
    assert {entry.key: entry.value for entry in written.metadata_props} == info.to_metadata()


def test_an_invalid_graph_is_not_written(networks, tmp_path):
    graph = networks["network_graph"]()
    graph.graph.node[3].input[0] = "nowhere"
    with pytest.raises(onnx.checker.ValidationError):
        save(graph, networks["network_info"](), tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
