"""Real hubs for tests: a database of our own start, and `daumoi up` as a process behind a real socket.

Nothing here knows the inside of the product except `core` (to build a `Hub` for the tests of single rooms).
Contract tests use `HubServer` and `Caller` alone: the command line and HTTP.
"""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

REPOSITORY = Path(__file__).resolve().parent.parent
DAUMOI = Path(sys.executable).parent / "daumoi"
READY_SECONDS = 90.0
COMMAND_SECONDS = 90.0
END_SECONDS = 15.0  # contract, section 6: Ctrl-C and SIGTERM end it within 15 s
NDJSON = "application/x-ndjson"
OUTCOMES = ("accepted", "corrected", "withdrawn", "repeated", "held")

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # plain HTTP on the loopback; to load the machine's CAs takes 40 ms
ANYONE = httpx.Client(verify=NO_TLS, timeout=60.0)
"""Somebody without a token."""

_numbers = itertools.count(1)

Record = dict[str, Any]


def environment(**settings: str) -> dict[str, str]:
    """The environment of a command under test: that of the machine without anybody's own hub settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("DAUMOI_POSTGRES_")
        or not (name.startswith("DAUMOI_") or name in {"DATABASE_URL", "TRUSTED_PROXIES"})
    }
    return {**kept, "DAUMOI_POSTGRES_SHARED_BUFFERS": "128MB", **settings}


def free_port() -> int:
    """A port of the loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ndjson(rows: Iterable[Record | bytes]) -> bytes:
    """One line a row; bytes go in as they are."""
    lines = (row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows)
    return b"".join(line + b"\n" for line in lines)


@dataclasses.dataclass(frozen=True)
class Page:
    """One answer of a feed."""

    lines: list[Record]
    next: int
    head: int
    response: httpx.Response


class Caller:
    """A partner system at the door: its credentials, its token, and the calls of the contract."""

    def __init__(self, base_url: str, credentials: Mapping[str, str]) -> None:
        self.base_url = base_url
        self.code = credentials["code"]
        self.client_id = credentials["client_id"]
        self.client_secret = credentials["client_secret"]
        self.http = httpx.Client(base_url=base_url, timeout=60.0, verify=NO_TLS)
        self.token = ""
        self.passed_over: set[str] = set()
        """Ids of held rows that `held` leaves out, so that tests may share a system."""

    def sign_in(self) -> str:
        """Gets a token by form fields and puts it on every later call."""
        answer = self.http.post(
            "/api/v1/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            },
        )
        assert answer.status_code == 200, (answer.status_code, answer.text)
        self.token = str(answer.json()["access_token"])
        self.http.headers["Authorization"] = f"Bearer {self.token}"
        return self.token

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params)

    def post_body(
        self,
        kind: str,
        body: bytes | Iterator[bytes],
        *,
        content_type: str | None = NDJSON,
        encoding: str | None = None,
        **params: str,
    ) -> httpx.Response:
        """Posts a body as it is."""
        headers = {}
        if content_type is not None:
            headers["Content-Type"] = content_type
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return self.http.post(f"/api/v1/records/{kind}", content=body, headers=headers, params=params)

    def send(self, kind: str, *rows: Record | bytes, **params: str) -> httpx.Response:
        """Posts rows as NDJSON."""
        return self.post_body(kind, ndjson(rows), **params)

    def receipt(self, kind: str, *rows: Record | bytes, **params: str) -> Record:
        """Posts rows as NDJSON, expects 200, checks the equation of the receipt."""
        return a_receipt(self.send(kind, *rows, **params))

    def one_problem(self, kind: str, row: Record | bytes) -> Record:
        """Posts one row that must be held and returns its problem."""
        receipt = self.receipt(kind, row)
        assert receipt["held"] == 1, receipt
        assert len(receipt["problems"]) == 1, receipt
        problem: Record = receipt["problems"][0]
        return problem

    def feed(self, kind: str, *, after: int = 0, **params: Any) -> Page:
        """One page of a feed; 200 is expected."""
        answer = self.get(f"/api/v1/feeds/{kind}", after=after, **params)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        lines = [json.loads(line) for line in answer.content.splitlines() if line]
        return Page(lines, int(answer.headers["Daumoi-Next"]), int(answer.headers["Daumoi-Head"]), answer)

    def head(self, kind: str) -> int:
        """The newest number of a kind."""
        return self.feed(kind, after=0, limit=1).head

    def held(self, **params: Any) -> list[Record]:
        """All held rows of the caller, page by page."""
        found: list[Record] = []
        after: str | None = None
        while True:
            answer = self.get("/api/v1/held", **params, **({"after": after} if after else {}))
            assert answer.status_code == 200, (answer.status_code, answer.text)
            body = answer.json()
            items = items_of(body)
            found += [item for item in items if held_id(item) not in self.passed_over]
            after = body.get("next") if isinstance(body, dict) else None
            if not items or after is None:
                return found


def a_receipt(answer: httpx.Response) -> Record:
    """The receipt of a 200; received = accepted + corrected + withdrawn + repeated + held, always."""
    assert answer.status_code == 200, (answer.status_code, answer.text[:2000])
    receipt: Record = answer.json()
    check_equation(receipt)
    return receipt


def check_equation(receipt: Record) -> None:
    """The five outcomes sum up to the rows received."""
    assert receipt["received"] == sum(receipt[outcome] for outcome in OUTCOMES), receipt


def counts(receipt: Record) -> dict[str, int]:
    """The outcomes that are not zero."""
    return {outcome: receipt[outcome] for outcome in OUTCOMES if receipt[outcome]}


def items_of(body: Any) -> list[Record]:
    """The rows of a list answer; the contract leaves the name of the list open."""
    if isinstance(body, list):
        return body
    lists = [value for value in body.values() if isinstance(value, list)]
    assert len(lists) == 1, f"one list is expected in the answer, found the fields {sorted(body)}"
    items: list[Record] = lists[0]
    return items


def held_id(item: Record) -> str:
    """The id of a row in the list of held rows."""
    return str(item.get("held_id") or item["id"])


def a_problem(answer: httpx.Response, status: int, code: str | None = None) -> Record:
    """RFC 9457: the media type, the members, and the status repeated in the body."""
    assert answer.status_code == status, (answer.status_code, answer.text[:2000])
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json", answer.headers
    problem: Record = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= problem.keys(), problem
    assert problem["status"] == status
    if code is not None:
        assert problem["code"] == code, problem
    return problem


class HubServer:
    """One `daumoi up` on a data directory of its own; can be ended and started again."""

    def __init__(self, data_dir: Path, *, prepared: Path | None = None, **settings: str) -> None:
        """`prepared`: a data directory to begin with a copy of, whoever its hub was; a first start takes 3 s longer."""
        self.data_dir = data_dir
        if prepared is not None and not data_dir.exists():
            # As root, PostgreSQL's files belong to its own account and stay so.
            subprocess.run(["cp", "--archive", "--reflink=auto", prepared, data_dir], check=True)
        self.environ = environment(**settings)
        self.output = data_dir.parent / f"{data_dir.name}.up.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.base_url = ""
        self.callers: list[Caller] = []

    def start(self, *options: str, ready_path: str = "/readyz") -> None:
        """Starts `daumoi up` on a free port and waits until records can be taken (or another path answers 200)."""
        port = free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [DAUMOI, "up", "--data-dir", self.data_dir, "--port", str(port), *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env=self.environ,
                start_new_session=True,
            )
        self._wait_until_ready(ready_path)

    def _wait_until_ready(self, path: str) -> None:
        assert self.process is not None
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            assert self.process.poll() is None, f"daumoi up ended:\n{self.said()}"
            try:
                if ANYONE.get(f"{self.base_url}{path}", timeout=5.0).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"daumoi up was not ready after {READY_SECONDS} s:\n{self.said()}")

    def stop(self) -> float:
        """Ends the hub by SIGTERM and returns the seconds that took."""
        assert self.process is not None
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_SECONDS + 15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for caller in self.callers:
            caller.close()
        self.callers.clear()
        return time.monotonic() - begun

    def said(self) -> str:
        """What `daumoi up` printed."""
        return self.output.read_text(errors="replace")

    def run(self, *arguments: str | Path, seconds: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
        """Runs a `daumoi` command on the data directory of this hub."""
        return subprocess.run(
            [DAUMOI, *arguments, "--data-dir", self.data_dir],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=seconds,
            cwd=REPOSITORY,
            env=self.environ,
        )

    def add_system(
        self, *, send: str | None = None, read: str | None = None, identity: str | None = None, code: str | None = None
    ) -> dict[str, str]:
        """`daumoi system add`; the credentials it prints once. Names are of the cast: Dov is a partner."""
        code = code or f"dov-{next(_numbers)}"
        options = ["--name", f"Hệ thống {code}"]
        for name, value in (("--send", send), ("--read", read), ("--identity", identity)):
            options += [name, value] if value is not None else []
        done = self.run("system", "add", code, *options, "--json")
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        credentials: dict[str, str] = json.loads(done.stdout)
        return credentials

    def new_system(self, *, send: str | None = None, read: str | None = None, identity: str | None = None) -> Caller:
        """A fresh system with its right to send, its agreements to read, and a token."""
        return self.caller(self.add_system(send=send, read=read, identity=identity))

    def caller(self, credentials: Mapping[str, str]) -> Caller:
        """A signed-in client for credentials that are there already."""
        caller = Caller(self.base_url, credentials)
        caller.sign_in()
        self.callers.append(caller)
        return caller


def add_database(dsn: str, name: str, *, template: str | None = None) -> str:
    """Makes a database in the cluster of `dsn` and returns its conninfo."""
    assert name.replace("_", "").isalnum()
    with psycopg.connect(dsn, autocommit=True) as connection:
        if template is None:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        else:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                (template,),
            )
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'.encode())
    return make_conninfo(dsn, dbname=name)


def drop_database(dsn: str, name: str) -> None:
    """Drops a database whoever is still connected to it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def as_url(conninfo: str) -> str:
    """A conninfo written as the URL that `DATABASE_URL` takes."""
    from urllib.parse import quote, urlencode

    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if value is not None}
    user, password = quote(parts.pop("user", ""), safe=""), quote(parts.pop("password", ""), safe="")
    name = quote(parts.pop("dbname", "postgres"), safe="")
    sign_in = f"{user}:{password}@" if password else f"{user}@" if user else ""
    return f"postgresql://{sign_in}/{name}?{urlencode(parts)}"


def gzipped(body: bytes) -> bytes:
    """A gzip member, quick rather than small."""
    return gzip.compress(body, compresslevel=1)
