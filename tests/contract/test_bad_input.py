"""Bad rows and bad bodies: each gets its code at its place, none is stored, and the rest goes on."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.contract.bad_rows import BAD_ROWS, BadRow
from tests.contract.records import CALL_CODES, ROW_CODES, a_checkpoint, a_report, put_at, the_bytes
from tests.hubs import ANYONE, Caller, HubServer, Record, a_problem, a_receipt, counts, ndjson

# Codes that need more than one row on its own; each has its test in this file or the one named.
ROW_CODES_ELSEWHERE = {"line_too_long", "code_in_use", "revision_conflict"}
CALL_CODES_ELSEWHERE = {"rate_limited", "too_many_bad_rows", "storage_low", "gone_before"}  # test_settings.py


@pytest.mark.parametrize("bad", BAD_ROWS, ids=lambda bad: bad.name)
def test_a_bad_row_gets_its_code_at_its_place(dov: Caller, bad: BadRow) -> None:
    head = dov.head(bad.kind)
    problem = dov.one_problem(bad.kind, bad.row)
    assert problem["code"] in bad.codes, problem
    if bad.pointers is not None:
        assert problem["pointer"] in bad.pointers, problem
    assert problem["row"] == 1
    assert len(problem["message"].split()) >= 3
    assert problem["held_id"]
    assert dov.head(bad.kind) == head


def test_the_table_has_every_code_of_a_row() -> None:
    in_table = {code for bad in BAD_ROWS for code in bad.codes if len(bad.codes) == 1}
    assert in_table | ROW_CODES_ELSEWHERE == set(ROW_CODES)
    assert len(BAD_ROWS) >= 60


def test_all_bad_rows_among_good_ones_are_held_and_the_good_ones_stored(dov: Caller) -> None:
    by_kind: dict[str, list[BadRow]] = defaultdict(list)
    for bad in BAD_ROWS:
        by_kind[bad.kind].append(bad)
    good = {"citizen_report": a_report, "checkpoint": a_checkpoint}
    for kind, make in good.items():
        rows: list[Record | bytes] = []
        for bad in by_kind[kind]:
            rows += [bad.row, make()]
        receipt = dov.receipt(kind, *rows)
        assert counts(receipt) == {"accepted": len(by_kind[kind]), "held": len(by_kind[kind])}
        shown = receipt["problems"]
        assert [problem["row"] for problem in shown] == [1 + 2 * n for n in range(len(by_kind[kind]))][:100]
        for problem, bad in zip(shown, by_kind[kind], strict=False):
            assert problem["code"] in bad.codes, (bad.name, problem)


def test_a_bad_row_is_judged_alike_in_an_array(dov: Caller) -> None:
    """In a JSON body only rows that are JSON can stand beside others."""
    rows = [bad for bad in BAD_ROWS if bad.kind == "citizen_report" and isinstance(bad.row, dict)]
    body = b"[" + b",".join(the_bytes(bad.row) for bad in rows if isinstance(bad.row, dict)) + b"]"
    receipt = a_receipt(dov.post_body("citizen_report", body, content_type="application/json"))
    assert counts(receipt) == {"held": len(rows)}
    for problem, bad in zip(receipt["problems"], rows, strict=True):
        assert problem["code"] in bad.codes, (bad.name, problem)


def test_every_bad_row_alone_as_json_is_refused_or_held_and_never_a_fault_of_the_hub(dov: Caller) -> None:
    for bad in BAD_ROWS:
        if bad.name == "an array of a row":
            continue  # in a JSON body that is an array of one record
        body = bad.row if isinstance(bad.row, bytes) else the_bytes(bad.row)
        answer = dov.post_body(bad.kind, body, content_type="application/json")
        assert answer.status_code in {200, 400}, (bad.name, answer.status_code, answer.text[:300])
        if answer.status_code == 200:
            assert counts(a_receipt(answer)) == {"held": 1}, bad.name
        else:
            a_problem(answer, 400, "malformed_body")


def test_line_too_long_code_in_use_and_revision_conflict(dov: Caller) -> None:
    gate = a_checkpoint()
    receipt = dov.receipt(
        "checkpoint",
        gate,
        put_at(gate, "/data/name", "Tên khác"),
        a_checkpoint({"code": gate["data"]["code"]}),
        the_bytes(a_checkpoint())[:-1] + b" " * (1 << 20) + b"}",
    )
    assert [(problem["row"], problem["code"]) for problem in receipt["problems"]] == [
        (2, "revision_conflict"),
        (3, "code_in_use"),
        (4, "line_too_long"),
    ]
    assert receipt["problems"][1]["pointer"] == "/data/code"


def test_a_byte_order_mark_never_loses_a_row(dov: Caller) -> None:
    rows = [a_report(), a_report()]
    receipt = a_receipt(dov.post_body("citizen_report", b"\xef\xbb\xbf" + ndjson(rows)))
    assert receipt["received"] == 2
    if receipt["held"]:
        assert (receipt["problems"][0]["row"], receipt["problems"][0]["code"]) == (1, "malformed_json")
    assert receipt["accepted"] + receipt["held"] == 2


def test_a_lone_carriage_return_is_white_space_of_json(dov: Caller) -> None:
    row = the_bytes(a_report()).replace(b",", b",\r")
    assert counts(dov.receipt("citizen_report", row)) == {"accepted": 1}


@pytest.mark.parametrize("space", ["\u00a0", "\u2028", "\u3000", "\x0b", "\x0c"])
def test_other_spaces_are_no_white_space_of_json_and_no_blank_line(dov: Caller, space: str) -> None:
    receipt = dov.receipt("citizen_report", space.encode() + the_bytes(a_report()), space.encode())
    assert receipt["received"] == receipt["held"] == 2


@pytest.mark.parametrize("ends", ["\u2028", "\u0085", "\u2029"])
def test_only_a_line_feed_ends_a_line(dov: Caller, ends: str) -> None:
    row = the_bytes(a_report({"title": f"một{ends}hai"}))
    assert counts(dov.receipt("citizen_report", row)) == {"accepted": 1}


BAD_CALLS = [
    ("POST", "/api/v1/records/checkpoint", "text/plain", b"x", 415, "unsupported_media_type"),
    ("POST", "/api/v1/records/checkpoint", "application/json", b"{", 400, "malformed_body"),
    ("POST", "/api/v1/records/checkpoint", "application/json", b" " * (8 * 1024 * 1024 + 1), 413, "body_too_large"),
    ("POST", "/api/v1/records/nothing", "application/json", b"{}", 404, "unknown_kind"),
    ("POST", "/api/v1/records/checkpoint?on_problem=reject", "application/json", b"{}", 422, "rows_refused"),
    ("GET", "/api/v1/feeds/nothing", None, b"", 404, "unknown_kind"),
]


@pytest.mark.parametrize(("method", "path", "content_type", "body", "status", "code"), BAD_CALLS)
def test_a_bad_call_gets_its_code(
    dov: Caller, method: str, path: str, content_type: str | None, body: bytes, status: int, code: str
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    a_problem(dov.http.request(method, path, content=body, headers=headers), status, code)


def test_no_right_no_agreement_and_unauthorized(hub_server: HubServer) -> None:
    ben = hub_server.new_system()
    a_problem(ben.send("checkpoint", a_checkpoint()), 403, "no_right")
    a_problem(ben.get("/api/v1/feeds/checkpoint"), 403, "no_agreement")
    ben.http.headers["Authorization"] = "Bearer nonsense"
    a_problem(ben.get("/api/v1/feeds/checkpoint"), 401, "unauthorized")


def test_the_calls_tested_here_and_in_the_settings_are_all_there_are() -> None:
    here = {code for *_, code in BAD_CALLS} | {"no_right", "no_agreement", "unauthorized"}
    assert here | CALL_CODES_ELSEWHERE == set(CALL_CODES)


STRANGE_PATHS = (
    "/api/v1/records/checkpoint%00",
    "/api/v1/records/",
    "/api/v1/records/..%2f..",
    "/api/v1/records/checkpoint/",
    "/api/v1//kinds",
    "/api/v2/kinds",
    "/api/v1/kinds/%F0%9F%98%80/schema",
)


@pytest.mark.parametrize("path", STRANGE_PATHS)
def test_a_strange_path_is_never_a_fault_of_the_hub(dov: Caller, path: str) -> None:
    assert dov.get(path).status_code < 500


@pytest.mark.parametrize(
    "path", ["/api/v1//kinds", "//api/v1/kinds", "/api/v1/kinds/", "/API/v1/kinds", "/api/v1/%6binds"]
)
def test_a_strange_spelling_of_a_path_opens_no_door(hub_server: HubServer, path: str) -> None:
    for way in (path, "/healthz/.." + path, "/api/v1/problems/.." + path, path + "?/healthz", path + "#/healthz"):
        assert ANYONE.get(hub_server.base_url + way).status_code in {400, 401, 404}, way


def test_a_query_that_is_no_utf8_is_never_a_fault_of_the_hub(dov: Caller) -> None:
    for query in ("?kind=%ff", "?kind=%00", "?after=%00", "?code=%ff%fe", "?limit=%D9%A1"):
        assert 200 <= dov.http.get(f"/api/v1/held{query}").status_code < 500
