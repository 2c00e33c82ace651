"""A dry run says what the real run then does (contract, section 3), and leaves nothing."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daumoi.core.hub import Hub
from daumoi.intake import rehearsal, submissions
from tests.integration.sending import a_report, a_system, send

Row = dict[str, Any]
_numbers = itertools.count(1)

ROWS = st.fixed_dictionaries(
    {
        "ref": st.sampled_from("abc"),
        "revision": st.integers(1, 3),
        "text": st.sampled_from(["một", "hai"]),
        "what": st.sampled_from(["good", "good", "good", "withdraw", "bad", "broken", "code"]),
    }
)


def a_checkpoint(ref: str, code: str) -> Row:
    area = {"scheme": "vn-2025", "code": "00004"}
    data = {"code": code, "name": "Chốt Mẫu", "type": "road"}
    return {"ref": ref, "occurred_at": "2021-08-01T08:00:00+07:00", "area": area, "data": data}


def row_of(base: int, one: dict[str, Any], kind: str) -> Row | bytes:
    ref = f"{base}-{one['ref']}"
    if one["what"] == "broken":
        return b'{"ref": '
    if kind == "checkpoint":
        row = a_checkpoint(ref, f"C{base}-{one['text'] if one['what'] != 'code' else 'ba'}")
    else:
        row = a_report(ref, data={"category": "crowd", "text": one["text"]})
    row["revision"] = one["revision"]
    if one["what"] == "withdraw":
        return {"ref": ref, "revision": one["revision"], "op": "withdraw"}
    if one["what"] == "bad":
        row["occurred_at"] = "hôm qua"
    return row


def said(receipt: Any) -> dict[str, Any]:
    """All a receipt says but its own name, numbers and the ids of held rows."""
    counts = ("received", "accepted", "corrected", "withdrawn", "repeated", "held")
    shown: dict[str, Any] = {name: getattr(receipt, name) for name in counts}
    shown["problems"] = [(one.row, one.ref, one.code, one.pointer) for one in receipt.problems]
    return shown


def left(hub: Hub) -> list[tuple[Any, ...]]:
    tables = ("record", "receipt", "held", "submission", "claim", "place_checkpoint")
    with hub.pool.connection() as connection:
        known = {row[0] for row in connection.execute("SELECT tablename FROM pg_tables")}
        return [connection.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables if name in known]  # type: ignore[misc]


def check(hub: Hub, kind: str) -> None:
    system = a_system(hub)
    outcomes: set[str] = set()

    @settings(max_examples=40, deadline=None)
    @given(bodies=st.lists(st.lists(ROWS, min_size=1, max_size=8), min_size=1, max_size=3))
    def play(bodies: list[list[dict[str, Any]]]) -> None:
        base = next(_numbers)
        for body in bodies:
            rows = [row_of(base, one, kind) for one in body]
            before = left(hub)
            played = send(hub, system, kind, rows, dry_run=True)
            assert left(hub) == before
            assert played.submission_id is None
            stored = send(hub, system, kind, rows)
            assert said(played) == said(stored)
            outcomes.update(name for name, rows_of in said(stored).items() if name != "problems" and rows_of)

    play()
    assert outcomes == {"received", "accepted", "corrected", "withdrawn", "repeated", "held"}


@pytest.mark.parametrize("kept_rows", [20_000, 1], ids=["in memory", "in tables"])
@pytest.mark.parametrize("kind", ["citizen_report", "checkpoint"])
def test_a_dry_run_says_what_the_real_run_does(
    hub: Hub, kind: str, kept_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "CHUNK_ROWS", 2)
    monkeypatch.setattr(rehearsal, "KEPT_ROWS", kept_rows)
    check(hub, kind)
