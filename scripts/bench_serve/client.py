"""Clients in a closed loop: each sends a photo, waits for the answer and sends the next."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

BOUNDARY = "shelfwatch-bench"
ANSWER_SECONDS = 60  # after which an answer counts as lost
LOST = 0  # the status of a request that got no answer


@dataclass(frozen=True)
class Request:
    """One `POST`, made up beforehand so that sending it costs little."""

    path: str
    body: bytes

    @classmethod
    def photo(cls, data: bytes, path: str = "/predict") -> Request:
        """The photo as multipart field `image`."""
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="shelf.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        )
        return cls(path, head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode())


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the seconds it took, and whether a refusal is as documented."""

    status: int
    seconds: float
    documented: bool = True


@dataclass(frozen=True)
class Load:
    """All answers, the seconds from the first request to the last answer, and the clients' own CPU seconds."""

    answers: list[Answer]
    seconds: float
    cpu_seconds: float

    def times(self, status: int) -> list[float]:
        """Seconds of the answers with that status."""
        return [answer.seconds for answer in self.answers if answer.status == status]


def drive(
    url: str,
    requests: Sequence[Request],
    clients: int,
    *,
    count: float = math.inf,
    seconds: float = math.inf,
    pause: float = 0,
) -> Load:
    """Send `requests` in turn from `clients` threads, until `count` were sent or `seconds` are over.

    A client that was refused comes again after `pause` seconds. All run in this process, as nothing is cheaper: a load
    generator for every purpose takes several times as much of the CPUs that it shares with the service.
    """
    address = urlsplit(url)
    lock = threading.Lock()
    answers: list[Answer] = []
    sent = 0
    begin, cpu = time.perf_counter(), time.process_time()

    def client() -> None:
        nonlocal sent
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=ANSWER_SECONDS)
        while True:
            with lock:
                if sent >= count or time.perf_counter() - begin >= seconds:
                    break
                request = requests[sent % len(requests)]
                sent += 1
            answer = ask(connection, request)
            answers.append(answer)
            if answer.status != 200:
                time.sleep(pause)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(answers, time.perf_counter() - begin, time.process_time() - cpu)


def ask(connection: http.client.HTTPConnection, request: Request) -> Answer:
    """One request on a connection that is kept, or opened anew where the server closed it."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    begin = time.perf_counter()
    try:
        # A server may refuse, and close, before it has read all of a photo: its answer is there nevertheless.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", request.path, request.body, headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return Answer(LOST, time.perf_counter() - begin, False)
    seconds = time.perf_counter() - begin
    return Answer(response.status, seconds, response.status == 200 or documented(response, body))


def documented(response: http.client.HTTPResponse, body: bytes) -> bool:
    """Whether a refusal is the problem document that docs/problems.md promises, with a time to come again."""
    try:
        problem = json.loads(body)
    except ValueError:
        return False
    return (
        response.getheader("Content-Type") == "application/problem+json"
        and problem.get("type") == "/problems/overloaded"
        and problem.get("status") == response.status
        and int(response.getheader("Retry-After") or 0) >= 1
    )
