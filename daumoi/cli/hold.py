"""`daumoi hold`: legal holds, which keep records although a rule of retention lets them go."""

from pathlib import Path
from typing import Annotated

import typer

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.cli.operator import actor
from daumoi.cli.retention import DataDir, say
from daumoi.cli.session import open_hub
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.intake.setup import numbered_kinds
from daumoi.log import holds
from daumoi.organisations import registry

app = typer.Typer(help="Legal holds: place one, release it, list them.", no_args_is_help=True)


def _fail(message: str) -> typer.Exit:
    say(message)
    return typer.Exit(1)


@app.command("place")
def place(
    reason: Annotated[str, typer.Option(help="Why; no personal data: it is shown in lists.")],
    legal_basis: Annotated[str, typer.Option(help="The law, order or file number it stands on.")],
    kind: Annotated[str | None, typer.Option(help="Records of this kind alone.")] = None,
    system: Annotated[str | None, typer.Option(help="Records of this system alone.")] = None,
    first: Annotated[int | None, typer.Option(min=1, help="From this number on; needs --kind.")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Up to this number; needs --kind.")] = None,
    claim: Annotated[int | None, typer.Option(min=1, help="Records that name this claim.")] = None,
    person: Annotated[int | None, typer.Option(min=1, help="Records that name this person.")] = None,
    data_dir: DataDir = Path("var"),
) -> None:
    """Place a hold on the records that everything given applies to; prints its number."""
    if not (1 <= len(reason.strip()) <= 500 and 1 <= len(legal_basis.strip()) <= 500):
        raise _fail("--reason and --legal-basis must be text of 1 to 500 characters.")
    if (first or last) and not kind:
        raise _fail("--first and --last are numbers of one kind: say which with --kind.")
    if first and last and last < first:
        raise _fail("--last lies before --first.")
    if claim and person:
        raise _fail("Give --claim or --person, not both.")
    numbers = dict(numbered_kinds())
    if kind and kind not in numbers:
        raise _fail(f"No kind is called that. Kinds: {', '.join(numbers)}.")
    with open_hub(data_dir, say=say) as hub, hub.pool.connection() as connection, connection.transaction():
        found = registry.load(connection).by_code(system) if system else None
        if system and found is None:
            raise _fail("No system has this code. `daumoi system list` shows all.")
        try:
            made = holds.place(
                connection,
                reason=reason.strip(),
                legal_basis=legal_basis.strip(),
                at=hub.clock.now(),
                kind=numbers[kind] if kind else None,
                system_id=found.id if found else None,
                first_seq=first,
                last_seq=last,
                claim=claim,
                person=person,
            )
        except holds.NothingHeld as fault:
            raise _fail(str(fault)) from None
        _note(hub, connection, made, "hold.place", reason.strip())
    typer.echo(str(made))


@app.command("release")
def release(
    number: Annotated[int, typer.Argument(help="The number of the hold.")],
    reason: Annotated[str, typer.Option(help="Why it ends.")],
    data_dir: DataDir = Path("var"),
) -> None:
    """End a hold. What only it kept goes with the next `daumoi retention apply`."""
    if not 1 <= len(reason.strip()) <= 500:
        raise _fail("--reason must be text of 1 to 500 characters.")
    with open_hub(data_dir, say=say) as hub, hub.pool.connection() as connection, connection.transaction():
        if not holds.release(connection, hold=number, at=hub.clock.now()):
            raise _fail("No hold of this number is in force. `daumoi hold list` shows those that are.")
        _note(hub, connection, number, "hold.release", reason.strip())
    typer.echo(f"hold {number} is released")


@app.command("list")
def list_holds(
    released: Annotated[bool, typer.Option("--all", help="Those that were released, too.")] = False,
    data_dir: DataDir = Path("var"),
) -> None:
    """List the holds in force."""
    with open_hub(data_dir, say=say) as hub, hub.pool.connection() as connection:
        found = holds.holds(connection, released=released)
        codes = {system.id: system.code for system in registry.load(connection).systems.values()}
    names = {number: name for name, number in numbered_kinds()}
    for hold in found:
        scope = [
            f"kind {names.get(hold.kind, hold.kind)}" if hold.kind is not None else "",
            f"numbers {hold.first_seq or 1}–{hold.last_seq or ''}" if hold.first_seq or hold.last_seq else "",
            f"system {codes.get(hold.system_id, '')}" if hold.system_id is not None else "",
            f"person {hold.person}" if hold.person is not None else "",
            f"claim {hold.claims[0]}" if hold.claims and hold.person is None else "",
        ]
        ended = f", released {hold.released_at:%Y-%m-%d}" if hold.released_at else ""
        covers = ", ".join(part for part in scope if part)
        typer.echo(f"{hold.id}  since {hold.placed_at:%Y-%m-%d}{ended}: {covers} — {hold.reason} ({hold.legal_basis})")
    if not found:
        typer.echo("No hold is in force.")


def _note(hub: Hub, connection: Connection, number: int, action: str, reason: str) -> None:
    audit.write(
        connection,
        at=hub.clock.now(),
        by=actor(),
        action=action,
        subject=Subject(f"legal hold {number}"),
        purpose="records_management",
        reason=reason,
    )
