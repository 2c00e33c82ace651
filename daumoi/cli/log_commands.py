"""`daumoi log`: looks after the log by hand."""

from pathlib import Path
from typing import Annotated

import typer

from daumoi.cli.session import open_hub
from daumoi.intake.setup import numbered_kinds
from daumoi.log.segments import drop_before

app = typer.Typer(help="Look after the log: drop what retention lets go.", no_args_is_help=True)


@app.command("drop")
def drop(
    kind: Annotated[str, typer.Argument(help="The kind.")],
    before: Annotated[int, typer.Option(min=1, help="Drop whole segments that lie below this number.")],
    data_dir: Annotated[Path, typer.Option(help="The hub's data directory.")] = Path("var"),
) -> None:
    """Drop records below a number, by whole segments. Receipts stay: sent again, they are still `repeated`."""
    numbers = dict(numbered_kinds())
    if kind not in numbers:
        typer.echo(f"No kind is called that. Kinds: {', '.join(numbers)}.", err=True)
        raise typer.Exit(1)
    opened = open_hub(data_dir, say=lambda message: typer.echo(message, err=True))
    with opened as hub, hub.pool.connection() as connection:
        oldest = drop_before(connection, kind=numbers[kind], seq=before)
    typer.echo(f"{kind}: the oldest number kept is {oldest}.")
