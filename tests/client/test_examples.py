"""The examples of `docs/client.md` run as they stand, and the page names everything there is."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from shelfwatch import client
from shelfwatch.client.errors import PROBLEMS
from support import ROOT, Service

PAGE = (ROOT / "docs" / "client.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PRINTED = [
    r"\d+ products in \d+ × \d+ px, \d+ ms(\nproduct 0\.\d\d at \d+, \d+, \d+ px wide){3}",
    r"fast [\d.]+ \d+ (in all|and more)",
    r"shelf\.jpg \d+",
    r"recorded \d+ facings\n(row \d+: a \w+ gap [\d.]+ facings wide\n)*Cereal 01\.03\. 08:00 \d+",
    r"Cereal 0\.8 \d+\n\d+ bytes",
    r"1 removed, version 1",
    r"Milk major",
    r"facings: \d+, not 1000",
    r"# HELP .+",
    r"accurate [\d.]+ 0\.\d+\nfast [\d.]+ 0\.\d+",
    r"another photo, please: .+",
    r"\d+",
    r"False",
]


@pytest.mark.parametrize(("code", "printed"), [*zip(EXAMPLES, PRINTED, strict=True)], ids=range(len(EXAMPLES)))
def test_an_example_runs(service: Service, sample: bytes, tmp_path: Path, code: str, printed: str) -> None:
    (tmp_path / "shelf.jpg").write_bytes(sample)
    code = code.replace("http://127.0.0.1:8000", service.url)
    command = [sys.executable, "-X", "utf8", "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(printed, done.stdout.strip()), done.stdout


def test_the_page_names_every_method_exception_and_choice() -> None:
    for name in dir(client.Client):
        assert name.startswith("_") or f"`{name}(" in PAGE, name
    for slug, kind in PROBLEMS.items():
        status = re.match(r"\d+", kind.__doc__ or "")
        assert status
        assert f"| `{kind.__name__}` | {status[0]} | `{slug}` |" in PAGE
    for name in ("ShelfWatchError", "ProblemError", "Unreachable", "TimedOut", "UnexpectedAnswer"):
        assert f"`{name}`" in PAGE
    for choice in fields(client.RetryPolicy):
        assert f"| `{choice.name}` | {choice.default:g} |" in PAGE
