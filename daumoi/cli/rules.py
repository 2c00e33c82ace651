"""`daumoi rules`: rule packs; drafting a change, seeing what it would alter, and putting it in force by two people."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.cli import rules_text
from daumoi.cli.operator import actor
from daumoi.cli.retention import DataDir, say
from daumoi.cli.session import open_hub
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.kinds.codes.lists import unknown
from daumoi.rulepacks import preview, questions, selectors, services
from daumoi.rulepacks.pack import Pack, codes
from daumoi.rulepacks.reading import FILE_BYTES_MAX, PackFault, parse

app = typer.Typer(
    help="Rule packs: list and show them, draft a change, see what it would alter, put it in force.",
    no_args_is_help=True,
)
PackCode = Annotated[str, typer.Argument(help="The code of the pack, such as `daumoi rules list` shows it.")]
Number = Annotated[int, typer.Argument(min=1, help="The number of the version.")]
By = Annotated[str, typer.Option("--by", help="Who does this: the name of a person.")]
Remark = Annotated[str, typer.Option(help="Why; it is kept with the version and in the audit log.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]
_REFUSED = (
    PackFault,
    selectors.NoSuchPack,
    selectors.NoSuchVersion,
    services.NotNow,
    services.SamePerson,
    services.Outdated,
    services.NothingChanges,
    services.UnusableName,
)


def _fail(message: str) -> typer.Exit:
    say(message)
    return typer.Exit(1)


def _nothing(message: str) -> None:
    """Say nothing: standard output and error are a program's."""


@contextmanager
def _opened(data_dir: Path, as_json: bool = False) -> Iterator[tuple[Hub, Connection]]:
    """Open the hub in one transaction; what the rules refuse ends the command with its sentence."""
    try:
        with (
            open_hub(data_dir, say=_nothing if as_json else say) as hub,
            hub.pool.connection() as connection,
            connection.transaction(),
        ):
            yield hub, connection
    except _REFUSED as fault:
        raise _fail(str(fault)) from None


@app.command("list")
def list_packs(data_dir: DataDir = Path("var"), as_json: AsJson = False) -> None:
    """List the packs with all their versions, and what became of each."""
    with _opened(data_dir, as_json) as (_, connection):
        found = selectors.versions(connection)
    if as_json:
        typer.echo(json.dumps([rules_text.version_as_json(each) for each in found], ensure_ascii=False))
        return
    for each in found:
        typer.echo(rules_text.version_line(each))
    typer.echo("Show the rules of a day with `daumoi rules show PACK --on 2021-12-29`.")


@app.command("show")
def show(
    pack: PackCode,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The rules of this day alone.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Another version than the active one.")] = None,
    group: Annotated[str | None, typer.Option(help="The rules of this group alone.")] = None,
    data_dir: DataDir = Path("var"),
    as_json: AsJson = False,
) -> None:
    """Show the rules of a pack with their legal basis; what nobody has checked is marked "chưa kiểm chứng"."""
    with _opened(data_dir, as_json) as (_, connection):
        found = _content(connection, pack, version)
        steps = selectors.steps(connection, pack, version) if version else []
    day = on.date() if on else None
    if as_json:
        typer.echo(json.dumps(rules_text.pack_as_json(found, day, group), ensure_ascii=False))
        return
    for step in steps:
        typer.echo(f"{step.at:%Y-%m-%d %H:%M} UTC  {step.step} by {step.actor}: {step.remark}")
    for line in rules_text.pack_lines(found, day, group):
        typer.echo(line)


def _content(connection: Connection, pack: str, version: int | None) -> Pack:
    return selectors.content(connection, pack, version) if version else selectors.active(connection, pack)


@app.command("draft")
def draft(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The rules: .toml or .json.")],
    by: By,
    remark: Remark,
    data_dir: DataDir = Path("var"),
    as_json: AsJson = False,
) -> None:
    """Draft a version: the active one with the groups of the file replaced. Nothing is in force by that."""
    if file.stat().st_size > FILE_BYTES_MAX:
        raise _fail(f"The file is larger than {FILE_BYTES_MAX // 1024} KiB; rules are not. Check which file it is.")
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise _fail("The file is not UTF-8 text. Save it as UTF-8 and try again.") from None
    with _opened(data_dir, as_json) as (hub, connection):
        heading, rules = parse(text, is_json=file.suffix.lower() == ".json")
        if heading is None:
            raise PackFault(["The file does not say of which pack it is. Add a table [pack] with its code."])
        noted = services.draft(connection, heading=heading, rules=rules, by=by, at=hub.clock.now(), remark=remark)
        _check_codes(selectors.content(connection, noted.pack, noted.version))
        _note(hub, connection, [noted])
    _done(noted, as_json, f"See what it would alter: `daumoi rules diff {noted.pack} {noted.version}`.")


def _check_codes(pack: Pack) -> None:
    """Refuse codes that no code list has: records will never carry them."""
    if found := unknown(codes(pack)):
        raise PackFault(found)


@app.command("propose")
def propose(
    pack: PackCode, version: Number, by: By, remark: Remark, data_dir: DataDir = Path("var"), as_json: AsJson = False
) -> None:
    """Propose a draft for activation by a second person."""
    _step(services.propose, pack, version, by, remark, data_dir, as_json, "A second person may activate it now.")


@app.command("activate")
def activate(
    pack: PackCode, version: Number, by: By, remark: Remark, data_dir: DataDir = Path("var"), as_json: AsJson = False
) -> None:
    """Put a proposed version in force. Who drafted or proposed it may not."""
    _step(services.activate, pack, version, by, remark, data_dir, as_json, "Its rules are in force, each by its dates.")


@app.command("withdraw")
def withdraw(
    pack: PackCode, version: Number, by: By, remark: Remark, data_dir: DataDir = Path("var"), as_json: AsJson = False
) -> None:
    """Take back a version that was never in force."""
    _step(services.withdraw, pack, version, by, remark, data_dir, as_json, "")


def _step(
    service: Callable[..., services.Noted | list[services.Noted]],
    pack: str,
    version: int,
    by: str,
    remark: str,
    data_dir: Path,
    as_json: bool,
    then: str,
) -> None:
    with _opened(data_dir, as_json) as (hub, connection):
        made = service(connection, pack=pack, version=version, by=by, at=hub.clock.now(), remark=remark)
        noted = made if isinstance(made, list) else [made]
        _note(hub, connection, noted)
    _done(noted[-1], as_json, then)


def _note(hub: Hub, connection: Connection, noted: list[services.Noted]) -> None:
    for each in noted:
        audit.write(
            connection,
            at=hub.clock.now(),
            by=dataclasses.replace(actor(), label=each.actor),
            action=each.action,
            subject=Subject(each.subject),
            purpose="administration",
            reason=each.remark,
        )


def _done(noted: services.Noted, as_json: bool, then: str) -> None:
    if as_json:
        done = {"pack": noted.pack, "version": noted.version, "step": noted.step}
        typer.echo(json.dumps(done))
        return
    typer.echo(f"{noted.pack}, version {noted.version}: {noted.step} by {noted.actor}.")
    if then:
        typer.echo(then)


@app.command("diff")
def diff(
    pack: PackCode,
    version: Number,
    against: Annotated[int | None, typer.Option(min=1, help="Another version than the active one.")] = None,
    data_dir: DataDir = Path("var"),
    as_json: AsJson = False,
) -> None:
    """Show what a version would alter: which parameters, on which days, and how made-up cases fare."""
    with _opened(data_dir, as_json) as (_, connection):
        after = selectors.content(connection, pack, version)
        try:
            before: Pack | None = _content(connection, pack, against)
        except selectors.NoSuchPack:
            before = None
    found = preview.differences(before, after)
    touched = {each.group for each in found}
    compared: list[preview.Comparison] = []
    if before is not None:
        asked: list[preview.Question[Any]] = [one for one in questions.ALL if touched.intersection(one.groups)]
        compared = [preview.compare_on_grid(one, before, after) for one in asked]
    if as_json:
        typer.echo(json.dumps(rules_text.preview_as_json(found, compared), ensure_ascii=False))
        return
    for line in rules_text.preview_lines(found, compared, is_new=before is None):
        typer.echo(line)
