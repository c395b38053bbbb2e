"""E-mails about alerts, by SMTP, with the picture of the gap."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from shelfwatch.audits.alert import RESOLVED
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.outbox import Claimed

SECONDS = 20.0  # of silence that a mail server may take
PORTS = {"smtp": 587, "smtps": 465}
MAX_LENGTH = 254  # characters of an address that mail servers take
ADDRESS = "An e-mail address is written as name@example.org."
SERVER = "A mail server is written as smtp://host:587 or smtps://host:465."
FIGURES = {"fill_rate": "fill rate", "facings": "facings", "gaps": "gaps"}


@dataclass(frozen=True)
class MailServer:
    """Where e-mails are handed in, and in whose name.

    `starttls` insists on TLS before anything else is said, `tls` begins with it, `none` is for a relay on this machine.
    """

    host: str
    port: int
    sender: str
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = SECONDS

    @classmethod
    def parse(cls, url: str, sender: str) -> MailServer:
        """From `smtp://user:password@host:587` (STARTTLS), `smtps://…` or `smtp://host:25?tls=none`.

        Raises `InvalidError`, whose message shows no part of the address: it may hold a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise InvalidError(SERVER) from None
        if not parts.hostname or parts.path not in {"", "/"} or parts.query not in {"", "tls=none"}:
            raise InvalidError(SERVER)
        plain = parts.query == "tls=none"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if plain and user:
            raise InvalidError("A password is not sent without TLS.")
        security: Literal["starttls", "tls", "none"] = "tls" if parts.scheme == "smtps" else "starttls"
        return cls(parts.hostname, port, clean_address(sender), "none" if plain else security, user, password)


class MailError(Exception):
    """An e-mail that was not taken."""


def clean_address(text: str) -> str:
    """An e-mail address such as `shelf@example.org`. Raises `InvalidError`."""
    try:
        address = Address(addr_spec=text.strip())
    except (ValueError, IndexError, MessageError) as error:
        raise InvalidError(ADDRESS) from error
    if not (address.username and address.domain and text.isascii() and text.isprintable() and len(text) <= MAX_LENGTH):
        raise InvalidError(ADDRESS)
    return address.addr_spec


def compose(claimed: Claimed, server: MailServer, picture: bytes | None) -> EmailMessage:
    """The letter about an event. Its Message-ID is the event's and the same in every attempt."""
    alert: dict[str, Any] = claimed.body["alert"]
    place = f"{alert['store']}, {alert['bay']}"
    figure = FIGURES[alert["kind"]]
    value, threshold = _figure(alert, "value"), _figure(alert, "threshold")
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = claimed.url.removeprefix("mailto:")
    message["Date"] = format_datetime(claimed.created_at)
    message["Message-ID"] = f"<{claimed.event_id}@{server.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["ShelfWatch-Id"] = claimed.event_id
    if alert["status"] == RESOLVED:
        message["Subject"] = f"Over: {figure} of {place} is {value}"
        lines = [f"The {figure} of {place} is {value} again; the threshold is {threshold}."]
    else:
        side = "above" if alert["kind"] == "gaps" else "below"
        message["Subject"] = f"{place}: {figure} {value}, {side} {threshold}"
        lines = [f"The {figure} of {place} is {value}, {side} the threshold of {threshold}."]
    lines += ["", f"Since {alert['since']}. Alert {alert['id']}."]
    message.set_content("\n".join(lines) + "\n")
    if picture is not None:
        message.add_attachment(picture, maintype="image", subtype="jpeg", filename="shelf.jpg", disposition="inline")
    return message


def send(message: EmailMessage, server: MailServer) -> None:
    """Hand an e-mail in. Raises `MailError`."""
    try:
        with _connected(server) as connection:
            if server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)
    except smtplib.SMTPResponseException as error:
        # The server's own words might repeat what we said to it.
        raise MailError(f"the mail server answered {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = ", ".join(str(code) for code, _ in error.recipients.values())
        raise MailError(f"the mail server refused the recipient ({codes})") from None
    except smtplib.SMTPException as error:
        raise MailError(f"the mail server did not take it ({type(error).__name__})") from None
    except OSError as error:
        reason = getattr(error, "verify_message", None) or error.strerror or type(error).__name__
        raise MailError(f"the mail server is not reached: {reason}") from None


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.seconds, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=server.seconds)


def _figure(alert: dict[str, Any], name: str) -> str:
    value = alert[name]
    return f"{100 * value:.0f} %" if alert["kind"] == "fill_rate" else f"{value:.0f}"
