"""`daumoi`: all commands. Only the one that is asked for is loaded: all of them together take half a second."""

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import NamedTuple

import typer

from daumoi import __version__
from daumoi.cli.stopped import Stopped


class _Command(NamedTuple):
    """Where a command lives; a group has commands of its own."""

    module: str
    attribute: str
    is_group: bool = False


COMMANDS: dict[str, _Command] = {
    "up": _Command("up", "up"),
    "system": _Command("system", "app", is_group=True),
    "member": _Command("member", "app", is_group=True),
    "import": _Command("import_file", "import_file"),
    "map": _Command("map_file", "map_file"),
    "simulate": _Command("simulate", "simulate"),
    "feed": _Command("feed", "feed"),
    "files": _Command("files", "app", is_group=True),
    "doctor": _Command("doctor", "doctor"),
    "backup": _Command("backup", "backup"),
    "restore": _Command("restore", "restore"),
    "log": _Command("log_commands", "app", is_group=True),
    "retention": _Command("retention", "app", is_group=True),
    "hold": _Command("hold", "app", is_group=True),
    "audit": _Command("audit", "app", is_group=True),
    "rules": _Command("rules", "app", is_group=True),
    "erase": _Command("erase", "erase"),
    "people": _Command("people", "app", is_group=True),
    "statement": _Command("proof", "statement"),
    "lineage": _Command("proof", "lineage"),
}


_HELP = "The hub of an epidemic response: records come in once, are unified, and go out to those entitled to them."


def made_of(names: Iterable[str]) -> typer.Typer:
    """Return the command line with some of its commands."""
    app = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for name in names:
        where = COMMANDS[name]
        found = getattr(import_module(f"daumoi.cli.{where.module}"), where.attribute)
        if where.is_group:
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    app.command("version")(version)
    app.callback()(_several)
    return app


def _several() -> None:
    """Keep the name of a command that is alone: without a callback typer would run it without one."""


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; what cannot be started is said in a sentence, without a trace."""
    asked = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    app = made_of([asked] if asked in COMMANDS else COMMANDS if asked != "version" else ())
    try:
        app()
    except Stopped as stopped:
        typer.echo(str(stopped), err=True)
        sys.exit(1)
