"""`shelfwatch new-key`."""

from __future__ import annotations

import click

from shelfwatch.service import keys


@click.command()
@click.option("--name", help="What metrics and the log call the key: letters, digits, dots, dashes, underscores.")
def new_key(name: str | None) -> None:
    """Make an API key: print it, and the entry for SHELFWATCH_API_KEYS that accepts it.

    The key is shown this once. The entry holds only its SHA-256, so whoever reads the settings cannot use it.
    """
    try:
        key, entry = keys.new_key(name)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    # The words go to stderr: a pipe gets two plain lines.
    click.echo("For the caller, who sends it as `Authorization: Bearer <key>`; it is not shown again:", err=True)
    click.echo(key)
    click.echo("For the service, in SHELFWATCH_API_KEYS, after a comma where others stand there already:", err=True)
    click.echo(entry)
