"""Three days of reports that a receiver got in different ways, as the nights have counted and signed them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from daumoi.exchange import recounting, statements
from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk
from tests.integration.console.sharing import CAST, HANOI, KIND, SAIGON, a_named_report
from tests.integration.exchange.agreeing import agreed, amended, page, terms_of
from tests.integration.sending import a_system, read_up_to, send

IN_HA_NOI, IN_HCM = [("vn-2025", "01")], [("vn-2025", "79")]


def a_day(desk: Desk, sender: System, day: int) -> None:
    """Two reports of Hà Nội and one of Thành phố Hồ Chí Minh."""
    send(desk.hub, sender, KIND, [a_named_report(f"h{day}-{each}", HANOI) for each in range(2)])
    send(desk.hub, sender, KIND, [a_named_report(f"s{day}", SAIGON, subject={"phone": f"090512345{day}"})])


def a_night(desk: Desk) -> None:
    """The day ends; what the worker does at night is done."""
    clock: Any = desk.hub.clock
    clock.move(timedelta(days=1))
    recounting.prove(desk.hub)
    statements.keep_missing(desk.hub, days=recounting.BACK_DAYS)


def prove_three_days(desk: Desk) -> tuple[System, System, int]:
    """Of 1 August the receiver has all, of 2 August nothing for sure, what came on 3 August fell to an amendment.

    It is noon of 4 August. Returns the sender, the receiver and the number of its way out.
    """
    for name, role in CAST.items():
        desk.add(name, role)
    desk.add("lan", "security_monitor", area="vn-2025/01")
    sender, receiver = a_system(desk.hub, "dov"), a_system(desk.hub, "rita")
    agreement = agreed(desk.hub, receiver, terms_of(KIND, areas=IN_HA_NOI))
    a_day(desk, sender, 1)
    page(desk.hub, receiver, KIND)
    read_up_to(desk.hub, receiver, KIND, 3)
    a_night(desk)
    a_day(desk, sender, 2)
    page(desk.hub, receiver, KIND, after=3)
    a_night(desk)
    a_day(desk, sender, 3)
    clock: Any = desk.hub.clock
    clock.move(timedelta(minutes=1))
    amended(desk.hub, agreement, terms_of(KIND, areas=IN_HCM))
    a_night(desk)
    with desk.hub.pool.connection() as connection:
        row = connection.execute("SELECT id FROM destination WHERE receiver = %s", (receiver.id,)).fetchone()
    assert row is not None
    return sender, receiver, int(row[0])
