"""Where a record came from and where it went, as a page tells it: as much as the rights of its reader open.

Who sees the receivers or the agreements of the whole country (`system.view`, `agreement.view`) is told of every handing
over by name. Everybody else who sees the record learns to how many receivers it went, and that alone: who gets what is
no matter of an area.
"""

from __future__ import annotations

from typing import NamedTuple

from django.http import Http404
from django.utils.translation import gettext

from daumoi.console.access import StaffRequest, hub_of
from daumoi.console.acting import actor_of
from daumoi.console.exchange.agreements import holds
from daumoi.console.exchange.receivers import way_words
from daumoi.console.purpose import Stated
from daumoi.core.problems import CallProblem
from daumoi.exchange import lineage
from daumoi.exchange.handovers import Check, Handover, State, Went, receivers_of
from daumoi.exchange.lineage import Lineage
from daumoi.exchange.reading import Reader
from daumoi.organisations.registry import Registry

CHECKED_MOST = 50_000
"""Numbers of the log in all stretches of a record that a page writes again; of more, the command line does it."""
_COLOURS: dict[State, str] = {"delivered": "bg-green-lt", "failed": "bg-red-lt", "waiting": "bg-yellow-lt"}
_CHECK_COLOURS: dict[Check, str] = {"same": "bg-green-lt", "changed": "bg-red-lt"}


class Line(NamedTuple):
    """One handing over in words."""

    went: Handover
    receiver: str
    way: str
    op: str
    state: str
    colour: str


class CheckedLine(NamedTuple):
    """One handing over of the record of a page, with its place."""

    line: Line
    went: Went
    check: str
    check_colour: str


class Told(NamedTuple):
    """What the page of a record tells."""

    found: Lineage
    lines: list[CheckedLine]
    """Empty for who is told the number alone."""
    receivers: int
    sees_receivers: bool
    is_checked: bool
    is_too_long: bool
    """Too much to be written again while a page waits."""
    dropped: list[lineage.Change]
    """Revisions that are no longer kept."""


def sees_receivers(request: StaffRequest) -> bool:
    """Tell whether its reader may know who the receivers are."""
    return holds(request, "system.view") or holds(request, "agreement.view")


def state_words(state: State) -> str:
    """Say what became of it."""
    return {
        "delivered": gettext("delivered"),
        "waiting": gettext("taken out, not confirmed"),
        "failed": gettext("failed"),
        "passed_over": gettext("passed over by the receiver"),
        "withheld": gettext("not sent: the agreement had changed"),
    }[state]


def op_words(op: str) -> str:
    """Say as what it went."""
    return {"assert": gettext("stated"), "correct": gettext("corrected"), "withdraw": gettext("withdrawn")}[op]


def check_words(check: Check | None) -> str:
    """Say whether the lines are those that were sent; nothing where none was asked for, or none were sent."""
    if check is None:
        return ""
    return {
        "same": gettext("the same as sent"),
        "changed": gettext("differs from what was sent"),
        "gone": gettext("records no longer kept"),
    }[check]


def line_of(went: Handover, known: Registry) -> Line:
    """Put one handing over into words."""
    receiver = known.by_code(went.receiver)
    return Line(
        went,
        receiver.name if receiver else went.receiver,
        way_words(went.way),
        op_words(went.op),
        state_words(went.state),
        _COLOURS.get(went.state, ""),
    )


def told_of(
    request: StaffRequest, known: Registry, *, kind: str, seq: int, path: str | None, why: Stated | None, check: bool
) -> Told:
    """Look a record's way up. Raises Http404 when it was dropped meanwhile.

    A check opens all records of the stretches, also those beyond the reader's area, without showing one: it needs the
    sight of the receivers, a purpose, and is a line of the audit log.
    """
    hub = hub_of(request)
    reader = Reader(actor_of(request, *([path] if path else [])), why.code if why else "", why.reason if why else "")
    sees = sees_receivers(request)
    try:
        found = lineage.of_record(hub, kind=kind, seq=seq, asker=None, reader=reader)
        is_too_long = found is not None and _numbers(found) > CHECKED_MOST
        is_checked = check and sees and why is not None and not is_too_long
        if is_checked:
            found = lineage.of_record(hub, kind=kind, seq=seq, asker=None, reader=reader, check=True)
    except CallProblem:
        raise Http404 from None
    if found is None:
        raise Http404
    lines = [
        CheckedLine(
            line_of(went, known),
            went,
            check_words(went.check),
            _CHECK_COLOURS.get(went.check, "") if went.check else "",
        )
        for went in found.deliveries
    ]
    return Told(
        found,
        lines if sees else [],
        receivers_of(found.deliveries),
        sees,
        is_checked,
        is_too_long,
        [each for each in found.revisions if each.op is None],
    )


def _numbers(found: Lineage) -> int:
    return sum(went.last - went.first + 1 for went in found.deliveries)
