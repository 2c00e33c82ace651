"""What becomes of rows, given what is stored: examples of the contract, and properties over all histories."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from daumoi.log.decisions import decide
from daumoi.log.entries import Outcome


@dataclass(frozen=True)
class Line:
    key: bytes
    revision: int
    content: bytes
    withdraw: bool = False


LINES = st.builds(
    Line,
    key=st.sampled_from([b"a", b"b"]),
    revision=st.integers(1, 4),
    content=st.sampled_from([b"x", b"y"]),
    withdraw=st.booleans(),
)


def outcomes(*lines: Line) -> list[str]:
    return [decision.outcome.value for decision in decide(lines, {})]


def test_the_first_arrival_is_accepted_whatever_its_revision_and_a_late_lower_one_corrects():
    assert outcomes(Line(b"a", 7, b"x"), Line(b"a", 2, b"y")) == ["accepted", "corrected"]
    assert [decision.current for decision in decide([Line(b"a", 7, b"x"), Line(b"a", 2, b"y")], {})] == [True, False]


def test_a_withdrawal_may_come_first_and_a_higher_assert_brings_the_record_back():
    assert outcomes(Line(b"a", 2, b"w", withdraw=True), Line(b"a", 1, b"x"), Line(b"a", 3, b"y")) == [
        "withdrawn",
        "corrected",
        "corrected",
    ]


def test_the_same_revision_repeats_with_the_same_content_and_conflicts_with_another():
    assert outcomes(Line(b"a", 1, b"x"), Line(b"a", 1, b"x"), Line(b"a", 1, b"y")) == [
        "accepted",
        "repeated",
        "conflict",
    ]


@given(st.lists(LINES, max_size=20), st.integers(0, 20))
def test_cutting_a_history_into_two_batches_changes_no_decision(lines: list[Line], cut: int):
    whole = decide(lines, {})
    first = decide(lines[:cut], {})
    stored: dict[bytes, dict[int, bytes]] = {}
    for line, decision in zip(lines[:cut], first, strict=True):
        if decision.outcome not in (Outcome.REPEATED, Outcome.CONFLICT):
            stored.setdefault(line.key, {})[line.revision] = line.content
    assert first + decide(lines[cut:], stored) == whole


@given(st.lists(LINES, max_size=20))
def test_sending_everything_again_stores_nothing_new(lines: list[Line]):
    stored: dict[bytes, dict[int, bytes]] = {}
    for line, decision in zip(lines, decide(lines, {}), strict=True):
        if decision.outcome not in (Outcome.REPEATED, Outcome.CONFLICT):
            stored.setdefault(line.key, {})[line.revision] = line.content
    again = {decision.outcome for decision in decide(lines, stored)}
    assert again <= {Outcome.REPEATED, Outcome.CONFLICT}


@given(st.lists(LINES, max_size=20))
def test_exactly_one_stored_row_of_a_ref_is_the_newest_at_the_end(lines: list[Line]):
    newest: dict[bytes, int] = {}
    for line, decision in zip(lines, decide(lines, {}), strict=True):
        if decision.current:
            assert line.revision > newest.get(line.key, 0)
            newest[line.key] = line.revision
