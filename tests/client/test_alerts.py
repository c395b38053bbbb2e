"""Alerts and webhooks through both clients, on the real service and on a scripted server."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from PIL import Image

from audits.receivers import Receiver, is_signed
from service.audit_calls import QUICK, photo
from shelfwatch.client import Conflict, InvalidRequest, NotFound, Unreachable
from shelfwatch.service.alert_schemas import FEEDBACK
from support import Service, free_port

Connect = Callable[..., Any]  # of the fixture `connect`
Script = Any  # the fixture `script`, a `Script` of conftest.py


def test_an_alert_goes_round(
    connect: Connect,
    run_service: Callable[..., Service],
    sample: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shelfwatch.client.alerts.MAX_PAGE", 1)
    client = connect(run_service(**QUICK, SHELFWATCH_WEBHOOK_NETWORKS="127.0.0.0/8,::1/128").url)
    with closing(Receiver()) as receiver:
        hook = client.add_webhook(receiver.url)
        assert (hook.url, len(hook.secret)) == (receiver.url, 64)
        assert hook.secret not in repr(hook)
        [listed] = client.webhooks()
        assert (listed.id, listed.url, listed.created_at) == (hook.id, hook.url, hook.created_at)
        tried = client.test_webhook(hook.id)
        assert (tried.delivered, tried.status, tried.error) == (True, 200, None)
        assert is_signed(*receiver.got[0], hook.secret)

        for bay in "AB":
            client.put_bay("Berlin 1", bay, min_facings=100_000)
            client.record_audit(photo(0, sample), "Berlin 1", bay)
        second, first = client.alerts()
        assert (first.bay, second.bay, first.kind, first.status) == ("A", "B", "facings", "open")
        assert (first.threshold, first.acknowledged_at) == (100_000, None)
        assert list(client.alerts(status="open", store="Berlin 1", bay="B")) == [second]
        page = client.alert_page(limit=1)
        assert page.items == (second,)
        assert client.alert_page(cursor=page.next_cursor).items == (first,)
        assert Image.open(io.BytesIO(client.alert_image(first.id))).format == "JPEG"

        seen = client.acknowledge_alert(first.id)
        assert (seen.status, seen.acknowledged_at is None) == ("acknowledged", False)
        said = client.give_feedback(first.id, "restocked", who="Ada", note="two cases left")
        assert (said.alert_id, said.verdict, said.who, said.note) == (first.id, "restocked", "Ada", "two cases left")
        judged = {kind.kind: kind for kind in client.alert_precision()}
        assert (judged["facings"].alerts, judged["facings"].precision) == (2, 1.0)
        assert judged["gaps"].precision is None
        client.put_bay("Berlin 1", "A")
        with pytest.raises(Conflict):
            client.acknowledge_alert(first.id)
        with pytest.raises(InvalidRequest, match="verdict"):
            client.give_feedback(first.id, "bought")
        receiver.wait_for(4)

        assert client.remove_webhook(hook.id) is None
        assert client.webhooks() == ()
        with pytest.raises(NotFound):
            client.remove_webhook(hook.id)
        with pytest.raises(InvalidRequest, match=r"169\.254\.169\.254 is not public"):
            client.add_webhook("http://169.254.169.254/latest")
    letter = client.add_webhook("mailto:team@example.org")
    assert letter.secret is None


def test_what_is_kept_each_time_is_not_sent_twice(connect: Connect, script: Script) -> None:
    """Unless it was certainly not begun with."""

    def never(seconds: float) -> None:
        pytest.fail(f"it waits {seconds} s to send again")

    client = connect(script.url, sleep=never)
    for ask in (
        lambda: client.give_feedback("a", "restocked"),
        lambda: client.add_webhook("https://hooks.example/"),
        lambda: client.test_webhook("a"),
    ):
        script.hang_up()
        with pytest.raises(Unreachable):
            ask()
    assert len(script.received) == 3

    waits: list[float] = []
    patient = connect(script.url, sleep=waits.append)
    script.problem(429, "rate-limited")
    script.problem(503, "overloaded")
    script.problem(503, "draining")
    script.answer(201, json.dumps(FEEDBACK).encode())
    assert patient.give_feedback("a", "restocked").id == FEEDBACK["id"]
    assert len(waits) == 3
    with pytest.raises(Unreachable):
        connect(f"http://127.0.0.1:{free_port()}", sleep=waits.append).give_feedback("a", "restocked")
    assert len(waits) == 6  # nobody took it
