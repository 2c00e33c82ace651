"""Retention by rule: what goes, what stops the rest, what a hold keeps, and a run that was stopped anywhere."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import feeds
from daumoi.kinds.registry import KINDS
from daumoi.log import archive, archive_files, holds, retention, unnamed_claims
from daumoi.log.retention import Done, Verdict, apply, drop_by_hand, finish, plan, read_rules
from daumoi.log.retention_rules import Rule, RulesFault
from daumoi.log.segments import drop, droppable
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from tests.conftest import NOON
from tests.integration.sending import READER, TESTER, a_report, a_system, an_agreement, send

KIND = KINDS["citizen_report"]
ROWS = 100
MakeHub = Callable[..., Hub]


def a_rule(**changes: Any) -> Rule:
    values: dict[str, Any] = {
        "name": "reports",
        "kinds": ("citizen_report",),
        "keep_days": 30,
        "legal_basis": "Luật 91/2025/QH15",
        "valid_from": date(2021, 1, 1),
    }
    return Rule(**values | changes)


@pytest.fixture
def small(make_hub: MakeHub) -> Hub:
    """A hub at noon of 1 August 2021, whose segments hold a hundred records and whose archive files forty."""
    return make_hub(clock=FixedClock(NOON), DAUMOI_SEGMENT_ROWS=str(ROWS), DAUMOI_ARCHIVE_ROWS="40")


def move(hub: Hub, days: float) -> None:
    assert isinstance(hub.clock, FixedClock)
    hub.clock.move(timedelta(days=days))


def a_person(number: int) -> dict[str, Any]:
    return {"national_id": f"0010870{number:05d}", "full_name": "Lê Thị Mẫu"}


def fill(hub: Hub, system: System, rows: int, *, people: int = 0, name: str = "r", **changes: Any) -> None:
    """Send reports; `people` of them in turn are their subjects."""
    reports = [
        a_report(f"{name}-{row}", **({"subject": a_person(row % people)} if people else {}), **changes)
        for row in range(rows)
    ]
    receipt = send(hub, system, KIND.name, reports)
    assert receipt.accepted == rows, receipt.problems


def archive_all(hub: Hub) -> None:
    while archive.archive_next(hub, kind=KIND.name, number=KIND.number) is not None:
        continue


def files(hub: Hub) -> list[str]:
    return [file.path.stem for file in archive_files.files_of(archive.folder_of(hub))]


def plan_of(hub: Hub, *rules: Rule) -> list[Verdict]:
    with hub.pool.connection() as connection:
        return plan(connection, rules=rules, now=hub.clock.now())


def run(hub: Hub, *rules: Rule) -> Done:
    return apply(hub, rules=rules, actor=TESTER)


def numbers(hub: Hub, query: str) -> list[int]:
    with hub.pool.connection() as connection:
        return [row[0] for row in connection.execute(query)]


def counts(hub: Hub) -> dict[str, int]:
    tables = ("record", "record_person", "record_personal", "claim", "claim_index", "strong_identifier", "person")
    return {table: numbers(hub, f"SELECT count(*) FROM {table}")[0] for table in tables}


def test_a_segment_goes_with_its_archive_when_its_newest_record_is_old_enough(small: Hub):
    dov = a_system(small)
    fill(small, dov, 150)
    move(small, 20)
    fill(small, dov, 100, name="later")
    archive_all(small)
    move(small, 10)
    assert [verdict.stops for verdict in plan_of(small, a_rule())] == [[], ["rule “reports” keeps 30 days"]]
    before = files(small)
    assert run(small, a_rule()).files == 3
    assert numbers(small, "SELECT seq FROM record WHERE kind = 3 ORDER BY 1") == list(range(101, 251))
    assert numbers(small, "SELECT seq FROM record_personal ORDER BY 1") == list(range(101, 251))
    assert files(small) == [name for name in before if int(name[:12]) > 100]
    assert run(small, a_rule()).dropped == []
    move(small, 20)
    assert [verdict.segment.last_seq for verdict in run(small, a_rule()).dropped] == [200]


def test_a_record_is_kept_to_the_instant(small: Hub):
    fill(small, a_system(small), 100)
    move(small, 30)
    assert isinstance(small.clock, FixedClock)
    small.clock.move(timedelta(microseconds=-1))
    assert not plan_of(small, a_rule())[0].goes
    small.clock.move(timedelta(microseconds=1))
    assert plan_of(small, a_rule())[0].goes


def test_every_rule_that_touches_a_record_of_the_segment_has_to_allow_it(small: Hub):
    dov, hotline = a_system(small), a_system(small, "hotline")
    fill(small, dov, 99)
    fill(small, hotline, 1, area={"scheme": "vn-2025", "code": "00004"})
    move(small, 40)
    (verdict,) = plan_of(small, a_rule(), a_rule(name="hotline", system="hotline", keep_days=90))
    assert verdict.stops == ["rule “hotline” keeps 90 days"]
    (verdict,) = plan_of(small, a_rule(), a_rule(name="Hà Nội", area="VN.01", keep_days=90))
    assert verdict.stops == ["rule “Hà Nội” keeps 90 days"]
    (verdict,) = plan_of(small, a_rule(), a_rule(name="elsewhere", area="VN.0", keep_days=90))
    assert (verdict.goes, [rule.name for rule in verdict.rules]) == (True, ["reports"])
    (verdict,) = plan_of(small, a_rule(system="dov"))
    assert verdict.stops == ["no rule in force touches 1 of its records"]
    assert plan_of(small, a_rule(system="dov"), a_rule(name="hotline", system="hotline"))[0].goes


def test_without_a_rule_in_force_nothing_goes(small: Hub):
    fill(small, a_system(small), 100)
    move(small, 10_000)
    for rules in ([], [a_rule(kinds=("checkpoint",))], [a_rule(valid_to=date(2021, 12, 31))]):
        (verdict,) = plan_of(small, *rules)
        assert verdict.stops == ["no rule in force speaks of this kind"]
        assert run(small, *rules).dropped == []
    assert plan_of(small, a_rule(kinds=("*",)))[0].goes


def test_an_older_segment_that_stays_keeps_those_behind_it(small: Hub):
    dov, hotline = a_system(small), a_system(small, "hotline")
    fill(small, hotline, 1)
    fill(small, dov, 249)
    move(small, 40)
    found = plan_of(small, a_rule(), a_rule(name="hotline", system="hotline", keep_days=90))
    assert [verdict.stops for verdict in found] == [
        ["rule “hotline” keeps 90 days"],
        ["an older segment of the kind stays"],
    ]


def test_a_segment_stays_while_an_internal_reader_has_not_passed_it(small: Hub):
    fill(small, a_system(small), 100)
    move(small, 40)
    with small.pool.connection() as connection:
        connection.execute("INSERT INTO consumer (name, kind, seq, at) VALUES ('counters', 3, 99, now())")
    assert plan_of(small, a_rule())[0].stops == ["the internal reader counters has not passed it"]


def test_the_plan_changes_nothing_and_each_drop_is_written_to_the_audit_log(small: Hub):
    fill(small, a_system(small), 250, people=10)
    archive_all(small)
    move(small, 40)
    before, names = counts(small), files(small)
    assert [verdict.goes for verdict in plan_of(small, a_rule())] == [True, True]
    assert (counts(small), files(small)) == (before, names)
    run(small, a_rule())
    with small.pool.connection() as connection:
        lines = connection.execute(
            "SELECT actor, action, kind, first_seq, last_seq, purpose, reason FROM audit_entry ORDER BY id"
        ).fetchall()
    grounds = "reports: 30 days, Luật 91/2025/QH15"
    assert lines == [
        ("test", "retention.drop", "citizen_report", 1, 100, "records_management", grounds),
        ("test", "retention.drop", "citizen_report", 101, 200, "records_management", grounds),
    ]


def test_claims_that_no_record_names_any_more_go_and_the_others_stay(small: Hub):
    dov = a_system(small)
    fill(small, dov, 100, people=20)
    fill(small, dov, 50, people=5, name="later")
    move(small, 40)
    assert run(small, a_rule()).claims == 15
    assert counts(small) == {
        "record": 50,
        "record_person": 0,
        "record_personal": 50,
        "claim": 5,
        "claim_index": 10,
        "strong_identifier": 5,
        "person": 5,
    }
    fill(small, dov, 20, people=20, name="again")
    assert counts(small)["claim"] == 20, "who comes again has a claim again"


def test_a_claim_named_while_it_was_in_doubt_is_kept_with_its_identity(small: Hub, monkeypatch: pytest.MonkeyPatch):
    """A record that found the claim before it was set apart, and was stored after the first look."""
    dov = a_system(small, read="citizen_report")
    fill(small, dov, 100, people=1)
    fill(small, dov, 1, name="other")
    move(small, 40)
    (claim,) = numbers(small, "SELECT id FROM claim")
    real = unnamed_claims.destroying.until_quiet

    def until_quiet(connection: Any) -> None:
        with small.pool.connection() as other:
            other.execute("UPDATE record SET subject = %s WHERE kind = 3 AND seq = 101", (claim,))
            other.execute("UPDATE head SET seq = 102 WHERE kind = 3")
            other.execute(
                "INSERT INTO record (kind, seq, id, system_id, ref, revision, op, current, subject, received_at,"
                " schema_version) SELECT kind, 102, id, system_id, 'late', 1, 1, true, %s, received_at, 1 FROM record"
                " WHERE kind = 3 AND seq = 101",
                (claim,),
            )
            other.execute("UPDATE record SET subject = NULL WHERE kind = 3 AND seq = 101")
        real(connection)

    monkeypatch.setattr(unnamed_claims.destroying, "until_quiet", until_quiet)
    assert run(small, a_rule()).claims == 0
    line = json.loads(page(small, dov, 101, "given").splitlines()[0])
    assert line["subject"]["identity"]["full_name"] == "Lê Thị Mẫu"


def page(hub: Hub, system: System, after: int, identity: Any = "pseudonym") -> bytes:
    with hub.pool.connection() as connection:
        known = registry.load(connection)
    agreement = an_agreement(system, KIND.name, identity)
    return feeds.page(hub, known, agreement=agreement, reader=READER, after=after, limit=1000).body


def place(hub: Hub, **scope: Any) -> int:
    with hub.pool.connection() as connection:
        return holds.place(
            connection, reason="Vụ án 12/2021", legal_basis="Điều 88 BLTTHS 2015", at=hub.clock.now(), **scope
        )


def kept(hub: Hub) -> list[int]:
    with hub.pool.connection() as connection:
        return [row.seq for row in holds.records_on_hold(connection, kind=KIND.number, after=0, last=10**9)]


def test_records_under_a_hold_are_kept_whole_and_answered_as_gone_by_feeds(small: Hub):
    dov, hotline = a_system(small, read="citizen_report"), a_system(small, "hotline")
    fill(small, dov, 50, people=10, declarant=a_person(77))
    fill(small, hotline, 60, people=10)
    archive_all(small)
    move(small, 40)
    place(small, kind=KIND.number, system_id=dov.id, first_seq=11, last_seq=12)
    (person,) = numbers(
        small, "SELECT c.person FROM claim c JOIN record r ON r.subject = c.id WHERE kind = 3 AND seq = 51"
    )
    place(small, person=person)
    with small.pool.connection() as connection:
        stored = connection.execute("SELECT sealed FROM record_personal WHERE seq = 11").fetchone()
    done = run(small, a_rule())
    assert [(verdict.on_hold, verdict.goes) for verdict in done.dropped] == [(11, True)]
    assert kept(small) == [1, 11, 12, 21, 31, 41, 51, 61, 71, 81, 91]
    with small.pool.connection() as connection:
        (row,) = holds.records_on_hold(connection, kind=KIND.number, after=10, last=11)
        people = holds.persons_on_hold(connection, kind=KIND.number, after=10, last=11)
    assert stored is not None
    assert (row.ref, bytes(row.personal or b"")) == ("r-10", bytes(stored[0]))
    assert len(people) == 1
    assert numbers(small, "SELECT count(*) FROM claim WHERE id = ANY(SELECT subject FROM record_on_hold)") == [2 + 1]
    with pytest.raises(CallProblem, match="gone_before"):
        page(small, dov, 10)


def test_a_hold_that_ends_lets_go_what_only_it_kept(small: Hub):
    dov = a_system(small)
    fill(small, dov, 110, people=10)
    move(small, 40)
    first = place(small, kind=KIND.number, first_seq=1, last_seq=10)
    second = place(small, kind=KIND.number, first_seq=6, last_seq=20)
    run(small, a_rule())
    assert kept(small) == list(range(1, 21))
    with small.pool.connection() as connection:
        assert holds.release(connection, hold=first, at=small.clock.now())
        assert not holds.release(connection, hold=first, at=small.clock.now())
    assert run(small, a_rule()).let_go == 5
    assert kept(small) == list(range(6, 21))
    with small.pool.connection() as connection:
        holds.release(connection, hold=second, at=small.clock.now())
    assert run(small, a_rule()).let_go == 15
    assert kept(small) == []


def test_a_hold_on_a_person_keeps_the_claim_without_records(small: Hub):
    dov = a_system(small)
    fill(small, dov, 100, people=4)
    fill(small, dov, 1, name="more")
    move(small, 40)
    (claim,) = numbers(small, "SELECT min(id) FROM claim")
    hold = place(small, claim=claim, system_id=a_system(small, "other").id)
    assert run(small, a_rule()).claims == 3
    assert numbers(small, "SELECT id FROM claim") == [claim]
    with small.pool.connection() as connection:
        holds.release(connection, hold=hold, at=small.clock.now())
    assert run(small, a_rule()).claims == 1


def test_a_hold_placed_while_a_segment_is_about_to_go_is_kept_to(small: Hub, monkeypatch: pytest.MonkeyPatch):
    fill(small, a_system(small), 110)
    move(small, 40)
    placed: list[int] = []
    real = retention.drop

    def late(*arguments: Any) -> bool:
        if not placed:
            placed.append(place(small, kind=KIND.number, first_seq=7, last_seq=7))
        return real(*arguments)

    monkeypatch.setattr(retention, "drop", late)
    run(small, a_rule())
    assert kept(small) == [7]


def test_dropping_by_hand_keeps_what_is_on_hold_and_the_archive(small: Hub):
    fill(small, a_system(small), 250, people=5)
    archive_all(small)
    names = files(small)
    place(small, kind=KIND.number, first_seq=3, last_seq=3)
    assert drop_by_hand(small, kind=KIND.name, before=150, actor=TESTER) == 101
    assert (kept(small), files(small)) == ([3], names)


class Killed(BaseException):
    """Stands for the end of the process."""


STEPS = {
    "claims put in doubt": (retention, "doubt"),
    "segment dropped": (retention, "drop"),
    "rows beside deleted": (retention, "clear_beside"),
    "archive files removed": (archive_files, "remove_range"),
    "claims set apart": (unnamed_claims, "_set_apart"),
    "half the claims destroyed": (unnamed_claims.destroying, "destroy"),
}


@pytest.mark.parametrize(
    ("when", "step"),
    [*(("before", step) for step in STEPS), ("after", "segment dropped"), ("after", "half the claims destroyed")],
)
def test_a_run_that_is_killed_at_any_step_is_finished_by_the_next(
    small: Hub, monkeypatch: pytest.MonkeyPatch, step: str, when: str
):
    dov = a_system(small)
    fill(small, dov, 250, people=100, declarant=a_person(4000))
    fill(small, dov, 10, people=3, name="later")
    archive_all(small)
    place(small, kind=KIND.number, first_seq=5, last_seq=6)
    move(small, 40)
    where, name = STEPS[step]
    real = getattr(where, name)

    def cut(*arguments: Any, **named: Any) -> Any:
        if when == "after":
            real(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(where, name, cut)
        with pytest.raises(Killed):
            run(small, a_rule())
    run(small, a_rule())
    assert numbers(small, "SELECT seq FROM record WHERE kind = 3 ORDER BY 1") == list(range(201, 261))
    assert numbers(small, "SELECT min(seq) FROM record_person") == [201]
    assert numbers(small, "SELECT min(seq) FROM record_personal") == [201]
    assert kept(small) == [5, 6]
    assert min(int(name[:12]) for name in files(small)) == 201
    named = numbers(
        small,
        "SELECT subject FROM record WHERE subject IS NOT NULL UNION SELECT claim FROM record_person"
        " UNION SELECT subject FROM record_on_hold UNION SELECT claim FROM record_on_hold_person ORDER BY 1",
    )
    assert numbers(small, "SELECT id FROM claim ORDER BY 1") == named
    assert numbers(small, "SELECT count(*) FROM archive_removal WHERE NOT removed") == [0]
    assert numbers(small, "SELECT count(*) FROM claim_in_doubt") == [0]


def test_the_worker_finishes_what_a_run_left(small: Hub, monkeypatch: pytest.MonkeyPatch):
    fill(small, a_system(small), 150, people=90)
    archive_all(small)
    move(small, 40)

    def cut(*_: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(retention, "_finish", cut)
        with pytest.raises(Killed):
            run(small, a_rule())
    assert min(int(name[:12]) for name in files(small)) == 1
    finish(small)
    assert min(int(name[:12]) for name in files(small)) == 101
    assert counts(small)["claim"] == 50


def test_a_file_of_an_earlier_release_that_reaches_beyond_the_segment_is_cut(small: Hub):
    fill(small, a_system(small), 250)
    archive_all(small)
    folder = archive.folder_of(small)
    parts = archive_files.files_of(folder)
    wide = archive_files.path_of(folder, kind=KIND.name, day="2021-08-01", first=81, last=140)
    with duckdb.connect() as engine:
        inside = [str(part.path) for part in parts if 81 <= part.first <= 140]
        engine.execute(f"COPY (SELECT * FROM read_parquet({inside}) ORDER BY seq) TO '{wide}' (FORMAT parquet)")
    for path in inside:
        Path(path).unlink()
    move(small, 40)
    with small.pool.connection() as connection:
        segment = droppable(connection, kind=KIND.number)[0]
    again = archive_files.remove_range
    assert segment.last_seq == 100
    for _ in range(2):
        again(folder, kind=KIND.name, first=segment.first_seq, last=segment.last_seq)
    with duckdb.connect() as engine:
        seqs = engine.execute(f"SELECT seq FROM '{folder}/*/*/*.parquet' ORDER BY seq").fetchall()
    assert [seq for (seq,) in seqs] == list(range(101, 241))


def test_a_drop_that_is_told_no_changes_nothing(small: Hub):
    fill(small, a_system(small), 150)
    with small.pool.connection() as connection:
        (segment,) = droppable(connection, kind=KIND.number)
        assert not drop(connection, segment, lambda: False)
        assert droppable(connection, kind=KIND.number) == [segment]
    assert counts(small)["record"] == 150


def test_rules_are_read_from_the_data_directory_or_the_file_of_the_setting(make_hub: MakeHub, tmp_path: Path):
    text = '[[rule]]\nname = "r"\nkinds = ["*"]\nkeep_days = 30\nlegal_basis = "Luật"\nvalid_from = 2021-01-01\n'
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text(text.replace("30", "60"))
    plain, named = make_hub(), make_hub(DAUMOI_RETENTION_FILE=str(elsewhere))
    a_system(plain)
    with plain.pool.connection() as connection, pytest.raises(RulesFault, match=r"retention\.toml"):
        read_rules(plain, connection)
    (plain.settings.data_dir / "retention.toml").write_text(text)
    with plain.pool.connection() as connection:
        assert [rule.keep_days for rule in read_rules(plain, connection)] == [30]
        assert [rule.keep_days for rule in read_rules(named, connection)] == [60]
