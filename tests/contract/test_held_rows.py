"""Contract, section 3: rows that wait for mending."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.contract.records import a_checkpoint, a_declaration, a_passage, a_report, put_at, the_bytes
from tests.hubs import Caller, HubServer, Record, a_problem, a_receipt, counts, held_id

NOBODY = "01970000-0000-7000-8000-000000000000"
NOWHERE = {"scheme": "vn-2025", "code": "99999"}


@pytest.fixture
def gates(hub_server: HubServer) -> Caller:
    """A fresh system with nothing held; reads what it sends."""
    return hub_server.new_system(send="all", read="all", identity="given")


@pytest.fixture
def hanoi(dov: Caller) -> Iterator[Caller]:
    """The system that the tests of this file share; what others left held is passed over."""
    dov.passed_over = set(ids(dov.held()))
    yield dov
    dov.passed_over = set()


def mend(caller: Caller, row_id: str, row: Record) -> httpx.Response:
    return caller.http.put(f"/api/v1/held/{row_id}", json=row)


def replay(caller: Caller, **choice: object) -> Record:
    return a_receipt(caller.http.post("/api/v1/held/replay", json=choice))


def still_held(caller: Caller, receipt: Record) -> int:
    answer = caller.get(f"/api/v1/submissions/{receipt['submission_id']}")
    assert answer.status_code == 200
    return int(answer.json()["still_held"])


def ids(items: list[Record]) -> list[str]:
    """Ids of held rows, under the name that the list gives them."""
    return [held_id(item) for item in items]


def test_held_rows_are_listed_with_their_problems(hanoi: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    problem = hanoi.one_problem("checkpoint", bad)
    (item,) = hanoi.held()
    assert ids([item]) == [problem["held_id"]]
    text = json.dumps(item)
    assert "unknown_area" in text
    assert "/area/code" in text
    assert "checkpoint" in text
    assert item["handed_back"] is None


def test_held_rows_are_listed_by_kind_and_by_code(hanoi: Caller) -> None:
    checkpoint = hanoi.one_problem("checkpoint", a_checkpoint(area=NOWHERE))["held_id"]
    report = hanoi.one_problem("citizen_report", a_report(area=NOWHERE))["held_id"]
    broken = hanoi.one_problem("citizen_report", b'{"ref": "%d"' % id(hanoi))["held_id"]
    assert ids(hanoi.held(kind="checkpoint")) == [checkpoint]
    assert ids(hanoi.held(kind="citizen_report")) == [report, broken]
    assert ids(hanoi.held(code="unknown_area")) == [checkpoint, report]
    assert ids(hanoi.held(kind="citizen_report", code="malformed_json")) == [broken]
    assert ids(hanoi.held(code="too_deep")) == []


def test_the_list_of_held_rows_is_read_page_by_page(hanoi: Caller) -> None:
    receipt = hanoi.receipt("checkpoint", *[a_checkpoint(area=NOWHERE) for _ in range(230)])
    listed = ids(hanoi.held())
    assert len(listed) == len(set(listed)) == receipt["held"] == 230


def test_a_caller_sees_and_mends_its_own_held_rows_alone(hanoi: Caller, cora: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    row_id = hanoi.one_problem("checkpoint", bad)["held_id"]
    assert row_id not in ids(cora.held())
    a_problem(mend(cora, row_id, a_checkpoint()), 404)
    receipt = cora.http.post("/api/v1/held/replay", json={"ids": [row_id]})
    assert receipt.status_code == 404 or receipt.json()["received"] == 0
    assert ids(hanoi.held()) == [row_id]


@pytest.mark.parametrize("row_id", [NOBODY, "x", "1", "..%2F"])
def test_a_held_row_that_is_none_is_not_found(hanoi: Caller, row_id: str) -> None:
    answer = mend(hanoi, row_id, a_checkpoint())
    assert answer.status_code in {400, 404, 405}
    a_problem(answer, answer.status_code)


def test_a_mended_record_is_stored_and_its_entry_closes(hanoi: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    receipt = hanoi.receipt("checkpoint", a_checkpoint(), bad)
    assert still_held(hanoi, receipt) == 1
    answer = mend(hanoi, receipt["problems"][0]["held_id"], put_at(bad, "/area/code", "00004"))
    mended = a_receipt(answer)
    assert counts(mended) == {"accepted": 1}
    assert (hanoi.held(), still_held(hanoi, receipt)) == ([], 0)
    line = hanoi.get(f"/api/v1/records/checkpoint/{mended['first_seq']}").json()
    assert line["ref"] == bad["ref"]


def test_a_row_that_was_no_json_can_be_mended(hanoi: Caller) -> None:
    row = a_checkpoint()
    row_id = hanoi.one_problem("checkpoint", the_bytes(row)[:-1])["held_id"]
    assert counts(a_receipt(mend(hanoi, row_id, row))) == {"accepted": 1}
    assert hanoi.held() == []


def test_a_record_mended_badly_stays_held(hanoi: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    row_id = hanoi.one_problem("checkpoint", bad)["held_id"]
    answer = mend(hanoi, row_id, put_at(bad, "/area/code", "88888"))
    if answer.status_code == 200:
        assert counts(a_receipt(answer)) == {"held": 1}
    else:
        a_problem(answer, 422, "rows_refused")
    assert len(hanoi.held()) == 1
    (item,) = hanoi.held()
    assert counts(a_receipt(mend(hanoi, ids([item])[0], put_at(bad, "/area/code", "00004")))) == {"accepted": 1}


def test_a_mended_entry_is_gone_for_a_second_mending(hanoi: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    row_id = hanoi.one_problem("checkpoint", bad)["held_id"]
    good = put_at(bad, "/area/code", "00004")
    assert counts(a_receipt(mend(hanoi, row_id, good))) == {"accepted": 1}
    again = mend(hanoi, row_id, good)
    assert again.status_code == 404 or counts(a_receipt(again)) == {"repeated": 1}


def test_mending_with_a_body_that_is_no_record_is_refused_and_keeps_the_entry(hanoi: Caller) -> None:
    row_id = hanoi.one_problem("checkpoint", a_checkpoint(area=NOWHERE))["held_id"]
    answer = hanoi.http.put(f"/api/v1/held/{row_id}", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 400, 422}
    assert len(hanoi.held()) == 1


def test_a_bad_row_sent_again_is_held_under_the_same_id_and_listed_once(hanoi: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    first = hanoi.one_problem("checkpoint", bad)
    again = hanoi.one_problem("checkpoint", bad)
    assert first["held_id"] == again["held_id"]
    assert ids(hanoi.held()) == [first["held_id"]]


def test_a_bad_row_twice_in_one_body_is_held_once_and_counted_twice(hanoi: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    receipt = hanoi.receipt("checkpoint", bad, bad)
    assert receipt["held"] == 2
    assert len({problem["held_id"] for problem in receipt["problems"]}) == 1
    assert len(hanoi.held()) == 1


def test_a_bad_row_in_another_spelling_is_the_same_row(hanoi: Caller) -> None:
    bad = a_checkpoint(area=NOWHERE)
    turned = {key: bad[key] for key in reversed(bad)}
    assert hanoi.one_problem("checkpoint", bad)["held_id"] == hanoi.one_problem("checkpoint", turned)["held_id"]


@pytest.mark.parametrize("line", [b"{", b"\xff\xfe", b"[1,2]", b'{"ref":"x"} {"ref":"y"}'])
def test_a_line_that_is_no_record_sent_again_is_held_under_the_same_id(hanoi: Caller, line: bytes) -> None:
    assert hanoi.one_problem("checkpoint", line)["held_id"] == hanoi.one_problem("checkpoint", line)["held_id"]


def test_the_same_bad_row_of_another_kind_is_another(hanoi: Caller) -> None:
    assert hanoi.one_problem("checkpoint", b"{")["held_id"] != hanoi.one_problem("citizen_report", b"{")["held_id"]


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


def test_a_held_row_sent_again_and_good_now_is_stored_and_its_entry_closes(hanoi: Caller) -> None:
    gate = a_checkpoint()
    passage = a_passage(gate["data"]["code"])
    receipt = hanoi.receipt("checkpoint_passage", passage)
    hanoi.receipt("checkpoint", gate)
    assert counts(hanoi.receipt("checkpoint_passage", passage)) == {"accepted": 1}
    assert (hanoi.held(), still_held(hanoi, receipt)) == ([], 0)


def test_replay_may_be_for_one_submission(hanoi: Caller) -> None:
    gate = a_checkpoint()
    first = hanoi.receipt("checkpoint_passage", a_passage(gate["data"]["code"]))
    second = hanoi.receipt("checkpoint_passage", a_passage(gate["data"]["code"]))
    hanoi.receipt("checkpoint", gate)
    assert counts(replay(hanoi, submission_id=first["submission_id"])) == {"accepted": 1}
    assert (still_held(hanoi, first), still_held(hanoi, second)) == (0, 1)


def test_replay_may_be_for_some_ids(hanoi: Caller) -> None:
    gate = a_checkpoint()
    receipt = hanoi.receipt("checkpoint_passage", *[a_passage(gate["data"]["code"]) for _ in range(3)])
    hanoi.receipt("checkpoint", gate)
    chosen = [problem["held_id"] for problem in receipt["problems"][:2]]
    assert counts(replay(hanoi, ids=chosen)) == {"accepted": 2}
    assert ids(hanoi.held()) == [receipt["problems"][2]["held_id"]]


def test_replay_of_everything_tries_every_kind(gates: Caller) -> None:
    gate = a_checkpoint()
    gates.receipt("checkpoint_passage", a_passage(gate["data"]["code"]))
    gates.receipt("citizen_report", a_report(area=NOWHERE))
    gates.receipt("checkpoint", gate)
    answer = gates.http.post("/api/v1/held/replay", json={})
    replayed = a_receipt(answer)
    assert counts(replayed) == {"accepted": 1, "held": 1}


def test_replay_of_nothing_is_a_receipt_of_zeros(hanoi: Caller) -> None:
    good = hanoi.receipt("citizen_report", a_report())
    assert replay(hanoi, submission_id=good["submission_id"])["received"] == 0


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
def test_a_replay_that_is_none_is_refused(hanoi: Caller, body: bytes) -> None:
    answer = hanoi.http.post("/api/v1/held/replay", content=body, headers={"Content-Type": "application/json"})
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
    receipt = gates.receipt("checkpoint_passage", *passages, a_passage(gate["data"]["code"], area=NOWHERE))
    gates.receipt("checkpoint", gate)
    replay(gates, code="unknown_checkpoint")
    shown = gates.get(f"/api/v1/submissions/{receipt['submission_id']}").json()
    assert shown.pop("still_held") == 1
    assert {name: shown[name] for name in receipt} == receipt


def test_held_rows_show_no_identity_in_their_messages(hanoi: Caller) -> None:
    row = a_declaration(subject={"national_id": "00108712345", "full_name": "Phạm Thị Kín"})
    hanoi.receipt("health_declaration", row)
    (item,) = hanoi.held()
    assert "00108712345" not in json.dumps(item.get("problems", item.get("message", "")))


def test_a_row_mended_and_sent_as_a_new_body_is_stored_and_its_entry_closes(hanoi: Caller) -> None:
    bad = a_report(area=NOWHERE)
    receipt = hanoi.receipt("citizen_report", bad)
    assert counts(hanoi.receipt("citizen_report", put_at(bad, "/area/code", "00004"))) == {"accepted": 1}
    assert (hanoi.held(), still_held(hanoi, receipt)) == ([], 0)
