"""`daumoi files`: who gets files of closed days, and in which form."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.cli.operator import actor
from daumoi.cli.retention import DataDir, say
from daumoi.cli.session import open_hub
from daumoi.cli.system import kinds_of
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.exchange.files import destinations
from daumoi.exchange.files.destinations import NoSuchDestination
from daumoi.exchange.files.terms import FORMATS, FilesFault, FileTerms
from daumoi.organisations import registry

app = typer.Typer(
    help="Files of closed days for receivers: add a destination, list them, end one.", no_args_is_help=True
)
_DAY = ["%Y-%m-%d"]


def _fail(message: str) -> typer.Exit:
    say(message)
    return typer.Exit(1)


@app.command("add")
def add(
    code: Annotated[str, typer.Argument(help="Code of the system that gets the files.")],
    name: Annotated[str, typer.Option(help="Its name, for people; no personal data.")],
    form: Annotated[str, typer.Option("--format", help="ndjson, csv or parquet.")],
    kinds: Annotated[str, typer.Option(help="Kinds with commas between, or all.")] = "all",
    by_province: Annotated[bool, typer.Option("--by-province", help="One file for each province of today.")] = False,
    closes_at_hour: Annotated[int, typer.Option(min=0, max=23, help="Hour of the next day (UTC+7).")] = 1,
    begins_on: Annotated[datetime | None, typer.Option(formats=_DAY, help="First day; today if not given.")] = None,
    cloudevents: Annotated[bool, typer.Option("--cloudevents", help="Each line of NDJSON is a CloudEvent.")] = False,
    data_dir: DataDir = Path("var"),
) -> None:
    """Have files made for a system, of what its agreements give; prints the number of the destination."""
    named = next((each for each in FORMATS if each == form), None)
    if named is None:
        raise _fail(f"--format is one of: {', '.join(FORMATS)}.")
    wanted = kinds_of(kinds, option="--kinds", readable=True)
    with open_hub(data_dir, say=say) as hub, hub.pool.connection() as connection, connection.transaction():
        found = registry.load(connection).by_code(code)
        if found is None:
            raise _fail("No system has this code. `daumoi system list` shows all.")
        today: date = hub.clock.now().astimezone(VIET_NAM_TIME).date()
        terms = FileTerms(
            format=named,
            by_province=by_province,
            closes_at_hour=closes_at_hour,
            cloudevents=cloudevents,
            begins_on=begins_on.date() if begins_on else today,
        )
        try:
            made = destinations.add(
                connection, receiver=found.id, name=name, kinds=wanted, terms=terms, at=hub.clock.now()
            )
        except FilesFault as fault:
            raise _fail(str(fault)) from None
        _audit(hub, connection, "file.add", f"destination {made} of system {code}, {form}, {', '.join(wanted)}")
    typer.echo(made)
    say("Files of each day are made when it is closed, of what the agreements of the system give.")


@app.command("list")
def list_destinations(
    data_dir: DataDir = Path("var"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """List the destinations of files, those that have ended too."""
    with open_hub(data_dir, say=say) as hub, hub.pool.connection() as connection:
        found = destinations.listed(connection)
    if as_json:
        rows = [{**each._asdict(), "terms": msgspec.to_builtins(each.terms)} for each in found]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("Number", "System", "Name", "Kinds", "Format", "Closes at", "State")
    for each in found:
        form = f"{each.terms.format}{', by province' if each.terms.by_province else ''}"
        hour = f"{each.terms.closes_at_hour:02}:00"
        table.add_row(str(each.id), each.system, each.name, ", ".join(each.kinds), form, hour, each.state)
    Console().print(table)


@app.command("end")
def end(
    number: Annotated[int, typer.Argument(help="As `daumoi files list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; no personal data.")],
    data_dir: DataDir = Path("var"),
) -> None:
    """Make no more files for a destination; those there are cannot be fetched any more."""
    if not 1 <= len(reason.strip()) <= 500:
        raise _fail("--reason must be text of 1 to 500 characters.")
    with open_hub(data_dir, say=say) as hub, hub.pool.connection() as connection, connection.transaction():
        try:
            destinations.end(connection, destination=number, reason=reason.strip(), at=hub.clock.now())
        except NoSuchDestination as fault:
            raise _fail(str(fault)) from None
        _audit(hub, connection, "file.end", f"destination {number}")
    typer.echo(f"No more files are made for destination {number}.")


def _audit(hub: Hub, connection: Connection, action: str, said: str) -> None:
    audit.write(
        connection, at=hub.clock.now(), by=actor(), action=action, subject=Subject(said), purpose="administration"
    )
