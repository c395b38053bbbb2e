"""Who is told in tests: a real HTTP server and a real mail server, on loopback."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OK = 200
HANG = 0  # no answer at all


class Receiver:
    """Takes POSTs and answers as `status` says, a number or one for each request; `got` holds headers and bodies."""

    def __init__(
        self, status: int | Callable[[int], int] = OK, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.status = status
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.more: dict[str, str] = {}  # headers of every answer
        self.body: Callable[[], bytes] = lambda: b""
        self._arrived = threading.Condition()
        self._closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # a client that hung up

        self.server = Server(("127.0.0.1", port), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self.server.server_address[1])
        self.scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/hook?shop=1"

    @property
    def ids(self) -> list[str]:
        """The ids of all that came, whatever it was answered with."""
        return [headers["ShelfWatch-Id"] for headers, _ in self.got]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def wait_for(self, count: int, seconds: float = 20) -> None:
        """Until so many requests came."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.got) >= count, seconds), f"{len(self.got)} of {count} came"

    def close(self) -> None:
        """Gone at once, as if killed: what hangs is cut off."""
        self._closing.set()
        self.server.shutdown()
        self.server.server_close()

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        with self._arrived:
            self.got.append((dict(request.headers), body))
            number = len(self.got) - 1
            self._arrived.notify_all()
        status = self.status if isinstance(self.status, int) else self.status(number)
        if status == HANG:
            self._closing.wait(30)
            return
        answer = self.body()
        request.send_response(status)
        for name, value in {"Content-Length": str(len(answer)), **self.more}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(answer)


def is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As docs/alerts.md tells receivers to check it; written apart from the code that signs."""
    version, _, given = headers["ShelfWatch-Signature"].partition("=")
    signed = headers["ShelfWatch-Timestamp"].encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - int(headers["ShelfWatch-Timestamp"])) < 300
    return version == "v1" and hmac.compare_digest(given, expected) and fresh


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context for that host name, and the file that a client must trust for it."""
    key, file = folder / f"{name}.key", folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(file), "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return context, file


class MailReceiver:
    """A mail server that speaks enough SMTP: STARTTLS, AUTH PLAIN and one letter after another.

    `letters` holds the recipients and bytes of what it took, `said` the commands it heard.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, user: str = "", password: str = "", code: int = 250) -> None:
        self.letters: list[tuple[list[str], bytes]] = []
        self.said: list[str] = []
        self.code = code  # of the answer to a letter
        receiver = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.secure = False
                self.known = not user
                self.recipients: list[str] = []
                self.answer("220 test")
                while line := self.rfile.readline():
                    words = line.decode().strip()
                    receiver.said.append(words.split(" ")[0].upper())
                    if not self.turn(words):
                        return

            def answer(self, *lines: str) -> None:
                code = lines[0][:3]
                for line in lines[:-1]:
                    self.wfile.write(f"{code}-{line.removeprefix(code).strip()}\r\n".encode())
                self.wfile.write(f"{code} {lines[-1].removeprefix(code).strip()}\r\n".encode())

            def turn(self, words: str) -> bool:
                verb = words.split(" ")[0].upper()
                if verb == "EHLO":
                    offers = ["STARTTLS"] if tls and not self.secure else ["AUTH PLAIN"] if user else []
                    self.answer("250 test", *offers)
                elif verb == "STARTTLS":
                    assert tls is not None
                    self.answer("220 go on")
                    self.request = tls.wrap_socket(self.request, server_side=True)
                    self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
                    self.secure = True
                elif verb == "AUTH":
                    given = base64.b64decode(words.split(" ")[2]).decode().split("\0")
                    self.known = given == ["", user, password]
                    self.answer("235 welcome" if self.known else "535 who?")
                elif verb == "MAIL":
                    self.answer("250 ok" if self.known else "530 who?")
                elif verb == "RCPT":
                    self.recipients.append(words.partition("<")[2].rstrip(">"))
                    self.answer("250 ok")
                elif verb == "DATA":
                    self.answer("354 go on")
                    lines = []
                    while (line := self.rfile.readline()) != b".\r\n":
                        lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                    if receiver.code == 250:
                        receiver.letters.append((self.recipients, b"".join(lines)))
                    self.answer(f"{receiver.code} done")
                else:
                    self.answer("221 bye" if verb == "QUIT" else "250 ok")
                return verb != "QUIT"

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.server.shutdown()
            self.server.server_close()
