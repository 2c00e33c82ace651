"""A code belongs to one living checkpoint of a system, whatever the order and however many send at once."""

import threading
from typing import Any

from daumoi.core.hub import Hub
from tests.integration.sending import a_system, send


def a_gate(ref: str, code: str, revision: int = 1) -> dict[str, Any]:
    return {
        "ref": ref,
        "revision": revision,
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "area": {"scheme": "vn-2024", "code": "01"},
        "data": {"code": code, "name": "Chốt", "type": "road"},
    }


def test_codes_pass_from_one_checkpoint_to_another_within_one_body(hub: Hub):
    system = a_system(hub)
    send(hub, system, "checkpoint", [a_gate("a", "X"), a_gate("b", "Y")])
    receipt = send(
        hub, system, "checkpoint", [a_gate("a", "Z", 2), a_gate("b", "X", 2), a_gate("a", "Y", 3), a_gate("c", "X")]
    )
    assert (receipt.corrected, receipt.held) == (3, 1)
    assert receipt.problems[0].code == "code_in_use"
    with hub.pool.connection() as connection:
        codes = connection.execute("SELECT code FROM place WHERE NOT withdrawn ORDER BY code").fetchall()
    assert codes == [("X",), ("Y",)]


def test_a_withdrawn_checkpoint_lets_its_code_go_and_cannot_take_it_back(hub: Hub):
    system = a_system(hub)
    send(hub, system, "checkpoint", [a_gate("a", "X"), {"ref": "a", "revision": 2, "op": "withdraw"}])
    assert send(hub, system, "checkpoint", [a_gate("b", "X")]).accepted == 1
    assert send(hub, system, "checkpoint", [a_gate("a", "X", 3)]).problems[0].code == "code_in_use"


def test_of_many_that_send_one_code_at_once_exactly_one_gets_it_and_none_starves(hub: Hub):
    system = a_system(hub)
    receipts = []

    def write(number: int) -> None:
        rows = [a_gate(f"{number}-{row}", f"C{row}" if row % 10 == 0 else f"{number}-{row}") for row in range(300)]
        receipts.append(send(hub, system, "checkpoint", rows))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receipts) == 4
    assert sum(receipt.accepted for receipt in receipts) == 4 * 270 + 30
    assert sum(receipt.held for receipt in receipts) == 3 * 30
