"""Reconciliation on its pages: thirty days of a way out, one day with its statement, and what is not well of all."""

from __future__ import annotations

import html
import json
import re
from datetime import date
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daumoi.exchange import reconciled, recounting, statements
from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, statements_of
from tests.integration.console.proving import a_day, prove_three_days

QUERIES_OF_DAYS = 11
"""The reader's standing, the way out with its progress and rates, four of names, four of what was kept."""
QUERIES_OF_A_DAY = 13
OVERVIEW = "/console/reconciliation/"


class World(NamedTuple):
    """The desk at noon of 4 August 2021, and the receiver's pages."""

    desk: Desk
    sender: System
    receiver: System
    days: str


@pytest.fixture(scope="module")
def world(desk: Desk) -> World:
    sender, receiver, number = prove_three_days(desk)
    return World(desk, sender, receiver, f"/console/receivers/{number}/days/")


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"(?:<[^>]+>|\s)+", " ", page))


def rows_of(page: str) -> list[str]:
    """The rows of the first table of a page as texts."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [text_of(row).strip() for row in body.split("</tr>") if text_of(row).strip()]


def test_each_day_tells_what_became_of_its_records_and_what_the_recount_says(world: World) -> None:
    rows = rows_of(world.desk.as_member("otto").get(world.days).text)

    assert len(rows) == 11
    assert rows[0] == "04/08/2021 The day is not over: counted tonight –"
    counted = r"Counted again: equal 04/08/2021 \d\d:\d\d:\d\d signed"
    assert re.fullmatch(rf"03/08/2021 2 0 0 0 2 {counted}", rows[1]), rows[1]
    assert re.fullmatch(rf"02/08/2021 2 0 2 0 0 {counted}", rows[2]), rows[2]
    assert re.fullmatch(rf"01/08/2021 2 2 0 0 0 {counted}", rows[3]), rows[3]
    assert rows[4] == "31/07/2021 Nothing in scope signed"
    assert rows[-1] == "06/07/2021 – 25/07/2021 Not counted –"


def test_older_days_are_further_pages_and_a_day_that_is_none_is_the_newest(world: World) -> None:
    otto = world.desk.as_member("otto")
    older = otto.get(world.days, params={"before": "2021-08-02"}).text
    assert rows_of(older)[0].startswith("01/08/2021 2 2 0 0 0 ")
    assert "Newest days" in older
    assert "Older days" not in older, "the way out was made on the first day"
    with world.desk.hub.pool.connection() as connection:
        connection.execute("UPDATE destination SET created_at = created_at - interval '90 days'")
        asked = re.search(r'href="\?before=([0-9-]+)">Older days', otto.get(world.days).text)
        connection.execute("UPDATE destination SET created_at = created_at + interval '90 days'")
    assert asked is not None
    assert asked[1] == "2021-07-06"
    for wrong in ("2021-02-30", "yesterday", "0001-01-01", "9999-12-31"):
        assert rows_of(otto.get(world.days, params={"before": wrong}).text)[0].startswith("04/08/2021")


def test_pages_cost_a_few_statements_and_none_passes_over_the_log(world: World) -> None:
    otto = world.desk.as_member("otto")
    for address, most in ((world.days, QUERIES_OF_DAYS), (f"{world.days}2021-08-02/", QUERIES_OF_A_DAY), (OVERVIEW, 9)):
        asked = statements_of(lambda address=address: otto.get(address))  # type: ignore[misc]
        assert len(asked) <= most, address
        assert not any("FROM record" in str(each) and "seq = greatest" not in str(each) for each in asked), address


def test_a_day_is_told_by_kind_and_version_and_its_statement_is_the_one_of_the_machine_door(world: World) -> None:
    desk, here = world.desk, f"{world.days}2021-08-03/"
    shown = text_of(desk.as_member("otto").get(here).text)
    answer = desk.as_member("otto").get(f"{here}statement.json")
    signed = json.loads(answer.text)
    with desk.hub.pool.connection() as connection:
        kept = statements.kept(connection, system_id=world.receiver.id, day=date(2021, 8, 3))
    assert kept is not None

    assert "Citizens' reports agreement 1, version 1 2 0 0 0 2" in shown
    assert signed == {
        "said": kept.said.decode(),
        "signature": kept.signature.hex(),
        "public_key": signed["public_key"],
    }
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed["public_key"])).verify(
        bytes.fromhex(signed["signature"]), b"daumoi statement 1\n" + signed["said"].encode()
    )
    assert signed["signature"] in shown
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-rita-2021-08-03.json"'


def test_the_open_day_is_worked_out_while_it_is_small_and_has_no_statement(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    otto, here = world.desk.as_member("otto"), f"{world.days}2021-08-04/"
    assert "Nothing in scope" in otto.get(here).text
    a_day(world.desk, world.sender, 4)
    shown = otto.get(here).text

    assert "Citizens' reports agreement 1, version 2 1 0 1 0 0" in text_of(shown)
    assert otto.get(f"{here}statement.json").status_code == 404
    monkeypatch.setattr(reconciled, "LIVE_RECORDS", 2)
    assert "Counted tonight" in otto.get(here).text


@pytest.mark.parametrize("day", ["2021-08-05", "2021-02-30", "today", "20210801"])
def test_a_day_that_has_not_begun_or_is_none_is_not_found(world: World, day: str) -> None:
    otto = world.desk.as_member("otto")
    assert [otto.get(f"{world.days}{day}/{page}").status_code for page in ("", "statement.json")] == [404, 404]


def test_the_overview_tells_what_waits_failed_or_differs_and_no_more_once_it_is_mended(world: World) -> None:
    desk = world.desk
    otto = desk.as_member("otto")

    def lines() -> list[str]:
        return [re.sub(r" \d\d/\d\d/\d{4} \d\d:\d\d:\d\d$", "", row) for row in rows_of(otto.get(OVERVIEW).text)]

    def change(statement: str) -> None:
        with desk.hub.pool.connection() as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    feed = "rita feed, which it reads itself"
    assert lines() == [f"02/08/2021 {feed} equal 0 2"], "counted at noon of the 4th, a day and a half later"
    change("UPDATE stretch SET records = records - 1 WHERE day = '2021-08-01' AND records > 0")
    change("UPDATE stretch SET failed_at = taken_at WHERE day = '2021-08-02'")
    recounting.prove(desk.hub)
    assert lines() == [f"02/08/2021 {feed} equal 2 0", f"01/08/2021 {feed} differs by 1 0 0"]
    assert "Counted again: differs by 1" in otto.get(f"{world.days}2021-08-01/").text
    assert rows_of(otto.get(OVERVIEW, params={"after": "2021-08-02.1"}).text)[0].startswith("01/08/2021")
    assert "1 of them differ" in text_of(otto.get(OVERVIEW).text)

    change("UPDATE stretch SET records = records + 1 WHERE day = '2021-08-01' AND records > 0")
    change("UPDATE stretch SET failed_at = NULL")
    assert [row.partition(" ")[0] for row in lines()] == ["01/08/2021"], "a resend shows before the night"
    recounting.prove(desk.hub)
    change("UPDATE progress SET delivered = 6")
    shown = otto.get(OVERVIEW).text
    assert "Nothing differs, failed or waits longer than a day" in shown, "delivered since it was counted"


def test_days_whose_records_were_dropped_say_so_unless_they_were_counted(world: World) -> None:
    desk, otto = world.desk, world.desk.as_member("otto")
    with desk.hub.pool.connection() as connection:
        connection.execute("UPDATE head SET oldest = 4 WHERE name = 'citizen_report'")
        rows = rows_of(otto.get(world.days).text)
        connection.execute("UPDATE head SET oldest = 1 WHERE name = 'citizen_report'")

    assert "Counted again: equal" in rows[3]
    assert rows[-1] == "06/07/2021 – 25/07/2021 Its records are no longer kept –"


def test_what_is_of_systems_is_shown_to_nobody_who_sees_a_part_of_the_country(world: World) -> None:
    ben, lan = world.desk.as_member("ben"), world.desk.as_member("lan")
    pages = (world.days, f"{world.days}2021-08-02/", f"{world.days}2021-08-02/statement.json")

    assert [ben.get(page).status_code for page in (*pages, OVERVIEW)] == [403] * 4
    assert [lan.get(page).status_code for page in pages] == [404] * 3
    shown = lan.get(OVERVIEW).text
    assert "Receivers are systems, not areas" in shown
    assert "rita" not in shown
