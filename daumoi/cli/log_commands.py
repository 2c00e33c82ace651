"""`daumoi log`: looks after the log by hand."""

from pathlib import Path
from typing import Annotated

import typer

from daumoi.cli.operator import actor
from daumoi.cli.session import open_hub
from daumoi.core.turns import Busy
from daumoi.intake.setup import numbered_kinds
from daumoi.log.retention import drop_by_hand
from daumoi.people.destroying import NotQuiet

app = typer.Typer(help="Look after the log: drop what retention lets go.", no_args_is_help=True)


@app.command("drop")
def drop(
    kind: Annotated[str, typer.Argument(help="The kind.")],
    before: Annotated[int, typer.Option(min=1, help="Drop whole segments that lie below this number.")],
    data_dir: Annotated[Path, typer.Option(help="The hub's data directory.")] = Path("var"),
) -> None:
    """Drop records below a number, by whole segments, without asking a rule of retention.

    Receipts stay: sent again, they are still `repeated`. Records under a legal hold are kept, and archive files stay.
    """
    numbers = dict(numbered_kinds())
    if kind not in numbers:
        typer.echo(f"No kind is called that. Kinds: {', '.join(numbers)}.", err=True)
        raise typer.Exit(1)
    with open_hub(data_dir, say=lambda message: typer.echo(message, err=True)) as hub:
        try:
            oldest = drop_by_hand(hub, kind=kind, before=before, actor=actor())
        except (Busy, NotQuiet) as fault:
            typer.echo(str(fault), err=True)
            raise typer.Exit(1) from None
    typer.echo(f"{kind}: the oldest number kept is {oldest}.")
