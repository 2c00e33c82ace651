"""Contract, section 3: bodies that stream, break off, run over a limit or cannot be decompressed."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import pytest

from tests.contract.records import a_checkpoint, a_ref, a_report, the_bytes
from tests.hubs import Caller, HubServer, a_problem, a_receipt, check_equation, counts, gzipped, ndjson

ONE_MIB = 1024 * 1024


def many(count: int) -> list[bytes]:
    return [the_bytes(a_checkpoint()) for _ in range(count)]


def check_broken_off(dov: Caller, lines: list[bytes], answer_problem: dict[str, object]) -> None:
    """The receipt so far balances, and sending all of it again loses and doubles nothing."""
    receipt = answer_problem["receipt"]
    assert isinstance(receipt, dict)
    check_equation(receipt)
    again = a_receipt(dov.post_body("checkpoint", ndjson(lines)))
    assert again["received"] == len(lines)
    assert again["repeated"] == receipt["accepted"]
    assert again["accepted"] == len(lines) - receipt["accepted"]


def test_a_gzip_body_that_breaks_off_answers_4xx_with_the_receipt_so_far(dov: Caller) -> None:
    lines = many(3000)
    body = gzipped(ndjson(lines))
    answer = dov.post_body("checkpoint", body[: len(body) * 3 // 4], encoding="gzip")
    problem = a_problem(answer, 400, "malformed_body")
    assert 1 <= problem["receipt"]["accepted"] < 3000
    check_broken_off(dov, lines, problem)


def test_a_zstd_body_that_breaks_off_answers_4xx_with_the_receipt_so_far(dov: Caller) -> None:
    zstandard = pytest.importorskip("zstandard")
    lines = many(3000)
    body = zstandard.ZstdCompressor(level=1).compress(ndjson(lines))
    answer = dov.post_body("checkpoint", body[: len(body) * 3 // 4], encoding="zstd")
    check_broken_off(dov, lines, a_problem(answer, 400, "malformed_body"))


def test_a_gzip_body_with_a_broken_middle_answers_4xx_with_the_receipt_so_far(dov: Caller) -> None:
    """Damaged bytes may still inflate, to wrong rows: gzip has its checksum at the end. The sender is told, and each
    right row that meets a wrong one of its own ref is held for a person to see; none is lost and none is doubled.

    Its refs and codes are of their own make: what damage makes of them must not be another test's row."""
    lines = [the_bytes(a_checkpoint({"code": a_ref("HONG")}, ref=a_ref("H"))) for _ in range(3000)]
    body = bytearray(gzipped(ndjson(lines)))
    half = len(body) // 2
    body[half : half + 64] = bytes(64)
    problem = a_problem(dov.post_body("checkpoint", bytes(body), encoding="gzip"), 400, "malformed_body")
    check_equation(problem["receipt"])
    again = a_receipt(dov.post_body("checkpoint", ndjson(lines)))
    check_equation(again)
    assert again["received"] == 3000
    assert set(counts(again)) <= {"accepted", "repeated", "held"}
    assert again["repeated"] >= 1, "the rows before the damage were read well"
    assert {one["code"] for one in again["problems"]} <= {"revision_conflict", "code_in_use"}


def test_a_gzip_body_whose_checksum_is_wrong_answers_4xx_and_its_rows_are_kept_once(dov: Caller) -> None:
    lines = many(3000)
    body = bytearray(gzipped(ndjson(lines)))
    body[-8] ^= 0xFF
    check_broken_off(
        dov, lines, a_problem(dov.post_body("checkpoint", bytes(body), encoding="gzip"), 400, "malformed_body")
    )


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_is_not_in_its_encoding_is_malformed_body(dov: Caller, encoding: str) -> None:
    answer = dov.post_body("checkpoint", ndjson([a_checkpoint()]), encoding=encoding)
    problem = a_problem(answer, 400, "malformed_body")
    assert problem["receipt"]["received"] == 0


def test_a_gzip_body_of_two_members_is_taken_whole(dov: Caller) -> None:
    body = gzip.compress(ndjson(many(5))) + gzip.compress(ndjson(many(7)))
    assert counts(a_receipt(dov.post_body("checkpoint", body, encoding="gzip"))) == {"accepted": 12}


def test_a_zstd_body_of_two_frames_is_taken_whole(dov: Caller) -> None:
    zstandard = pytest.importorskip("zstandard")
    compress = zstandard.ZstdCompressor().compress
    body = compress(ndjson(many(5))) + compress(ndjson(many(7)))
    assert counts(a_receipt(dov.post_body("checkpoint", body, encoding="zstd"))) == {"accepted": 12}


def test_a_line_that_is_cut_between_two_gzip_members_is_one_line(dov: Caller) -> None:
    whole = ndjson(many(4))
    body = gzip.compress(whole[:100]) + gzip.compress(whole[100:])
    assert counts(a_receipt(dov.post_body("checkpoint", body, encoding="gzip"))) == {"accepted": 4}


@pytest.mark.parametrize("encoding", ["br", "deflate", "compress", "gzip, gzip"])
def test_another_encoding_is_unsupported_media_type(dov: Caller, encoding: str) -> None:
    a_problem(dov.post_body("checkpoint", b"x", encoding=encoding), 415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", [None, "text/csv", "application/xml", "multipart/form-data; boundary=x"])
def test_another_media_type_is_unsupported_media_type(dov: Caller, content_type: str | None) -> None:
    answer = dov.post_body("checkpoint", the_bytes(a_checkpoint()), content_type=content_type)
    a_problem(answer, 415, "unsupported_media_type")


def test_a_line_that_is_not_utf8_is_one_bad_row(dov: Caller) -> None:
    bad = the_bytes(a_checkpoint()).replace("Chốt".encode(), "Chốt".encode("utf-16"))
    receipt = dov.receipt("checkpoint", a_checkpoint(), bad, a_checkpoint())
    assert counts(receipt) == {"accepted": 2, "held": 1}
    assert (receipt["problems"][0]["row"], receipt["problems"][0]["code"]) == (2, "not_utf8")


def test_a_line_that_is_not_json_is_one_bad_row(dov: Caller) -> None:
    receipt = dov.receipt("checkpoint", a_checkpoint(), b'{"ref": "x", ', a_checkpoint())
    assert counts(receipt) == {"accepted": 2, "held": 1}
    assert (receipt["problems"][0]["row"], receipt["problems"][0]["code"]) == (2, "malformed_json")


def padded(length: int) -> bytes:
    """A good row of so many bytes, made long by white space."""
    row = the_bytes(a_checkpoint())
    return row[:-1] + b" " * (length - len(row)) + b"}"


def test_a_line_of_1_mib_is_taken(dov: Caller) -> None:
    assert counts(dov.receipt("checkpoint", padded(ONE_MIB))) == {"accepted": 1}


@pytest.mark.parametrize("length", [ONE_MIB + 1, 3 * ONE_MIB + 17])
def test_a_line_over_1_mib_is_one_bad_row_and_says_the_limit(dov: Caller, length: int) -> None:
    receipt = dov.receipt("checkpoint", a_checkpoint(), padded(length), a_checkpoint())
    assert counts(receipt) == {"accepted": 2, "held": 1}
    (problem,) = receipt["problems"]
    assert (problem["row"], problem["code"]) == (2, "line_too_long")
    assert "1 MiB" in problem["message"] or str(ONE_MIB) in problem["message"].replace(",", "")


def test_a_line_too_long_sent_again_is_held_under_the_same_id(dov: Caller) -> None:
    line = padded(2 * ONE_MIB)
    first, again, other = (dov.one_problem("checkpoint", each) for each in (line, line, padded(2 * ONE_MIB)))
    assert first["held_id"] == again["held_id"] != other["held_id"]


def test_a_last_line_without_line_end_is_a_row(dov: Caller) -> None:
    body = the_bytes(a_checkpoint()) + b"\n" + the_bytes(a_checkpoint())
    assert counts(a_receipt(dov.post_body("checkpoint", body))) == {"accepted": 2}


def test_crlf_line_ends_are_line_ends(dov: Caller) -> None:
    body = b"\r\n".join([*many(3), b"", b""])
    receipt = a_receipt(dov.post_body("checkpoint", body))
    assert counts(receipt) == {"accepted": 3}


@pytest.mark.parametrize(
    "body",
    [b"", b"   ", b"{", b"[", b"[{}", b'{"a":1}}', b"[] []", b"[{},]", b"nonsense", b'"text', b"[,]"],
)
def test_a_json_body_that_is_no_json_is_malformed_body(dov: Caller, body: bytes) -> None:
    a_problem(dov.post_body("checkpoint", body, content_type="application/json"), 400, "malformed_body")


@pytest.mark.parametrize("body", [b"5", b'"text"', b"null", b"true", b"[5]", b"[[]]"])
def test_a_json_value_that_is_no_record_stores_nothing(dov: Caller, body: bytes) -> None:
    head = dov.head("checkpoint")
    answer = dov.post_body("checkpoint", body, content_type="application/json")
    if answer.status_code == 200:
        assert counts(a_receipt(answer)) == {"held": 1}
        assert answer.json()["problems"][0]["code"] == "wrong_type"
    else:
        a_problem(answer, 400, "malformed_body")
    assert dov.head("checkpoint") == head


def test_an_array_that_breaks_off_late_answers_400_and_may_be_sent_again(dov: Caller) -> None:
    lines = many(2000)
    body = b"[" + b",".join(lines)
    problem = a_problem(dov.post_body("checkpoint", body, content_type="application/json"), 400, "malformed_body")
    check_broken_off(dov, lines, problem)


def test_a_client_that_goes_away_in_the_middle_changes_nothing(dov: Caller) -> None:
    lines = many(4000)
    body = ndjson(lines)
    parts = urlsplit(dov.base_url)
    head = (
        f"POST /api/v1/records/checkpoint HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {dov.token}\r\nContent-Type: application/x-ndjson\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
    again = a_receipt(dov.post_body("checkpoint", body))
    assert again["accepted"] + again["repeated"] == 4000


def test_a_body_without_a_length_is_streamed(dov: Caller) -> None:
    lines = many(50)

    def pieces() -> Iterator[bytes]:
        whole = ndjson(lines)
        for start in range(0, len(whole), 97):
            yield whole[start : start + 97]

    assert counts(a_receipt(dov.post_body("checkpoint", pieces()))) == {"accepted": 50}


def test_large_and_small_bodies_are_judged_alike(dov: Caller) -> None:
    """Bodies over 256 KiB go another way inside; the answer must not show it."""
    bad = [the_bytes(a_checkpoint(area={"scheme": "vn-2025", "code": "99999"})), b"{", b"\xff", b"[]", b""]
    large = dov.receipt("checkpoint", *bad, *many(2500))
    small = dov.receipt("checkpoint", *bad)
    assert (large["accepted"], large["held"]) == (2500, 4)
    assert [(p["row"], p["code"], p["pointer"], p["held_id"]) for p in large["problems"]] == [
        (p["row"], p["code"], p["pointer"], p["held_id"]) for p in small["problems"]
    ]


def test_the_numbers_of_a_large_body_are_in_line_order(dov: Caller) -> None:
    rows = [a_report() for _ in range(2500)]
    receipt = dov.receipt("citizen_report", *rows)
    assert receipt["accepted"] == 2500
    lines = dov.feed("citizen_report", after=receipt["first_seq"] - 1, limit=2500).lines
    assert [line["ref"] for line in lines] == [row["ref"] for row in rows]


def test_a_compressed_flood_of_blank_lines_ends_and_is_no_record(dov: Caller, hub_server: HubServer) -> None:
    body = gzipped(b"\n" * (8 * ONE_MIB))
    answer = dov.post_body("checkpoint", body, encoding="gzip")
    if answer.status_code == 200:
        assert answer.json()["received"] == 0
    else:
        assert 400 <= answer.status_code < 500
    assert dov.http.get("/readyz").status_code == 200


def memory_of(hub_server: HubServer) -> int:
    """Resident bytes of the processes of the hub itself; PostgreSQL's count its shared buffers many times over."""
    assert hub_server.process is not None
    parent = psutil.Process(hub_server.process.pid)
    found = 0
    for process in (parent, *parent.children(recursive=True)):
        try:
            if not process.name().startswith("postgres"):
                found += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return found


def test_memory_does_not_grow_with_the_body(dov: Caller, hub_server: HubServer) -> None:
    """160 MiB of records too long to be taken, and one line of 160 MiB; the hub keeps none of it in memory."""
    before = memory_of(hub_server)
    most = before

    def pieces(line_ends: bool) -> Iterator[bytes]:
        nonlocal most
        block = b"x" * (2 * ONE_MIB - 1) + (b"\n" if line_ends else b"x")
        for _ in range(80):
            most = max(most, memory_of(hub_server))
            yield block

    for line_ends, rows in ((True, 80), (False, 1)):
        receipt = a_receipt(dov.post_body("checkpoint", pieces(line_ends)))
        assert receipt["held"] == receipt["received"] == rows
    assert most - before < 96 * ONE_MIB, f"memory grew by {(most - before) // ONE_MIB} MiB"
