"""Receivers are registered, listed without their secrets, and removed."""

from __future__ import annotations

import logging
from contextlib import closing

import pytest

from audits.memories import Memory
from audits.receivers import Receiver, is_signed
from audits.test_alerts import LOW, expect
from shelfwatch.audits.addresses import parse_networks
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.outbox import Retries, claim, list_deliveries
from shelfwatch.audits.post import PostError, PostOptions
from shelfwatch.audits.webhooks import list_webhooks, register, remove, send_test

LOOPBACK = parse_networks(["127.0.0.0/8", "::1/128"])


def test_a_secret_is_shown_when_it_is_made_and_never_again(memory: Memory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = [register(memory.database, url) for url in ("https://hooks.example/a", "https://hooks.example/b")]
    assert len({registered.secret for registered in made}) == 2
    assert all(len(registered.secret) == 64 for registered in made)
    listed = list_webhooks(memory.database)
    assert listed == [registered.webhook for registered in made]
    expect(memory)
    memory.record(0, fill_rate=LOW)
    taken = claim(memory.database, Retries())
    assert taken is not None
    assert taken.secret == made[0].secret
    shown = f"{made} {listed} {[webhook.to_json() for webhook in listed]} {taken} {list_deliveries(memory.database)}"
    for registered in made:
        assert registered.secret not in shown
        assert registered.secret not in caplog.text


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_can_never_be_reached_is_refused_at_once(memory: Memory) -> None:
    for url in ("http://127.0.0.1/", "http://[::ffff:169.254.169.254]/", "ftp://hooks.example/", "mailto:team"):
        with pytest.raises(InvalidError):
            register(memory.database, url)
    register(memory.database, "http://127.0.0.1/", LOOPBACK)
    assert register(memory.database, "mailto:team@example.org").secret == ""
    assert [webhook.url for webhook in list_webhooks(memory.database)] == [
        "http://127.0.0.1/",
        "mailto:team@example.org",
    ]


def test_a_removed_receiver_is_told_nothing_more(memory: Memory) -> None:
    gone, stays = (register(memory.database, f"https://hooks.example/{name}").webhook for name in "ab")
    expect(memory)
    memory.record(0, fill_rate=LOW)
    remove(memory.database, gone.id)
    assert list_webhooks(memory.database) == [stays]
    states = {delivery.webhook_id: delivery.state for delivery in list_deliveries(memory.database)}
    assert states == {stays.id: "pending", None: "failed"}
    for unknown in (gone.id, new_id(), "1"):
        with pytest.raises(NotFoundError):
            remove(memory.database, unknown)


def test_an_address_can_be_tried(memory: Memory) -> None:
    with closing(Receiver()) as receiver:
        made = register(memory.database, receiver.url)
        assert send_test(memory.database, made.webhook.id, PostOptions(allowed=LOOPBACK)) == 200
        [(headers, body)] = receiver.got
        assert is_signed(headers, body, made.secret)
        [event] = receiver.events()
        assert (event["id"], event["type"]) == (headers["ShelfWatch-Id"], "test")
        with pytest.raises(PostError, match="not public"):
            send_test(memory.database, made.webhook.id, PostOptions())
    with pytest.raises(NotFoundError):
        send_test(memory.database, new_id(), PostOptions())
    letter = register(memory.database, "mailto:team@example.org").webhook
    with pytest.raises(InvalidError):
        send_test(memory.database, letter.id, PostOptions())
