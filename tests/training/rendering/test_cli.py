import json

from click.testing import CliRunner

from shelfwatch.training.rendering.cli import render


def test_render_writes_what_it_was_asked_for(tmp_path):
    size = "--rows 2 2 --facings 4 5 --width 180 --height 240"
    arguments = f"--count 1 --seed 3 {size} --gap-rate 0 --stack-rate 0 --out".split()
    outcome = CliRunner().invoke(render, [*arguments, str(tmp_path)], catch_exceptions=False)
    assert outcome.exit_code == 0
    truth = json.loads((tmp_path / "truth" / "shelf_000003.json").read_text())
    assert (truth["width"], truth["height"]) == (180, 240)
    assert truth["gaps"] == []
    assert {product["level"] for product in truth["products"]} == {0}


def test_a_wrong_range_is_a_usage_error(tmp_path):
    outcome = CliRunner().invoke(render, ["--rows", "5", "2", "--out", str(tmp_path / "none")])
    assert outcome.exit_code == 2
    assert "rows must be an ascending range" in outcome.output
    assert not (tmp_path / "none").exists()
