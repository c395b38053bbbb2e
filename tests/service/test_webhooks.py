"""`/webhooks` on the real process: a receiver is added, tried, told and removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from audits.receivers import HANG, Receiver, is_signed
from service.audit_calls import QUICK, get, photo, post
from support import Service, start_service

LOOPBACK = {"SHELFWATCH_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that may reach receivers on loopback."""
    service = start_service(tmp_path_factory.mktemp("kept") / "service.log", **QUICK, **LOOPBACK)
    yield service
    service.process.kill()
    service.process.wait()


def add(service: Service, url: object) -> httpx.Response:
    return httpx.post(f"{service.url}/webhooks", json={"url": url}, timeout=30)


def test_a_receiver_is_added_tried_told_and_removed(kept: Service, sample: bytes) -> None:
    with closing(Receiver()) as receiver:
        answer = add(kept, receiver.url)
        made = answer.json()
        secret = made.pop("secret")
        assert (answer.status_code, made["url"], len(secret)) == (201, receiver.url, 64)
        assert answer.headers["cache-control"] == "no-store"
        listed = get(kept, "/webhooks")
        assert made in listed.json()["items"]
        assert secret not in listed.text

        tried = httpx.post(f"{kept.url}/webhooks/{made['id']}/test", timeout=30)
        assert (tried.status_code, tried.json()) == (200, {"delivered": True, "status": 200, "error": None})
        [(headers, body)] = receiver.got
        assert is_signed(headers, body, secret)
        assert receiver.events()[0]["type"] == "test"

        httpx.put(f"{kept.url}/stores/Berlin 1/bays/Cereal", json={"min_facings": 100_000})
        assert post(kept, photo(0, sample)).status_code == 201
        receiver.wait_for(2)
        headers, body = receiver.got[1]
        assert is_signed(headers, body, secret)
        assert receiver.events()[1]["type"] == "alert.opened"

        assert httpx.delete(f"{kept.url}/webhooks/{made['id']}").status_code == 204
        assert made not in get(kept, "/webhooks").json()["items"]
        for send in (httpx.delete, httpx.post):
            address = f"{kept.url}/webhooks/{made['id']}" + ("/test" if send is httpx.post else "")
            assert send(address).json()["type"] == "/problems/not-found"
        assert secret not in kept.log.read_text()
        assert "hook?shop" not in kept.log.read_text()


def test_a_receiver_that_refuses_is_told_of(kept: Service) -> None:
    for status, words in ((500, "answered 500"), (302, "answered 302: redirects are not followed")):
        with closing(Receiver(status)) as receiver:
            made = add(kept, receiver.url).json()
            tried = httpx.post(f"{kept.url}/webhooks/{made['id']}/test", timeout=30).json()
            assert tried == {"delivered": False, "status": status, "error": words}
            assert len(receiver.got) == 1  # tried once
    tried = httpx.post(f"{kept.url}/webhooks/{made['id']}/test", timeout=30).json()
    assert (tried["delivered"], tried["status"], tried["error"]) == (False, None, "Connection refused")


def test_receivers_that_hang_hold_up_nobody_else(kept: Service) -> None:
    receiver = Receiver(HANG)
    made = add(kept, receiver.url).json()
    address = f"{kept.url}/webhooks/{made['id']}/test"
    with ThreadPoolExecutor(2) as pool:
        trials = [pool.submit(httpx.post, address, timeout=40) for _ in range(2)]
        receiver.wait_for(2)
        third = httpx.post(address, timeout=30)
        assert (third.status_code, third.json()["type"]) == (503, "/problems/overloaded")
        assert int(third.headers["retry-after"]) >= 1
        assert get(kept, "/webhooks").status_code == 200
        receiver.close()
        for trial in trials:
            answer = trial.result().json()
            assert (answer["delivered"], answer["status"]) == (False, None)


def test_addresses_that_may_not_be_reached_are_refused(service: Service) -> None:
    before = get(service, "/webhooks").json()
    for url, words in {
        "http://127.0.0.1:9/": "127.0.0.1 is not public",
        "http://10.1.2.3/hook": "10.1.2.3 is not public",
        "http://169.254.169.254/latest/meta-data": "169.254.169.254 is not public",
        "http://[::ffff:169.254.169.254]/": "is not public",
        "http://[fd00:ec2::254]/": "is not public",
        "https://user:word@hooks.example/": "without a name",
        "ftp://hooks.example/": "an http or https address",
        "mailto:team": "e-mail",
        "": "body.url",
        "https://hooks.example/" + "a" * 2000: "body.url",
    }.items():
        answer = add(service, url)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request"), url
        assert words in answer.json()["detail"]
    assert add(service, 3).status_code == 422
    assert get(service, "/webhooks").json() == before


def test_a_name_that_leads_inside_is_refused_when_it_is_tried(service: Service) -> None:
    with closing(Receiver()) as receiver:
        for host in ("localhost", "127.1", "2130706433"):
            made = add(service, f"http://{host}:{receiver.port}/").json()
            tried = httpx.post(f"{service.url}/webhooks/{made['id']}/test", timeout=30).json()
            assert (tried["delivered"], tried["status"]) == (False, None)
            assert "not public" in tried["error"]
            assert httpx.delete(f"{service.url}/webhooks/{made['id']}").status_code == 204
        assert receiver.got == []


def test_a_letter_has_no_secret_and_no_test(service: Service) -> None:
    made = add(service, "mailto:team@example.org").json()
    assert made["secret"] is None
    tried = httpx.post(f"{service.url}/webhooks/{made['id']}/test")
    assert (tried.status_code, tried.json()["type"]) == (422, "/problems/invalid-request")
    assert httpx.delete(f"{service.url}/webhooks/{made['id']}").status_code == 204


def test_a_stop_waits_for_a_test_under_way(run_service: Callable[..., Service]) -> None:
    service = run_service(**QUICK, **LOOPBACK)
    arrived = []

    def late(number: int) -> int:
        arrived.append(number)
        time.sleep(1)
        return 200

    with closing(Receiver(late)) as receiver, ThreadPoolExecutor(1) as pool:
        made = add(service, receiver.url).json()
        trial = pool.submit(httpx.post, f"{service.url}/webhooks/{made['id']}/test", timeout=30)
        while not arrived:
            time.sleep(0.02)
        assert service.stop() == 0
        assert trial.result().json()["delivered"] is True
