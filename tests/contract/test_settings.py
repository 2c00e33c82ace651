"""Codes of calls that need a small hub of its own, and the life of a hub: start, end, start again."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.contract.records import a_checkpoint, a_report, the_bytes
from tests.hubs import (
    ANYONE,
    END_SECONDS,
    Caller,
    HubServer,
    Record,
    a_problem,
    check_equation,
    counts,
    free_port,
    ndjson,
)

NOWHERE = {"scheme": "vn-2025", "code": "99999"}


@pytest.fixture(scope="module")
def small_hub(workspace: Path) -> Iterator[HubServer]:
    """A hub with small limits; the tests of this file end it and start it again, in their order."""
    server = HubServer(
        workspace / "small", DAUMOI_BAD_ROWS_MAX="50", DAUMOI_SEGMENT_ROWS="1000", DAUMOI_BODIES_PER_CLIENT_MAX="3"
    )
    yield server
    if server.process is not None:
        server.stop()


@pytest.fixture(scope="module")
def credentials(small_hub: HubServer) -> dict[str, str]:
    """Made before the hub ever ran: the command starts the database for itself and stops it again."""
    small_hub.data_dir.mkdir()
    (small_hub.data_dir / "other-file.txt").write_text("the directory may hold other files")
    return small_hub.add_system(send="all", read="all", identity="given")


def test_a_command_starts_the_database_for_itself_and_stops_it_again(
    small_hub: HubServer, credentials: dict[str, str]
) -> None:
    assert credentials["client_secret"]
    assert not (small_hub.data_dir / "postgres" / "postmaster.pid").exists()


@pytest.fixture(scope="module")
def dov_small(small_hub: HubServer, credentials: dict[str, str]) -> Caller:
    """Signed in at the small hub after its first start."""
    small_hub.start()
    return small_hub.caller(credentials)


def again(small_hub: HubServer, credentials: dict[str, str], token: str) -> Caller:
    """The same client after a restart, with the token it had."""
    caller = Caller(small_hub.base_url, credentials)
    caller.token = token
    caller.http.headers["Authorization"] = f"Bearer {token}"
    small_hub.callers.append(caller)
    return caller


def test_too_many_bad_rows_stop_a_body_with_the_receipt_so_far(dov_small: Caller) -> None:
    rows = [a_checkpoint(), *[a_checkpoint(area=NOWHERE) for _ in range(200)]]
    answer = dov_small.send("checkpoint", *rows)
    assert 400 <= answer.status_code < 500
    problem = a_problem(answer, answer.status_code, "too_many_bad_rows")
    check_equation(problem["receipt"])
    assert "50" in problem["detail"]
    assert problem["receipt"]["held"] <= 200


def test_what_retention_dropped_is_gone_before_and_still_repeated(small_hub: HubServer, dov_small: Caller) -> None:
    rows = [a_report() for _ in range(3500)]
    assert dov_small.receipt("citizen_report", *rows)["accepted"] == 3500
    done = small_hub.run("log", "drop", "citizen_report", "--before", "2001")
    assert done.returncode == 0, done.stderr
    answer = dov_small.get("/api/v1/feeds/citizen_report", after=0)
    a_problem(answer, 410, "gone_before")
    oldest = int(answer.headers["Daumoi-Oldest"])
    assert 1 < oldest <= 2001
    page = dov_small.feed("citizen_report", after=oldest - 1, limit=10_000)
    assert [line["seq"] for line in page.lines] == list(range(oldest, 3501))
    assert counts(dov_small.receipt("citizen_report", *rows[:10])) == {"repeated": 10}
    assert dov_small.get("/api/v1/records/citizen_report/1").status_code in {404, 410}
    streamed = dov_small.get("/api/v1/feeds/citizen_report/stream", after=0)
    a_problem(streamed, 410, "gone_before")


class SlowBody:
    """A bulk body that never ends by itself, on a bare socket: chunk after chunk, and whatever the hub answers."""

    def __init__(self, caller: Caller) -> None:
        parts = urlsplit(caller.base_url)
        self.connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=40)
        head = (
            f"POST /api/v1/records/checkpoint HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Authorization: Bearer {caller.token}\r\nContent-Type: application/x-ndjson\r\n"
            "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self.connection.sendall(head.encode())
        self.sent = 0
        self.answer = b""
        self.stopped = threading.Event()
        self.ended = threading.Event()
        self.writer = threading.Thread(target=self.write, daemon=True)
        self.reader = threading.Thread(target=self.read, daemon=True)

    def write(self) -> None:
        try:
            while not self.stopped.is_set() and not self.ended.is_set():
                piece = ndjson([a_checkpoint() for _ in range(10)])
                self.connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
                self.sent += 10
                time.sleep(0.02)
            self.connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass

    def read(self) -> None:
        try:
            while piece := self.connection.recv(65536):
                self.answer += piece
        except OSError:
            pass
        self.stopped.set()

    def start(self) -> None:
        """Begins to send and to listen."""
        self.writer.start()
        self.reader.start()

    def finish(self) -> None:
        """Ends the body as it should end, and waits for the answer."""
        self.ended.set()
        self.writer.join(timeout=10)
        self.reader.join(timeout=30)
        self.connection.close()

    def makefile(self, _mode: str) -> io.BytesIO:
        """What was read, as `http.client` wants a socket."""
        return io.BytesIO(self.answer)

    def answered(self) -> Record:
        """The JSON body of the answer."""
        answer = http.client.HTTPResponse(self)  # type: ignore[arg-type]
        answer.begin()
        body: Record = json.loads(answer.read())
        return body


def test_a_client_with_too_many_bodies_open_is_rate_limited(dov_small: Caller) -> None:
    bodies = [SlowBody(dov_small) for _ in range(3)]
    for body in bodies:
        body.start()
    time.sleep(1.0)
    try:
        with httpx.Client(base_url=dov_small.base_url, headers=dov_small.http.headers, timeout=30) as other:
            headers = {"Content-Type": "application/x-ndjson"}
            answer = other.post("/api/v1/records/checkpoint", content=iter([ndjson([a_checkpoint()])]), headers=headers)
            a_problem(answer, 429, "rate_limited")
            assert int(answer.headers["Retry-After"]) >= 1
    finally:
        for body in bodies:
            body.ended.set()
        for body in bodies:
            body.finish()
    for body in bodies:
        assert body.answered()["accepted"] == body.sent


def test_sigterm_ends_the_hub_within_15_s_and_answers_who_waits(
    small_hub: HubServer, credentials: dict[str, str], dov_small: Caller
) -> None:
    """A long poll is answered, a bulk body gets its receipt so far, and what it counts is there afterwards."""
    head = dov_small.head("checkpoint")
    polled: list[httpx.Response] = []
    with httpx.Client(base_url=small_hub.base_url, timeout=70, headers=dov_small.http.headers) as other:

        def poll() -> None:
            polled.append(other.get("/api/v1/feeds/citizen_report", params={"after": 3500, "wait": 60}))

        poller = threading.Thread(target=poll, daemon=True)
        poller.start()
        body = SlowBody(dov_small)
        body.start()
        time.sleep(2.0)
        token = dov_small.token
        seconds = small_hub.stop()
        poller.join(timeout=5)
        body.reader.join(timeout=5)
    assert small_hub.process is not None
    assert seconds < END_SECONDS, f"the end took {seconds:.1f} s:\n{small_hub.said()[-2000:]}"
    assert small_hub.process.returncode == 0
    assert not (small_hub.data_dir / "postgres" / "postmaster.pid").exists()
    assert [answer.status_code for answer in polled] == [200], "the long poll is answered"
    assert body.answer.startswith(b"HTTP/1.1 "), "the bulk body is answered"
    answered = body.answered()
    receipt = answered.get("receipt", answered)
    check_equation(receipt)
    assert receipt["accepted"] > 0
    small_hub.start()
    caller = again(small_hub, credentials, token)
    assert caller.get("/api/v1/kinds").status_code == 200, "a token survives a restart"
    assert caller.head("checkpoint") == head + receipt["accepted"], "what the receipt counts is on disk"


def test_a_hub_that_was_killed_starts_again_with_every_record(
    small_hub: HubServer, credentials: dict[str, str]
) -> None:
    """`kill -9` of `up`: its PostgreSQL ends with it, and the next start recovers."""
    caller = small_hub.caller(credentials)
    row = a_checkpoint()
    seq = caller.receipt("checkpoint", row)["first_seq"]
    assert small_hub.process is not None
    small_hub.process.kill()
    small_hub.process.wait()
    small_hub.start()
    caller = small_hub.caller(credentials)
    assert caller.get(f"/api/v1/records/checkpoint/{seq}").json()["ref"] == row["ref"]
    assert counts(caller.receipt("checkpoint", row)) == {"repeated": 1}


def test_ctrl_c_ends_the_hub_too(small_hub: HubServer) -> None:
    assert small_hub.process is not None
    os.killpg(small_hub.process.pid, signal.SIGINT)  # a terminal sends it to the whole group
    begun = time.monotonic()
    small_hub.process.wait(END_SECONDS + 15)
    assert time.monotonic() - begun < END_SECONDS
    assert not (small_hub.data_dir / "postgres" / "postmaster.pid").exists()


def test_a_low_disk_takes_no_records_and_says_so(small_hub: HubServer, credentials: dict[str, str]) -> None:
    small_hub.environ["DAUMOI_STORAGE_LOW_BYTES"] = str(10**18)
    try:
        small_hub.start(ready_path="/healthz")
        caller = small_hub.caller(credentials)
        answer = caller.send("checkpoint", a_checkpoint())
        assert 500 <= answer.status_code < 600
        a_problem(answer, answer.status_code, "storage_low")
        answer = caller.post_body("checkpoint", the_bytes(a_checkpoint()), content_type="application/json")
        a_problem(answer, answer.status_code, "storage_low")
        assert ANYONE.get(f"{small_hub.base_url}/readyz").status_code == 503
        assert caller.feed("checkpoint", limit=1).lines, "reading goes on"
        assert small_hub.run("doctor", "--json").returncode != 0
    finally:
        del small_hub.environ["DAUMOI_STORAGE_LOW_BYTES"]
        small_hub.stop()


def test_up_says_plainly_when_its_port_is_taken(small_hub: HubServer, credentials: dict[str, str]) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = small_hub.run("up", "--port", str(port))
    assert done.returncode != 0
    assert str(port) in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert not (small_hub.data_dir / "postgres" / "postmaster.pid").exists()


def test_up_names_every_wrong_setting_at_once(small_hub: HubServer) -> None:
    broken = HubServer(small_hub.data_dir, DAUMOI_BAD_ROWS_MAX="many", DAUMOI_STORAGE_LOW_BYTES="-x")
    done = broken.run("up", "--port", str(free_port()))
    assert done.returncode != 0
    for name in ("DAUMOI_BAD_ROWS_MAX", "DAUMOI_STORAGE_LOW_BYTES"):
        assert name in done.stderr + done.stdout


def test_up_beyond_the_loopback_needs_tls_or_a_named_proxy(small_hub: HubServer, credentials: dict[str, str]) -> None:
    done = small_hub.run("up", "--host", "0.0.0.0", "--port", str(free_port()))  # noqa: S104
    assert done.returncode != 0
    assert "TRUSTED_PROXIES" in done.stderr + done.stdout


def test_with_another_master_key_the_hub_does_not_start(
    small_hub: HubServer, credentials: dict[str, str], tmp_path: Path
) -> None:
    keys = small_hub.data_dir / "keys"
    assert oct(keys.stat().st_mode & 0o777) == "0o700"
    aside = keys.rename(small_hub.data_dir / "keys-aside")
    try:
        done = small_hub.run("up", "--port", str(free_port()))
        assert done.returncode != 0
        assert "Traceback" not in done.stderr + done.stdout
        assert "key" in (done.stderr + done.stdout).lower()
    finally:
        for file in keys.glob("*") if keys.exists() else ():
            file.unlink()
        if keys.exists():
            keys.rmdir()
        aside.rename(keys)
