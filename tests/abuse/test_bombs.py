"""Bodies that are small on the wire and large in the memory, or cost more to read than to send."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from tests.abuse.costs import Costs
from tests.contract.records import a_report, the_bytes
from tests.hubs import NDJSON, Caller, a_problem, a_receipt, check_equation, ndjson

JSON = "application/json"
MIB = 2**20


def zeros_in_gzip(mib: int, first: bytes) -> Iterator[bytes]:
    """A line, and then so much of one endless line of zeros, a thousandth of it on the wire."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(first)
    for _ in range(mib):
        yield packer.compress(bytes(MIB))
    yield packer.flush()


def zeros_in_zstd(mib: int, first: bytes) -> Iterator[bytes]:
    packer = zstandard.ZstdCompressor(level=3).compressobj()
    yield packer.compress(first)
    for _ in range(mib):
        yield packer.compress(bytes(MIB))
    yield packer.flush()


SIZES = [pytest.param(400, id="400 MiB"), pytest.param(10_000, id="10 GiB", marks=pytest.mark.soak)]


@pytest.mark.parametrize("mib", SIZES)
@pytest.mark.parametrize(("encoding", "pack"), [("gzip", zeros_in_gzip), ("zstd", zeros_in_zstd)])
def test_a_body_that_unpacks_without_end_is_ended_with_the_receipt_so_far(
    mallory: Caller, costs: Costs, encoding: str, pack: Any, mib: int
) -> None:
    begun = time.monotonic()
    packed = b"".join(pack(mib, ndjson([a_report()]))) if mib < 1000 else pack(mib, ndjson([a_report()]))
    answer = mallory.post_body("citizen_report", packed, encoding=encoding)
    problem = a_problem(answer, 413, "body_too_large")
    assert problem["receipt"]["accepted"] == 1
    assert "250" in problem["detail"]
    print(f"{mib} MiB of zeros in {encoding} ended after {time.monotonic() - begun:.1f} s")
    costs.check(f"{mib} MiB of zeros in {encoding}", memory_mib=150, processor_s=4)


def test_a_packed_body_of_rows_that_are_much_alike_is_taken(mallory: Caller) -> None:
    """What honest senders pack stays far below the bound."""
    rows = ndjson(a_report({"category": "crowd", "text": "Quán đông. " * 100}) for _ in range(2000))
    receipt = a_receipt(mallory.post_body("citizen_report", gzip.compress(rows, 9), encoding="gzip"))
    assert receipt["accepted"] == 2000
    ratio = len(rows) / len(gzip.compress(rows, 9))
    print(f"2,000 reports of one text shrink to one {ratio:.0f}th")
    assert ratio < 250


def test_one_endless_line_is_one_bad_row(mallory: Caller, costs: Costs) -> None:
    body = (piece for piece in [the_bytes(a_report()) + b"\n", *[b"x" * MIB] * 100, b"\n", the_bytes(a_report())])
    receipt = a_receipt(mallory.post_body("citizen_report", body))
    assert (receipt["accepted"], receipt["held"]) == (2, 1)
    assert receipt["problems"][0]["code"] == "line_too_long"
    costs.check("a line of 100 MiB", memory_mib=60, processor_s=5)


def row_with(member: bytes) -> bytes:
    """A good report with one more member in its data, written as it is."""
    text = the_bytes(a_report())
    return text.replace(b'"data":{', b'"data":{' + member + b",", 1)


BAD_ROWS = {
    "deep": row_with(b'"note": ' + b"[" * 400_000 + b"]" * 400_000),
    "deep and open": row_with(b'"note": ' + b'{"a":' * 190_000),
    "long digits": row_with(b'"n": ' + b"9" * 1_000_000),
    "1e400": row_with(b'"n": 1e400'),
    "long exponent": row_with(b'"n": 1e' + b"9" * 900_000),
    "many keys": row_with(b", ".join(b'"k%d": 1' % number for number in range(70_000))),
    "one key many times": row_with(b", ".join(b'"text": "a"' for _ in range(80_000))),
    "long text": row_with(b'"title": "' + b"a" * 1_000_000 + b'"'),
    "escapes": row_with(b'"title": "' + b"\\u0000" * 170_000 + b'"'),
    "long list": row_with(b'"attachments": [' + b"1," * 500_000 + b"1]"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_of_a_mebibyte_is_one_held_row_and_cheap(mallory: Caller, costs: Costs, name: str) -> None:
    row = BAD_ROWS[name]
    assert name == "1e400" or 0.5 * MIB < len(row) < MIB
    begun = time.monotonic()
    receipt = a_receipt(mallory.post_body("citizen_report", ndjson([row, a_report()])))
    took = time.monotonic() - begun
    assert (receipt["accepted"], receipt["held"]) == (1, 1), receipt
    assert len(json.dumps(receipt)) < 5000
    print(f"{name}: {took:.2f} s, {receipt['problems'][0]['code']}")
    assert took < 5
    costs.check(name, memory_mib=200, processor_s=4)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"[" + b"{}," * 2_700_000 + b"{}]", "body_too_large", id="many elements"),
        pytest.param(b"[" + b"1," * 4_000_000 + b"1]", "body_too_large", id="many numbers"),
        pytest.param(b'["\\ud800",' + b"{}," * 2_000_000 + b"{}]", "body_too_large", id="many, cut by hand"),
        pytest.param(b"[" * (8 * MIB - 1), "malformed_body", id="deep"),
        pytest.param(b"[" * (4 * MIB - 1) + b"]" * (4 * MIB - 1), "malformed_body", id="deep and whole"),
        pytest.param(b'{"a":' * 1_600_000, "malformed_body", id="deep objects"),
        pytest.param(b"[" + b"9" * (8 * MIB - 3), "malformed_body", id="digits"),
    ],
)
def test_a_json_body_that_is_no_list_of_records_is_refused_cheaply(
    mallory: Caller, costs: Costs, body: bytes, code: str
) -> None:
    begun = time.monotonic()
    answer = mallory.post_body("citizen_report", body, content_type=JSON)
    took = time.monotonic() - begun
    if answer.status_code == 200:
        assert a_receipt(answer)["held"] == 1, "one element, and a bad one"
    else:
        problem = a_problem(answer, answer.status_code)
        assert problem["code"] in {code, "body_too_large", "malformed_body"}
        check_equation(problem["receipt"])
        assert problem["receipt"]["received"] == 0
    print(f"{answer.status_code} after {took:.2f} s")
    assert took < 6
    costs.check("8 MiB of JSON", memory_mib=100, processor_s=5)


def test_the_longest_honest_json_body_is_taken(mallory: Caller) -> None:
    rows = [a_report({"category": "crowd", "text": "Quán đông. " * 60}) for _ in range(4000)]
    body = json.dumps(rows).encode()
    assert 5 * MIB < len(body) < 8 * MIB
    receipt = a_receipt(mallory.post_body("citizen_report", body, content_type=JSON))
    assert receipt["accepted"] == 4000


def test_many_bodies_of_bombs_at_once_do_not_add_up(mallory: Caller, costs: Costs) -> None:
    """Four JSON bodies of as many elements as fit, at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    body = b"[" + b"{}," * 2_700_000 + b"{}]"
    headers = {**mallory.http.headers, "Content-Type": JSON}

    def send(_: int) -> int:
        with httpx.Client(base_url=mallory.base_url, headers=headers, timeout=60) as client:
            return client.post("/api/v1/records/citizen_report", content=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(send, range(4))) == [413] * 4
    costs.check("four of them at once", memory_mib=200, processor_s=10)


def test_a_packed_small_body_that_unpacks_to_much_is_refused(mallory: Caller, costs: Costs) -> None:
    answer = mallory.http.put(
        "/api/v1/held/01970000-0000-7000-8000-000000000000",
        content=gzip.compress(bytes(100 * MIB)),
        headers={"Content-Type": JSON, "Content-Encoding": "gzip"},
    )
    a_problem(answer, 413, "body_too_large")
    costs.check("a mended row of 100 MiB", memory_mib=20, processor_s=1)


def test_a_row_is_the_content_type_it_says(mallory: Caller) -> None:
    answer = mallory.post_body("citizen_report", gzip.compress(ndjson([a_report()])), content_type=NDJSON)
    receipt = a_receipt(answer)
    assert receipt["accepted"] == 0, "packed without saying so: lines that are no JSON"
