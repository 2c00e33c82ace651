"""Bodies by the hundred thousand, each a sample that something happened to: no fault, no hang, no growth of memory."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zstandard

from tests.contract import records as sample
from tests.crash import victims
from tests.hubs import NDJSON, Caller, HubServer, check_equation

CONNECTIONS = 32
ANSWERED_WITHIN_S = 30.0
MAY_GROW_MIB = 64
REFUSALS = {400, 413, 415, 422, 429}
SAMPLES = {
    "health_declaration": sample.a_declaration(),
    "movement_declaration": sample.a_movement(),
    "citizen_report": sample.a_report(),
    "checkpoint": sample.a_checkpoint(),
    "checkpoint_passage": sample.a_passage("CP-1"),
}
TRAPS = [
    *(b'"\\ud800"', b'"\\u0000"', b"1e400", b"-0.0", b"9" * 400, b"null", b"[[[[", b"]" * 40, b"{}" * 30, b'{"ref":1}'),
    *(
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\n\n\n",
        b"\x00",
        b'"2021-08-01T08:00:00+0700"',
        b"\\",
        b'"',
        b":",
    ),
    *(b"1900-01-01", b"2199-12-31T23:59:59Z", "١٢٣".encode(), b"[" * 33 + b"]" * 33, b'{"a":' * 33 + b"1" + b"}" * 33),
]


def a_body(chance: random.Random, kind: str) -> bytes:
    """A few rows of a kind, of which some were changed."""
    lines = [
        json.dumps({**SAMPLES[kind], "ref": f"f-{chance.getrandbits(48)}"}).encode()
        for _ in range(chance.choice((1, 1, 3)))
    ]
    body = b"\n".join(lines) if chance.random() < 0.7 else b"[" + b",".join(lines) + b"]"
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        at = chance.randrange(len(body) + 1)
        match chance.randrange(6):
            case 0:
                body = body[:at]
            case 1:
                body = body[:at] + chance.randbytes(chance.randint(1, 4)) + body[at + 1 :]
            case 2:
                body = body[:at] + chance.choice(TRAPS) + body[at:]
            case 3:
                end = min(len(body), at + chance.randint(1, 40))
                body = body[:end] + body[at:end] + body[end:]
            case 4:
                body = body[:at] + body[at + chance.randint(1, 20) :]
            case _:
                body = body.replace(
                    *chance.choice([(b"true", b"1"), (b":", b" :"), (b"2021", b"0001"), (b'"', b"'"), (b"{", b"[")])
                )
        if not body:
            break
    return body


def a_request(chance: random.Random, address: str, token: str) -> bytes:
    """One request: any kind, any of the declared types and encodings, options or none; its length is always true."""
    kind = chance.choice(list(SAMPLES))
    body = a_body(chance, kind)
    sent_to = kind if chance.random() < 0.95 else chance.choice(list(SAMPLES))
    options = chance.choice(
        ["?dry_run=true", "?on_problem=reject", "?dry_run=true&on_problem=reject", "?on_problem=reject", ""]
    )
    encoding = chance.choice(["", "", "gzip", "zstd"])
    if encoding and chance.random() < 0.8:
        body = gzip.compress(body, 1) if encoding == "gzip" else zstandard.compress(body, 1)
        if chance.random() < 0.3 and body:
            at = chance.randrange(len(body))
            body = body[:at] + chance.randbytes(1) + body[at + 1 :]
    head = (
        f"POST /api/v1/records/{sent_to}{options} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {chance.choice([NDJSON, NDJSON, 'application/json'])}\r\nContent-Length: {len(body)}\r\n"
    )
    return (head + (f"Content-Encoding: {encoding}\r\n" if encoding else "") + "\r\n").encode() + body


def memory_mib(server: HubServer) -> dict[str, float]:
    """What the server and the intake process hold now."""
    assert server.process is not None
    found = {}
    for role in ("server", "intake"):
        process = victims.wait_for(server.process.pid, server.data_dir, role)
        status = (Path("/proc") / str(process.pid) / "status").read_text()
        found[role] = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
    return found


async def send_all(caller: Caller, seed: int, many: int) -> Counter[str]:
    """Send so many requests over some connections; every answer is a receipt that adds up, or a problem."""
    address = urlsplit(caller.base_url)
    answers: Counter[str] = Counter()

    async def one_client(number: int) -> None:
        chance = random.Random(f"{seed}-{number}")
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for _ in range(many // CONNECTIONS):
            request = a_request(chance, address.netloc, caller.token)
            if writer.is_closing() or reader.at_eof():
                writer.close()
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(request)
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                said = json.loads(await reader.readexactly(int(length.split(b":")[1])))
            if b"connection: close" in head.lower():
                writer.close()
            status = int(head.split(b" ", 2)[1])
            if status == 200:
                check_equation(said)
            else:
                assert status in REFUSALS, (status, said, request)
                assert said["status"] == status, said
            answers[said.get("code", "receipt")] += 1
        writer.close()

    await asyncio.gather(*(one_client(number) for number in range(CONNECTIONS)))
    return answers


@pytest.mark.parametrize("many", [3_200, pytest.param(1_000_000, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])])
def test_whatever_happened_to_a_body_it_is_answered_and_leaves_nothing_behind(
    hub_server: HubServer, dov: Caller, many: int, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = asyncio.run(send_all(dov, 1, CONNECTIONS * 20))  # what is loaded at first use is loaded now
    before = memory_mib(hub_server)
    answers += asyncio.run(send_all(dov, many, many))
    after = memory_mib(hub_server)
    assert answers["receipt"] > many / 10, answers
    assert answers["malformed_body"] > many / 100, answers
    assert answers["rows_refused"] > many / 100, answers
    grown = {role: after[role] - before[role] for role in before}
    assert all(mib < MAY_GROW_MIB for mib in grown.values()), (before, after)
    with capsys.disabled():
        print(f"\n{many:,} bodies: {dict(answers)}; grown by {', '.join(f'{r} {m:.0f} MiB' for r, m in grown.items())}")
