"""Keep the database of this version as SQL in tests/audits/data, so that later versions prove they can upgrade it.

Run once after a migration was added. Needs PostgreSQL too (scripts/install-postgres).
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from postgres import PostgresServer
from shelfwatch.audits.alerts import list_alerts
from shelfwatch.audits.backup import backup, restore
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.corrections import correct
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import Entry
from shelfwatch.audits.feedback import give_feedback
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.migrate import newest
from shelfwatch.audits.record import record
from shelfwatch.audits.remove import delete
from shelfwatch.audits.verdicts import judge
from shelfwatch.audits.webhooks import register

DATA = Path(__file__).resolve().parent.parent / "tests" / "audits" / "data"


def fill(memory: Memory, folder: Path) -> None:
    """Three audits of two stores, one of them deleted, what is expected of their bays, and an alert to be told."""
    Image.new("RGB", (48, 64), "green").save(folder / "photo.png")
    photo = (folder / "photo.png").read_bytes()
    box = [1.0, 2.0, 3.0, 4.0]
    gap = {"row": 0, "box": [10.0, 2.0, 30.0, 20.0], "width_facings": 1.6, "severity": "major"}
    made = []
    for number, (store, bay) in enumerate([("Berlin 1", "Cereal"), ("Berlin 1", "Cereal"), ("Ulm", "Größe „L“")]):
        entry = Entry(
            store,
            bay,
            width=48,
            height=64,
            model={"name": "accurate", "version": "1.2.0", "precision": "int8"},
            detections=[{"label": "product", "class_id": 0, "confidence": 0.9, "box": box}],
            report={"facings": 1, "fill_rate": 0.5, "rows": [], "gaps": [gap]},
            taken_at=datetime(2026, 3, 1, 12, number, tzinfo=UTC),
            note="two doors open" if number == 0 else None,
            idempotency_key=f"key {number}",
        )
        made.append(record(memory.database, memory.photos, photo, entry).audit)
    delete(memory.database, made[1].id)
    set_expectations(memory.database, "Berlin 1", "Cereal", Expectations(12, 0.6, 8, 3, 2))
    register(memory.database, "https://hooks.example/shelves")
    set_expectations(memory.database, "Ulm", "Größe „L“", Expectations(min_fill_rate=0.6))
    [alert] = list_alerts(memory.database).items
    give_feedback(memory.database, alert.id, "restocked", "Ada", "full again")
    correct(memory.database, made[2].id, "Bo", [{"box": [2.0, 3.0, 5.0, 9.0], "label": "product", "source": 0}])
    judge(memory.database, f"gap-{made[2].id}-0", "false_alarm", "Bo", "a column")


def main() -> None:
    """Write one file a kind of database."""
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        memory = Memory(Database.in_folder(folder), FolderPhotos(folder / "photos"))
        memory.start()
        fill(memory, folder)
        backup(memory.database, memory.photos, folder / "backup.tar")
        memory.close()
        connection = sqlite3.connect(folder / "shelfwatch.db")
        (DATA / f"{newest()}.sqlite.sql").write_text("\n".join(connection.iterdump()) + "\n")
        connection.close()
        server = PostgresServer()
        try:
            restore(Database(server.url()), memory.photos, folder / "backup.tar")
            command = [server.programs / "pg_dump", "--no-owner", "--inserts", server.url()]
            dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        finally:
            server.close()
        # Comments name the server's version, and lines with a backslash are for psql only.
        lines = [line for line in dump.splitlines() if not line.startswith(("--", "\\"))]
        text = re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()
        (DATA / f"{newest()}.postgresql.sql").write_text(text + "\n")


if __name__ == "__main__":
    main()
