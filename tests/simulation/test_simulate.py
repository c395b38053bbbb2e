"""The command and its picture."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from shelfwatch.cli import main
from shelfwatch.simulation.options import SCENARIOS
from shelfwatch.simulation.plot import plot, ticks_to
from shelfwatch.simulation.run import simulate
from support import ROOT


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["simulate", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_what_is_said_goes_into_the_scenario() -> None:
    said = json.loads(run("burst", "--max-pods", "5", "--rate", "1", "--minutes", "20", "--model", "fast", "--json"))
    assert said["scenario"]["scaler"]["maximum"] == 5
    assert said["scenario"]["load"] | {"rate": 1.0, "factor": 10.0} == said["scenario"]["load"]
    assert said["scenario"]["pod"]["service_seconds"] == pytest.approx(1 / 25.4)
    assert said["figures"]["offered"] > 1000
    assert said["figures"]["accepted"] + said["figures"]["rejected"] == said["figures"]["offered"]


def test_people_get_a_table() -> None:
    shown = run("steady", "--minutes", "5")
    assert "photos offered" in shown
    assert "p50 / p95 / p99" in shown


def test_nonsense_is_refused_by_name() -> None:
    done = CliRunner().invoke(main, ["simulate", "steady", "--min-pods", "5"])
    assert done.exit_code == 2
    assert "--min-pods" in done.output


def test_only_a_day_has_stores_and_only_the_others_a_rate() -> None:
    for wrong, option in (("steady", "--stores"), ("day", "--rate"), ("day", "--factor")):
        done = CliRunner().invoke(main, ["simulate", wrong, option, "5"])
        assert done.exit_code == 2
        assert option in done.output


def test_a_day_of_audits_costs_more_work_than_predictions() -> None:
    said = json.loads(run("day", "--stores", "10", "--bays", "3", "--json"))["scenario"]
    assert said["load"]["day"]["stores"] == 10
    assert said["load"]["day"]["bays"] == 3
    assert said["pod"]["service_seconds"] == pytest.approx(1.2 / 11.3)
    assert said["pod"]["cpu_seconds"] == pytest.approx(1.2 * 0.170)


def test_the_picture_is_sound_and_marks_lost_nodes(tmp_path: Path) -> None:
    run("storm", "--plot", str(tmp_path / "storm.svg"))
    root = ElementTree.parse(tmp_path / "storm.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Photos a second", "Pods", "node taken", "turned away"} <= texts
    run("steady", "--minutes", "5", "--plot", str(tmp_path / "steady.svg"))
    assert "e-" not in "".join(ElementTree.parse(tmp_path / "steady.svg").getroot().itertext())  # 0 on every axis
    assert "nan" not in (tmp_path / "storm.svg").read_text()


def test_the_picture_in_the_docs_is_what_the_command_draws() -> None:
    burst = SCENARIOS["burst"]
    assert (ROOT / "docs" / "simulation.svg").read_text() == plot(burst, simulate(burst))


@pytest.mark.parametrize(("most", "last"), [(3, 3), (22.4, 30), (0.4, 0.4), (30, 30), (1.3, 1.5)])
def test_ticks_are_round(most: float, last: float) -> None:
    assert ticks_to(most)[-1] == pytest.approx(last)
