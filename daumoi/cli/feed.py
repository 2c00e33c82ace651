"""`daumoi feed`: prints a feed as NDJSON."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from daumoi.audit.purposes import ReasonMissing, UnknownPurpose
from daumoi.cli.operator import actor, purpose_said
from daumoi.cli.session import open_hub
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import feeds
from daumoi.exchange.agreements import Agreement
from daumoi.exchange.reading import Reader
from daumoi.intake.setup import numbered_kinds
from daumoi.organisations import registry

_PAGE = 1000
_LOOK_EVERY_S = 0.5


def feed(
    kind: Annotated[str, typer.Argument(help="The kind, such as checkpoint_passage.")],
    after: Annotated[int, typer.Option(min=0, help="Begin after this number.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    identity: Annotated[
        bool, typer.Option("--identity", help="Show identities and personal fields; needs --purpose.")
    ] = False,
    purpose: Annotated[
        str | None, typer.Option(help="Why identities are looked at: a purpose of the list, or words; audited.")
    ] = None,
    reason: Annotated[str, typer.Option(help="More words on why, for purposes that need them.")] = "",
    data_dir: Annotated[Path, typer.Option(help="The hub's data directory.")] = Path("var"),
) -> None:
    """Print the records of a kind, one a line, in the order of their numbers."""
    known = [name for name, _ in numbered_kinds()]
    if kind not in known:
        typer.echo(f"No kind is called that. Kinds: {', '.join(known)}.", err=True)
        raise typer.Exit(1)
    if identity and not (purpose and purpose.strip()):
        typer.echo(
            "--identity shows personal data: say why with --purpose TEXT. It is written to the audit log.", err=True
        )
        raise typer.Exit(1)
    with open_hub(data_dir, say=lambda message: typer.echo(message, err=True)) as hub:
        try:
            _print(hub, kind=kind, after=after, follow=follow, reader=_reader(purpose, reason) if identity else None)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # The reader of our output has gone, as `head` does; that is no fault.
            sys.stderr.close()
        except (UnknownPurpose, ReasonMissing) as fault:
            typer.echo(str(fault), err=True)
            raise typer.Exit(1) from None
        except CallProblem as problem:
            typer.echo(problem.detail, err=True)
            raise typer.Exit(1) from None


def _reader(purpose: str | None, reason: str) -> Reader:
    return Reader(actor(), *purpose_said(purpose or "", reason))


def _print(hub: Hub, *, kind: str, after: int, follow: bool, reader: Reader | None) -> None:
    agreement = Agreement.of_hub(kind, gives_identity=reader is not None)
    reader = reader or Reader(actor(), "administration")
    while True:
        with hub.pool.connection() as connection:
            known = registry.load(connection)
        page = feeds.page(hub, known, agreement=agreement, reader=reader, after=after, limit=_PAGE)
        sys.stdout.buffer.write(page.body)
        sys.stdout.buffer.flush()
        after = page.next
        if after >= page.head:
            if not follow:
                return
            while _head(hub, kind) <= after:
                time.sleep(_LOOK_EVERY_S)


def _head(hub: Hub, kind: str) -> int:
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT seq FROM head WHERE name = %s", (kind,)).fetchone()
    return int(row[0]) if row else 0
