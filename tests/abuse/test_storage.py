"""A disk that runs full while records come in: refused clearly, nothing answered is lost, and it recovers by itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.records import a_report
from tests.hubs import ANYONE, NDJSON, NO_TLS, Caller, HubServer, a_problem, check_equation, ndjson

MIB = 2**20
DISK_MIB = 700
RECOVERS_WITHIN_S = 30.0
KIND = "citizen_report"


@pytest.fixture
def disk(workspace: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A small disk of its own, in memory."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = workspace / f"disk-{abs(hash(request.node.name)) % 10**6}"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0755", "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"this machine mounts no small disk: {done.stderr.decode(errors='replace').strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def hub_on(disk: Path, *, low_mib: int) -> Iterator[HubServer]:
    server = HubServer(disk / "hub", DAUMOI_STORAGE_LOW_BYTES=str(low_mib * MIB))
    server.output = disk.parent / f"{disk.name}.up.log"
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Senders:
    """Two clients that do not stop: single posts, and bulk bodies. They believe nothing but a 200 or a receipt."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.answered: set[str] = set()
        self.refusals: list[tuple[int, str, str | None]] = []
        self.refused_in_the_middle = 0
        self.ending = threading.Event()
        self.faults: list[BaseException] = []
        self.threads = [threading.Thread(target=self._run, args=(work,)) for work in (self._single, self._bulk)]

    def __enter__(self) -> Senders:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        for thread in self.threads:
            thread.join(60)

    def _run(self, work: object) -> None:
        headers = dict(self.caller.http.headers)
        with httpx.Client(base_url=self.caller.base_url, verify=NO_TLS, headers=headers, timeout=60) as client:
            while not self.ending.is_set():
                try:
                    work(client)  # type: ignore[operator]
                except httpx.TransportError as error:
                    self.refusals.append((0, type(error).__name__, None))
                    time.sleep(0.1)
                except BaseException as fault:
                    self.faults.append(fault)
                    return

    def _single(self, client: httpx.Client) -> None:
        record = a_report({"category": "crowd", "text": "Đông người. " * 200})
        self._note(client.post(f"/api/v1/records/{KIND}", json=record), [record["ref"]])
        time.sleep(0.01)

    def _bulk(self, client: httpx.Client) -> None:
        rows = [a_report({"category": "crowd", "text": "Đông người. " * 300}) for _ in range(3000)]
        answer = client.post(f"/api/v1/records/{KIND}", content=ndjson(rows), headers={"Content-Type": NDJSON})
        self._note(answer, [row["ref"] for row in rows])

    def _note(self, answer: httpx.Response, refs: list[str]) -> None:
        body = answer.json()
        if answer.status_code == 200:
            self.answered.update(refs)
            return
        receipt = body.get("receipt")
        if receipt:
            check_equation(receipt)
            self.answered.update(refs[: receipt["received"]])
            self.refused_in_the_middle += bool(receipt["received"])
        self.refusals.append((answer.status_code, body["code"], answer.headers.get("Retry-After")))
        time.sleep(0.2)


def wait_until(condition: object, what: str, *, seconds: float = 60.0) -> float:
    begun = time.monotonic()
    while not condition():  # type: ignore[operator]
        assert time.monotonic() - begun < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - begun


def fill(disk: Path, *, leave_mib: int) -> Path:
    """Takes all of the disk but so much; returns the file that takes it."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        taken = shutil.disk_usage(disk).free - leave_mib * MIB
        with contextlib.suppress(OSError):
            for _ in range(taken // MIB):
                file.write(bytes(MIB))
    return filler


def is_ready(server: HubServer) -> bool:
    try:
        return ANYONE.get(f"{server.base_url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def check_nothing_is_lost(caller: Caller, answered: set[str]) -> None:
    found: set[str] = set()
    after = 0
    while True:
        page = caller.feed(KIND, after=after, limit=1000)
        found |= {line["ref"] for line in page.lines}
        assert [line["seq"] for line in page.lines] == list(range(after + 1, after + 1 + len(page.lines)))
        after = page.next
        if after >= page.head:
            break
    assert answered <= found, f"{len(answered - found)} of {len(answered)} answered records are lost"


def test_intake_stops_long_before_the_disk_is_full_and_goes_on_when_there_is_room(disk: Path) -> None:
    with hub_on(disk, low_mib=150) as server:
        caller = server.new_system(send="all", read="all", identity="given")
        assert caller.receipt(KIND, a_report(area={"scheme": "vn-2025", "code": "99999"}))["held"] == 1
        with Senders(caller) as senders:
            wait_until(lambda: len(senders.answered) > 100, "records are taken")
            filler = fill(disk, leave_mib=160)
            wait_until(lambda: any(code == "storage_low" for _, code, _ in senders.refusals), "the disk runs low")
            time.sleep(1.5)
            free_mib = shutil.disk_usage(disk).free / MIB
            taken = len(senders.answered)
            row = caller.held()[0]
            for answer in (
                caller.http.put(f"/api/v1/held/{row['held_id']}", json=a_report()),
                caller.http.post("/api/v1/held/replay"),
                caller.send(KIND, a_report()),
                caller.send(KIND, a_report(), a_report()),
                caller.send(KIND, a_report(), on_problem="reject"),
            ):
                a_problem(answer, 503, "storage_low")
                assert int(answer.headers["Retry-After"]) >= 1
            assert caller.feed(KIND, limit=1).lines, "reading goes on"
            file = disk.parent / "low.ndjson"
            file.write_bytes(ndjson([a_report()]))
            imported = server.run("import", file, "--system", caller.code, "--kind", KIND)
            assert imported.returncode != 0
            time.sleep(1)
            assert len(senders.answered) <= taken + 1, "nothing is taken any more"
            filler.unlink()
            took = wait_until(lambda: len(senders.answered) > taken + 100, "it goes on", seconds=RECOVERS_WITHIN_S)
        assert not senders.faults
        print(
            f"intake stopped with {free_mib:.0f} MiB free of a bound of 150, and went on {took:.1f} s after there was"
            f" room; {senders.refused_in_the_middle} bodies were stopped in their middle"
        )
        assert free_mib > 20, "stopped before the disk was full, whatever was under way"
        assert {refusal[:2] for refusal in senders.refusals} == {(503, "storage_low")}
        assert all(retry for _, _, retry in senders.refusals)
        check_nothing_is_lost(caller, senders.answered)


def test_a_disk_that_is_full_for_postgresql_itself_is_storage_low_and_loses_nothing(disk: Path) -> None:
    """With the bound switched off, PostgreSQL meets the end of the disk in the middle of its work."""
    with hub_on(disk, low_mib=0) as server:
        caller = server.new_system(send="all", read="all", identity="given")
        with Senders(caller) as senders:
            wait_until(lambda: len(senders.answered) > 100, "records are taken")
            filler = fill(disk, leave_mib=10)
            wait_until(lambda: len(senders.refusals) > 5, "the disk is full")
            time.sleep(2)
            taken = len(senders.answered)
            filler.unlink()
            took = wait_until(lambda: len(senders.answered) > taken + 100, "it goes on", seconds=RECOVERS_WITHIN_S)
            wait_until(lambda: is_ready(server), "the hub is ready")
        assert not senders.faults
        seen = {refusal[:2] for refusal in senders.refusals}
        print(f"went on {took:.1f} s after there was room; refused as {sorted(seen)}")
        assert (503, "storage_low") in seen, "PostgreSQL said that the disk is full (SQLSTATE 53100)"
        assert seen <= {(503, "storage_low"), (503, "not_ready")}, "never a fault of the hub"
        check_nothing_is_lost(caller, senders.answered)
