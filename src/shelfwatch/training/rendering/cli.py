"""The command `render`."""

from pathlib import Path

import click

from shelfwatch.training.rendering.dataset import write_dataset
from shelfwatch.training.rendering.layout import RenderOptions


@click.command()
@click.option("--count", default=100, show_default=True, type=click.IntRange(1), help="How many shelves.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of the first shelf.")
@click.option(
    "--rows",
    default=(3, 6),
    show_default=True,
    type=(int, int),
    metavar="LOW HIGH",
    help="Shelf rows in a photo.",
)
@click.option(
    "--facings",
    default=(10, 18),
    show_default=True,
    type=(int, int),
    metavar="LOW HIGH",
    help="Facings side by side across a photo.",
)
@click.option("--width", default=1500, show_default=True, type=click.IntRange(64), help="Pixels.")
@click.option("--height", default=2000, show_default=True, type=click.IntRange(64), help="Pixels.")
@click.option(
    "--gap-rate",
    default=0.08,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of SKUs with an out-of-stock place.",
)
@click.option(
    "--stack-rate",
    default=0.35,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of SKUs stacked.",
)
@click.option(
    "--out",
    default=Path("data/rendered"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for images/, labels/ and truth/.",
)
def render(
    count: int,
    seed: int,
    rows: tuple[int, int],
    facings: tuple[int, int],
    width: int,
    height: int,
    gap_rate: float,
    stack_rate: float,
    out: Path,
) -> None:
    """Render shelf photos with exact truth, for training and for tests."""
    try:
        options = RenderOptions(
            width=width, height=height, rows=rows, facings=facings, gap_rate=gap_rate, stack_rate=stack_rate
        )
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    write_dataset(out, count, seed, options)
    click.echo(f"{count} shelves in {out}")
