"""`daumoi people`: find a person, read their timeline, compare all people for pairs that may be one."""

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from daumoi.accounts.scope import EVERYWHERE
from daumoi.audit.purposes import ReasonMissing
from daumoi.cli.operator import actor, purpose_said
from daumoi.cli.retention import DataDir, say
from daumoi.cli.session import open_hub
from daumoi.core.hub import Hub
from daumoi.core.turns import Busy
from daumoi.intake.setup import numbered_kinds
from daumoi.linkage.reading import Look
from daumoi.linkage.selectors import NameAndBirth, NotVisible, Number, Phone, Question, find, timeline
from daumoi.log.appearances import Place
from daumoi.log.entries import Role
from daumoi.organisations import registry
from daumoi.people.finding import NotSearchable

app = typer.Typer(help="People: find one, read their timeline, look for pairs that may be one.", no_args_is_help=True)
Purpose = Annotated[str, typer.Option(help="What the data are needed for; it goes into the audit log.")]


def _look(hub: Hub, purpose: str) -> Look:
    code, reason = purpose_said(purpose)
    return Look(actor(), code, hub.clock, reason)


def _fail(message: str) -> typer.Exit:
    say(message)
    return typer.Exit(1)


def _question(
    number: str | None,
    country: str | None,
    system_id: int | None,
    phone: str | None,
    name: str | None,
    birth: str | None,
) -> Question:
    given = [number is not None, phone is not None, name is not None or birth is not None]
    if sum(given) != 1:
        raise _fail("Give --number, --phone, or --name with --birth: one of them.")
    if number is not None:
        return Number(number, country, system_id)
    if phone is not None:
        return Phone(phone)
    if name is None or birth is None:
        raise _fail("A name alone would be a thousand people: give --name and --birth.")
    return NameAndBirth(name, birth)


@app.command("find")
def find_people(
    purpose: Purpose,
    number: Annotated[str | None, typer.Option(help="National id, old id, health insurance, passport, own id.")] = None,
    country: Annotated[
        str | None, typer.Option(help="Of the passport, two letters: the number may be one then.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="The number may be this system's own id of the person.")] = None,
    phone: Annotated[str | None, typer.Option(help="A phone, however it is written.")] = None,
    name: Annotated[str | None, typer.Option(help="The full name; accents and order do not count.")] = None,
    birth: Annotated[str | None, typer.Option(help="YYYY-MM-DD, YYYY-MM or YYYY.")] = None,
    data_dir: DataDir = Path("var"),
) -> None:
    """Find a person: one JSON object a person and line, with what each system said of them."""
    with open_hub(data_dir, say=say) as hub:
        with hub.pool.connection() as connection:
            systems = registry.load(connection)
        asked = systems.by_code(system) if system else None
        if system and asked is None:
            raise _fail("No system is called that; `daumoi system list` shows them.")
        question = _question(number, country, asked.id if asked else None, phone, name, birth)
        try:
            look = _look(hub, purpose)
            found = find(EVERYWHERE, hub, look=look, question=question)
        except (NotSearchable, ReasonMissing) as fault:
            raise _fail(str(fault)) from None
    codes = {one.id: one.code for one in systems.systems.values()}
    for person in found.people:
        origins = [
            {
                "claim": origin.claim,
                "system": codes.get(origin.system_id),
                "created_at": origin.created_at.isoformat(),
                "matched": origin.claim in person.matched,
                "identity": msgspec.to_builtins(origin.identity),
            }
            for origin in person.origins
        ]
        _print({"person": person.person, "claims": origins})
    if found.more:
        say("There are more: say more of whom you seek.")


@app.command("timeline")
def show_timeline(
    purpose: Purpose,
    person: Annotated[int, typer.Option(min=1, help="The number that `daumoi people find` shows.")],
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="So many records at most.")] = 1000,
    data_dir: DataDir = Path("var"),
) -> None:
    """Print the records of a person over all kinds, newest first, one JSON object a line."""
    kinds = {number: name for name, number in numbered_kinds()}
    roles = {int(role): role.name.lower() for role in Role}
    with open_hub(data_dir, say=say) as hub:
        with hub.pool.connection() as connection:
            codes = {one.id: one.code for one in registry.load(connection).systems.values()}
        place: Place | None = None
        left = limit
        try:
            look = _look(hub, purpose)
            while left:
                page = timeline(EVERYWHERE, hub, look=look, person=person, after=place, limit=min(left, 1000))
                for record in page.records:
                    _print(
                        {
                            "at": record.at.isoformat(),
                            "kind": kinds.get(record.kind, str(record.kind)),
                            "seq": record.seq,
                            "role": roles.get(record.role, "subject"),
                            "claim": record.claim,
                            "system": codes.get(record.system_id),
                            "ref": record.ref,
                            "revision": record.revision,
                            "current": record.current,
                            "path": record.path,
                            "data": json.loads(record.body) if record.body else None,
                        }
                    )
                left -= len(page.records)
                place = page.next
                if place is None:
                    break
        except (NotVisible, ReasonMissing) as fault:
            raise _fail(str(fault)) from None


@app.command("link")
def link(
    memory_mib: Annotated[int, typer.Option(min=256, help="So much memory at most, in MiB.")] = 2048,
    threads: Annotated[int, typer.Option(min=1, max=64, help="So many processors.")] = 1,
    data_dir: DataDir = Path("var"),
) -> None:
    """Compare all people now, as the worker does every night; pairs that may be one wait for a person's decision."""
    import duckdb

    from daumoi.linkage.comparing.job import compare_people

    with open_hub(data_dir, say=say) as hub:
        try:
            done = compare_people(hub, memory_mib=memory_mib, threads=threads)
        except Busy as fault:
            raise _fail(str(fault)) from None
        except duckdb.OutOfMemoryException:
            raise _fail(f"{memory_mib} MiB are too little for so many people: give more with --memory-mib.") from None
    trained = "trained on this hub's people" if done.trained else "the model that comes with the product"
    typer.echo(
        f"{done.rows} rows compared ({trained}); {done.pairs} pairs may be one person, {done.dropped} are dropped"
    )


def _print(line: dict[str, Any]) -> None:
    typer.echo(json.dumps(line, ensure_ascii=False))
