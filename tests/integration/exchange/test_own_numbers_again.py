"""A receiver with numbers of its own that asks again gets what it had as today's version of its agreement shows it."""

from __future__ import annotations

from daumoi.core.hub import Hub
from tests.integration.exchange.agreeing import agreed, amended, lines_of, page, terms_of
from tests.integration.sending import a_report, a_system, send

KIND = "citizen_report"


def test_a_field_that_was_cut_since_is_not_given_again_and_a_withdrawal_is(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreement = agreed(hub, receiver, terms_of(KIND, identity="none"))
    data = {"category": "crowd", "text": "Đông người", "external_status": "mới"}
    area = {"scheme": "vn-2025", "code": "00004"}
    send(hub, sender, KIND, [a_report("a", data=data, area=area), a_report("b", data=data)])
    send(hub, sender, KIND, [{"ref": "a", "revision": 2, "op": "withdraw"}])
    before = lines_of(page(hub, receiver, KIND))
    assert [(line["seq"], line["op"], line.get("data", {}).get("external_status")) for line in before] == [
        (1, "assert", "mới"),
        (2, "assert", "mới"),
        (3, "withdraw", None),
    ]
    amended(hub, agreement, terms_of(KIND, identity="none", fields={KIND: ("category",)}, areas=[("vn-2025", "01")]))
    again = lines_of(page(hub, receiver, KIND))
    assert [(line["seq"], line["op"], line.get("data")) for line in again] == [
        (1, "assert", {"category": "crowd"}),
        (3, "withdraw", None),
    ]
    assert [line["id"] for line in again] == [before[0]["id"], before[2]["id"]]


def test_a_correction_that_lies_outside_by_now_ends_what_it_had(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    inside, outside = ({"scheme": "vn-2025", "code": code} for code in ("00004", "25747"))
    agreement = agreed(hub, receiver, terms_of(KIND, identity="none"))
    send(hub, sender, KIND, [a_report("a", area=inside)])
    send(hub, sender, KIND, [a_report("a", area=outside, revision=2)])
    assert [line["op"] for line in lines_of(page(hub, receiver, KIND))] == ["assert", "correct"]
    amended(hub, agreement, terms_of(KIND, identity="none", areas=[("vn-2025", "01")]))
    again = lines_of(page(hub, receiver, KIND))
    assert [(line["seq"], line["op"]) for line in again] == [(1, "assert"), (2, "withdraw")]
