"""`daumoi statement` and `daumoi lineage`: what went out, for the operator at the machine."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daumoi.cli.operator import actor
from daumoi.cli.session import open_hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import lineage as lineages
from daumoi.exchange import statements
from daumoi.exchange.lineage import Lineage
from daumoi.exchange.reading import Reader
from daumoi.exchange.reconciliation import DayGone
from daumoi.exchange.statements import SignedStatement, Statement
from daumoi.organisations import registry

DataDir = Annotated[Path, typer.Option(help="The hub's data directory.")]
Json = Annotated[bool, typer.Option("--json", help="Print it as the machine API gives it.")]


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def statement(
    system: Annotated[str, typer.Argument(help="The code of the system.")],
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day of receipt, UTC+7.")],
    as_json: Json = False,
    data_dir: DataDir = Path("var"),
) -> None:
    """Print the signed statement of a system for a day."""
    with open_hub(data_dir, say=lambda message: typer.echo(message, err=True)) as hub:
        with hub.pool.connection() as connection:
            found = registry.load(connection).by_code(system)
            if found is None:
                raise _fail("No system is called that; `daumoi system list` shows them.")
            try:
                signed = statements.statement(hub, connection, system=found, day=day.date())
            except (DayGone, ValueError) as fault:
                raise _fail(str(fault)) from None
        given = statements.as_given(hub, signed)
    typer.echo(msgspec.json.encode(given).decode() if as_json else _statement_text(given))


def _statement_text(given: SignedStatement) -> str:
    said = msgspec.json.decode(given.said, type=Statement)
    lines = [f"{said.system}, {said.day}{'' if said.closed else ' (not over yet)'}, made at {said.made_at:%F %T} UTC"]
    for each in said.given:
        span = f"{each.first}–{each.last}" if each.first is not None else "nothing taken"
        lines.append(
            f"{each.way} {each.name}{' ' if each.name else ''}{each.kind}, agreement {each.agreement}.{each.version}:"
            f" {each.in_scope} in scope = {each.delivered} delivered + {each.waiting} waiting + {each.failed} failed"
            f" + {each.filtered} filtered; {each.passed_over} passed over; {span}"
        )
    lines += [
        f"sent {each.kind}: {each.accepted} accepted, {each.corrected} corrected, {each.withdrawn} withdrawn; went to"
        f" {each.receivers} receivers{': ' if each.named else ''}{', '.join(each.named)}"
        for each in said.sent
    ]
    return "\n".join([*lines, f"signature {given.signature}", f"public key {given.public_key}"])


def lineage(
    kind: Annotated[str, typer.Argument(help="The kind, such as citizen_report.")],
    seq: Annotated[int, typer.Argument(min=1, help="The number of the record.")],
    check: Annotated[bool, typer.Option("--check", help="Check the digest of each stretch again.")] = False,
    as_json: Json = False,
    data_dir: DataDir = Path("var"),
) -> None:
    """Print where a record came from and where it went."""
    with open_hub(data_dir, say=lambda message: typer.echo(message, err=True)) as hub:
        try:
            reader = Reader(actor(), "administration")
            found = lineages.of_record(hub, kind=kind, seq=seq, asker=None, reader=reader, check=check)
        except CallProblem as problem:
            raise _fail(problem.detail) from None
    if found is None:
        raise _fail("No record of this kind has this number.")
    typer.echo(msgspec.json.encode(found).decode() if as_json else _lineage_text(found))


def _lineage_text(found: Lineage) -> str:
    lines = [f"{found.kind} {found.seq} ({found.id}) from {found.system}, received {found.received_at:%F %T} UTC"]
    lines += [f"came with submission {each.submission_id} of {each.at:%F %T}" for each in found.submissions]
    if found.mended_from is not None:
        lines.append(f"mended from held row {found.mended_from}")
    for change in found.revisions:
        lines.append(f"revision {change.revision}: number {change.seq}, {change.op or 'no longer kept'}")
    for went in found.deliveries:
        checked = f", digest {went.check}" if went.check else ""
        lines.append(
            f"{went.state} to {went.receiver} by {went.way} {went.name}{' ' if went.name else ''}as {went.op}, taken"
            f" {went.taken_at:%F %T} under agreement {went.agreement}.{went.version}, place {went.place} of"
            f" {went.records} in {went.first}–{went.last}{checked}"
        )
    return "\n".join(lines)
