"""Registers systems and their credentials."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from daumoi.core.database import Connection

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)


class CodeNotUsable(Exception):
    """A code has letters, digits, dot, dash, underscore, begins with a letter or digit, and at most 63 characters."""


class CodeTaken(Exception):
    """A system of this code is registered already. Choose another code."""


class NoSuchSystem(Exception):
    """No system of this code is registered. `daumoi system list` shows those there are."""


@dataclass(frozen=True)
class Credentials:
    """What a new system signs in with; the secret is shown once and not kept."""

    code: str
    client_id: str
    client_secret: str


def secret_hash(secret: str) -> bytes:
    """Hash a client secret. It has 256 random bits, so a fast hash is enough: there is nothing to guess."""
    return sha256(secret.encode()).digest()


def touch_registry(connection: Connection) -> None:
    """Tell all processes that what they keep in memory has changed; part of the caller's transaction."""
    connection.execute("UPDATE registry_version SET version = version + 1")


def add_system(
    connection: Connection, *, code: str, name: str, organisation: str | None, send: Iterable[str], at: datetime
) -> Credentials:
    """Register a system and make its first client; `send` names kinds, or "*" for every kind.

    Raises CodeNotUsable and CodeTaken. Part of the caller's transaction.
    """
    owner = organisation or code
    if not _CODE.fullmatch(code) or not _CODE.fullmatch(owner):
        raise CodeNotUsable(CodeNotUsable.__doc__)
    connection.execute(
        "INSERT INTO organisation (code, name, created_at) VALUES (%s, %s, %s) ON CONFLICT (code) DO NOTHING",
        (owner, name if organisation is None else owner, at),
    )
    made = connection.execute(
        "INSERT INTO system (code, name, organisation_id, send, created_at)"
        " SELECT %s, %s, id, %s, %s FROM organisation WHERE code = %s ON CONFLICT (code) DO NOTHING RETURNING id",
        (code, name, sorted(set(send)), at, owner),
    ).fetchone()
    if made is None:
        raise CodeTaken(CodeTaken.__doc__)
    credentials = Credentials(code, f"{code}.{secrets.token_hex(4)}", secrets.token_urlsafe(32))
    connection.execute(
        "INSERT INTO client (client_id, system_id, secret_hash, created_at) VALUES (%s, %s, %s, %s)",
        (credentials.client_id, made[0], secret_hash(credentials.client_secret), at),
    )
    touch_registry(connection)
    return credentials


def set_suspended(connection: Connection, *, code: str, at: datetime | None) -> None:
    """Suspend a system (`at` is the instant) or take it back (`at` is None); raises NoSuchSystem."""
    changed = connection.execute("UPDATE system SET suspended_at = %s WHERE code = %s", (at, code)).rowcount
    if not changed:
        raise NoSuchSystem(NoSuchSystem.__doc__)
    touch_registry(connection)


def set_limits(connection: Connection, *, code: str, calls_per_second: int | None, records_per_day: int | None) -> None:
    """Say how much a system may do; None stands for what the settings allow every system. Raises NoSuchSystem."""
    changed = connection.execute(
        "UPDATE system SET calls_per_second = %s, records_per_day = %s WHERE code = %s",
        (calls_per_second, records_per_day, code),
    ).rowcount
    if not changed:
        raise NoSuchSystem(NoSuchSystem.__doc__)
    touch_registry(connection)
