"""Checkpoints are remembered between bodies, and never longer than they are so."""

from daumoi.core.hub import Hub
from daumoi.organisations.registry import System
from daumoi.places.directory import Directory
from tests.integration.sending import Record, a_passage, a_system, send


def a_checkpoint(revision: int = 1, **changes: object) -> Record:
    data = {"code": "EXAMPLE-1", "name": "Chốt số 1", "type": "road"} | changes
    return {
        "ref": "cp-1",
        "revision": revision,
        "occurred_at": "2021-08-01T00:00:00+07:00",
        "area": {"scheme": "vn-2025", "code": "00004"},
        "data": data,
    }


def passage(hub: Hub, system: System, ref: str) -> list[str]:
    """Send one passage; returns the codes of what was found about it."""
    receipt = send(hub, system, "checkpoint_passage", [a_passage(ref)])
    return [found.code for found in (*receipt.problems, *receipt.warnings)]


def test_a_passage_sees_every_change_of_its_checkpoint_at_once(hub: Hub) -> None:
    dov = a_system(hub)
    assert passage(hub, dov, "before") == ["unknown_checkpoint"]
    send(hub, dov, "checkpoint", [a_checkpoint()])
    assert passage(hub, dov, "open") == []
    send(hub, dov, "checkpoint", [a_checkpoint(2, closed_on="2021-07-15")])
    assert passage(hub, dov, "closed") == ["checkpoint_closed"]
    send(hub, dov, "checkpoint", [{"ref": "cp-1", "revision": 3, "op": "withdraw"}])
    assert passage(hub, dov, "gone") == ["unknown_checkpoint"]
    send(hub, dov, "checkpoint", [a_checkpoint(4)])
    assert passage(hub, dov, "back") == []


def test_a_passage_names_the_checkpoint_of_its_own_system(hub: Hub) -> None:
    dov, other = a_system(hub), a_system(hub, "other")
    send(hub, dov, "checkpoint", [a_checkpoint()])
    assert passage(hub, dov, "mine") == []
    assert passage(hub, other, "theirs") == ["unknown_checkpoint"]


def test_who_looks_from_further_back_changes_nothing_for_others(hub: Hub) -> None:
    dov = a_system(hub)
    send(hub, dov, "checkpoint", [a_checkpoint()])
    known = Directory()
    code = (dov.id, "EXAMPLE-1")
    with hub.pool.connection() as connection:
        assert known.by_codes(connection, {code}, version=7)[code].closed_on is None
        connection.execute("UPDATE place SET withdrawn = true")
        assert code in known.by_codes(connection, {code}, version=7), "remembered for this version"
        assert code not in known.by_codes(connection, {code}, version=6)
        assert code in known.by_codes(connection, {code}, version=7)
        assert code not in known.by_codes(connection, {code}, version=8)
