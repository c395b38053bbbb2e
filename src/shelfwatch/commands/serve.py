"""`shelfwatch serve`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from pydantic import ValidationError

from shelfwatch.service.settings import Settings

SECRET_FIELDS = frozenset({"api_keys", "database_url"})  # a flag would show them in the process list


def settings_flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command one flag a setting; an unset flag leaves the environment's value."""
    for name, field in reversed(Settings.model_fields.items()):
        if name in SECRET_FIELDS:
            continue
        flag = "--" + name.replace("_", "-")
        variable = f"SHELFWATCH_{name.upper()}"
        default = field.default if field.default not in ((), "", None) else "none"
        text = f"{field.description} [{variable}; default: {default}]"
        if field.annotation is bool:
            function = click.option(flag, name, is_flag=True, default=None, help=text)(function)
        else:
            kind = int if field.annotation is int else str
            function = click.option(flag, name, type=kind, default=None, help=text)(function)
    return function


@click.command()
@settings_flags
def serve(**flags: Any) -> None:
    """Serve the page and the HTTP API.

    API keys and the database's address come from SHELFWATCH_API_KEYS and SHELFWATCH_DATABASE_URL only, never from a
    flag.
    """
    try:
        settings = Settings(**{name: value for name, value in flags.items() if value is not None})
        started = run(settings)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_input=False)]
        raise click.ClickException("; ".join(faults)) from None
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    if not started:
        raise SystemExit(1)  # the log has said why


def run(settings: Settings) -> bool:
    """Serve in this process, or in several below it; whether that went well."""
    # Imported here: the parent of workers serves nothing itself and stays small.
    if settings.workers > 1:
        from shelfwatch.service.workers import supervise

        return supervise(settings)
    from shelfwatch.service.server import serve as serve_here

    return serve_here(settings)
