"""`daumoi erase`: erases a person, or one claim, everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from daumoi.cli.operator import actor
from daumoi.cli.retention import DataDir, say
from daumoi.cli.session import open_hub
from daumoi.core.hub import Hub
from daumoi.core.turns import Busy
from daumoi.intake.erasure import NobodyToErase, UnderHold, erase_claim, erase_person, preview
from daumoi.intake.setup import numbered_kinds
from daumoi.people.destroying import NotQuiet


def _fail(message: str) -> typer.Exit:
    say(message)
    return typer.Exit(1)


def erase(
    reason: Annotated[str, typer.Option(help="Why, such as the number of the request; no personal data.")],
    claim: Annotated[int | None, typer.Option(min=1, help="Erase this claim alone.")] = None,
    person: Annotated[int | None, typer.Option(min=1, help="Erase all claims of this person, of every system.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be touched; change nothing.")] = False,
    data_dir: DataDir = Path("var"),
) -> None:
    """Erase a person: identity, searchable hashes, personal values and held rows go; the facts of records stay.

    It cannot be undone. Safe to run again: what a stopped run had begun is finished by the next, or by the worker.
    """
    if (claim is None) == (person is None):
        raise _fail("Give --claim or --person, one of them.")
    if not 1 <= len(reason.strip()) <= 500:
        raise _fail("--reason must be text of 1 to 500 characters.")
    with open_hub(data_dir, say=say) as hub:
        try:
            if dry_run:
                _show(hub, claim, person)
                return
            if person is not None:
                erased = erase_person(hub, person=person, reason=reason.strip(), actor=actor())
            else:
                assert claim is not None
                erased = erase_claim(hub, claim=claim, reason=reason.strip(), actor=actor())
        except (NobodyToErase, UnderHold) as fault:
            raise _fail(str(fault)) from None
        except (Busy, NotQuiet) as fault:
            raise _fail(f"The erasure is begun and not finished; the worker goes on with it. {fault}") from None
    typer.echo(f"{erased} claims erased")


def _show(hub: Hub, claim: int | None, person: int | None) -> None:
    found = preview(hub, claim=claim, person=person)
    names = {number: name for name, number in numbered_kinds()}
    typer.echo(f"would erase {len(found.claims)} claims of {len(found.people)} people, named by:")
    for kind, records in sorted(found.records.items()):
        typer.echo(f"{records:>10} {names.get(kind, kind)}")
    if found.kept:
        typer.echo(f"{found.kept:>10} records on hold")
    if found.under_hold:
        typer.echo(str(UnderHold.__doc__))
