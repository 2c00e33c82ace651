"""`daumoi member`: invites people of the centre, lists them, switches them off."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from daumoi.accounts import roles, selectors, services
from daumoi.areas.coverage import paths_within
from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.cli.operator import actor
from daumoi.cli.session import open_hub
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.postgres import DirectoryLock

app = typer.Typer(help="Invite members, list them, switch them off.", no_args_is_help=True)
DataDir = Annotated[Path, typer.Option(help="The hub's data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]
FAULTS = (
    services.EmailNotUsable,
    services.NameNotUsable,
    services.NoSuchRole,
    services.AreaNeeded,
    services.RolesConflict,
    services.NoSuchMember,
)


class UnknownArea(Exception):
    """The area is given as SCHEME/CODE and must be known, such as vn-2025/79 or vn-2024/74."""


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def area_of(text: str | None) -> services.Area | None:
    """Read an area written as SCHEME/CODE, with the paths of today it means; raises UnknownArea."""
    if text is None:
        return None
    scheme, _, code = text.partition("/")
    paths = paths_within(scheme, code)
    if not paths:
        raise UnknownArea(UnknownArea.__doc__)
    return services.Area(scheme, code, paths)


@app.command("invite")
def invite(
    email: Annotated[str, typer.Argument(help="Their e-mail address, with which they sign in.")],
    name: Annotated[str, typer.Option(help="Their name.")],
    role: Annotated[str, typer.Option(help="Their role, such as director or province_admin.")],
    area: Annotated[
        str | None, typer.Option(help="Where it holds: SCHEME/CODE, such as vn-2025/79; nationwide if not given.")
    ] = None,
    organisation: Annotated[str | None, typer.Option(help="Code of the organisation they work for.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day of the membership, YYYY-MM-DD.")] = None,
    vendor: Annotated[bool, typer.Option("--vendor", help="They work for a supplier: marked as conflicted.")] = False,
    data_dir: DataDir = Path("var"),
    as_json: AsJson = False,
) -> None:
    """Invite somebody and print the link with which they choose a password, once: the first director, above all."""
    try:
        to_on = date.fromisoformat(until) if until else None
    except ValueError:
        raise _fail("--until must be a day, YYYY-MM-DD.") from None
    with open_hub(data_dir, say=_quiet if as_json else _say) as hub:
        try:
            membership = services.Membership(
                role=role,
                from_on=hub.clock.now().astimezone(VIET_NAM_TIME).date(),
                to_on=to_on,
                organisation=organisation,
                area=area_of(area),
                is_vendor=vendor,
            )
            token = invite_as_operator(hub, email=email, name=name, membership=membership)
        except (*FAULTS, UnknownArea) as fault:
            raise _fail(str(fault)) from None
        holder = DirectoryLock(hub.settings.data_dir).holder()
    path = f"/invitation/{token}/"
    link = f"{holder.address}{path}" if holder is not None and holder.address else path
    if as_json:
        typer.echo(json.dumps({"email": services.folded(email), "link": link}))
        return
    typer.echo(link)
    typer.echo(
        f"The link is shown this once and is good for {services.INVITATION_DAYS} days, once: hand it to them alone.",
        err=True,
    )


def invite_as_operator(hub: Hub, *, email: str, name: str, membership: services.Membership) -> str:
    """Add a member (or find them), give the membership at once, and return an invitation's secret part."""
    at = hub.clock.now()
    with hub.pool.connection() as connection, connection.transaction():
        member_id = selectors.member_id_of(connection, email)
        if member_id is None:
            member_id = services.add_member(connection, email=email, name=name, at=at)
        give(connection, member_id, membership, hub)
        _note(hub, connection, "member.invite", member_id)
        return services.invite(connection, member_id=member_id, made_by=None, at=at)


def give(connection: Connection, member_id: int, membership: services.Membership, hub: Hub) -> None:
    """Give a membership by the word of the hub's operator, who stands outside the console's four eyes."""
    at = hub.clock.now()
    made = services.propose(connection, member_id=member_id, membership=membership, proposed_by=None, at=at)
    services.decide(connection, membership_id=made, decided_by=None, approved=True, at=at)


@app.command("password")
def give_password(email: str, data_dir: DataDir = Path("var"), as_json: AsJson = False) -> None:
    """Give a member a password for once, and print it: they must choose another at the next sign-in."""
    from daumoi.console.passwords import hashed

    made = secrets.token_urlsafe(12)
    with open_hub(data_dir, say=_quiet if as_json else _say) as hub:
        password = hashed(hub, made)
        try:
            with hub.pool.connection() as connection, connection.transaction():
                services.give_password(connection, email=email, password=password)
                _note(hub, connection, "member.password", selectors.member_id_of(connection, email))
        except FAULTS as fault:
            raise _fail(str(fault)) from None
    typer.echo(json.dumps({"email": services.folded(email), "password": made}) if as_json else made)


@app.command("list")
def list_members(data_dir: DataDir = Path("var"), as_json: AsJson = False) -> None:
    """List the members with their memberships, and when each was last seen."""
    with open_hub(data_dir, say=_quiet if as_json else _say) as hub, hub.pool.connection() as connection:
        found = selectors.members(connection, selectors.OPERATOR)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, default=str))
        return
    if not found:
        typer.echo("There is no member yet. `daumoi member invite EMAIL --name NAME --role director` invites one.")
        return
    table = Table("E-mail", "Name", "Role", "Area", "From", "To", "State", "Last seen")
    for each in found:
        table.add_row(
            each.email,
            each.name,
            each.role or "none",
            f"{each.area_scheme}/{each.area_code}" if each.area_code else ("nationwide" if each.role else ""),
            str(each.from_on or ""),
            str(each.to_on or ""),
            _state(each),
            each.last_seen_at.strftime("%Y-%m-%d %H:%MZ") if each.last_seen_at else "never",
        )
    Console().print(table)


def _state(member: selectors.Member) -> str:
    if not member.is_active:
        return "switched off"
    if member.role is None or member.approved:
        return "demo" if member.is_demo else "active"
    return "waits for approval" if member.approved is None else "refused"


@app.command("roles")
def list_roles(as_json: AsJson = False) -> None:
    """List the roles and their rights."""
    known = roles.load().roles.values()
    if as_json:
        typer.echo(json.dumps({role.name: sorted(role.rights) for role in known}))
        return
    table = Table("Role", "Chức danh", "Title", "Rights")
    for role in known:
        table.add_row(role.name, role.title.vi, role.title.en, ", ".join(sorted(role.rights)))
    Console().print(table)


@app.command("off")
def switch_off(email: str, data_dir: DataDir = Path("var")) -> None:
    """Switch a member off: their sessions end at the next page, what they did stays under their name."""
    _set_active(email, data_dir, is_active=False)
    typer.echo("The member is switched off.")


@app.command("on")
def switch_on(email: str, data_dir: DataDir = Path("var")) -> None:
    """Let a member who was switched off sign in again."""
    _set_active(email, data_dir, is_active=True)
    typer.echo("The member may sign in again.")


def _set_active(email: str, data_dir: Path, *, is_active: bool) -> None:
    with open_hub(data_dir, say=_say) as hub, hub.pool.connection() as connection:
        try:
            with connection.transaction():
                services.set_active(connection, email=email, is_active=is_active)
                action = "member.on" if is_active else "member.off"
                _note(hub, connection, action, selectors.member_id_of(connection, email))
        except FAULTS as fault:
            raise _fail(str(fault)) from None


def _note(hub: Hub, connection: Connection, action: str, member_id: int | None) -> None:
    subject = Subject(f"member {member_id}")
    audit.write(connection, at=hub.clock.now(), by=actor(), action=action, subject=subject, purpose="administration")


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _quiet(_message: str) -> None:
    pass
