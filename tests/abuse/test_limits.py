"""How much a system may do in a second and on a day, and when one that sends only bad rows is stopped."""

from __future__ import annotations

import datetime
import time

import httpx
import pytest

from tests.abuse.conftest import HELD_MAX
from tests.contract.records import a_checkpoint, a_passage, a_report, the_bytes
from tests.hubs import Caller, HubServer, a_problem, a_receipt, check_equation, ndjson

NOWHERE = {"scheme": "vn-2025", "code": "99999"}
VIET_NAM = datetime.timezone(datetime.timedelta(hours=7))


def limit(server: HubServer, caller: Caller, *options: str) -> str:
    done = server.run("system", "limit", caller.code, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def slow_partner(abused: HubServer) -> Caller:
    """A system of two calls a second."""
    caller = abused.new_system(send="all", read="all")
    assert "2 calls a second" in limit(abused, caller, "--calls-per-second", "2")
    return caller


def calls_until_refused(caller: Caller, path: str, most: int) -> httpx.Response:
    for _ in range(most):
        answer = caller.get(path)
        if answer.status_code != 200:
            return answer
    raise AssertionError(f"{most} calls were let in")


@pytest.mark.parametrize("path", ["/api/v1/kinds", "/api/v1/feeds/citizen_report"])
def test_who_calls_too_fast_waits_as_long_as_told_and_is_let_in(
    slow_partner: Caller, cora_beside: Caller, path: str
) -> None:
    answer = calls_until_refused(slow_partner, path, 30)
    problem = a_problem(answer, 429, "rate_limited")
    assert "2 calls a second" in problem["detail"]
    wait_s = int(answer.headers["Retry-After"])
    assert 1 <= wait_s <= 2
    assert cora_beside.get(path).status_code == 200, "others are not counted with it"
    time.sleep(wait_s)
    assert slow_partner.get(path).status_code == 200


def test_records_count_as_calls_too(slow_partner: Caller) -> None:
    answers = [slow_partner.send("citizen_report", a_report()) for _ in range(20)]
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    a_problem(refused, 429, "rate_limited")


def test_a_system_of_no_limits_of_its_own_makes_a_thousand_calls(mallory: Caller) -> None:
    assert {mallory.get("/api/v1/problems").status_code for _ in range(300)} == {200}
    assert {mallory.get("/api/v1/kinds").status_code for _ in range(700)} == {200}


def test_limits_are_published_as_they_are_for_the_caller(slow_partner: Caller, mallory: Caller) -> None:
    own = slow_partner.get("/api/v1/kinds").json()["limits"]
    assert own["calls_per_second"] == 2
    assert mallory.get("/api/v1/kinds").json()["limits"]["calls_per_second"] == 4000
    assert own["held_rows_max"] == HELD_MAX
    assert own["first_bad_rows_max"] == 1000
    assert own["unpacked_ratio_max"] == 250


def seconds_of_the_day_left() -> float:
    now = datetime.datetime.now(VIET_NAM)
    midnight = datetime.datetime.combine(now.date() + datetime.timedelta(days=1), datetime.time(), VIET_NAM)
    return (midnight - now).total_seconds()


def over_quota(answer: httpx.Response) -> None:
    """Refused until the day ends in Viet Nam."""
    problem = a_problem(answer, 429, "rate_limited")
    assert "5000 records a day" in problem["detail"]
    assert abs(int(answer.headers["Retry-After"]) - seconds_of_the_day_left()) < 5


def test_the_records_of_a_day_are_counted_over_all_doors(abused: HubServer) -> None:
    """Bulk bodies are stopped in their middle with the receipt so far; small bodies and single posts at once."""
    caller = abused.new_system(send="all")
    limit(abused, caller, "--records-per-day", "5000")
    body = ndjson(a_report() for _ in range(8000))
    answer = caller.post_body("citizen_report", body)
    over_quota(answer)
    receipt = answer.json()["receipt"]
    check_equation(receipt)
    assert receipt["accepted"] == 5000, "the rows were counted as they came"
    time.sleep(2.5)  # the intake process tells the server within a second, and the server looks every second
    for _ in range(3):
        answer = caller.send("citizen_report", a_report())
        if answer.status_code != 200:
            break
        time.sleep(1.5)
    over_quota(answer)
    over_quota(caller.send("citizen_report", a_report(), a_report()))
    limit(abused, caller)
    assert caller.receipt("citizen_report", a_report())["accepted"] == 1, "without a limit of its own it goes on"


def test_a_body_whose_first_thousand_rows_are_all_bad_is_stopped(abused: HubServer) -> None:
    caller = abused.new_system(send="all")
    body = ndjson([*(a_checkpoint(area=NOWHERE) for _ in range(1000)), *(a_checkpoint() for _ in range(5000))])
    answer = caller.post_body("checkpoint", body)
    problem = a_problem(answer, 422, "too_many_bad_rows")
    check_equation(problem["receipt"])
    assert problem["receipt"]["accepted"] == 0
    assert problem["receipt"]["held"] == 1000
    assert "GET /api/v1/held" in problem["detail"]


def test_a_thousand_bad_rows_behind_a_good_one_do_not_stop_a_body(abused: HubServer) -> None:
    caller = abused.new_system(send="all")
    rows = [a_checkpoint(), *(a_checkpoint(area=NOWHERE) for _ in range(1100)), a_checkpoint()]
    receipt = a_receipt(caller.post_body("checkpoint", ndjson(rows)))
    assert (receipt["accepted"], receipt["held"]) == (2, 1100)


def test_a_dry_run_of_nothing_but_bad_rows_is_stopped_too(abused: HubServer) -> None:
    caller = abused.new_system(send="all")
    body = ndjson(a_checkpoint(area=NOWHERE) for _ in range(3000))
    problem = a_problem(caller.post_body("checkpoint", body, dry_run="true"), 422, "too_many_bad_rows")
    assert problem["receipt"]["held"] >= 1000
    assert caller.held() == []


def test_a_system_that_holds_as_much_as_it_may_brings_no_further_bad_rows(abused: HubServer) -> None:
    """Good rows are taken as ever, and mending makes room."""
    caller = abused.new_system(send="all")
    bad = [a_checkpoint(area=NOWHERE) for _ in range(HELD_MAX)]
    for start in range(0, HELD_MAX, 500):
        a_receipt(caller.post_body("checkpoint", ndjson(bad[start : start + 500])))

    one_more = ndjson([a_checkpoint(), a_checkpoint(area=NOWHERE)])
    problem = a_problem(caller.post_body("checkpoint", one_more), 422, "too_many_bad_rows")
    assert str(HELD_MAX) in problem["detail"]
    assert "/api/v1/held/replay" in problem["detail"]
    assert problem["receipt"]["received"] == 0

    single = caller.post_body("checkpoint", the_bytes(a_checkpoint(area=NOWHERE)), content_type="application/json")
    a_problem(single, 422, "too_many_bad_rows")
    # What only the database can tell is found in a group, whose other records are stored.
    lost = caller.post_body("checkpoint_passage", the_bytes(a_passage("NONE")), content_type="application/json")
    a_problem(lost, 422, "too_many_bad_rows")
    assert len(caller.held(limit=1000)) == HELD_MAX

    assert caller.receipt("checkpoint", a_checkpoint())["accepted"] == 1
    assert a_receipt(caller.http.post("/api/v1/held/replay"))["held"] == HELD_MAX, "what is held may be tried again"
    held = caller.held(limit=10)[0]
    good = {**held["record"], "area": a_checkpoint()["area"]}
    assert a_receipt(caller.http.put(f"/api/v1/held/{held['held_id']}", json=good))["accepted"] == 1
    bad_still = {**caller.held(limit=10)[0]["record"], "area": NOWHERE, "data": {}}
    refused = caller.http.put(f"/api/v1/held/{caller.held(limit=10)[0]['held_id']}", json=bad_still)
    a_problem(refused, 422, "rows_refused")

    mended = [{**row, "area": a_checkpoint()["area"]} for row in bad[:200]]
    assert a_receipt(caller.post_body("checkpoint", ndjson(mended)))["held"] == 0
    time.sleep(5.5)  # the next look
    receipt = a_receipt(caller.post_body("checkpoint", ndjson([a_checkpoint(area=NOWHERE)])))
    assert receipt["held"] == 1, "there is room again"
