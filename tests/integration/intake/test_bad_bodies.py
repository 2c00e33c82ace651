"""A body whose first thousand rows are all bad is ended when more follow, and told of like any other when none does."""

import pytest

from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from tests.integration.sending import a_report, a_system, send

FIRST = 1000


def bad(row: int) -> dict[str, object]:
    return a_report(f"R-{row}", occurred_at="2021-08-01T08:00:00")  # no offset


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_thousand_bad_rows_and_no_more_are_a_receipt(hub: Hub, dry_run: bool) -> None:
    receipt = send(hub, a_system(hub), "citizen_report", [bad(row) for row in range(FIRST)], dry_run=dry_run)
    assert (receipt.received, receipt.held) == (FIRST, FIRST)
    assert receipt.problems[0].code == "bad_instant"


@pytest.mark.parametrize("dry_run", [False, True])
def test_one_row_more_ends_the_body_with_the_receipt_so_far(hub: Hub, dry_run: bool) -> None:
    with pytest.raises(CallProblem) as refused:
        send(hub, a_system(hub), "citizen_report", [bad(row) for row in range(FIRST + 1)], dry_run=dry_run)
    assert refused.value.code == "too_many_bad_rows"
    receipt = refused.value.receipt
    assert (receipt.received, receipt.held) == (FIRST, FIRST)  # type: ignore[union-attr]


def test_one_good_row_among_the_first_thousand_lets_the_body_go_on(hub: Hub) -> None:
    rows = [a_report("good"), *(bad(row) for row in range(FIRST + 500))]
    receipt = send(hub, a_system(hub), "citizen_report", rows)
    assert (receipt.received, receipt.accepted, receipt.held) == (FIRST + 501, 1, FIRST + 500)
