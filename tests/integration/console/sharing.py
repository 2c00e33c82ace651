"""A desk with those who draft, approve and watch agreements, a receiver, and reports of a week in two cities."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk
from tests.integration.sending import a_system, send

CAST = {
    "archie": "chief_architect",
    "dirk": "director",
    "pia": "privacy_security_policy",
    "otto": "security_monitor",
    "amy": "auditor",
}
KIND = "citizen_report"
SECRETS = ("Lê Thị Mẫu", "Thị Mẫu", "0905123456", "001087000001", "Quán vẫn mở cửa", "87000001")
"""Values of the reports that no page of agreements may show whole."""
HANOI, SAIGON = "00004", "26740"


def a_named_report(ref: str, ward: str, **changes: Any) -> dict[str, Any]:
    """A report of somebody who gave name, number and telephone."""
    return {
        "ref": ref,
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "subject": {"full_name": "Lê Thị Mẫu", "phone": "0905123456", "national_id": "001087000001"},
        "area": {"scheme": "vn-2025", "code": ward},
        "location": {"lat": 21.028511, "lon": 105.804817},
        "data": {"category": "crowd", "text": "Quán vẫn mở cửa"},
    } | changes


def set_up(desk: Desk) -> tuple[System, System]:
    """Fill a desk: a sender with six reports of Hà Nội and three of Thành phố Hồ Chí Minh, and a receiver."""
    for name, role in CAST.items():
        desk.add(name, role)
    sender, receiver = a_system(desk.hub, "dov"), a_system(desk.hub, "rita")
    clock: Any = desk.hub.clock
    for day in range(3):
        send(desk.hub, sender, KIND, [a_named_report(f"h{day}-{each}", HANOI) for each in range(2)])
        send(desk.hub, sender, KIND, [a_named_report(f"s{day}", SAIGON, subject={"phone": f"090512345{day}"})])
        clock.move(timedelta(days=1))
    return sender, receiver


def a_form(receiver: System | None, **changes: Any) -> dict[str, Any]:
    """What somebody fills in who drafts reports by pseudonyms."""
    fields = ["category", "text"]
    form: dict[str, Any] = {
        "kinds": [KIND],
        f"field_{KIND}": fields,
        "identity": "pseudonym",
        "purpose": "data_sharing",
    }
    form |= {"legal_basis": "Quyết định 2666/QĐ-BYT, Điều 1", "delay": "0", "delay_unit": "60"}
    if receiver is not None:
        form |= {"name": "Chia sẻ phản ánh cho Sở Y tế", "receiver": str(receiver.id), "provider": ""}
    return form | changes
