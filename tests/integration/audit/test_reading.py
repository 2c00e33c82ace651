"""A read of a person needs a purpose; break-glass access ends, is counted, and is reviewed by somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from daumoi.audit import break_glass, services
from daumoi.audit.actors import Actor, Subject
from daumoi.audit.purposes import Purpose, ReasonMissing, UnknownPurpose, purposes, title
from daumoi.audit.sealing import seal
from daumoi.core.hub import Hub
from daumoi.core.reading import Reading
from tests.conftest import NOON
from tests.integration.audit.writing import ADA, BEN

CHI = Actor("member:chi", "Lê Thị Chi")


def read(connection: psycopg.Connection[tuple[object, ...]], purpose: str, reason: str = "", **more: object) -> Reading:
    return services.read(
        connection,
        at=NOON,
        by=BEN,
        action="person.find",
        subject=Subject("person by name", people=[1]),
        purpose=purpose,
        reason=reason,
        **more,  # type: ignore[arg-type]
    )


def test_without_a_purpose_of_the_list_there_is_no_reading(chained: Hub) -> None:
    with chained.pool.connection() as connection, connection.transaction(force_rollback=True):
        for none in ("", "   ", "curiosity", "Contact tracing"):
            with pytest.raises(UnknownPurpose, match="contact_tracing, medical_monitoring"):
                read(connection, none)
        with pytest.raises(ReasonMissing):
            read(connection, "legal_request", "   ")
        made = read(connection, "legal_request", "Công văn 12/CV")
        assert (made.actor, made.purpose) == ("member:ben", "legal_request")
        rows = connection.execute("SELECT reason, purpose FROM audit_entry WHERE id = %s", (made.entry,)).fetchall()
        assert rows == [("Công văn 12/CV", "legal_request")]
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "INSERT INTO audit_entry (at, form, actor, action, subject, purpose) VALUES (now(), 1, 'a', 'b', 'c', '')"
            )


def test_nobody_makes_a_reading_by_hand() -> None:
    with pytest.raises(TypeError, match="made by"):
        Reading()


def test_purposes_have_titles_in_both_languages_and_days() -> None:
    found = purposes(NOON.date())
    assert len({one.vi for one in found} | {one.en for one in found}) == 2 * len(found)
    assert title("contact_tracing") in found
    ended = Purpose("old", "Old", "Cũ", valid_to=NOON.date() - timedelta(days=1))
    assert not ended.is_valid(NOON.date())
    assert ended.is_valid(NOON.date() - timedelta(days=1))
    assert not Purpose("new", "New", "Mới", valid_from=NOON.date() + timedelta(days=1)).is_valid(NOON.date())


def test_break_glass_access_ends_by_itself_and_each_use_is_counted(chained: Hub) -> None:
    with chained.pool.connection() as connection, connection.transaction(force_rollback=True):
        with pytest.raises(break_glass.NothingAsked):
            break_glass.ask(connection, by=BEN, areas=["/01"], reason=" ", at=NOON, hours=4)
        with pytest.raises(break_glass.NothingAsked):
            break_glass.ask(connection, by=BEN, areas=[""], reason="Ổ dịch", at=NOON, hours=4)
        grant = break_glass.ask(connection, by=BEN, areas=["/79", "/01"], reason="Ổ dịch liên tỉnh", at=NOON, hours=4)
        assert (grant.areas, grant.until) == (["/01", "/79"], NOON + timedelta(hours=4))
        assert break_glass.open_grants(connection, member=BEN.id, at=NOON) == [grant]
        assert break_glass.open_grants(connection, member=ADA.id, at=NOON) == []
        assert break_glass.open_grants(connection, member=BEN.id, at=grant.until) == []
        read(connection, "break_glass", "Ổ dịch", grant=grant.id)
        read(connection, "contact_tracing", grant=grant.id)
        read(connection, "contact_tracing")
        (waiting,) = break_glass.to_review(connection, reviewer=ADA.id)
        assert (waiting.id, waiting.member_label, waiting.uses) == (grant.id, "Trần Văn Ben", 2)
        with pytest.raises(services.NoGrant):
            services.read(
                connection,
                at=NOON,
                by=CHI,
                action="person.find",
                subject=Subject("person by name"),
                purpose="contact_tracing",
                grant=grant.id,
            )
        with pytest.raises(services.NoGrant):
            services.read(
                connection,
                at=grant.until,
                by=BEN,
                action="person.find",
                subject=Subject("person by name"),
                purpose="contact_tracing",
                grant=grant.id,
            )


def test_access_is_reviewed_once_and_never_by_who_had_it(chained: Hub) -> None:
    with chained.pool.connection() as connection, connection.transaction(force_rollback=True):
        grant = break_glass.ask(connection, by=BEN, areas=["/01"], reason="Ổ dịch", at=NOON, hours=4)
        review = {"grant": grant.id, "decision": "justified", "remark": "Đúng quy trình", "at": NOON}
        assert break_glass.to_review(connection, reviewer=BEN.id) == []
        with pytest.raises(break_glass.NotYours):
            break_glass.review(connection, by=replace(BEN, label="Somebody else"), **review)
        with pytest.raises(break_glass.RemarkMissing):
            break_glass.review(connection, by=ADA, **{**review, "remark": " "})
        break_glass.review(connection, by=ADA, **review)
        assert break_glass.to_review(connection, reviewer=CHI.id) == []
        for number in (grant.id, 999):
            with pytest.raises(break_glass.NoSuchGrant):
                break_glass.review(connection, by=CHI, **{**review, "grant": number})
        said = connection.execute("SELECT actor, action, purpose, reason FROM audit_entry ORDER BY id").fetchall()
        assert said == [
            ("member:ben", "break_glass.ask", "break_glass", "Ổ dịch"),
            ("member:ada", "break_glass.review", "supervision", "Đúng quy trình"),
        ]
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            connection.execute(
                "INSERT INTO break_glass_review VALUES (%s, 'member:ben', 'member:ben', '', 'justified', 'x', now())",
                (break_glass.ask(connection, by=BEN, areas=["/01"], reason="x", at=NOON, hours=1).id,),
            )
    assert seal(chained) == 0
