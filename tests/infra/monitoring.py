"""A real Prometheus and Alertmanager with the repository's own settings, shortened so that a test need not wait."""

from __future__ import annotations

import contextlib
import http.server
import json
import queue
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import yaml

from support import ROOT, free_port

INFRA = ROOT / "infra"
T = TypeVar("T")


def program(*names: str) -> str:
    """The first of these programs that is installed; the test is skipped where none is."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{names[0]} is not installed (Debian: apt-get install prometheus prometheus-alertmanager)")


def wait_for(what: str, ask: Callable[[], T], seconds: float = 60) -> T:
    """The first true answer. Raises `TimeoutError` naming the last one."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: {answer!r}")
        time.sleep(0.2)


class Receiver:
    """An address that alerts are posted to."""

    def __init__(self) -> None:
        posts: queue.Queue[dict[str, Any]] = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                posts.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.posts = posts
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def alerts(self, seconds: float = 60) -> list[tuple[str, str]]:
        """Name and status of each alert in the next message."""
        message = self.posts.get(timeout=seconds)
        return [(alert["labels"]["alertname"], alert["status"]) for alert in message["alerts"]]


@dataclass
class Monitoring:
    """Where both answer, and where their alerts go."""

    prometheus: str
    alertmanager: str
    receiver: Receiver
    _programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Samples that are numbers. Raises for an expression that Prometheus does not understand."""
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": expression}, timeout=30).json()
        if answer["status"] != "success":
            raise ValueError(f"{answer.get('error')}: {expression}")
        result = answer["data"]["result"]
        if answer["data"]["resultType"] == "scalar":
            return [{"value": result}]
        return [sample for sample in result if sample["value"][1] != "NaN"]

    def rules(self) -> list[dict[str, Any]]:
        """Every rule as Prometheus holds it."""
        groups = httpx.get(f"{self.prometheus}/api/v1/rules", timeout=30).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


def shortened(rules: str) -> str:
    """Rules that look and wait for a second or two only; promtool's own tests hold the real times."""
    return re.sub(r"(\bfor|\binterval): \w+", r"\1: 1s", rules)


@contextlib.contextmanager
def monitoring(folder: Path, service: str, key: str) -> Iterator[Monitoring]:
    """Both running beside the service at `service` (host:port), each with its file from `infra/`."""
    prometheus, alertmanager = program("prometheus"), program("alertmanager", "prometheus-alertmanager")
    ports = free_port(), free_port()
    receiver = Receiver()

    (folder / "rules").mkdir()
    for file in (INFRA / "prometheus" / "rules").glob("*.yml"):
        (folder / "rules" / file.name).write_text(shortened(file.read_text()))
    (folder / "key").write_text(key)
    text = (INFRA / "prometheus" / "prometheus.yml").read_text()
    for old, new in {
        "15s": "1s",
        "app:8000": service,
        "alertmanager:9093": f"127.0.0.1:{ports[1]}",
        "localhost:9090": f"127.0.0.1:{ports[0]}",
        "/run/secrets/metrics_key": str(folder / "key"),
    }.items():
        assert old in text, f"prometheus.yml does not hold {old}"
        text = text.replace(old, new)
    (folder / "prometheus.yml").write_text(text)

    settings = yaml.safe_load((INFRA / "alertmanager" / "alertmanager.yml").read_text())
    settings["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    for each in settings["receivers"]:
        for hook in each["webhook_configs"]:
            del hook["url_file"]  # Alertmanager before 0.26, as some distributions have it, knows `url` only
            hook["url"] = receiver.url
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(settings))

    found = Monitoring(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", receiver)
    with (folder / "log").open("wb") as log:
        for command in (
            [
                alertmanager,
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'silences'}",
                f"--web.listen-address=127.0.0.1:{ports[1]}",
                "--cluster.listen-address=",
            ],
            [
                prometheus,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'series'}",
                f"--web.listen-address=127.0.0.1:{ports[0]}",
            ],
        ):
            found._programs.append(subprocess.Popen(command, stdout=log, stderr=log))
    try:
        for address in (found.prometheus, found.alertmanager):
            wait_for(f"{address} is not ready: {(folder / 'log').read_text()[-2000:]}", lambda at=address: answers(at))
        yield found
    finally:
        for process in found._programs:
            process.kill()
            process.wait()
        receiver.server.shutdown()


def answers(address: str) -> bool:
    """Whether `/-/ready` says yes."""
    try:
        return httpx.get(f"{address}/-/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
