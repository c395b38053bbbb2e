"""`/audits.csv` and `/audits.xlsx` on the real process."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl

from service.audit_calls import QUICK, get, photo, post
from support import Service


def test_audits_as_files(run_service: Callable[..., Service], tmp_path: Path, sample: bytes) -> None:
    service = run_service(**QUICK, SHELFWATCH_DATA_DIR=str(tmp_path / "data"))
    audits = [post(service, photo(number, sample), bay=f"Bay {number}").json() for number in range(3)]
    answer = get(service, "/audits.csv", store="Berlin 1")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="audits.csv"' in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [line["bay"] for line in lines] == ["Bay 2", "Bay 1", "Bay 0"]
    assert f"{service.url}/audits/{audits[2]['id']}/image" in lines[0].values()
    assert len(get(service, "/audits.csv", store="Berlin 1", bay="Bay 1").text.strip().splitlines()) == 2

    book = openpyxl.load_workbook(io.BytesIO(get(service, "/audits.xlsx").content))
    assert book.sheetnames == ["audits", "rows", "gaps"]
    assert book["audits"].max_row == 1 + 3
    assert book["rows"].max_row == 1 + sum(len(audit["report"]["rows"]) for audit in audits)
    assert book["gaps"].max_row == 1 + sum(len(audit["report"]["gaps"]) for audit in audits)


def test_a_wrong_filter_is_told_before_a_file_begins(
    run_service: Callable[..., Service], tmp_path: Path, sample: bytes
) -> None:
    service = run_service(**QUICK, SHELFWATCH_DATA_DIR=str(tmp_path / "data"))
    for path in ("/audits.csv", "/audits.xlsx"):
        assert get(service, path, bay="Cereal").json()["type"] == "/problems/invalid-request"
        assert get(service, path, since="yesterday").json()["type"] == "/problems/invalid-request"
    assert len(get(service, "/audits.csv").text.strip().splitlines()) == 1  # the head alone
