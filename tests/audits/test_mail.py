"""E-mails are what a mail server gets: who, what, since when, and the picture."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest

from audits.receivers import MailReceiver, certificate
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.mail import MailError, MailServer, clean_address, compose, send
from shelfwatch.audits.outbox import Claimed


def claimed(**changes: Any) -> Claimed:
    alert = {
        "id": "alert-1",
        "store": "Köln 1",
        "bay": "Müsli",
        "kind": "fill_rate",
        "status": "open",
        "value": 0.42,
        "threshold": 0.6,
        "since": "2026-03-01T12:00:00.000000Z",
        "audit_id": None,
        "box": None,
    }
    body = {"id": "event-1", "alert": {**alert, **changes}}
    when = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
    return Claimed("delivery-1", 1, "event-1", "alert.opened", body, when, "w", "mailto:team@example.org", "")


def server(receiver: MailReceiver, **changes: Any) -> MailServer:
    return MailServer("localhost", receiver.port, "shelf@example.org", **{"security": "none", "seconds": 5, **changes})


def test_a_letter_says_all_and_shows_the_picture() -> None:
    with closing(MailReceiver()) as receiver:
        send(compose(claimed(), server(receiver), b"\xff\xd8 picture\r\n.\r\n"), server(receiver))
    [(recipients, data)] = receiver.letters
    assert recipients == ["team@example.org"]
    letter = cast(EmailMessage, email.message_from_bytes(data, policy=email.policy.default))
    assert letter["Subject"] == "Köln 1, Müsli: fill rate 42 %, below 60 %"
    assert (letter["From"], letter["To"]) == ("shelf@example.org", "team@example.org")
    assert letter["Message-ID"] == "<event-1@example.org>"
    body = letter.get_body()
    assert body is not None
    assert "Since 2026-03-01T12:00:00.000000Z. Alert alert-1." in body.get_content()
    [picture] = letter.iter_attachments()
    assert picture.get_content_type() == "image/jpeg"
    assert picture.get_content() == b"\xff\xd8 picture\r\n.\r\n"


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"kind": "gaps", "value": 4.0, "threshold": 2.0}, "Köln 1, Müsli: gaps 4, above 2"),
        ({"kind": "facings", "value": 7.0, "threshold": 12.0}, "Köln 1, Müsli: facings 7, below 12"),
        ({"status": "resolved", "value": 0.9}, "Over: fill rate of Köln 1, Müsli is 90 %"),
    ],
)
def test_subjects_say_what_is_wrong_or_over(changes: dict[str, Any], subject: str) -> None:
    letter = compose(claimed(**changes), MailServer("localhost", 25, "shelf@example.org"), None)
    assert letter["Subject"] == subject
    assert list(letter.iter_attachments()) == []


def test_a_password_is_sent_within_tls_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, file = certificate(tmp_path, "localhost")
    with closing(MailReceiver(context, "shelf", "pass word")) as receiver:
        safe = server(receiver, security="starttls", user="shelf", password="pass word")
        letter = compose(claimed(), safe, None)
        with pytest.raises(MailError, match="self-signed"):
            send(letter, safe)
        assert "AUTH" not in receiver.said
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        send(letter, safe)
        assert len(receiver.letters) == 1
        with pytest.raises(MailError, match="535") as refused:
            send(letter, server(receiver, security="starttls", user="shelf", password="other word"))
        assert "other word" not in str(refused.value)
    with closing(MailReceiver()) as receiver:  # one that knows no TLS
        with pytest.raises(MailError, match="SMTPNotSupportedError"):
            send(letter, server(receiver, security="starttls", user="shelf", password="pass word"))
        assert "AUTH" not in receiver.said


def test_a_letter_that_is_not_taken_is_told() -> None:
    with closing(MailReceiver(code=452)) as receiver, pytest.raises(MailError, match="452"):
        send(compose(claimed(), server(receiver), None), server(receiver))
    with pytest.raises(MailError, match="not reached"):
        send(compose(claimed(), server(receiver), None), server(receiver))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 587, "starttls", "", "")),
        ("smtps://mail.example", ("mail.example", 465, "tls", "", "")),
        ("smtp://localhost:25?tls=none", ("localhost", 25, "none", "", "")),
        ("smtp://me%40example:p%40ss@mail.example:2525/", ("mail.example", 2525, "starttls", "me@example", "p@ss")),
    ],
)
def test_a_mail_server_is_one_address(url: str, expected: tuple[Any, ...]) -> None:
    found = MailServer.parse(url, "shelf@example.org")
    assert (found.host, found.port, found.security, found.user, found.password) == expected
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize(
    "parse",
    [
        lambda: MailServer.parse("mail.example:25", "shelf@example.org"),
        lambda: MailServer.parse("http://hunter2@mail.example", "shelf@example.org"),
        lambda: MailServer.parse("smtp://me:hunter2@mail.example:99999", "shelf@example.org"),
        lambda: MailServer.parse("smtp://me:hunter2@mail.example?tls=none", "shelf@example.org"),
        lambda: MailServer.parse("smtp://me:hunter2@mail.example?verify=no", "shelf@example.org"),
        lambda: MailServer.parse("smtp://mail.example", ""),
        lambda: clean_address("team"),
        lambda: clean_address("team@"),
        lambda: clean_address("a@example.org, b@example.org"),
        lambda: clean_address("a@example.org\r\nBcc: b@example.org"),
        lambda: clean_address("a" * 300 + "@example.org"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(parse: Callable[[], Any]) -> None:
    with pytest.raises(InvalidError) as refused:
        parse()
    assert "hunter2" not in str(refused.value)
