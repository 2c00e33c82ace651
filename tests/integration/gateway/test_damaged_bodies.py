"""Bodies that were cut, damaged or wrongly declared: never a fault of the hub, and the receipt always adds up."""

from __future__ import annotations

import gzip
import json
from typing import Any

import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract import records as sample
from tests.hubs import NDJSON, Caller, check_equation, ndjson

JSON = "application/json"
KIND = "citizen_report"
PARTS = st.integers(0, 1000)  # of a thousand: lengths differ from run to run, as refs are always new
LINES: list[Any] = [b"", b"{", b"[]", b"null", b'{"ref":1}', b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 40, b'"\\ud800"']


def compressed(body: bytes, encoding: str | None) -> bytes:
    if encoding == "gzip":
        return gzip.compress(body, 1)
    return zstandard.ZstdCompressor().compress(body) if encoding == "zstd" else body


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Rows good and bad, as lines or an array, packed or not, then cut, changed, or followed by something else."""
    rows = draw(st.lists(st.builds(sample.a_report) | st.sampled_from(LINES) | st.binary(max_size=20), max_size=4))
    as_array = draw(st.booleans())
    good = [row for row in rows if isinstance(row, dict)]
    body = json.dumps(good).encode() if as_array else ndjson(rows)
    body = compressed(body, draw(st.sampled_from([None, "gzip", "zstd"])))
    match draw(st.sampled_from(["whole", "cut", "changed", "followed", "doubled"])):
        case "cut":
            return body[: len(body) * draw(PARTS) // 1000]
        case "changed" if body:
            at = (len(body) - 1) * draw(PARTS) // 1000
            return body[:at] + draw(st.binary(min_size=1, max_size=1)) + body[at + 1 :]
        case "followed":
            return body + draw(st.binary(min_size=1, max_size=8))
        case "doubled":
            return body + body
    return body


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=bodies(),
    encoding=st.sampled_from([None, "gzip", "zstd"]),
    content_type=st.sampled_from([NDJSON, JSON]),
    dry_run=st.booleans(),
    on_problem=st.sampled_from(["hold", "reject"]),
)
def test_no_body_is_a_fault_of_the_hub_and_every_receipt_adds_up(
    dov: Caller, body: bytes, encoding: str | None, content_type: str, dry_run: bool, on_problem: str
) -> None:
    options = {"on_problem": on_problem} | ({"dry_run": "true"} if dry_run else {})
    answer = dov.post_body(KIND, body, content_type=content_type, encoding=encoding, **options)
    said = answer.json()
    if answer.status_code == 200:
        check_equation(said)
        return
    assert (answer.status_code, said["code"]) in {(400, "malformed_body"), (422, "rows_refused")}, said
    if said.get("receipt"):
        check_equation(said["receipt"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.integers(1, 12), part=PARTS, encoding=st.sampled_from(["gzip", "zstd", None]))
def test_what_a_cut_body_stored_is_repeated_when_all_of_it_comes_again(
    dov: Caller, rows: int, part: int, encoding: str | None
) -> None:
    sent = ndjson([sample.a_report() for _ in range(rows)])
    packed = compressed(sent, encoding)
    cut = dov.post_body(KIND, packed[: len(packed) * part // 1000], encoding=encoding).json()
    before = cut.get("receipt") or cut
    stored = before.get("accepted", 0)
    after = dov.post_body(KIND, packed, encoding=encoding).json()
    check_equation(after)
    assert (after["received"], after["repeated"], after["accepted"]) == (rows, stored, rows - stored)
