"""`daumoi system`: registers the systems that send and read."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.cli.operator import actor
from daumoi.cli.session import open_hub
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.exchange import lifecycle
from daumoi.exchange.heads import LOOK_EVERY_S
from daumoi.exchange.terms import IdentityMode
from daumoi.kinds.registry import KINDS
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations import registry, services

app = typer.Typer(help="Register systems, list them, suspend them.", no_args_is_help=True)
DataDir = Annotated[Path, typer.Option(help="The hub's data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]
_ALL = "all"


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def kinds_of(text: str | None, *, option: str, readable: bool) -> list[str]:
    """Turn a list such as "checkpoint,citizen_report" or "all" into names of kinds; stops the command when unknown."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if _ALL in names:
        return [registry.EVERY_KIND]
    known = [*KINDS, *([IDENTITY_CHANGE] if readable else [])]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise _fail(f"{option}: no kind is called {', '.join(unknown)}. Kinds: {', '.join(known)}, or all.")
    return names


@app.command("add")
def add(
    code: Annotated[str, typer.Argument(help="Its code: letters, digits, dot, dash, underscore.")],
    name: Annotated[str, typer.Option(help="Its name, for people.")],
    organisation: Annotated[
        str | None, typer.Option(help="Code of its organisation; its own code if not given.")
    ] = None,
    send: Annotated[str | None, typer.Option(help="Kinds it may send, with commas between, or all.")] = None,
    read: Annotated[str | None, typer.Option(help="Kinds it may read by a standing agreement, or all.")] = None,
    identity: Annotated[str, typer.Option(help="What it sees of people: pseudonym, or given.")] = "pseudonym",
    data_dir: DataDir = Path("var"),
    as_json: AsJson = False,
) -> None:
    """Register a system and print its credentials, once."""
    if identity not in ("pseudonym", "given"):
        raise _fail("--identity must be pseudonym or given.")
    sends, reads = kinds_of(send, option="--send", readable=False), kinds_of(read, option="--read", readable=True)
    with open_hub(data_dir, say=_say_nothing if as_json else _say) as hub:
        try:
            made = register(
                hub, code=code, name=name, organisation=organisation, send=sends, read=reads, identity=identity
            )
        except (services.CodeNotUsable, services.CodeTaken) as fault:
            raise _fail(str(fault)) from None
    shown = {"code": made.code, "client_id": made.client_id, "client_secret": made.client_secret}
    if as_json:
        typer.echo(json.dumps(shown))
        return
    typer.echo(json.dumps(shown, indent=2))
    typer.echo(
        "The secret is shown this once and not kept: put it where the system can read it, and nobody else.", err=True
    )


def register(
    hub: Hub, *, code: str, name: str, organisation: str | None, send: list[str], read: list[str], identity: str
) -> services.Credentials:
    """Register a system with its rights and standing agreements in one transaction."""
    at = hub.clock.now()
    with hub.pool.connection() as connection, connection.transaction():
        made = services.add_system(connection, code=code, name=name, organisation=organisation, send=send, at=at)
        found = registry.load(connection).by_code(code)
        assert found is not None
        grant: IdentityMode = "given" if identity == "given" else "pseudonym"
        lifecycle.stand(connection, system_id=found.id, kinds=read, identity=grant, at=at)
        said = f"system {code}, sends {', '.join(send) or 'nothing'}, reads {', '.join(read) or 'nothing'} ({grant})"
        _audit(hub, connection, "system.add", said)
    return made


def _audit(hub: Hub, connection: Connection, action: str, said: str) -> None:
    audit.write(
        connection, at=hub.clock.now(), by=actor(), action=action, subject=Subject(said), purpose="administration"
    )


@app.command("list")
def list_systems(data_dir: DataDir = Path("var"), as_json: AsJson = False) -> None:
    """List the registered systems and what each may send."""
    with open_hub(data_dir, say=_say_nothing if as_json else _say) as hub, hub.pool.connection() as connection:
        systems = sorted(registry.load(connection).systems.values(), key=lambda system: system.code)
    if as_json:
        rows = [
            {
                "code": system.code,
                "name": system.name,
                "organisation": system.organisation,
                "send": sorted(system.send),
                "suspended": system.suspended,
                "calls_per_second": system.calls_per_second,
                "records_per_day": system.records_per_day,
            }
            for system in systems
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not systems:
        typer.echo("No system is registered yet. `daumoi system add CODE --name NAME --send all` registers one.")
        return
    table = Table("Code", "Name", "Organisation", "May send", "State")
    for system in systems:
        sends = "every kind" if registry.EVERY_KIND in system.send else ", ".join(sorted(system.send)) or "nothing"
        table.add_row(
            system.code, system.name, system.organisation, sends, "suspended" if system.suspended else "active"
        )
    Console().print(table)


@app.command("suspend")
def suspend(code: str, data_dir: DataDir = Path("var")) -> None:
    """Suspend a system: its tokens end at once, what it sent stays."""
    _set_suspended(code, data_dir, suspended=True)
    typer.echo(f"{code} is suspended: its tokens have ended.")


@app.command("resume")
def resume(code: str, data_dir: DataDir = Path("var")) -> None:
    """Take a suspension back; unexpired tokens are good again."""
    _set_suspended(code, data_dir, suspended=False)
    typer.echo(f"{code} is active again.")


@app.command("limit")
def limit(
    code: str,
    calls_per_second: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Calls a second; as the settings say if not given.")
    ] = None,
    records_per_day: Annotated[
        int | None, typer.Option(min=1, max=10**12, help="Records a day (UTC+7); as the settings say if not given.")
    ] = None,
    data_dir: DataDir = Path("var"),
) -> None:
    """Say how much a system may do; without options, what the settings allow every system."""
    with open_hub(data_dir, say=_say) as hub, hub.pool.connection() as connection:
        try:
            with connection.transaction():
                services.set_limits(
                    connection, code=code, calls_per_second=calls_per_second, records_per_day=records_per_day
                )
                said = f"system {code}, calls a second {calls_per_second}, records a day {records_per_day}"
                _audit(hub, connection, "system.limit", said)
        except services.NoSuchSystem as fault:
            raise _fail(str(fault)) from None
        time.sleep(2 * LOOK_EVERY_S)
        settings = hub.settings
    calls, records = calls_per_second or settings.calls_per_second, records_per_day or settings.records_per_day
    typer.echo(f"{code} may make {calls} calls a second and send {records} records a day.")


def _set_suspended(code: str, data_dir: Path, *, suspended: bool) -> None:
    with open_hub(data_dir, say=_say) as hub, hub.pool.connection() as connection:
        try:
            with connection.transaction():
                services.set_suspended(connection, code=code, at=hub.clock.now() if suspended else None)
                _audit(hub, connection, "system.suspend" if suspended else "system.resume", f"system {code}")
        except services.NoSuchSystem as fault:
            raise _fail(str(fault)) from None
        # A running server looks for changes this often: when the command returns, it has seen this one.
        time.sleep(2 * LOOK_EVERY_S)


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _say_nothing(_message: str) -> None:
    """Keep standard output and error to the answer alone."""
