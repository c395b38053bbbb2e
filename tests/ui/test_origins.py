"""A page of another origin, in a real browser, cannot use the service of the machine it is read on."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from support import Service

SEND = """async address => {
    const form = new FormData();
    form.append("image", new Blob(["no photo"]), "shelf.jpg");
    // The answer is kept from the page in any case; it is sending that counts.
    await fetch(`${address}/predict`, {method: "POST", body: form, mode: "no-cors"}).catch(() => {});
}"""


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """The port of a server with an empty page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])  # the same site on another port, and another site
def test_another_page_cannot_send_photos(service: Service, app: Any, elsewhere: int, name: str) -> None:
    def count(status: int) -> int:
        lines = httpx.get(f"{service.url}/metrics").text.splitlines()
        label = f'shelfwatch_requests_total{{endpoint="/predict",status="{status}"}} '
        return sum(int(float(line.removeprefix(label))) for line in lines if line.startswith(label))

    refused, looked_at = count(403), count(415)
    app.page.goto(f"http://{name}:{elsewhere}/")
    app.page.evaluate(SEND, service.url)
    assert (count(403), count(415)) == (refused + 1, looked_at)
