"""`daumoi`: all commands."""

import sys

import typer

from daumoi import __version__
from daumoi.cli import (
    audit,
    backup,
    doctor,
    erase,
    feed,
    hold,
    import_file,
    log_commands,
    map_file,
    member,
    people,
    proof,
    restore,
    retention,
    rules,
    simulate,
    system,
    up,
)
from daumoi.cli.session import Stopped

app = typer.Typer(
    help="The hub of an epidemic response: records come in once, are unified, and go out to those entitled to them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("up")(up.up)
app.add_typer(system.app, name="system")
app.add_typer(member.app, name="member")
app.command("import")(import_file.import_file)
app.command("map")(map_file.map_file)
app.command("simulate")(simulate.simulate)
app.command("feed")(feed.feed)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.add_typer(log_commands.app, name="log")
app.add_typer(retention.app, name="retention")
app.add_typer(hold.app, name="hold")
app.add_typer(audit.app, name="audit")
app.add_typer(rules.app, name="rules")
app.command("erase")(erase.erase)
app.add_typer(people.app, name="people")
app.command("statement")(proof.statement)
app.command("lineage")(proof.lineage)


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; what cannot be started is said in a sentence, without a trace."""
    try:
        app()
    except Stopped as stopped:
        typer.echo(str(stopped), err=True)
        sys.exit(1)
