"""Planted personal values are found in no log (PostgreSQL's too), error text, metric, body or archive.

A hub of its own gets records of every kind with unmistakable values in every personal and identity field, good rows and
bad ones of every fault, odd calls, and database errors; its webhooks fail first, and answer with what they are sent. Then
everything that must not hold them is searched. They must be found only where they belong: in their owner's held rows and in
feeds and webhooks with identity.
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import psycopg
import pytest

from tests.contract import records as sample
from tests.contract.records import KINDS, the_bytes
from tests.hubs import ANYONE, NDJSON, Caller, HubServer, Record, a_receipt, counts, gzipped, ndjson
from tests.integration.privacy.planted_records import (
    CHECKPOINT,
    MAKE,
    a_checkpoint,
    a_report,
    bad_rows,
    faults_of_meaning,
)
from tests.integration.privacy.planted_ways_out import ALLOWED, WaysOut, ways_out
from tests.repository.planted import digits, found_in, word

DATABASE_FAULT = "DBFAULT"


@dataclasses.dataclass
class Answers:
    """Every answer that must hold no planted value: its place of origin, its headers and its text."""

    kept: list[tuple[str, bytes]] = dataclasses.field(default_factory=list)

    def keep(self, what: str, answer: httpx.Response) -> httpx.Response:
        self.kept.append((f"{what} -> {answer.status_code}", repr(dict(answer.headers)).encode() + answer.content))
        return answer

    def leaks(self) -> list[str]:
        return [f"{what}: {marks[:2]}" for what, content in self.kept if (marks := found_in(content))]


@dataclasses.dataclass
class Stage:
    """The hub after everything was sent to it."""

    server: HubServer
    owner: Caller
    stranger: Caller
    answers: Answers
    dsn: str
    good: dict[str, list[Record]]
    database_faults: list[int]
    ways: WaysOut
    printed: str = ""


@pytest.fixture(scope="module")
def stage(workspace: Path, prepared: Path) -> Iterator[Stage]:
    """Everything happens once; each test then searches one place."""
    server = HubServer(workspace / "planted", prepared=prepared, **ALLOWED)
    server.start()
    try:
        owner = server.new_system(send="all", read="all", identity="given")
        stranger = server.new_system(send="all", read="all")
        with ways_out(server, database_of(server), owner=owner, stranger=stranger) as ways:
            yield staged(server, owner, stranger, ways)
    finally:
        server.stop()


def staged(server: HubServer, owner: Caller, stranger: Caller, ways: WaysOut) -> Stage:
    """Send everything, and ask for everything."""
    stage = Stage(server, owner, stranger, Answers(), database_of(server), {}, [], ways)
    send_good(stage)
    send_bad(stage)
    call_everything(stage)
    call_oddly(stage)
    provoke_database_errors(stage)
    import_a_file(stage)
    ways.until_all_is_sent(KINDS)
    ask_for_proof(stage)
    stage.answers.keep("metrics", ANYONE.get(f"{server.base_url}/metrics"))
    return stage


def database_of(server: HubServer) -> str:
    from daumoi.core.postgres import Cluster

    bin_dir = os.environ.get("DAUMOI_POSTGRES_BIN_DIR")
    return Cluster(
        server.data_dir, bin_dir=Path(bin_dir) if bin_dir else None, os_user="daumoi-postgres", say=lambda _said: None
    ).dsn


def send_good(stage: Stage) -> None:
    """Good rows of every kind: in bulk, singly, corrected, withdrawn, repeated, in conflict, rehearsed."""
    first = a_checkpoint(code=CHECKPOINT)
    a_receipt(stage.answers.keep("checkpoint", stage.owner.send("checkpoint", first)))
    for kind in KINDS:
        rows = [MAKE[kind]() for _ in range(4)]
        stage.good[kind] = rows
        receipt = a_receipt(stage.answers.keep(f"good {kind}", stage.owner.send(kind, *rows)))
        assert counts(receipt) == {"accepted": 4}, receipt
        single = stage.owner.post_body(kind, the_bytes(MAKE[kind]()), content_type="application/json")
        a_receipt(stage.answers.keep(f"single {kind}", single))
        again = {**MAKE[kind](), "ref": rows[0]["ref"]}
        made = MAKE[kind](code=rows[1]["data"]["code"]) if kind == "checkpoint" else MAKE[kind]()
        corrected = {**made, "revision": 2}
        more = [again, rows[2], {**corrected, "ref": rows[1]["ref"]}, sample.a_withdrawal(rows[3]["ref"], 2)]
        receipt = a_receipt(stage.answers.keep(f"more {kind}", stage.owner.send(kind, *more)))
        assert counts(receipt) == {"held": 1, "repeated": 1, "corrected": 1, "withdrawn": 1}, receipt
        assert receipt["problems"][0]["code"] == "revision_conflict"
        stage.answers.keep(f"rehearsed {kind}", stage.owner.send(kind, *map(MAKE[kind], ()), dry_run="true"))


def send_bad(stage: Stage) -> None:
    """Bad rows by every way in: body, array, small and large, refused, rehearsed, single, mended, replayed."""
    for kind in KINDS:
        rows = bad_rows(kind)
        receipt = a_receipt(stage.answers.keep(f"bad {kind}", stage.owner.send(kind, *rows)))
        assert receipt["held"] > len(rows) * 0.7, receipt["held"]
        for after in range(0, len(rows), 1000):
            path = f"/api/v1/submissions/{receipt['submission_id']}/problems"
            problems = stage.answers.keep(f"problems {kind}", stage.owner.get(path, after=after))
            assert problems.status_code == 200
        stage.answers.keep(f"shown {kind}", stage.owner.get(f"/api/v1/submissions/{receipt['submission_id']}"))
        some = faults_of_meaning(kind)
        stage.answers.keep(f"refused {kind}", stage.owner.send(kind, *some, on_problem="reject"))
        stage.answers.keep(f"rehearsed {kind}", stage.owner.send(kind, *some, dry_run="true"))
        array = json.dumps(some).encode()
        stage.answers.keep(f"array {kind}", stage.owner.post_body(kind, array, content_type="application/json"))
        for row in (*some, *rows[:: max(1, len(rows) // 40)]):
            body = row if isinstance(row, bytes) else the_bytes(row)
            for how in ("application/json", NDJSON):
                stage.answers.keep(f"single {kind}", stage.owner.post_body(kind, body, content_type=how))
        packed = gzipped(ndjson(some))
        stage.answers.keep(f"packed {kind}", stage.owner.post_body(kind, packed, encoding="gzip"))
        stage.answers.keep(f"cut {kind}", stage.owner.post_body(kind, packed[:-30], encoding="gzip"))
        stage.answers.keep(f"not packed {kind}", stage.owner.post_body(kind, ndjson(some), encoding="gzip"))
        stage.answers.keep(f"not packed {kind}", stage.owner.post_body(kind, ndjson(some), encoding="zstd"))
    held = stage.owner.held(limit=1000)
    for item in held[:: max(1, len(held) // 60)]:
        body = json.dumps(faults_of_meaning(item["kind"])[1])
        mended = stage.owner.http.put(
            f"/api/v1/held/{item['held_id']}", content=body, headers={"Content-Type": "application/json"}
        )
        stage.answers.keep("mended", mended)
    for choice in ({}, {"kind": "citizen_report"}, {"code": word()}, {"kind": word()}, {"ids": [word()]}, {word(): 1}):
        stage.answers.keep("replayed", stage.owner.http.post("/api/v1/held/replay", json=choice))


def call_everything(stage: Stage) -> None:
    """Every endpoint with planted values in its path, its query, its headers and its body."""
    documents = ANYONE.get(f"{stage.server.base_url}/api/v1/openapi.json").json()
    routes = [*documents["paths"], "/", "/no-such-page/{x}", "/static/{x}", "/i18n/setlang/", "/api/v1/{x}", "/api/{x}"]
    for route in routes:
        for value in (word(), digits(12), f"../{word('{}')}", f"{word('{}')}\x00", "citizen_report"):
            path = route
            while "{" in path:
                path = path[: path.index("{")] + quote(value, safe="") + path[path.index("}") + 1 :]
            for method in ("GET", "POST", "PUT", "DELETE"):
                if "stream" in route and method == "GET" and value == "citizen_report":
                    continue  # a good stream has no end
                said = word()
                answer = stage.stranger.http.request(
                    method,
                    path,
                    params={"after": said, "limit": said, said: said, "kind": said, "code": said, "next": said},
                    content=json.dumps({said: said}) if method != "GET" else None,
                    headers={
                        "Content-Type": f"application/json; x={quote(said)}",
                        "User-Agent": quote(said),
                        "X-Forwarded-For": quote(said),
                        "X-Request-Id": quote(said),
                        "Last-Event-ID": quote(said),
                        "Referer": f"{stage.server.base_url}/{quote(said)}",
                        "Cookie": f"django_language={quote(said)}; sessionid={quote(said)}",
                        "Accept-Language": quote(said),
                        "Host": quote(f"{said}.example").lower(),
                    },
                )
                stage.answers.keep(f"{method} {route}", answer)
        for method in ("GET", "POST"):
            path = route.replace("{", "").replace("}", "")
            stage.answers.keep(f"unauthorised {method} {route}", ANYONE.request(
                method, f"{stage.server.base_url}{path}", headers={"Authorization": f"Bearer {quote(word())}"}
            ))  # fmt: skip


def call_oddly(stage: Stage) -> None:
    """Sign-ins of nobody, kinds that are none, and what is not HTTP."""
    base = stage.server.base_url
    for form in (
        {"grant_type": "client_credentials", "client_id": word(), "client_secret": word()},
        {"grant_type": word(), word(): word()},
        {"grant_type": "client_credentials", "client_id": stage.owner.client_id, "client_secret": word()},
    ):
        stage.answers.keep("token", ANYONE.post(f"{base}/api/v1/oauth/token", data=form))
    basic = httpx.BasicAuth(word(), word())
    stage.answers.keep("token", ANYONE.post(f"{base}/api/v1/oauth/token", data={"scope": word()}, auth=basic))
    kind = "citizen_report"
    stage.answers.keep("type", stage.owner.post_body(kind, ndjson([a_report()]), content_type=f"text/{word('{}')}"))
    stage.answers.keep("encoding", stage.owner.post_body(kind, ndjson([a_report()]), encoding=word("{}")))
    stage.answers.keep("option", stage.owner.send(kind, a_report(), on_problem=word()))
    stage.answers.keep(
        "array", stage.owner.post_body(kind, f'[{{"x":"{word()}"'.encode(), content_type="application/json")
    )
    large = json.dumps([a_report()] * 12_000).encode()
    stage.answers.keep("too large", stage.owner.post_body(kind, large, content_type="application/json"))
    address = urlsplit(base)
    for said in (
        f"GET /{word('{}')} HTTP/9.9\r\n\r\n",
        f"{word('{}')} / HTTP/1.1\r\nHost: x\r\n\r\n",
        f"POST /api/v1/records/citizen_report HTTP/1.1\r\nHost: {word('{}')}\r\nContent-Length: {word('{}')}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{word('{}')}\r\n\r\n",
        f"GET /?{word('{}')}={'%ff' * 10} HTTP/1.1\r\nHost: \xff\r\nCookie: {word('{}')}\r\n\r\n",
    ):
        with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5) as connection:
            connection.sendall(said.encode("latin-1"))
            connection.settimeout(1.0)
            try:
                answered = connection.recv(65536)
            except TimeoutError:
                answered = b""
        stage.answers.kept.append((f"raw {said[:30]!r}", answered))


def provoke_database_errors(stage: Stage) -> None:
    """Constraints that rows break: their DETAIL would show whole rows. Then sessions that are cut off."""
    broken = {
        "record": f"ref NOT LIKE '{DATABASE_FAULT}%'",
        "claim": "created_at < '2000-01-01'",
        "record_personal": "seq < 0",
        "held": "length(code) < 0",
        "submission": "received < 0",
    }
    with psycopg.connect(stage.dsn, autocommit=True) as connection:
        for table, rule in broken.items():
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT planted_fault CHECK ({rule}) NOT VALID")
            for kind in KINDS:
                for row in (MAKE[kind](ref=word(DATABASE_FAULT + "-{}")), faults_of_meaning(kind)[1]):
                    single = stage.owner.post_body(kind, the_bytes(row), content_type="application/json")
                    bulk = stage.owner.post_body(kind, iter([the_bytes(row) + b"\n"] * 2))
                    for answer in (single, bulk):
                        stage.answers.keep(f"constraint of {table}, {kind}", answer)
                        stage.database_faults.append(answer.status_code)
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT planted_fault")
        for number in range(20):
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            kind = KINDS[number % len(KINDS)]
            stage.answers.keep("cut off", stage.owner.send(kind, MAKE[kind](), *faults_of_meaning(kind)))
    until = time.monotonic() + 30
    while ANYONE.get(f"{stage.server.base_url}/readyz").status_code != 200:
        assert time.monotonic() < until, "not ready again after its sessions were cut off"
        time.sleep(0.1)


def import_a_file(stage: Stage) -> None:
    """The command line prints counts and problems, never values."""
    folder = stage.server.data_dir.parent / "planted-files"
    folder.mkdir()
    for kind in KINDS:
        file = folder / f"{kind}.ndjson"
        file.write_bytes(ndjson([MAKE[kind](), *bad_rows(kind)[::7]]))
        for options in (["--dry-run"], []):
            done = stage.server.run("import", file, "--system", stage.owner.code, "--kind", kind, *options)
            stage.printed += done.stdout + done.stderr
    done = stage.server.run("doctor")
    stage.printed += done.stdout + done.stderr


def ask_for_proof(stage: Stage) -> None:
    """What the owners of ways out are told about what they got: attempts, accounts, statements, lineage."""
    today = (datetime.now(UTC) + timedelta(hours=7)).date().isoformat()
    for caller in stage.ways.callers:
        for path in (f"statements/{today}", "webhooks"):
            assert stage.answers.keep(path, caller.get(f"/api/v1/{path}")).status_code == 200, path
        for webhook in caller.get("/api/v1/webhooks").json()["items"]:
            attempts = stage.answers.keep("attempts", caller.get(f"/api/v1/webhooks/{webhook['id']}/attempts"))
            assert attempts.json()["items"]
        for kind in KINDS:
            assert stage.answers.keep("account", caller.get("/api/v1/deliveries", kind=kind)).status_code == 200
            stage.answers.keep("lineage", caller.get(f"/api/v1/records/{kind}/1/lineage"))


def test_planted_values_are_in_no_address_header_or_body_of_a_webhook_that_shows_no_identity(stage: Stage) -> None:
    leaks = []
    for name, inbox in stage.ways.inboxes.items():
        told = {came.said["kind"] for came in inbox.taken}
        assert told >= set(KINDS), f"{name} was told of {told}"
        assert len(inbox.requests) > len(inbox.taken), f"{name} has failed and was sent the same again"
        for came in inbox.requests:
            leaks += [(name, "around", found) for found in found_in(came.path + repr(came.headers))]
            if name != "given":
                leaks += [(name, "body", found) for found in found_in(came.body)]
    assert leaks == []
    assert found_in(b"".join(came.body for came in stage.ways.inboxes["given"].taken)), "where identity is given"
    thin = {came.said["kind"] for came in stage.ways.inboxes["thin"].taken if "data" not in came.said}
    assert thin >= set(KINDS) - {"area_count", "checkpoint"}
    assert not [came for came in stage.ways.inboxes["none"].requests if b"pseudonym" in came.body]


def test_planted_values_are_in_no_answer_that_is_not_their_owners(stage: Stage) -> None:
    assert len(stage.answers.kept) > 1000
    assert stage.answers.leaks() == []


def test_the_database_errors_were_real_and_their_answers_hold_no_value(stage: Stage) -> None:
    assert stage.database_faults.count(500) >= len(KINDS) * 4, stage.database_faults


def test_planted_values_are_in_no_log(stage: Stage) -> None:
    logs = [*(stage.server.data_dir / "log").rglob("*"), stage.server.output]
    names = {log.name for log in logs}
    assert {"postgres.log", "server.log", "intake.log"} <= names, names
    assert (stage.server.data_dir / "log" / "server.log").stat().st_size > 0
    leaks = {log.name: marks for log in logs if log.is_file() and (marks := found_in(log.read_bytes()))}
    assert leaks == {}


def test_planted_values_are_in_nothing_the_commands_print(stage: Stage) -> None:
    assert "held" in stage.printed
    assert found_in(stage.printed) == []


def test_planted_values_are_in_no_metric(stage: Stage) -> None:
    page = ANYONE.get(f"{stage.server.base_url}/metrics")
    assert page.status_code == 200
    assert "daumoi_records" in page.text
    assert found_in(page.content) == []


def test_planted_values_are_in_no_column_of_the_database(stage: Stage) -> None:
    leaks: list[str] = []
    with psycopg.connect(stage.dsn, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert {"held", "submission_note", "claim", "record_personal"} <= {name for _, name in tables}
        for schema, table in tables:
            for (row,) in connection.execute(f'SELECT t::text FROM "{schema}"."{table}" t'):
                marks = found_in(row)
                if marks:
                    leaks.append(f"{schema}.{table}: {marks[0]}")
                    break
        bodies = connection.execute("SELECT count(*) FROM record WHERE body IS NOT NULL").fetchone()
        assert bodies is not None
        assert bodies[0] > len(KINDS) * 4
    assert leaks == []


def test_planted_values_are_in_no_file_of_the_database(stage: Stage) -> None:
    with psycopg.connect(stage.dsn, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    leaks = []
    for file in (stage.server.data_dir / "postgres").rglob("*"):
        if file.is_file() and (marks := found_in(file.read_bytes())):
            leaks.append(f"{file.relative_to(stage.server.data_dir)}: {marks[0]!r}")
    assert leaks == []


def test_planted_values_are_in_no_file_of_the_archive(stage: Stage) -> None:
    import duckdb

    from daumoi.core import keyring
    from daumoi.core.clock import SystemClock
    from daumoi.core.database import open_pool
    from daumoi.core.hub import Hub
    from daumoi.core.settings import load
    from daumoi.kinds.registry import KINDS as REGISTERED
    from daumoi.log.archive import archive_next

    settings = load({"DAUMOI_ARCHIVE_ROWS": "1"}, data_dir=stage.server.data_dir)
    pool = open_pool(stage.dsn)
    hub = Hub(settings=settings, dsn=stage.dsn, pool=pool, keys=keyring.load(settings), clock=SystemClock())
    try:
        for kind in REGISTERED.values():
            while archive_next(hub, kind=kind.name, number=kind.number) is not None:
                continue
    finally:
        pool.close()
    folder = stage.server.data_dir / "archive"
    files = [file for file in folder.rglob("*") if file.is_file()]
    with duckdb.connect() as engine:
        rows = engine.execute(
            "SELECT COLUMNS(*)::VARCHAR FROM read_parquet($1)", [str(folder / "**" / "*.parquet")]
        ).fetchall()
    assert len(rows) > len(KINDS) * 6
    assert [file.name for file in files if found_in(file.read_bytes())] == []
    assert [row for row in rows if found_in(repr(row))] == []


def test_planted_values_are_where_they_belong(stage: Stage) -> None:
    held = stage.owner.held(limit=1000)
    assert len(held) > 500
    assert found_in(json.dumps([item["record"] for item in held]))
    assert found_in(json.dumps([{**item, "record": None} for item in held])) == []
    assert found_in(json.dumps(stage.stranger.held())) == []
    for kind in KINDS:
        if kind == "area_count":
            continue  # about nobody: nothing of a person may stand in it
        given = stage.owner.feed(kind)
        line = next(line for line in given.lines if line["ref"] == stage.good[kind][0]["ref"])
        if kind != "checkpoint":
            assert line["subject"]["identity"]["full_name"] == stage.good[kind][0]["subject"]["full_name"]
        assert found_in(json.dumps(line))
        assert found_in(stage.stranger.feed(kind).response.content) == [], f"the pseudonymous feed of {kind}"
