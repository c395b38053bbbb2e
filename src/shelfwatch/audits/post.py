"""One signed POST to a webhook: to the address that was checked, bounded in time and size, without redirects."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from shelfwatch import __version__
from shelfwatch.audits.addresses import Network, RefusedError, Target, resolve

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0  # of silence
TOTAL_SECONDS = 20.0  # for all of it but looking up the name
MAX_ANSWER_BYTES = 65_536  # read of an answer's body
SUCCESS = range(200, 300)
REDIRECT = range(300, 400)


@dataclass(frozen=True)
class PostOptions:
    """How a webhook is reached: seconds and bytes, and the networks that are allowed although they are not public."""

    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    total_seconds: float = TOTAL_SECONDS
    max_answer_bytes: int = MAX_ANSWER_BYTES
    allowed: tuple[Network, ...] = ()


class PostError(Exception):
    """A POST that was not answered with success. The message names neither path nor secret."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status  # of the answer, where there was one


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `ShelfWatch-Signature`: version and hex HMAC-SHA256 of `<timestamp>.<body>`."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(url: str, secret: str, event_id: str, body: bytes, options: PostOptions) -> int:
    """Send a JSON body and return the status, which is one of success. Raises `PostError`."""
    try:
        target = resolve(url, options.allowed)
        timestamp = str(int(time.time()))
        headers = {
            "Host": _host(target),
            "Content-Type": "application/json",
            "User-Agent": f"ShelfWatch/{__version__}",
            "ShelfWatch-Id": event_id,
            "ShelfWatch-Timestamp": timestamp,
            "ShelfWatch-Signature": sign(secret, timestamp, body),
            "Connection": "close",
        }
        status = _exchange(target, headers, body, options)
    except RefusedError as error:
        raise PostError(str(error)) from None
    except TimeoutError:
        raise PostError("no answer in time") from None
    except ssl.SSLError as error:
        raise PostError(f"TLS: {getattr(error, 'verify_message', None) or error.reason or 'failed'}") from None
    except (OSError, http.client.HTTPException) as error:
        raise PostError(getattr(error, "strerror", None) or type(error).__name__) from None
    if status in REDIRECT:
        raise PostError(f"answered {status}: redirects are not followed", status)
    if status not in SUCCESS:
        raise PostError(f"answered {status}", status)
    return status


def _exchange(target: Target, headers: dict[str, str], body: bytes, options: PostOptions) -> int:
    deadline = time.monotonic() + options.total_seconds
    plain = _connect(target.addresses, target.port, options.connect_seconds, deadline)
    # Each wait for bytes is bounded by the socket; all of them together by this, which cuts the line.
    line = plain.dup()
    cut = threading.Event()

    def give_up() -> None:
        cut.set()
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0, deadline - time.monotonic()), give_up)
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(target.host, target.port)
    try:
        plain.settimeout(options.read_seconds)
        connection.sock = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=target.host) if target.tls else plain
        )
        connection.request("POST", target.path, body, headers)
        with contextlib.closing(connection.getresponse()) as answer:
            if cut.is_set():  # an answer that broke off counts as whole to http.client
                raise TimeoutError
            # Read, so that the receiver is not cut off while it writes; it has taken the event whatever it says now.
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                answer.read(options.max_answer_bytes)
            return answer.status
    except (OSError, http.client.HTTPException, ValueError) as error:
        if cut.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        line.close()
        connection.close()
        plain.close()


def _connect(addresses: Sequence[str], port: int, seconds: float, deadline: float) -> socket.socket:
    """A connection to the first address that takes it. Raises `OSError`."""
    failure: OSError = TimeoutError()
    for address in addresses:
        left = min(seconds, deadline - time.monotonic())
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failure = error
    raise failure


def _host(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == (443 if target.tls else 80) else f"{host}:{target.port}"
