"""The `shelfwatch` command."""

from __future__ import annotations

import importlib

import click

from shelfwatch import __version__

# Where each command lives. Modules load when their command runs: `serve` must start fast, and the training
# commands need the `train` extra.
COMMANDS = {
    "serve": "shelfwatch.commands.serve:serve",
    "new-key": "shelfwatch.commands.new_key:new_key",
    "predict": "shelfwatch.commands.predict:predict",
    "audit": "shelfwatch.commands.audit:audit",
    "db": "shelfwatch.commands.db:db",
    "webhooks": "shelfwatch.commands.webhooks:webhooks",
    "simulate": "shelfwatch.commands.simulate:simulate",
    "render": "shelfwatch.training.rendering.cli:render",
    "check-dataset": "shelfwatch.commands.dataset:check_dataset",
    "pseudo-label": "shelfwatch.commands.dataset:pseudo_label",
    "refine-labels": "shelfwatch.commands.dataset:refine_labels",
    "slim": "shelfwatch.commands.training:slim",
    "train": "shelfwatch.commands.training:train",
    "average": "shelfwatch.commands.training:average",
    "export": "shelfwatch.commands.training:export",
    "quantize": "shelfwatch.commands.training:quantize",
    "evaluate": "shelfwatch.commands.training:evaluate",
    "evaluate-shelf": "shelfwatch.commands.shelf:evaluate_shelf",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run one command; an extra that is not installed is named, not traced back."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing in {"", "shelfwatch"}:
                raise
            raise click.ClickException(
                f"this command needs {missing}: install the extra with `pip install 'shelfwatch[train]'`."
            ) from error


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Find every product facing in photos of shelves."""
