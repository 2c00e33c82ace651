"""The sign-ins of a demo: one for each role, with a password that everybody may know. On hubs marked as a demo only."""

from __future__ import annotations

from daumoi.accounts import roles, selectors, services
from daumoi.cli.member import area_of, give
from daumoi.cli.session import is_demo
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub

PASSWORD = "mot-hai-ba-chong-dich"  # noqa: S105 - of demos alone, printed for everybody who looks at one
DOMAIN = "demo.invalid"
"""No mail ever goes there (RFC 2606)."""

_AREAS = {
    "province_admin": "vn-2025/79",
    "district_health": "vn-2024/760",
    "ward_health": "vn-2025/26740",
    "cdc_tracer": "vn-2025/01",
    "checkpoint_officer": "vn-2025/01",
    "clinician": "vn-2025/48",
    "quarantine_site": "vn-2024/74",
    "place_owner": "vn-2025/00004",
}
OTHER_OFFICER = "other_province_admin"
"""Sees nothing of the first officer's province."""
_OTHER_AREA = "vn-2025/01"


def address_of(name: str) -> str:
    """Return the e-mail address of a demo's sign-in."""
    return f"{name}@{DOMAIN}"


def ensure(hub: Hub) -> None:
    """Make the sign-ins that a demo lacks; nothing on a hub that is none."""
    if not is_demo(hub):
        return
    wanted = {name: name for name in roles.load().roles} | {OTHER_OFFICER: "province_admin"}
    with hub.pool.connection() as connection:
        missing = {
            name: role for name, role in wanted.items() if selectors.member_id_of(connection, address_of(name)) is None
        }
    if not missing:
        return
    from daumoi.console.passwords import hashed

    password = hashed(hub, PASSWORD)  # once for all: its salt hides nothing where the password itself is printed
    with hub.pool.connection() as connection, connection.transaction():
        for name, role in missing.items():
            _add(hub, connection=connection, name=name, role=role, password=password)


def _add(hub: Hub, *, connection: Connection, name: str, role: str, password: str) -> None:
    at = hub.clock.now()
    title = roles.load().roles[role].title.vi
    member_id = services.add_member(
        connection, email=address_of(name), name=f"{title} (thử nghiệm)", at=at, is_demo=True, password=password
    )
    area = _OTHER_AREA if name == OTHER_OFFICER else _AREAS.get(role)
    membership = services.Membership(role=role, from_on=at.astimezone(VIET_NAM_TIME).date(), area=area_of(area))
    give(connection, member_id, membership, hub)


def said(hub: Hub) -> list[str]:
    """Return what to say of the sign-ins; nothing on a hub that is no demo."""
    if not is_demo(hub):
        return []
    return [
        f"Sign in at /console/ with the password {PASSWORD} as one of its members:",
        *(f"  {address_of(name):42} {role.title.en}" for name, role in roles.load().roles.items() if name in _SHOWN),
        f"  and so for each role that `.venv/bin/daumoi member roles` lists: ROLE@{DOMAIN}",
    ]


_SHOWN = ("director", "standing_member", "data_steward", "province_admin", "ward_health", "auditor")
