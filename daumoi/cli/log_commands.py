"""`daumoi log`: looks after the log, and the figures counted from it, by hand."""

from pathlib import Path
from typing import Annotated

import typer

from daumoi.cli.operator import actor
from daumoi.cli.session import open_hub
from daumoi.core.turns import Busy
from daumoi.intake.setup import numbered_kinds
from daumoi.log.retention import drop_by_hand
from daumoi.people.destroying import NotQuiet
from daumoi.situation.recounting import recount

app = typer.Typer(help="Look after the log: drop what may go, count its figures again.", no_args_is_help=True)


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


@app.command("recount")
def count_again(
    mend: Annotated[bool, typer.Option("--mend", help="Put right the figures of the hours that differ.")] = False,
    data_dir: Annotated[Path, typer.Option(help="The hub's data directory.")] = Path("var"),
) -> None:
    """Count the closed hours of the log again and compare them with the figures of the board.

    Ends with 1 when they differ and are not put right. The worker does the same every night, without --mend.
    """
    with open_hub(data_dir, say=lambda message: typer.echo(message, err=True)) as hub:
        found = recount(hub, mend=mend)
    said = f"{found.records} records in {found.hours} hours (each of a kind) were counted again"
    if found.doubtful_hours:
        said += f"; {found.doubtful_hours} hours cannot be, because they correct records that were dropped"
    typer.echo(f"{said}.")
    for table, rows in sorted(found.differing.items()):
        typer.echo(f"{table}: {rows} rows {'differed and were put right' if mend else 'differ'}.")
    if found.differing and not mend:
        typer.echo("Put them right with --mend (docs/runbooks/FiguresWrong.md).", err=True)
        raise typer.Exit(1)
