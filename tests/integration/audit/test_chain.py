"""The audit chain: what is written is sealed, and whatever is done to it afterwards is found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from daumoi.audit import heads, lines
from daumoi.audit.sealing import ChainBroken, mend_files, seal
from daumoi.core.clock import FixedClock
from daumoi.core.crypto import Keys
from daumoi.core.hub import Hub
from tests.integration.audit.conftest import DAY
from tests.integration.audit.writing import codes, found, verified, write

CHANGES = (
    "actor = 'member:eve'",
    "people = NULL",
    "reason = 'vì lý do khác'",
    "at = at - interval '1 microsecond'",
    "subject = subject || ' '",
    "purpose = 'supervision'",
    "sealed_at = sealed_at + interval '1 microsecond'",
    "entry = entry + 1000",
    "hash = sha256('x')",
)


@pytest.fixture
def folder(chained: Hub) -> Iterator[Path]:
    """The folder of signed heads; put back as it was."""
    place = heads.folder_of(chained.settings.data_dir)
    kept = {path: path.read_bytes() for path in heads.files(place)}
    yield place
    for path in heads.files(place):
        path.unlink()
    for path, content in kept.items():
        path.write_bytes(content)


def move(hub: Hub, by: timedelta) -> None:
    assert isinstance(hub.clock, FixedClock)
    hub.clock.move(by)


def test_a_log_that_nobody_touched_is_whole_and_its_days_are_signed(chained: Hub) -> None:
    report = verified(chained)
    assert (report.faults, report.lines, report.last, report.waiting) == ([], 30, 30, 0)
    names = [path.name for path in heads.files(heads.folder_of(chained.settings.data_dir))]
    assert names == ["2021-08-01.json", "2021-08-02.json", "now.json"]
    assert verified(chained, from_last_head=True).lines == 10
    assert seal(chained) == 0


def test_a_removed_line_is_found_where_it_was(chained: Hub) -> None:
    report = verified(chained, "DELETE FROM audit_line WHERE number BETWEEN 13 AND 14")
    assert [(fault.code, fault.number, fault.said) for fault in report.faults] == [
        ("removed", 13, "Lines 13 to 14 are missing.")
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_line_is_found_whatever_was_changed(chained: Hub, change: str) -> None:
    faults = found(chained, f"UPDATE audit_line SET {change} WHERE number = 15")
    assert ("changed", 15) in faults
    assert {number for _, number in faults} <= {15, 16}


def test_a_change_with_its_hash_made_anew_is_found_at_the_next_line(chained: Hub) -> None:
    assert found(chained, *rewriting(chained, 15, last=15)) == [("changed", 16)]


def test_a_chain_that_is_written_anew_to_its_end_differs_from_what_was_signed(chained: Hub) -> None:
    assert codes(chained, *rewriting(chained, 15, last=30)) == {"head_differs", "end_differs"}


def rewriting(hub: Hub, first: int, *, last: int) -> list[str]:
    """Change a line, and make the hashes from it to the last one anew, as somebody who knows the form can."""
    change = f"UPDATE audit_line SET actor = 'member:eve' WHERE number = {first}"
    with hub.pool.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(change)
        (before, _), *changed = lines.stored(connection, after=first - 2, last=last)
    statements = [change]
    for number, (_, line) in enumerate(changed, start=first):
        before = lines.link(before, line)
        statements.append(f"UPDATE audit_line SET hash = decode('{before.hex()}', 'hex') WHERE number = {number}")
    return statements


def test_lines_that_changed_places_are_found(chained: Hub) -> None:
    faults = found(
        chained,
        "UPDATE audit_line SET number = 1000 WHERE number = 12",
        "UPDATE audit_line SET number = 12 WHERE number = 13",
        "UPDATE audit_line SET number = 13 WHERE number = 1000",
    )
    assert {("changed", 12), ("changed", 13)} <= set(faults)


def test_a_line_put_in_is_found_in_the_middle_and_behind_the_end(chained: Hub) -> None:
    columns = "sealed_at, at, form, actor, actor_label, role, action, subject, purpose, reason, origin, session, request, hash"
    put = f"INSERT INTO audit_line (number, entry, {columns}) SELECT %s, 5000, {columns} FROM audit_line WHERE number = %s"
    assert found(chained, put % (31, 20)) == [("put_in", None)]
    shift = (
        "UPDATE audit_line SET number = number + 1000 WHERE number > 14",
        "UPDATE audit_line SET number = number - 999 WHERE number > 1000",
    )
    assert {("changed", 15), ("changed", 16), ("put_in", None)} <= set(found(chained, *shift, put % (15, 21)))


def test_a_cut_tail_is_found_although_everything_in_the_database_was_cut_with_it(chained: Hub) -> None:
    cut = "DELETE FROM audit_line WHERE number > 25"
    assert found(chained, cut) == [("tail_cut", 26)]
    back = "UPDATE audit_chain SET number = 25, hash = (SELECT hash FROM audit_line WHERE number = 25)"
    assert {("tail_cut", 26), ("end_forged", None)} <= set(found(chained, cut, back))


def test_a_tail_of_whole_days_is_missed_by_the_files_of_their_heads(chained: Hub, folder: Path) -> None:
    (folder / heads.NOW).unlink()
    assert {"tail_cut", "end_forged", "head_file_missing"} <= codes(
        chained,
        "DELETE FROM audit_line WHERE number > 10",
        "DELETE FROM audit_head WHERE number > 10",
        "UPDATE audit_chain SET number = 10, hash = (SELECT hash FROM audit_line WHERE number = 10)",
    )


def test_an_end_that_was_signed_once_and_put_back_is_found_and_nothing_is_sealed_onto_it(hub_at_noon: Hub) -> None:
    write(hub_at_noon, 2)
    seal(hub_at_noon)
    with hub_at_noon.pool.connection() as connection:
        end = connection.execute("SELECT number, hash, sealed_at, signature FROM audit_chain").fetchone()
        assert end is not None
        write(hub_at_noon, 2)
        seal(hub_at_noon)
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute("DELETE FROM audit_line WHERE number > 2")
            connection.execute("UPDATE audit_chain SET number = %s, hash = %s, sealed_at = %s, signature = %s", end)
    assert found(hub_at_noon) == [("tail_cut", 3)]
    write(hub_at_noon)
    with pytest.raises(ChainBroken, match="says that the chain had 4 lines"):
        seal(hub_at_noon)


def test_a_head_that_was_replaced_removed_or_forged_is_found(chained: Hub, folder: Path) -> None:
    first, second = folder / "2021-08-01.json", folder / "2021-08-02.json"
    kept = first.read_bytes(), second.read_bytes()
    shutil.copy(second, first)
    assert {"head_misplaced", "head_file_missing"} <= codes(chained)
    first.write_bytes(kept[0])
    head = heads.read(second)
    assert head is not None
    heads.write(folder, head.signed(heads.signing_key(Keys.from_master(bytes(32)))))
    assert codes(chained) == {"head_forged", "head_file_missing"}
    second.unlink()
    assert codes(chained) == {"head_file_missing"}
    second.write_bytes(b"{}")
    assert codes(chained) == {"head_unreadable", "head_file_missing"}
    second.write_bytes(kept[1])
    assert codes(chained, "DELETE FROM audit_head WHERE day = '2021-08-02'") == {"head_missing"}
    assert codes(chained, "UPDATE audit_head SET number = 19 WHERE day = '2021-08-02'") >= {"head_forged"}


def test_a_head_that_was_set_aside_without_a_restore_is_found(chained: Hub, folder: Path) -> None:
    aside = folder / "before-restore-000000000020-1"
    aside.mkdir()
    shutil.copy(folder / heads.NOW, aside)
    assert codes(chained) == {"head_misplaced"}
    shutil.rmtree(aside)


def test_without_the_file_of_the_last_seal_nothing_is_sealed(chained: Hub, folder: Path) -> None:
    (folder / heads.NOW).unlink()
    assert codes(chained) == {"head_file_missing"}
    with chained.pool.connection() as connection, connection.transaction(force_rollback=True):
        from daumoi.audit.sealing import lock_end

        with pytest.raises(ChainBroken, match="missing"):
            lock_end(connection, chained, folder)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_line SET actor = 'x' WHERE number = 1",
        "DELETE FROM audit_line WHERE number = 30",
        "TRUNCATE audit_line",
        "UPDATE audit_head SET number = 1",
        "DELETE FROM audit_head",
        "DELETE FROM audit_chain",
        "UPDATE audit_entry SET actor = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ],
)
def test_the_database_itself_refuses_to_change_or_remove_lines(chained: Hub, statement: str) -> None:
    with chained.pool.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute(
            "INSERT INTO audit_entry (at, actor, action, subject, purpose) VALUES (now(), 'a', 'b', 'c', 'd')"
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(statement)


def test_a_guard_that_is_switched_off_is_found(chained: Hub) -> None:
    assert codes(chained, "ALTER TABLE audit_line DISABLE TRIGGER audit_line_guard") == {"unguarded"}


def test_a_day_that_is_over_is_signed_without_a_new_line_and_a_line_that_waits_too_long_is_a_fault(
    hub_at_noon: Hub,
) -> None:
    with hub_at_noon.pool.connection() as connection:
        # As the release before writes it.
        connection.execute(
            "INSERT INTO audit_entry (at, actor, action, subject, purpose) VALUES (%s, 'cli', 'erase', 'x', 'Vì sao')",
            (hub_at_noon.clock.now(),),
        )
    move(hub_at_noon, timedelta(seconds=59))
    assert verified(hub_at_noon).is_whole
    move(hub_at_noon, timedelta(seconds=2))
    assert codes(hub_at_noon) == {"unsealed"}
    assert seal(hub_at_noon) == 1
    assert verified(hub_at_noon).is_whole
    move(hub_at_noon, DAY)
    assert codes(hub_at_noon) == {"head_missing"}
    assert seal(hub_at_noon) == 0
    assert verified(hub_at_noon).is_whole
    path = heads.folder_of(hub_at_noon.settings.data_dir) / "2021-08-01.json"
    written = path.read_bytes()
    path.unlink()
    mend_files(hub_at_noon)
    assert path.read_bytes() == written
