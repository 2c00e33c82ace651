"""Runs the hundred receivers against a hub for some time: figures of delay, and what each got beside what it should."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daumoi.cli.session import open_hub
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.hub import Hub
from daumoi.exchange import reading, reconciliation
from daumoi.exchange.reconciliation import Figures
from daumoi.exchange.recounting import Recount, count_all
from tests.fanout.cast import KINDS, Receiver, hundred
from tests.fanout.sending import Sender
from tests.hubs import REPOSITORY, Caller, HubServer, free_port

DRAINED_S, QUIET_S = 60.0, 2.0
SEEN_S = 20.0
"""Within which the hub sees systems that were added beside it; a busy machine takes longer than a second."""
HOOKS = {"DAUMOI_WEBHOOK_ALLOW": "127.0.0.0/8", "DAUMOI_POSTGRES_SHARED_BUFFERS": "1GB"}


@dataclass(frozen=True)
class Outcome:
    """What a run showed. Delays are seconds from the hub's acceptance to the receiver, sorted, by way."""

    delays: dict[str, list[float]]
    got: dict[tuple[int, str], tuple[int, int]]
    """By receiver and kind: records, and how many different numbers."""
    reckoned: dict[tuple[int, str], Figures]
    differing: list[str]
    """Receivers and kinds where what was counted again from the raw log differs."""
    accepted: dict[str, int]
    disordered: int
    messages: int
    connections: int
    late_s: float
    drained_s: float

    @property
    def wrong(self) -> list[str]:
        """Name the receivers and kinds that did not get exactly what they should, each record once and as numbered."""
        return [
            f"{key}: {figures}, got {self.got.get(key)}"
            for key, figures in self.reckoned.items()
            if figures.waiting or figures.failed or figures.delivered != self.got.get(key, (0, 0))[0]
        ] + self.differing

    @property
    def given(self) -> int:
        """Count the records that were given, all receivers together."""
        return sum(records for records, _ in self.got.values())

    def percentile(self, way: str, part: float) -> float:
        """Return a percentile of the delays of a way, in seconds."""
        delays = self.delays[way]
        return delays[min(len(delays) - 1, int(part * len(delays)))]


@contextmanager
def _receiving(folder: Path, plan: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    command = [sys.executable, "-m", "tests.fanout.receiving", str(folder / "plan.json"), str(folder / "result.json")]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def run(server: HubServer, folder: Path, *, seconds: float, per_second: int) -> Outcome:
    """Send for so long at a pace, wait until everything was taken, and reconcile all destinations."""
    port = free_port()
    with open_hub(server.data_dir, say=lambda _said: None) as hub:
        receivers = hundred(hub, f"http://127.0.0.1:{port}/in")
        plan = _plan(server, receivers, port)
        sender = Sender(server.new_system(send="all"), seed=2021)
        sender.open_checkpoints()
        with _receiving(folder, plan) as process:
            late = sender.send_for(seconds, per_second)
            began = time.monotonic()
            _drain(hub, process)
            drained = time.monotonic() - began
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(120) == 0
        said = json.loads((folder / "result.json").read_text("utf-8"))
        assert not said["broken"], said["broken"]
        reckoned, differing = _reconcile(hub, receivers)
    return Outcome(
        delays=said["delays"],
        got={(place, kind): (records, numbers) for place, kind, records, numbers in said["figures"]},
        reckoned=reckoned,
        differing=differing,
        accepted=sender.accepted,
        disordered=said["disordered"],
        messages=said["messages"],
        connections=said["connections"],
        late_s=late,
        drained_s=drained,
    )


def _plan(server: HubServer, receivers: list[Receiver], port: int) -> dict[str, Any]:
    feeds = []
    for each in receivers:
        if each.way == "webhook":
            continue
        named = {"code": str(each.place), "client_id": each.client_id, "client_secret": each.client_secret}
        feeds.append({"place": each.place, "way": each.way, "token": _token(Caller(server.base_url, named))})
    host, _, at = server.base_url.removeprefix("http://").partition(":")
    return {"listen": port, "host": host, "port": int(at), "feeds": feeds, "kinds": KINDS}


def _token(caller: Caller) -> str:
    until = time.monotonic() + SEEN_S
    while True:
        try:
            token = caller.sign_in()
        except AssertionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            caller.close()
            return token


def _drain(hub: Hub, process: subprocess.Popen[str]) -> None:
    """Wait until no message is open and nothing further was taken out for two seconds, or the receivers have ended."""
    until, before, since = time.monotonic() + DRAINED_S, None, time.monotonic()
    while time.monotonic() < until and process.poll() is None:
        with hub.pool.connection() as connection:
            now = connection.execute(
                "SELECT (SELECT count(*) FROM webhook_message WHERE state = 'open'), (SELECT sum(records) FROM stretch)"
            ).fetchone()
        if now != before:
            before, since = now, time.monotonic()
        elif now is not None and not now[0] and time.monotonic() - since > QUIET_S:
            return
        time.sleep(0.25)


def _reconcile(hub: Hub, receivers: list[Receiver]) -> tuple[dict[tuple[int, str], Figures], list[str]]:
    """Reckon today for each receiver and kind, and count it again from the raw log."""
    found: dict[tuple[int, str], Figures] = {}
    differing = []
    today = hub.clock.now().astimezone(VIET_NAM_TIME).date()
    with hub.pool.connection() as connection:
        for kind in KINDS:
            head = reading.head(connection, kind)
            day = reconciliation.day_of(connection, kind=head, kind_name=kind, day=today)
            said: list[tuple[int, Figures, Recount]] = []
            for receiver in receivers:
                for each in reconciliation.destinations(connection, receiver=receiver.system):
                    at = reconciliation.standing(connection, each, head.kind)
                    figures = reconciliation.reckon(hub, connection, each, day, at=at).total
                    said.append((receiver.place, figures, Recount(hub, connection, each, day, at)))
            count_all(hub, connection, [recount for _, _, recount in said], day)
            for place, figures, recount in said:
                differing += [f"{place} {kind}"] if recount.figures != figures or recount.gap is not None else []
                found[place, kind] = found.get((place, kind), Figures()) + figures
    return found, differing
