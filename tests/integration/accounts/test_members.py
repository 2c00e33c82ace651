"""Members and memberships on the database: four eyes, dates, invitations, and the scope as SQL."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daumoi.accounts import selectors, services
from daumoi.accounts.scope import Scope
from daumoi.core.hub import Hub
from tests.conftest import NOON
from tests.unit.accounts.test_scope import GRANTS, PLACES, RIGHTS

TODAY = NOON.date()
HCMC = services.Area("vn-2025", "79", ("VN.79",))


def a_member(connection: psycopg.Connection, name: str) -> int:
    return services.add_member(connection, email=f"{name}@centre.example", name=name.title(), at=NOON)


def a_membership(role: str = "standing_member", *, area: services.Area | None = None) -> services.Membership:
    return services.Membership(role=role, from_on=TODAY, area=area)


def test_a_membership_counts_when_another_has_approved_it_and_in_its_days(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        ada, ben, cora = (a_member(connection, name) for name in ("ada", "ben", "cora"))
        wanted = services.Membership("province_admin", TODAY, TODAY + timedelta(days=9), area=HCMC)
        made = services.propose(
            connection, member_id=ben, membership=wanted, proposed_by=ada, at=NOON, reason="Tăng cường"
        )

        def rights_on(day: date) -> frozenset[str]:
            standing = selectors.standing(connection, ben, day)
            assert standing is not None
            return standing.scope.rights

        assert rights_on(TODAY) == frozenset()
        for wrong in (ada, ben):
            with pytest.raises(services.NotTheirs):
                services.decide(connection, membership_id=made, decided_by=wrong, approved=True, at=NOON)
        with pytest.raises(services.NotTheirs):
            services.decide(connection, membership_id=made, decided_by=None, approved=True, at=NOON)
        services.decide(connection, membership_id=made, decided_by=cora, approved=True, at=NOON)

        assert "record.view" in rights_on(TODAY)
        assert "record.view" in rights_on(TODAY + timedelta(days=9))
        assert rights_on(TODAY - timedelta(days=1)) == rights_on(TODAY + timedelta(days=10)) == frozenset()
        standing = selectors.standing(connection, ben, TODAY)
        assert standing is not None
        assert standing.scope.for_right("record.view").covers("VN.79.26740")
        assert not standing.scope.for_right("record.view").covers("VN.01")
        services.end(connection, membership_id=made, last_on=TODAY)
        assert rights_on(TODAY + timedelta(days=1)) == frozenset()
        with pytest.raises(services.NotTheirs):
            services.end(connection, membership_id=made, last_on=TODAY + timedelta(days=5))
        with pytest.raises(services.NotTheirs):
            services.decide(connection, membership_id=made, decided_by=cora, approved=False, at=NOON)


def test_the_table_itself_refuses_one_who_proposes_and_decides(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        ada, ben = a_member(connection, "ada"), a_member(connection, "ben")
        made = services.propose(connection, member_id=ben, membership=a_membership(), proposed_by=ada, at=NOON)
        for guilty in (ada, ben):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(
                    "UPDATE membership SET approved = true, decided_at = now(), decided_by = %s WHERE id = %s",
                    (guilty, made),
                )


def test_memberships_that_make_no_sense_are_refused_with_what_to_do(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        ada = a_member(connection, "ada")

        def propose(membership: services.Membership) -> None:
            services.propose(connection, member_id=ada, membership=membership, proposed_by=None, at=NOON)

        with pytest.raises(services.NoSuchRole, match="standing_member"):
            propose(a_membership("tsar"))
        with pytest.raises(services.AreaNeeded):
            propose(a_membership("ward_health"))
        propose(a_membership("standing_member"))
        with pytest.raises(services.RolesConflict, match=r"member\.approve and member\.propose"):
            propose(a_membership("director"))
        with pytest.raises(services.EmailTaken):
            services.add_member(connection, email=" ADA@centre.example ", name="Ada", at=NOON)
        for bad in ("ada", "a da@centre.example", "@centre.example", f"a@{'b' * 260}.example"):
            with pytest.raises(services.EmailNotUsable):
                services.add_member(connection, email=bad, name="Ada", at=NOON)


def test_an_invitation_is_good_once_until_it_expires_or_a_newer_one_is_made(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        ada = a_member(connection, "ada")
        first = services.invite(connection, member_id=ada, made_by=None, at=NOON)
        second = services.invite(connection, member_id=ada, made_by=None, at=NOON + timedelta(seconds=1))
        later = NOON + timedelta(seconds=2)

        assert services.invited(connection, token=first, at=later) is None
        assert services.invited(connection, token=second, at=NOON + timedelta(days=8)) is None
        assert services.accept(connection, token="guess", password="scrypt$…", at=later) is None
        found = services.accept(connection, token=second, password="scrypt$…", at=later)
        assert found is not None
        assert found.email == "ada@centre.example"
        assert services.accept(connection, token=second, password="scrypt$other", at=later) is None
        stored = connection.execute("SELECT token_hash FROM invitation").fetchall()
        assert all(second.encode() not in bytes(each) for (each,) in stored), "the link itself is not kept"


def test_the_scope_as_sql_is_the_scope_in_python(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        connection.execute("CREATE TEMP TABLE seen (path text)")

        @settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
        @given(
            st.lists(GRANTS, max_size=4), st.lists(st.none() | PLACES, min_size=1, max_size=25), st.sampled_from(RIGHTS)
        )
        def check(grants: list, paths: list[str | None], right: str) -> None:
            connection.execute("TRUNCATE seen")
            connection.execute("INSERT INTO seen SELECT unnest(%s::text[])", (paths,))
            for scope in (Scope(1, "ada", tuple(grants)), Scope(1, "ada", tuple(grants)).for_right(right)):
                text, params = scope.sql("path")
                found = [path for (path,) in connection.execute(f"SELECT path FROM seen WHERE {text}", params)]
                assert sorted(map(str, found)) == sorted(str(path) for path in paths if scope.covers(path))

        check()


def test_an_index_of_paths_serves_the_scope(hub: Hub) -> None:
    scope = Scope.of(member_id=1, label="ben", rights=["record.view"], paths=["VN.79", "VN.01.00004", "VN.01.00008"])
    text, params = scope.sql("path")
    with hub.pool.connection() as connection:
        connection.execute("CREATE TEMP TABLE many (path text)")
        connection.execute(
            "INSERT INTO many SELECT 'VN.' || lpad((n % 90)::text, 2, '0') || '.' || lpad((n % 9000)::text, 5, '0')"
            " FROM generate_series(1, 50000) n"
        )
        connection.execute("CREATE INDEX ON many (path text_pattern_ops)")
        connection.execute("ANALYZE many")
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN SELECT * FROM many WHERE {text}", params))
    assert "Seq Scan" not in plan
    assert plan.count("Index Cond") == 2


def test_sessions_that_are_over_are_forgotten_with_their_line_in_the_list(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        ada = a_member(connection, "ada")
        for key, ends in (("over", NOON), ("open", NOON + timedelta(hours=2))):
            connection.execute("INSERT INTO django_session VALUES (%s, '', %s)", (key, ends))
            connection.execute(
                "INSERT INTO usersessions_usersession (user_id, session_key, created_at, last_seen_at, ip, user_agent, data)"
                " VALUES (%s, %s, %s, %s, '127.0.0.1', '', '{}')",
                (ada, key, NOON, NOON),
            )

        assert services.forget_old_sessions(connection, at=NOON + timedelta(hours=1)) == 1

        left = connection.execute("SELECT session_key FROM usersessions_usersession").fetchall()
        assert left == connection.execute("SELECT session_key FROM django_session").fetchall() == [("open",)]
