"""Contract, section 5: reading by number."""

from __future__ import annotations

import threading
import time
import uuid

import pytest

from tests.contract.records import BA_DINH, a_checkpoint, a_declaration, a_passage, a_person, a_report, a_withdrawal
from tests.hubs import Caller, Record, a_problem

KIND = "citizen_report"


def test_a_feed_is_ndjson_with_next_and_head(dov: Caller) -> None:
    receipt = dov.receipt(KIND, a_report(), a_report())
    page = dov.feed(KIND, after=receipt["first_seq"] - 1)
    assert page.response.headers["Content-Type"].split(";")[0] == "application/x-ndjson"
    assert [line["seq"] for line in page.lines] == [receipt["first_seq"], receipt["last_seq"]]
    assert (page.next, page.head) == (receipt["last_seq"], receipt["last_seq"])


def test_numbers_begin_at_1_and_have_no_holes_and_no_repeats(dov: Caller) -> None:
    dov.receipt(KIND, *[a_report() for _ in range(7)])
    seen: list[int] = []
    after = 0
    while page := dov.feed(KIND, after=after, limit=500):
        if not page.lines:
            break
        seen += [line["seq"] for line in page.lines]
        after = page.next
    assert seen == list(range(1, dov.head(KIND) + 1))


def test_a_line_has_the_members_of_the_contract(dov: Caller) -> None:
    gate = a_checkpoint()
    dov.receipt("checkpoint", gate)
    passage = a_passage(gate["data"]["code"], {"temperature_c": 36.6})
    receipt = dov.receipt("checkpoint_passage", passage)
    (line,) = dov.feed("checkpoint_passage", after=receipt["first_seq"] - 1).lines
    assert line.keys() >= {
        "kind", "seq", "id", "op", "current", "system", "ref", "revision", "occurred_at", "received_at", "area",
        "subject", "data",
    }  # fmt: skip
    assert uuid.UUID(line["id"]).version == 7
    assert (line["kind"], line["seq"], line["op"]) == ("checkpoint_passage", receipt["first_seq"], "assert")
    assert (line["current"], line["system"], line["ref"]) == (True, dov.code, passage["ref"])
    assert (line["revision"], line["data"]) == (1, passage["data"])
    assert {name: line["area"][name] for name in BA_DINH} == BA_DINH
    assert line["subject"]["identity"] == passage["subject"]
    assert line["subject"]["pseudonym"]


def test_a_limit_cuts_a_page_and_next_goes_on_from_there(dov: Caller) -> None:
    receipt = dov.receipt(KIND, *[a_report() for _ in range(5)])
    after = receipt["first_seq"] - 1
    page = dov.feed(KIND, after=after, limit=3)
    assert ([line["seq"] for line in page.lines], page.next) == ([after + 1, after + 2, after + 3], after + 3)
    assert [line["seq"] for line in dov.feed(KIND, after=page.next, limit=3).lines] == [after + 4, after + 5]


def test_a_page_holds_1000_lines_unless_asked_otherwise(dov: Caller) -> None:
    receipt = dov.receipt(KIND, *[a_report() for _ in range(1001)])
    assert len(dov.feed(KIND, after=receipt["first_seq"] - 1).lines) == 1000
    assert len(dov.feed(KIND, after=receipt["first_seq"] - 1, limit=10_000).lines) == 1001


def test_an_empty_page_means_nothing_more_up_to_the_head(dov: Caller) -> None:
    dov.receipt(KIND, a_report())
    head = dov.head(KIND)
    page = dov.feed(KIND, after=head)
    assert (page.lines, page.next, page.head, page.response.content) == ([], head, head, b"")


def test_a_page_read_twice_is_the_same(dov: Caller) -> None:
    receipt = dov.receipt(KIND, *[a_report() for _ in range(3)])
    pages = [dov.feed(KIND, after=receipt["first_seq"] - 1) for _ in range(2)]
    assert pages[0].response.content == pages[1].response.content


@pytest.mark.parametrize(
    ("name", "value"),
    [("after", "-1"), ("after", "x"), ("after", "1.5"), ("after", ""), ("after", "9" * 40), ("after", "\u0661"),
     ("limit", "0"), ("limit", "-1"), ("limit", "x"), ("limit", "9" * 40), ("wait", "-1"), ("wait", "x"),
     ("wait", "nan"), ("wait", "inf")],
)  # fmt: skip
def test_a_number_that_is_none_is_refused_and_never_a_fault_of_the_hub(dov: Caller, name: str, value: str) -> None:
    answer = dov.get(f"/api/v1/feeds/{KIND}", **{name: value})
    if answer.status_code == 200 and value:
        assert value == "9" * 40, f"{name}={value} was taken"
    elif answer.status_code != 200:
        a_problem(answer, 400)


def test_a_limit_over_10000_gives_no_more_than_10000(dov: Caller) -> None:
    answer = dov.get(f"/api/v1/feeds/{KIND}", limit=10_001)
    if answer.status_code == 200:
        assert len(answer.content.splitlines()) <= 10_000
    else:
        a_problem(answer, 400)


def test_a_reader_beyond_the_head_sees_nothing_and_no_past(dov: Caller) -> None:
    head = dov.head(KIND)
    answer = dov.get(f"/api/v1/feeds/{KIND}", after=head + 1000)
    if answer.status_code == 200:
        assert answer.content == b""
        assert int(answer.headers["Daumoi-Head"]) == head
    else:
        a_problem(answer, 400)


def test_a_long_poll_answers_as_soon_as_a_record_comes(dov: Caller) -> None:
    head = dov.head(KIND)
    arrived: list[float] = []
    lines: list[Record] = []

    def read() -> None:
        lines.extend(dov.feed(KIND, after=head, wait=20).lines)
        arrived.append(time.monotonic())

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.7)
    assert not arrived
    row = a_report()
    dov.receipt(KIND, row)
    stored = time.monotonic()
    reader.join(timeout=25)
    assert [line["ref"] for line in lines] == [row["ref"]]
    assert arrived[0] - stored < 2.0


def test_a_long_poll_without_news_answers_empty_after_its_wait(dov: Caller) -> None:
    head = dov.head(KIND)
    begun = time.monotonic()
    page = dov.feed(KIND, after=head, wait=1)
    seconds = time.monotonic() - begun
    assert (page.lines, page.next) == ([], head)
    assert 0.8 <= seconds < 3.0


def test_a_long_poll_with_something_there_does_not_wait(dov: Caller) -> None:
    receipt = dov.receipt(KIND, a_report())
    begun = time.monotonic()
    assert dov.feed(KIND, after=receipt["first_seq"] - 1, wait=30).lines
    assert time.monotonic() - begun < 2.0


def test_news_of_another_kind_does_not_end_a_long_poll(dov: Caller) -> None:
    head = dov.head(KIND)
    sender = threading.Timer(0.3, lambda: dov.receipt("checkpoint", a_checkpoint()))
    sender.start()
    begun = time.monotonic()
    page = dov.feed(KIND, after=head, wait=2)
    sender.join()
    assert page.lines == []
    assert time.monotonic() - begun >= 1.8


def test_a_reader_who_has_seen_n_never_sees_a_new_record_up_to_n(dov: Caller, cora: Caller) -> None:
    """Two systems write four streams at once; one reader polls and sees each number once, in order."""
    writers = [dov, cora, dov, cora]
    head = dov.head(KIND)
    refs: set[tuple[str, str]] = set()
    lock = threading.Lock()

    def write(writer: Caller) -> None:
        for size in (1, 1, 1, 40, 1, 300, 1, 40, 1, 1):
            rows = [a_report() for _ in range(size)]
            assert writer.receipt(KIND, *rows)["accepted"] == size
            with lock:
                refs.update((writer.code, row["ref"]) for row in rows)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    found: set[tuple[str, str]] = set()
    after = head
    until = time.monotonic() + 60
    while time.monotonic() < until:
        running = any(thread.is_alive() for thread in threads)
        page = dov.feed(KIND, after=after, limit=100)
        seen += [line["seq"] for line in page.lines]
        found |= {(line["system"], line["ref"]) for line in page.lines}
        after = page.next
        if not running and not page.lines:
            break
    for thread in threads:
        thread.join()
    assert seen == list(range(head + 1, head + 1 + 4 * 387))
    assert found == refs


@pytest.mark.parametrize(("op", "revision"), [("assert", 1), ("correct", 2), ("withdraw", 3)])
def test_the_ops_of_a_line(dov: Caller, op: str, revision: int) -> None:
    row = a_declaration()
    receipt = dov.receipt("health_declaration", row, {**row, "revision": 2}, a_withdrawal(row["ref"], 3))
    line = dov.feed("health_declaration", after=receipt["first_seq"] - 1).lines[revision - 1]
    assert (line["op"], line["revision"]) == (op, revision)


def test_one_record_is_the_same_by_number_as_in_the_feed(dov: Caller) -> None:
    receipt = dov.receipt("health_declaration", a_declaration())
    (line,) = dov.feed("health_declaration", after=receipt["first_seq"] - 1).lines
    answer = dov.get(f"/api/v1/records/health_declaration/{receipt['first_seq']}")
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    assert answer.json() == line


@pytest.mark.parametrize("seq", ["0", "999999999", "9" * 40, "x", "-1", "1.0"])
def test_a_number_that_was_never_given_is_not_found(dov: Caller, seq: str) -> None:
    answer = dov.get(f"/api/v1/records/{KIND}/{seq}")
    assert answer.status_code in {400, 404}
    a_problem(answer, answer.status_code)


def test_one_record_needs_an_agreement_too(dov: Caller, cora: Caller) -> None:
    receipt = dov.receipt(KIND, a_report())
    a_problem(cora.get(f"/api/v1/records/{KIND}/{receipt['first_seq']}"), 403, "no_agreement")


def test_a_feed_is_read_only(dov: Caller) -> None:
    answer = dov.http.post(f"/api/v1/feeds/{KIND}", json={})
    assert answer.status_code == 405
    a_problem(answer, 405)


def test_a_long_ref_and_unusual_text_come_back_untouched(dov: Caller) -> None:
    text = "tab\t, dòng mới\n, ngoặc \" \\ / , \u2028 \u2029 \u200b, chữ 😀 , 'một; DROP' = + - @ NULL \\N \\. {}"
    receipt = dov.receipt(KIND, a_report({"text": text, "title": "\\N"}, subject=a_person(full_name="\\N")))
    line = dov.get(f"/api/v1/records/{KIND}/{receipt['first_seq']}").json()
    assert (line["data"]["text"], line["data"]["title"]) == (text, "\\N")
    assert line["subject"]["identity"]["full_name"] == "\\N"
