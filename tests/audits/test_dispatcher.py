"""Whatever happens to receivers and dispatchers, each event arrives, always with the same id."""

from __future__ import annotations

import email
import email.policy
import io
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from PIL import Image
from sqlalchemy import select

from audits.memories import Memory
from audits.receivers import HANG, MailReceiver, Receiver, is_signed
from audits.test_alerts import HIGH, LOW, expect
from audits.workers import CONTEXT, dispatch_forever
from shelfwatch.audits.addresses import parse_networks
from shelfwatch.audits.dispatcher import Dispatcher, DispatchOptions
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.mail import MailServer
from shelfwatch.audits.outbox import Retries, count_deliveries, list_deliveries
from shelfwatch.audits.post import PostOptions
from shelfwatch.audits.tables import Event
from shelfwatch.audits.webhooks import Registered, register

QUICK = DispatchOptions(
    post=PostOptions(1, 0.4, 1, allowed=parse_networks(["127.0.0.0/8", "::1/128"])),
    retries=Retries(lease_seconds=1.2, first_wait_seconds=0.05, longest_wait_seconds=0.2, give_up_seconds=600),
    poll_seconds=0.05,
)
KILLS = 6

Dispatch = Callable[..., Dispatcher]


@pytest.fixture
def dispatch(memory: Memory) -> Iterator[Dispatch]:
    """Start dispatchers on the memory; they stop with the test."""
    with ExitStack() as stack:

        def start(options: DispatchOptions = QUICK) -> Dispatcher:
            dispatcher = Dispatcher(memory, options)
            stack.callback(dispatcher.stop)
            dispatcher.start()
            return dispatcher

        yield start


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as receiver:
        yield receiver


def subscribe(memory: Memory, receiver: Receiver) -> Registered:
    return register(memory.database, receiver.url, QUICK.post.allowed)


def alert(memory: Memory, count: int = 1, begin: int = 0) -> list[str]:
    """Raise so many alerts; the ids of their events."""
    for number in range(begin, begin + count):
        expect(memory, bay=f"Bay {number}")
        memory.record(number, bay=f"Bay {number}", fill_rate=LOW)
    with memory.database.read() as session:
        return list(session.scalars(select(Event.id).order_by(Event.id)))


def settle(memory: Memory, seconds: float = 30) -> None:
    """Until nothing waits to be delivered."""
    deadline = time.monotonic() + seconds
    while count_deliveries(memory.database)["pending"]:
        assert time.monotonic() < deadline, list_deliveries(memory.database, "pending")
        time.sleep(0.02)


def test_an_alert_reaches_its_receiver_signed_and_once(memory: Memory, receiver: Receiver, dispatch: Dispatch) -> None:
    made = subscribe(memory, receiver)
    dispatch()
    dispatch()  # a second one takes nothing twice
    events = alert(memory, 5)
    memory.record(9, bay="Bay 0", minutes=1, fill_rate=HIGH)
    settle(memory)
    assert len(receiver.got) == 6
    assert set(events) < set(receiver.ids)
    assert all(is_signed(headers, body, made.secret) for headers, body in receiver.got)
    assert [event["id"] for event in receiver.events()] == receiver.ids
    assert sorted(event["type"] for event in receiver.events()) == ["alert.opened"] * 5 + ["alert.resolved"]
    assert {event["alert"]["kind"] for event in receiver.events()} == {"fill_rate"}


def test_a_receiver_that_fails_hangs_and_is_killed_gets_each_alert_with_the_same_id(
    memory: Memory, receiver: Receiver, dispatch: Dispatch
) -> None:
    answers = {0: 500, 1: HANG, 2: 302, 3: 200}
    receiver.status = lambda number: answers.get(number, 503)
    subscribe(memory, receiver)
    dispatch()
    [first] = alert(memory)
    receiver.wait_for(4)
    assert receiver.ids[:4] == [first] * 4
    _, second = alert(memory, begin=1)
    receiver.wait_for(6)
    receiver.close()  # in the middle of its trials
    assert set(receiver.ids[4:]) == {second}
    deadline = time.monotonic() + 10
    while "refused" not in str(list_deliveries(memory.database, "pending")[0].last_error):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with closing(Receiver(port=receiver.port)) as again:
        settle(memory)
        assert again.ids == [second]


def test_a_receiver_that_hangs_holds_up_no_other(memory: Memory, receiver: Receiver, dispatch: Dispatch) -> None:
    receiver.status = HANG
    with closing(Receiver()) as healthy:
        subscribe(memory, receiver)
        subscribe(memory, healthy)
        events = alert(memory, 12)
        dispatch()
        healthy.wait_for(12)
        assert sorted(healthy.ids) == sorted(events)
        assert len(receiver.got) < 12


def test_kill_9_in_the_middle_of_deliveries_loses_none(
    memory: Memory, url: str, receiver: Receiver, dispatch: Dispatch, tmp_path: Path
) -> None:
    chance = random.Random(5)
    # Some are taken, some fail and some are still being waited for when the dispatcher is killed.
    receiver.status = lambda number: chance.choice([200, 500, 500, HANG])
    subscribe(memory, receiver)
    events = alert(memory, 12)
    for number in range(KILLS):
        before = len(receiver.got)
        process = CONTEXT.Process(target=dispatch_forever, args=(url, tmp_path / "photos", QUICK))
        process.start()
        if number % 3 and count_deliveries(memory.database)["pending"]:
            receiver.wait_for(before + 1)
        time.sleep(chance.uniform(0, 0.2))
        process.kill()
        process.join()
    receiver.status = 200
    dispatch()
    settle(memory)
    assert set(receiver.ids) == set(events)
    assert {delivery.state for delivery in list_deliveries(memory.database)} == {"delivered"}


def test_a_dispatcher_killed_while_it_waits_for_an_answer_leaves_the_event_to_the_next(
    memory: Memory, url: str, receiver: Receiver, dispatch: Dispatch, tmp_path: Path
) -> None:
    receiver.status = HANG
    subscribe(memory, receiver)
    [event] = alert(memory)
    process = CONTEXT.Process(target=dispatch_forever, args=(url, tmp_path / "photos", QUICK))
    process.start()
    receiver.wait_for(1)
    process.kill()
    process.join()
    receiver.status = 200
    dispatch()
    settle(memory)
    assert receiver.ids[0] == receiver.ids[-1] == event
    [delivery] = list_deliveries(memory.database, "delivered")
    assert delivery.attempts >= 2


def test_what_nobody_takes_is_given_up_and_seen(memory: Memory, receiver: Receiver, dispatch: Dispatch) -> None:
    receiver.status = 410
    subscribe(memory, receiver)
    alert(memory)
    dispatch(DispatchOptions(QUICK.post, retries=Retries(2, 0.02, 0.02, give_up_seconds=0.3), poll_seconds=0.02))
    settle(memory)
    [delivery] = list_deliveries(memory.database, "failed")
    assert delivery.attempts == len(receiver.got)
    assert (delivery.last_error, set(receiver.ids)) == ("answered 410", {delivery.event_id})


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_receiver_within_is_refused_and_the_log_says_no_secret(
    memory: Memory, receiver: Receiver, dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = register(memory.database, receiver.url)
    alert(memory)
    dispatch(DispatchOptions(retries=Retries(first_wait_seconds=0, give_up_seconds=0)))
    settle(memory)
    [delivery] = list_deliveries(memory.database, "failed")
    assert delivery.last_error is not None
    assert "not public" in delivery.last_error
    assert delivery.id in caplog.text
    assert made.secret not in caplog.text
    assert "shop=1" not in caplog.text  # an address may hold a secret of its own
    assert receiver.got == []


def test_a_database_that_goes_away_is_waited_for(
    memory: Memory, receiver: Receiver, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shelfwatch.audits.dispatcher.AWAY_SECONDS", 0.05)
    subscribe(memory, receiver)
    [event] = alert(memory)
    with memory.database.connection() as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO elsewhere")
    dispatch()
    time.sleep(0.2)
    assert receiver.got == []
    with memory.database.connection() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO deliveries")
    settle(memory)
    assert receiver.ids == [event]


def test_a_letter_shows_the_gap(memory: Memory, dispatch: Dispatch) -> None:
    register(memory.database, "mailto:team@example.org")
    [event] = alert(memory)
    with closing(MailReceiver()) as receiver:
        mail = MailServer("localhost", receiver.port, "shelf@example.org", "none", seconds=5)
        dispatch(DispatchOptions(mail=mail, retries=QUICK.retries, poll_seconds=0.05))
        settle(memory)
    [(recipients, data)] = receiver.letters
    letter = cast(EmailMessage, email.message_from_bytes(data, policy=email.policy.default))
    assert recipients == ["team@example.org"]
    assert letter["ShelfWatch-Id"] == event
    assert letter["Subject"] == "Berlin 1, Bay 0: fill rate 40 %, below 60 %"
    [picture] = letter.iter_attachments()
    assert Image.open(io.BytesIO(picture.get_content())).format == "JPEG"


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_letter_is_sent_though_its_photo_is_gone_and_tried_again_without_a_server(
    memory: Memory, dispatch: Dispatch
) -> None:
    register(memory.database, "mailto:team@example.org")
    alert(memory)
    for file in memory.files():
        file.unlink()
    first = dispatch()
    deadline = time.monotonic() + 10
    while list_deliveries(memory.database)[0].last_error != "no mail server is set":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first.stop()
    with closing(MailReceiver()) as receiver:
        mail = MailServer("localhost", receiver.port, "shelf@example.org", "none", seconds=5)
        dispatch(DispatchOptions(mail=mail, retries=QUICK.retries, poll_seconds=0.05))
        settle(memory)
    assert len(receiver.letters) == 1
    assert b"image/jpeg" not in receiver.letters[0][1]


def test_options_come_from_what_an_operator_sets() -> None:
    options = DispatchOptions.of(["10.0.0.0/8"], "smtps://mail.example", "shelf@example.org")
    assert options.post.allowed == parse_networks(["10.0.0.0/8"])
    assert options.mail is not None
    assert options.mail.sender == "shelf@example.org"
    assert DispatchOptions.of().mail is None
    with pytest.raises(InvalidError):
        DispatchOptions.of(smtp_url="smtps://mail.example")
