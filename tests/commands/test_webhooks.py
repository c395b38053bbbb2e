"""`shelfwatch webhooks`, as an operator types it."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import closing
from pathlib import Path

from audits.memories import Memory
from audits.receivers import Receiver, is_signed
from audits.test_alerts import LOW, expect
from shelfwatch.audits import outbox
from shelfwatch.audits.webhooks import list_webhooks, register
from support import COMMAND

LOOPBACK = "127.0.0.0/8,::1/128"


def environment(**changes: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SHELFWATCH_")}
    return {**clean, **changes}


def webhooks(*words: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, "webhooks", *words]
    return subprocess.run(command, env=environment(**changes), capture_output=True, text=True, timeout=120)


def test_a_receiver_is_added_tried_told_and_removed(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with closing(Receiver()) as receiver:
        done = webhooks("add", receiver.url, "--data-dir", data)
        assert done.returncode == 0
        secret = done.stdout.strip()
        assert len(secret) == 64

        done = webhooks("list", SHELFWATCH_DATA_DIR=data)
        webhook_id, _, url = done.stdout.split()
        assert (url, secret in done.stdout + done.stderr) == (receiver.url, False)

        done = webhooks("test", webhook_id, SHELFWATCH_DATA_DIR=data)
        assert (done.returncode, "which is not public" in done.stderr) == (1, True)
        done = webhooks("test", webhook_id, "--networks", LOOPBACK, SHELFWATCH_DATA_DIR=data)
        assert (done.returncode, done.stdout) == (0, "It was taken: 200.\n")
        assert is_signed(*receiver.got[0], secret)

        memory = Memory.at(Path(data))
        expect(memory)
        memory.record(0, fill_rate=LOW)
        settings = environment(SHELFWATCH_DATA_DIR=data, SHELFWATCH_WEBHOOK_NETWORKS=LOOPBACK)
        process = subprocess.Popen([COMMAND, "webhooks", "deliver"], env=settings)
        receiver.wait_for(2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert receiver.events()[1]["type"] == "alert.opened"
        [delivery] = outbox.list_deliveries(memory.database, "delivered")
        assert delivery.attempts == 1
        assert webhooks("remove", webhook_id, SHELFWATCH_DATA_DIR=data).returncode == 0
        assert list_webhooks(memory.database) == []


def test_what_was_given_up_is_listed_and_tried_again(tmp_path: Path) -> None:
    memory = Memory.at(tmp_path / "data")
    memory.start()
    register(memory.database, "https://hooks.example/a")
    expect(memory)
    memory.record(0, fill_rate=LOW)
    never = outbox.Retries(give_up_seconds=0)
    taken = outbox.claim(memory.database, never)
    assert taken is not None
    outbox.finish(memory.database, taken, never, "answered 500")
    listed = webhooks("deliveries", SHELFWATCH_DATA_DIR=str(tmp_path / "data")).stdout
    assert listed.startswith(f"{taken.id}  alert.opened  ")
    assert listed.endswith("1 attempts  answered 500\n")
    assert webhooks("retry", taken.id, SHELFWATCH_DATA_DIR=str(tmp_path / "data")).returncode == 0
    assert outbox.count_deliveries(memory.database) == {"pending": 1, "failed": 0}
