"""What each list of these pages costs, and whom the roll shows: the same as a naive look at every membership."""

from __future__ import annotations

import random
from datetime import UTC

import psycopg
import pytest

from daumoi.accounts import roll, services
from daumoi.accounts.scope import Scope
from daumoi.audit import break_glass, selectors
from daumoi.audit.actors import Actor
from daumoi.audit.sealing import seal
from daumoi.core.hub import Hub
from tests.conftest import NOON
from tests.integration.console.administration.cast import LONG_AGO

PATHS = ["VN.01", "VN.01.00004", "VN.01.00008", "VN.79", "VN.79.26740", "VN.79.26743", "VN.48"]


def test_each_list_and_each_single_thing_is_one_statement(centre: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    ben = Actor("member:4", "ben@example.vn")
    nation = Scope.of(member_id=1, label="ada", rights=["member.view"], paths=None)
    with centre.pool.connection() as connection:
        break_glass.ask(connection, by=ben, areas=["VN.79"], reason="Ổ dịch", at=centre.clock.now(), hours=4)
    seal(centre)
    statements: list[object] = []
    execute = psycopg.Cursor.execute

    def counted(self: psycopg.Cursor[object], query: object, *more: object, **options: object) -> object:
        statements.append(query)
        return execute(self, query, *more, **options)  # type: ignore[arg-type]

    with centre.pool.connection() as connection:
        monkeypatch.setattr(psycopg.Cursor, "execute", counted)
        found = [
            len(roll.members(nation, connection, on=NOON.date()).members),
            roll.member(nation, connection, 1) is not None,
            len(selectors.search(connection, selectors.Search()).lines),
            selectors.line(connection, 1) is not None,
            selectors.chain(connection).number,
            len(break_glass.asked(connection, member=ben.id)),
            len(break_glass.open_grants(connection, member=ben.id, at=centre.clock.now())),
            len(break_glass.to_review(connection, reviewer="member:1")),
        ]
        monkeypatch.undo()

    assert found == [6, True, 1, True, 1, 1, 1, 1]
    assert len(statements) == len(found)


def test_the_roll_shows_what_a_naive_look_at_every_membership_shows(centre: Hub) -> None:
    chance = random.Random(4)
    at = NOON.astimezone(UTC)
    given: dict[str, list[frozenset[str] | None]] = {}
    with centre.pool.connection() as connection, connection.transaction(force_rollback=True):
        for number in range(40):
            email = f"m{number:02}@roll.example"
            member = services.add_member(connection, email=email, name=f"M{number}", at=at)
            given[email] = []
            for _ in range(chance.randint(0, 2)):
                paths = None if chance.random() < 0.2 else frozenset(chance.sample(PATHS, chance.randint(1, 3)))
                area = services.Area("vn-2025", "01", tuple(sorted(paths))) if paths else None
                membership = services.Membership("engineer", LONG_AGO, area=area)
                services.propose(connection, member_id=member, membership=membership, proposed_by=None, at=at)
                given[email].append(paths)
        for scope_paths in (["VN.01"], ["VN.79"], ["VN.01.00004", "VN.48"], ["VN.01", "VN.79", "VN.48"], None):
            scope = Scope.of(member_id=1, label="x", rights=["member.view"], paths=scope_paths).for_right("member.view")
            page = roll.members(scope, connection, on=NOON.date(), text="@roll.example", most=100)
            shown = {each.email: len(each.memberships) for each in page.members}
            naive = {
                email: len(seen)
                for email, held in given.items()
                if (seen := [paths for paths in held if _sees(scope, paths)]) or scope.nationwide
            }
            assert shown == naive, scope_paths


def _sees(scope: Scope, paths: frozenset[str] | None) -> bool:
    return scope.nationwide or (paths is not None and all(scope.covers(path) for path in paths))
