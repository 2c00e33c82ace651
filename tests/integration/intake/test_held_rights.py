"""Held rows obey the right to send: what a system may no longer send, it can neither mend nor replay."""

import dataclasses
import json

import pytest

from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.intake import held
from tests.integration.sending import a_report, a_system, send

KIND = "citizen_report"


def test_a_row_stays_held_when_its_system_may_no_longer_send_the_kind(hub: Hub):
    system = a_system(hub)
    send(hub, system, KIND, [a_report("h1") | {"data": {}}])
    (row,) = held.list_held(hub, system=system).items
    now = dataclasses.replace(system, send=frozenset())
    with pytest.raises(CallProblem, match="no_right") as mending:
        held.mend(hub, system=now, held_id=row.held_id, line=json.dumps(a_report("h1")).encode())
    with pytest.raises(CallProblem, match="no_right"):
        held.replay(hub, system=now, kind=KIND)
    assert mending.value.code == "no_right"
    assert held.replay(hub, system=now).received == 0
    assert [item.held_id for item in held.list_held(hub, system=system).items] == [row.held_id]
    mended = held.mend(hub, system=system, held_id=row.held_id, line=json.dumps(a_report("h1")).encode())
    assert mended is not None
    assert mended.accepted == 1
