"""Agreements in tests: made through both approvals, read by pages as a receiver does."""

from __future__ import annotations

import json
from typing import Any

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.hub import Hub
from daumoi.exchange import agreements, feeds, lifecycle
from daumoi.exchange.feeds import FeedPage
from daumoi.exchange.terms import AreaRef, Terms
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from tests.integration.sending import READER

Line = dict[str, Any]


def terms_of(*kinds: str, identity: Any = "pseudonym", areas: Any = (), **more: Any) -> Terms:
    """Terms over areas given as (scheme, code)."""
    named = tuple(AreaRef(scheme, code) for scheme, code in areas)
    basis = "Quyết định 2666/QĐ-BYT, Điều 1"
    given = {"identity": identity, "areas": named, "purpose": "data_sharing", "legal_basis": basis}
    return Terms(kinds=kinds, **{**given, **more})


def agreed(hub: Hub, receiver: System, terms: Terms, *, provider: int | None = None) -> int:
    """A new agreement in force; returns its number."""
    with hub.pool.connection() as connection, connection.transaction():
        made = lifecycle.draft(
            connection,
            receiver=receiver.id,
            provider=provider,
            name="Chia sẻ",
            terms=terms,
            by="member:1",
            at=hub.clock.now(),
        )
    put_in_force(hub, made, 1)
    return made


def amended(hub: Hub, agreement: int, terms: Terms) -> int:
    """A further version in force; returns its number."""
    with hub.pool.connection() as connection, connection.transaction():
        version = lifecycle.amend(connection, agreement=agreement, terms=terms, by="member:1", at=hub.clock.now())
    put_in_force(hub, agreement, version)
    return version


def put_in_force(hub: Hub, agreement: int, version: int) -> None:
    at = hub.clock.now()
    with hub.pool.connection() as connection, connection.transaction():
        lifecycle.propose(connection, agreement=agreement, version=version, at=at)
        one = {"agreement": agreement, "version": version, "at": at}
        assert not lifecycle.approve(connection, side="owner", by="member:2", **one)
        assert lifecycle.approve(connection, side="privacy", by="member:3", **one)


def page(hub: Hub, receiver: System, kind: str, *, after: int = 0, limit: int = 1000) -> FeedPage:
    """One page, by the agreement in force; raises CallProblem."""
    with hub.pool.connection() as connection:
        known = registry.load(connection)
        today = hub.clock.now().astimezone(VIET_NAM_TIME).date()
        found = agreements.load(connection).of(receiver.id, kind, on=today)
    agreement = found or agreements.Agreement(receiver.id, kind, terms_of(kind), id=-1)
    return feeds.page(hub, known, agreement=agreement, reader=READER, after=after, limit=limit)


def lines_of(found: FeedPage) -> list[Line]:
    return [json.loads(line) for line in found.body.splitlines()]


def read_all(hub: Hub, receiver: System, kind: str, *, after: int = 0, limit: int = 7) -> list[Line]:
    """All that is there, page by page, to the head."""
    found: list[Line] = []
    while True:
        got = page(hub, receiver, kind, after=after, limit=limit)
        found += lines_of(got)
        assert got.next >= after
        if got.next >= got.head and not got.records:
            return found
        after = got.next
