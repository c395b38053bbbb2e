"""Write infra/grafana/dashboards/*.json, or with `--check` say what would change there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import detection, service, stock

FOLDER = Path(__file__).resolve().parents[2] / "infra" / "grafana" / "dashboards"
BOARDS = {"service": service.make, "detection": detection.make, "stock": stock.make}


def written() -> dict[Path, str]:
    """Each file and what belongs in it."""
    encoder = JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False)
    return {FOLDER / f"{name}.json": encoder.encode(make()) + "\n" for name, make in BOARDS.items()}


def expressions(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every panel's title and expression in a dashboard that was read back."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def main(arguments: list[str]) -> int:
    """Exit code: 1 where `--check` finds drift."""
    stale = [file for file, text in written().items() if not file.exists() or file.read_text() != text]
    if "--check" in arguments:
        for file in stale:
            print(f"{file.name} is not what the code makes; run `make dashboards`")
        return bool(stale)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file, text in written().items():
        file.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
