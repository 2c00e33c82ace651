"""Held rows on the pages of staff: who sees them, what they say for a purpose, mended one by one and alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import UUID

import pytest

from daumoi.accounts.scope import Scope
from daumoi.intake import held
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, a_bad_report, state_purpose, statements_of
from tests.integration.sending import a_passage, a_report, a_system, send

GROUP = "/console/held/of/dov/citizen_report/unknown_area/"


@pytest.fixture(scope="module")
def dov(desk: Desk) -> System:
    return a_system(desk.hub, "dov", read="citizen_report")


@pytest.fixture(scope="module")
def gates(desk: Desk) -> System:
    return a_system(desk.hub, "gates")


@pytest.fixture(autouse=True)
def no_row_is_left(desk: Desk, dov: System, gates: System) -> Iterator[None]:
    """Each test begins with nothing held; the audit log it has to itself."""
    with desk.hub.pool.connection() as connection:
        connection.execute("TRUNCATE held, submission, submission_note")
    desk.look_past()
    yield


def hold(desk: Desk, system: System, *refs: str) -> list[UUID]:
    send(desk.hub, system, "citizen_report", [a_bad_report(ref) for ref in refs])
    return [row.held_id for row in held.list_held(desk.hub, system=system).items][-len(refs) :]


def test_groups_show_reason_kind_system_and_how_many(desk: Desk, dov: System, gates: System) -> None:
    hold(desk, dov, "g1", "g2", "g3")
    send(desk.hub, gates, "checkpoint_passage", [a_passage("p1")])

    page = desk.as_member("ada").get("/console/held/").text

    assert GROUP in page
    assert "/console/held/of/gates/checkpoint_passage/unknown_checkpoint/" in page
    assert "Rows that wait for mending: 4." in page
    assert "still waiting, by day of arrival: 0, 0, 0, 0, 0, 0, 3" in page
    assert "No administrative unit has this code in this scheme." in page


def a_scope() -> Scope:
    return Scope.of(member_id=None, label="", rights=["held.view"], paths=None).for_right("held.view")


def test_the_page_of_groups_costs_one_look_at_the_held_rows(desk: Desk, dov: System) -> None:
    from daumoi.intake import held_groups

    hold(desk, dov, "q1")
    with desk.hub.pool.connection() as connection:
        known = registry.load(connection)
        connection.execute("SET enable_seqscan = off")
        plan = "\n".join(
            row[0]
            for row in connection.execute(
                "EXPLAIN " + held_groups._SQL["groups"],
                {"systems": [dov.id], "most": 9} | {f"day_{back}": desk.hub.clock.now() for back in range(1, 8)},
            )
        )
        connection.execute("SET enable_seqscan = on")
        shown = held_groups.groups(connection, a_scope(), known, at=desk.hub.clock.now())
    assert "Index" in plan
    assert "held_group" in plan
    assert [group.rows for group in shown] == [1]


def test_pages_of_held_rows_cost_a_few_statements_however_many_rows_there_are(desk: Desk, dov: System) -> None:
    (row,) = hold(desk, dov, "c1")
    ada = desk.as_member("ada")
    paths = ["/console/held/", GROUP, f"/console/held/row/{row}/", f"{GROUP}mend/", "/console/held/mended/"]

    few = [len(statements_of(lambda path=path: ada.get(path))) for path in paths]  # type: ignore[misc]
    send(desk.hub, dov, "citizen_report", [a_bad_report(f"c{number}") for number in range(2, 42)])
    many = [len(statements_of(lambda path=path: ada.get(path))) for path in paths]  # type: ignore[misc]

    assert few == many
    assert max(many) <= 8


def test_a_member_of_another_organisation_and_province_sees_nothing_by_any_address(desk: Desk, dov: System) -> None:
    (row,) = hold(desk, dov, "s1")
    with desk.hub.pool.connection() as connection:
        (submission,) = connection.execute("SELECT id FROM submission").fetchone() or ()
    ben = desk.as_member("ben")
    state_purpose(ben)

    listed, exported = ben.get("/console/held/"), ben.get("/console/held/?format=csv")
    closed = [
        ben.get(GROUP),
        ben.get(f"{GROUP}?format=csv"),
        ben.get(f"/console/held/row/{row}/"),
        ben.get(f"/console/held/row/{row}/mend/"),
        ben.get(f"/console/submissions/{submission}/"),
        ben.get(f"/console/submissions/{submission}/?format=csv"),
        ben.get(f"{GROUP}mend/"),
        ben.post(f"{GROUP}mend/", data={"action": "set", "pointer": "/area/code", "new": "00004", "step": "apply"}),
        ben.post(f"{GROUP}replay/"),
        ben.post(f"{GROUP}hand-back/", data={"remark": "sửa lại"}),
        ben.post(f"/console/held/row/{row}/hand-back/", data={"remark": "sửa lại"}),
        ben.post(f"/console/held/row/{row}/mend/", data={"mode": "record", "record": "{}"}),
    ]
    searched = [ben.post("/console/search/", data={"q": text}) for text in (str(row), str(submission), "dov")]

    assert "dov" not in listed.text
    assert "dov" not in exported.text
    assert "your membership names neither" not in listed.text  # his own organisation has no system that holds rows
    assert [answer.status_code for answer in closed] == [404] * len(closed)
    assert all(answer.status_code == 200 and "Nothing here that your rights open" in answer.text for answer in searched)
    assert desk.lines("held.read") == []
    assert [item.handed_back for item in held.list_held(desk.hub, system=dov).items] == [None]


def test_a_member_of_the_senders_organisation_sees_and_mends_its_rows_alone(
    desk: Desk, dov: System, gates: System
) -> None:
    hold(desk, dov, "o1")
    hold(desk, gates, "o2")
    dora = desk.as_member("dora")

    page = dora.get("/console/held/").text

    assert GROUP in page
    assert "/console/held/of/gates/" not in page
    assert dora.get(f"{GROUP}mend/").status_code == 200
    assert dora.get("/console/held/of/gates/citizen_report/unknown_area/").status_code == 404


def test_a_row_is_opened_for_a_purpose_only_and_each_look_is_a_line(desk: Desk, dov: System) -> None:
    (row,) = hold(desk, dov, "r1")
    ada = desk.as_member("ada")

    closed = ada.get(f"/console/held/row/{row}/")
    refused = state_purpose(ada, "supervision")
    named = state_purpose(ada, "supervision", "kiểm tra định kỳ")
    opened = ada.get(f"/console/held/row/{row}/")

    assert "0905123456" not in closed.text
    assert "/area/code" in closed.text
    assert "Personal data: say why you look" in closed.text
    assert refused.status_code == 422
    assert named.status_code == 302
    assert "0905123456" in opened.text
    assert "Lê Thị Mẫu" in opened.text
    assert opened.headers["Cache-Control"] == "no-store"
    assert [(line[0], line[1], line[2]) for line in desk.lines("held.read")] == [
        (f"member:{desk.members['ada']}", f"held row {row}", "supervision")
    ]


def test_a_purpose_holds_for_half_an_hour(desk: Desk, dov: System) -> None:
    import datetime

    (row,) = hold(desk, dov, "t1")
    ada = desk.as_member("ada")
    state_purpose(ada)
    clock = desk.hub.clock
    clock.move(datetime.timedelta(minutes=31))  # type: ignore[attr-defined]

    assert "0905123456" not in ada.get(f"/console/held/row/{row}/").text


def test_one_row_is_mended_by_its_field_and_says_who_mended_it(desk: Desk, dov: System) -> None:
    (row,) = hold(desk, dov, "m1")
    ada = desk.as_member("ada")
    state_purpose(ada)

    form = ada.get(f"/console/held/row/{row}/mend/")
    bad = ada.post(f"/console/held/row/{row}/mend/", data={"mode": "fields", "field0": "88888"})
    good = ada.post(f"/console/held/row/{row}/mend/", data={"mode": "fields", "field0": "00004"})
    after = ada.get(f"/console/held/row/{row}/").text

    assert 'value="99999"' in form.text
    assert bad.status_code == 422
    assert "Not good yet" in bad.text
    assert good.status_code == 302
    assert "Closed by ada@demo.invalid of the centre" in after
    assert held.list_held(desk.hub, system=dov).items == []
    ((actor, _, purpose, kind, first, last, *_),) = desk.lines("held.mend")
    assert (actor, purpose, kind) == (f"member:{desk.members['ada']}", "data_quality", "citizen_report")
    assert f"/console/records/citizen_report/{first}/" in after
    assert first == last
    record = ada.get(f"/console/records/citizen_report/{first}/").text
    assert "mended by the centre" in record
    assert "ada@demo.invalid" in ada.get("/console/held/mended/").text


def test_one_row_is_mended_as_json_and_a_second_time_there_is_nothing_to_do(desk: Desk, dov: System) -> None:
    (row,) = hold(desk, dov, "j1")
    ada = desk.as_member("ada")
    state_purpose(ada)
    mended = json.dumps(a_bad_report("j1", "00004"), ensure_ascii=False)

    first = ada.post(f"/console/held/row/{row}/mend/", data={"mode": "record", "record": mended})
    second = ada.post(f"/console/held/row/{row}/mend/", data={"mode": "record", "record": mended})

    assert (first.status_code, second.status_code) == (302, 302)
    assert "closed already" in ada.get(f"/console/held/row/{row}/").text
    assert len(desk.lines("held.mend")) == 1


def test_a_group_is_mended_alike_after_a_preview_that_stores_nothing(desk: Desk, dov: System) -> None:
    hold(desk, dov, "a1", "a2", "a3")
    send(desk.hub, dov, "citizen_report", [a_bad_report("a4", "77777")])
    ada = desk.as_member("ada")
    change = {"action": "replace", "pointer": "/area/code", "old": "99999", "new": "00004"}

    seen = ada.post(f"{GROUP}mend/", data=change).text
    still = len(held.list_held(desk.hub, system=dov).items)
    done = ada.post(f"{GROUP}mend/", data={**change, "step": "apply"}).text

    assert "Rows that this change makes good: 3 of 4" in seen
    assert "Rows in which the change finds nothing to do: 1" in seen
    assert still == 4
    assert "Rows mended and stored: 3" in done
    (left,) = held.list_held(desk.hub, system=dov).items
    assert left.record["ref"] == "a4"
    ((_, subject, purpose, kind, first, last, *_),) = desk.lines("held.mend")
    assert (subject, purpose, kind) == ("3 held rows of dov, citizen_report, unknown_area", "data_quality", kind)
    assert last - first == 2
    with desk.hub.pool.connection() as connection:
        closed = connection.execute(
            "SELECT closed_as, closed_by, mended_seq IS NOT NULL FROM held WHERE closed_at IS NOT NULL"
        ).fetchall()
        (receipt,) = connection.execute("SELECT id FROM submission WHERE received = 3 AND accepted = 3").fetchall()
    assert closed == [("mended", "ada@demo.invalid", True)] * 3
    assert "3" in ada.get(f"/console/submissions/{receipt[0]}/").text


def test_a_row_that_a_change_does_not_make_good_stays_as_it_was(desk: Desk, dov: System) -> None:
    send(desk.hub, dov, "citizen_report", [a_report("taken")])
    send(desk.hub, dov, "citizen_report", [a_bad_report("taken"), a_bad_report("free")])
    before = {item.held_id: (item.code, item.faults) for item in held.list_held(desk.hub, system=dov).items}
    change = {"action": "set", "pointer": "/area/code", "new": "00004", "step": "apply"}

    done = desk.as_member("ada").post(f"{GROUP}mend/", data=change).text

    assert "Rows mended and stored: 1" in done
    assert "revision_conflict" in done
    (left,) = held.list_held(desk.hub, system=dov).items
    assert left.record["ref"] == "taken"
    assert (left.code, left.faults) == before[left.held_id]


@pytest.mark.parametrize("pointer", ["", "data", "/", "//x", "/data/" + "a" * 400])
def test_a_change_that_is_none_is_refused(desk: Desk, dov: System, pointer: str) -> None:
    hold(desk, dov, "n1")

    answer = desk.as_member("ada").post(f"{GROUP}mend/", data={"action": "set", "pointer": pointer, "new": "00004"})

    assert answer.status_code == 422
    assert "A place is a pointer such as /data/form." in answer.text


def test_a_group_is_replayed_once_what_was_missing_is_there(desk: Desk, gates: System) -> None:
    passage = a_passage("p9") | {"data": {**a_passage("p9")["data"], "checkpoint": "LATE-1"}}
    send(desk.hub, gates, "checkpoint_passage", [passage])
    checkpoint = {
        "ref": "late",
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "area": {"scheme": "vn-2025", "code": "00004"},
        "data": {"code": "LATE-1", "name": "Chốt mẫu", "type": "road"},
    }
    from daumoi.kinds.checkpoint import KIND

    checkpoint["data"] = {**KIND.example["data"], "code": "LATE-1"}
    assert send(desk.hub, gates, "checkpoint", [checkpoint]).accepted == 1

    answer = desk.as_member("ada").post("/console/held/of/gates/checkpoint_passage/unknown_checkpoint/replay/")

    assert "Rows that are good now and stored: 1 of 1" in answer.text
    assert held.list_held(desk.hub, system=gates).items == []
    assert [line[1] for line in desk.lines("held.replay")] == [
        "1 held rows of gates, checkpoint_passage, unknown_checkpoint"
    ]


def test_what_is_handed_back_is_read_by_its_sender_with_the_remark(desk: Desk, dov: System) -> None:
    first, second = hold(desk, dov, "h1", "h2")
    ada = desk.as_member("ada")

    ada.post(f"/console/held/row/{first}/hand-back/", data={"remark": "Dùng mã crowd."})
    empty = ada.post(f"{GROUP}hand-back/", data={"remark": " "})
    ada.post(f"{GROUP}hand-back/", data={"remark": "Gọi 0905 123 456"})
    one = {item.held_id: item.handed_back for item in held.list_held(desk.hub, system=dov).items}
    ada.post(f"{GROUP}hand-back/", data={"remark": "Dùng mã trong danh mục."})
    all_of_them = held.list_held(desk.hub, system=dov).items

    assert empty.status_code == 302
    assert one[second] is None
    assert one[first] is not None
    assert one[first].remark == "Dùng mã crowd."
    assert [item.handed_back.remark for item in all_of_them if item.handed_back] == ["Dùng mã trong danh mục."] * 2
    assert len(desk.lines("held.hand_back")) == 2
    assert "handed back: 2" in ada.get("/console/held/").text


def test_a_list_goes_on_after_fifty_rows_and_a_spreadsheet_runs_no_cell(desk: Desk, dov: System) -> None:
    from daumoi.console.exporting import as_text

    send(desk.hub, dov, "citizen_report", [a_bad_report(f"l{number}") for number in range(60)])
    ada = desk.as_member("ada")

    first = ada.get(GROUP).text
    following = first.partition('href="?after=')[2].partition('"')[0]
    second = ada.get(GROUP, params={"after": following}).text
    table = ada.get(f"{GROUP}?format=csv")

    assert first.count("/console/held/row/") == 50
    assert second.count("/console/held/row/") == 10
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(table.text.splitlines()) == 61
    assert [as_text(cell) for cell in ("=1+1", "+84", "-1", "@x", "\tx", "x", None)] == [
        "'=1+1",
        "'+84",
        "'-1",
        "'@x",
        "'\tx",
        "x",
        "",
    ]


def test_who_may_look_but_not_mend_is_offered_nothing_to_mend(desk: Desk, dov: System) -> None:
    (row,) = hold(desk, dov, "v1")
    tom = desk.as_member("tom")

    page = tom.get(f"/console/held/row/{row}/").text

    assert "Hand back" not in page
    assert "Mend" not in tom.get(GROUP).text
    assert tom.get(f"/console/held/row/{row}/mend/").status_code == 403
    assert tom.post(f"{GROUP}replay/").status_code == 403
