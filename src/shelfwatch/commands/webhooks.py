"""`shelfwatch webhooks`: who is told of alerts, and what did not reach them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

import click

from shelfwatch.audits import outbox
from shelfwatch.audits import webhooks as receivers
from shelfwatch.audits.addresses import parse_networks
from shelfwatch.audits.audit import time_text
from shelfwatch.audits.dispatcher import Dispatcher, DispatchOptions
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.migrate import require
from shelfwatch.audits.post import PostError, PostOptions
from shelfwatch.commands.memory import with_memory


@click.group()
def webhooks() -> None:
    """Say who is told of alerts, and see what did not reach them."""


def networks(function: Callable[..., Any]) -> Callable[..., Any]:
    """The flag that lets webhooks reach addresses that are not public."""
    return click.option(
        "--networks",
        envvar="SHELFWATCH_WEBHOOK_NETWORKS",
        default="",
        help="Comma-separated networks, such as 10.1.0.0/16, that webhooks may reach although they are not public. "
        "[SHELFWATCH_WEBHOOK_NETWORKS]",
    )(function)


@webhooks.command()
@click.argument("url")
@networks
@with_memory
def add(memory: Memory, url: str, networks: str) -> None:
    """Tell URL (https, http or mailto) of every alert from now on; prints the secret that signs what it gets.

    The secret is shown this once.
    """
    memory.start()
    made = receivers.register(memory.database, url, parse_networks(networks.split(",")))
    click.echo(f"Webhook {made.webhook.id} is told of alerts from now on.", err=True)
    if made.secret:
        click.echo("Its secret, which is not shown again:", err=True)
        click.echo(made.secret)


@webhooks.command("list")
@with_memory
def list_command(memory: Memory) -> None:
    """Who is told: id, since when, address."""
    require(memory.database)
    for webhook in receivers.list_webhooks(memory.database):
        click.echo(f"{webhook.id}  {time_text(webhook.created_at)}  {webhook.url}")


@webhooks.command()
@click.argument("webhook_id", metavar="ID")
@with_memory
def remove(memory: Memory, webhook_id: str) -> None:
    """Tell a receiver nothing more, not even what waits for it."""
    require(memory.database)
    receivers.remove(memory.database, webhook_id)
    click.echo("It is told nothing more.")


@webhooks.command()
@click.argument("webhook_id", metavar="ID")
@networks
@with_memory
def test(memory: Memory, webhook_id: str, networks: str) -> None:
    """Send a signed event of type `test` now and say how it was answered."""
    require(memory.database)
    options = PostOptions(allowed=parse_networks(networks.split(",")))
    try:
        status = receivers.send_test(memory.database, webhook_id, options)
    except PostError as error:
        raise click.ClickException(f"It was not taken: {error}.") from None
    click.echo(f"It was taken: {status}.")


@webhooks.command()
@click.option(
    "--state",
    type=click.Choice(outbox.DELIVERY_STATES),
    default=outbox.FAILED,
    show_default=True,
    help="Deliveries that wait, that arrived, or that were given up.",
)
@with_memory
def deliveries(memory: Memory, state: str) -> None:
    """The newest 200 deliveries: id, event, when it happened, attempts, the last error."""
    require(memory.database)
    for delivery in outbox.list_deliveries(memory.database, state):
        when = time_text(delivery.created_at)
        error = delivery.last_error or ""
        click.echo(f"{delivery.id}  {delivery.kind}  {when}  {delivery.attempts} attempts  {error}".rstrip())


@webhooks.command()
@click.argument("delivery_id", metavar="ID")
@with_memory
def retry(memory: Memory, delivery_id: str) -> None:
    """Try a delivery that was given up once more."""
    require(memory.database)
    outbox.retry(memory.database, delivery_id)
    click.echo("It is tried once more.")


@webhooks.command()
@networks
@click.option(
    "--mail-from",
    envvar="SHELFWATCH_MAIL_FROM",
    default="",
    help="Address in whose name e-mails are sent. [SHELFWATCH_MAIL_FROM]",
)
@with_memory
def deliver(memory: Memory, networks: str, mail_from: str) -> None:
    """Deliver what is due until stopped, in a process of its own; any number may run.

    The mail server's address comes from SHELFWATCH_SMTP_URL only, never from a flag, since it may hold a password:
    smtp://user:password@host:587 or smtps://host:465.
    """
    options = DispatchOptions.of(networks.split(","), os.environ.get("SHELFWATCH_SMTP_URL", ""), mail_from)
    dispatcher = Dispatcher(memory, options)
    memory.start()

    def stop(number: int, frame: FrameType | None) -> None:
        dispatcher.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    dispatcher.run()
