"""Contract, section 3: rows that wait for mending."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.contract.records import a_checkpoint, a_declaration, a_passage, a_report, put_at, the_bytes
from tests.hubs import Caller, HubServer, Record, a_problem, a_receipt, counts

NOBODY = "01970000-0000-7000-8000-000000000000"
NOWHERE = {"scheme": "vn-2025", "code": "99999"}


@pytest.fixture
def gates(hub_server: HubServer) -> Caller:
    """A fresh system with nothing held; reads what it sends."""
    return hub_server.new_system(send="all", read="all", identity="given")


def mend(caller: Caller, held_id: str, row: Record) -> httpx.Response:
    return caller.http.put(f"/api/v1/held/{held_id}", json=row)


def replay(caller: Caller, **choice: object) -> Record:
    return a_receipt(caller.http.post("/api/v1/held/replay", json=choice))


def still_held(caller: Caller, receipt: Record) -> int:
    answer = caller.get(f"/api/v1/submissions/{receipt['submission_id']}")
    assert answer.status_code == 200
    return int(answer.json()["still_held"])


def ids(items: list[Record]) -> list[str]:
    """Ids of held rows, under the name that the list gives them."""
    return [item.get("id") or item["held_id"] for item in items]


def test_held_rows_are_listed_with_their_problems(gates: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    problem = gates.one_problem("checkpoint", bad)
    (item,) = gates.held()
    assert ids([item]) == [problem["held_id"]]
    text = json.dumps(item)
    assert "unknown_area" in text
    assert "/area/code" in text
    assert "checkpoint" in text


def test_held_rows_are_listed_by_kind_and_by_code(gates: Caller) -> None:
    checkpoint = gates.one_problem("checkpoint", a_checkpoint(area=NOWHERE))["held_id"]
    report = gates.one_problem("citizen_report", a_report(area=NOWHERE))["held_id"]
    broken = gates.one_problem("citizen_report", b"{")["held_id"]
    assert ids(gates.held(kind="checkpoint")) == [checkpoint]
    assert ids(gates.held(kind="citizen_report")) == [report, broken]
    assert ids(gates.held(code="unknown_area")) == [checkpoint, report]
    assert ids(gates.held(kind="citizen_report", code="malformed_json")) == [broken]
    assert ids(gates.held(code="too_deep")) == []


def test_the_list_of_held_rows_is_read_page_by_page(gates: Caller) -> None:
    receipt = gates.receipt("checkpoint", *[a_checkpoint(area=NOWHERE) for _ in range(230)])
    listed = ids(gates.held())
    assert len(listed) == len(set(listed)) == receipt["held"] == 230
    page = gates.get("/api/v1/held", after=listed[10])
    if page.status_code == 200:
        from tests.hubs import items_of

        assert ids(items_of(page.json()))[0] == listed[11]


def test_a_caller_sees_and_mends_its_own_held_rows_alone(gates: Caller, hub_server: HubServer) -> None:
    bad = a_checkpoint(area=NOWHERE)
    held_id = gates.one_problem("checkpoint", bad)["held_id"]
    ben = hub_server.new_system(send="all")
    assert ben.held() == []
    a_problem(mend(ben, held_id, a_checkpoint()), 404)
    receipt = ben.http.post("/api/v1/held/replay", json={"ids": [held_id]})
    assert receipt.status_code == 404 or receipt.json()["received"] == 0
    assert ids(gates.held()) == [held_id]


@pytest.mark.parametrize("held_id", [NOBODY, "x", "1", "..%2F"])
def test_a_held_row_that_is_none_is_not_found(gates: Caller, held_id: str) -> None:
    answer = mend(gates, held_id, a_checkpoint())
    assert answer.status_code in {400, 404, 405}
    a_problem(answer, answer.status_code)


def test_a_mended_record_is_stored_and_its_entry_closes(gates: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    receipt = gates.receipt("checkpoint", a_checkpoint(), bad)
    assert still_held(gates, receipt) == 1
    answer = mend(gates, receipt["problems"][0]["held_id"], put_at(bad, "/area/code", "00004"))
    mended = a_receipt(answer)
    assert counts(mended) == {"accepted": 1}
    assert (gates.held(), still_held(gates, receipt)) == ([], 0)
    line = gates.get(f"/api/v1/records/checkpoint/{mended['first_seq']}").json()
    assert line["ref"] == bad["ref"]


def test_a_row_that_was_no_json_can_be_mended(gates: Caller) -> None:
    row = a_checkpoint()
    held_id = gates.one_problem("checkpoint", the_bytes(row)[:-1])["held_id"]
    assert counts(a_receipt(mend(gates, held_id, row))) == {"accepted": 1}
    assert gates.held() == []


def test_a_record_mended_badly_stays_held(gates: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    held_id = gates.one_problem("checkpoint", bad)["held_id"]
    answer = mend(gates, held_id, put_at(bad, "/area/code", "88888"))
    if answer.status_code == 200:
        assert counts(a_receipt(answer)) == {"held": 1}
    else:
        a_problem(answer, 422, "rows_refused")
    assert len(gates.held()) == 1
    (item,) = gates.held()
    assert counts(a_receipt(mend(gates, ids([item])[0], put_at(bad, "/area/code", "00004")))) == {"accepted": 1}


def test_a_mended_entry_is_gone_for_a_second_mending(gates: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    held_id = gates.one_problem("checkpoint", bad)["held_id"]
    good = put_at(bad, "/area/code", "00004")
    assert counts(a_receipt(mend(gates, held_id, good))) == {"accepted": 1}
    again = mend(gates, held_id, good)
    assert again.status_code == 404 or counts(a_receipt(again)) == {"repeated": 1}


def test_mending_with_a_body_that_is_no_record_is_refused_and_keeps_the_entry(gates: Caller) -> None:
    held_id = gates.one_problem("checkpoint", a_checkpoint(area=NOWHERE))["held_id"]
    answer = gates.http.put(f"/api/v1/held/{held_id}", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 400, 422}
    assert len(gates.held()) == 1


def test_a_bad_row_sent_again_is_held_under_the_same_id_and_listed_once(gates: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    first = gates.one_problem("checkpoint", bad)
    again = gates.one_problem("checkpoint", bad)
    assert first["held_id"] == again["held_id"]
    assert ids(gates.held()) == [first["held_id"]]


def test_a_bad_row_twice_in_one_body_is_held_once_and_counted_twice(gates: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    receipt = gates.receipt("checkpoint", bad, bad)
    assert receipt["held"] == 2
    assert len({problem["held_id"] for problem in receipt["problems"]}) == 1
    assert len(gates.held()) == 1


def test_a_bad_row_in_another_spelling_is_the_same_row(gates: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    turned = {key: bad[key] for key in reversed(bad)}
    assert gates.one_problem("checkpoint", bad)["held_id"] == gates.one_problem("checkpoint", turned)["held_id"]


@pytest.mark.parametrize("line", [b"{", b"\xff\xfe", b"[1,2]", b'{"ref":"x"} {"ref":"y"}'])
def test_a_line_that_is_no_record_sent_again_is_held_under_the_same_id(gates: Caller, line: bytes) -> None:
    assert gates.one_problem("checkpoint", line)["held_id"] == gates.one_problem("checkpoint", line)["held_id"]


def test_the_same_bad_row_of_another_kind_is_another(gates: Caller) -> None:
    assert gates.one_problem("checkpoint", b"{")["held_id"] != gates.one_problem("citizen_report", b"{")["held_id"]


def test_a_passage_of_an_unknown_checkpoint_is_held_and_can_be_replayed(gates: Caller) -> None:
    gate = a_checkpoint()
    passages = [a_passage(gate["data"]["code"]) for _ in range(3)]
    receipt = gates.receipt("checkpoint_passage", *passages)
    assert counts(receipt) == {"held": 3}
    assert {(problem["code"], problem["pointer"]) for problem in receipt["problems"]} == {
        ("unknown_checkpoint", "/data/checkpoint")
    }
    assert counts(replay(gates, code="unknown_checkpoint")) == {"held": 3}
    gates.receipt("checkpoint", gate)
    replayed = replay(gates, kind="checkpoint_passage", code="unknown_checkpoint")
    assert counts(replayed) == {"accepted": 3}
    assert (gates.held(), still_held(gates, receipt)) == ([], 0)
    lines = gates.feed("checkpoint_passage", after=replayed["first_seq"] - 1).lines
    assert [line["ref"] for line in lines] == [passage["ref"] for passage in passages], "in order of arrival"


def test_replay_takes_revisions_in_the_order_of_arrival(gates: Caller) -> None:
    gate = a_checkpoint()
    passage = a_passage(gate["data"]["code"])
    gates.receipt("checkpoint_passage", {**passage, "revision": 2})
    gates.receipt("checkpoint_passage", {**passage, "revision": 1})
    gates.receipt("checkpoint", gate)
    replayed = replay(gates, kind="checkpoint_passage")
    assert counts(replayed) == {"accepted": 1, "corrected": 1}
    lines = gates.feed("checkpoint_passage", after=replayed["first_seq"] - 1).lines
    assert [(line["revision"], line["op"], line["current"]) for line in lines] == [
        (2, "assert", True),
        (1, "correct", False),
    ]


def test_a_held_row_sent_again_and_good_now_is_stored_and_its_entry_closes(gates: Caller) -> None:
    gate = a_checkpoint()
    passage = a_passage(gate["data"]["code"])
    receipt = gates.receipt("checkpoint_passage", passage)
    gates.receipt("checkpoint", gate)
    assert counts(gates.receipt("checkpoint_passage", passage)) == {"accepted": 1}
    assert (gates.held(), still_held(gates, receipt)) == ([], 0)


def test_replay_may_be_for_one_submission(gates: Caller) -> None:
    gate = a_checkpoint()
    first = gates.receipt("checkpoint_passage", a_passage(gate["data"]["code"]))
    second = gates.receipt("checkpoint_passage", a_passage(gate["data"]["code"]))
    gates.receipt("checkpoint", gate)
    assert counts(replay(gates, submission_id=first["submission_id"])) == {"accepted": 1}
    assert (still_held(gates, first), still_held(gates, second)) == (0, 1)


def test_replay_may_be_for_some_ids(gates: Caller) -> None:
    gate = a_checkpoint()
    receipt = gates.receipt("checkpoint_passage", *[a_passage(gate["data"]["code"]) for _ in range(3)])
    gates.receipt("checkpoint", gate)
    chosen = [problem["held_id"] for problem in receipt["problems"][:2]]
    assert counts(replay(gates, ids=chosen)) == {"accepted": 2}
    assert ids(gates.held()) == [receipt["problems"][2]["held_id"]]


def test_replay_of_everything_tries_every_kind(gates: Caller) -> None:
    gate = a_checkpoint()
    gates.receipt("checkpoint_passage", a_passage(gate["data"]["code"]))
    gates.receipt("citizen_report", a_report(area=NOWHERE))
    gates.receipt("checkpoint", gate)
    answer = gates.http.post("/api/v1/held/replay", json={})
    replayed = a_receipt(answer)
    assert counts(replayed) == {"accepted": 1, "held": 1}


def test_replay_of_nothing_is_a_receipt_of_zeros(gates: Caller) -> None:
    assert replay(gates, kind="checkpoint")["received"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"kinds": "checkpoint"}',
        b'{"ids": "x"}',
        b'{"ids": ["x"]}',
        b'{"submission_id": 5}',
        b'{"kind": 5}',
    ],
)
def test_a_replay_that_is_none_is_refused(gates: Caller, body: bytes) -> None:
    answer = gates.http.post("/api/v1/held/replay", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 404, 422}
    a_problem(answer, answer.status_code)


def test_a_revision_conflict_is_held_and_stays_held_when_replayed(gates: Caller) -> None:
    row = a_report()
    gates.receipt("citizen_report", row)
    gates.one_problem("citizen_report", put_at(row, "/data/text", "Nội dung khác"))
    assert counts(replay(gates, code="revision_conflict")) == {"held": 1}
    assert len(gates.held()) == 1


def test_a_receipt_never_changes_and_its_submission_adds_still_held(gates: Caller) -> None:
    gate = a_checkpoint()
    passages = [a_passage(gate["data"]["code"]) for _ in range(2)]
    receipt = gates.receipt("checkpoint_passage", *passages, put_at(passages[0], "/area/code", "99999"))
    gates.receipt("checkpoint", gate)
    replay(gates, code="unknown_checkpoint")
    shown = gates.get(f"/api/v1/submissions/{receipt['submission_id']}").json()
    assert shown.pop("still_held") == 1
    assert {name: shown[name] for name in receipt} == receipt


def test_held_rows_show_no_identity_in_their_messages(gates: Caller) -> None:
    row = a_declaration(subject={"national_id": "00108712345", "full_name": "Phạm Thị Kín"})
    gates.receipt("health_declaration", row)
    (item,) = gates.held()
    assert "00108712345" not in json.dumps(item.get("problems", item.get("message", "")))
