"""A dispatcher that is killed at any moment loses nothing and changes no order: what it sends again has the same id."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daumoi.core.hub import Hub
from daumoi.organisations.registry import System
from tests.integration.exchange.webhooks.receiving import ALLOWED, Received, Receiver, a_receiver, a_webhook
from tests.integration.sending import a_report, a_system, send

ROOT = Path(__file__).resolve().parents[4]
KIND = "citizen_report"


@contextmanager
def sending(hub: Hub, sender: System) -> Iterator[list[int]]:
    """Records come in all the time; gives how many came."""
    count, ending = [0], threading.Event()

    def run() -> None:
        while not ending.wait(0.02):
            send(hub, sender, KIND, [a_report(f"k-{count[0] + each}") for each in range(5)])
            count[0] += 5

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield count
    finally:
        ending.set()
        thread.join()


def at_least(receiver: Receiver, requests: int) -> None:
    until = time.monotonic() + 60
    while len(receiver.requests) < requests:
        assert time.monotonic() < until, "nothing is sent"
        time.sleep(0.01)


def first_of_each(receiver: Receiver) -> list[int]:
    """Numbers in the order in which they came for the first time."""
    return list(dict.fromkeys(receiver.seqs))


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.soak)])
def test_kill_nine_at_random_moments_loses_nothing_and_changes_no_order(
    make_hub: Callable[..., Hub], tmp_path: Path, kills: int
) -> None:
    chance = random.Random(kills)
    hub = make_hub(**ALLOWED)
    sender, reader = a_system(hub, "sender"), a_system(hub, "reader", read="*", identity="pseudonym")

    def sometimes_slow(_: Received) -> int:
        time.sleep(chance.random() * 0.2)
        return 200

    command = [sys.executable, "-m", "tests.integration.exchange.webhooks.dispatching", hub.dsn]
    command += [hub.keys._master.hex(), str(tmp_path)]
    with a_receiver(sometimes_slow) as ordered, a_receiver(sometimes_slow) as unordered:
        hooks = [a_webhook(hub, reader, ordered.url), a_webhook(hub, reader, unordered.url, ordered=False)]
        with sending(hub, sender) as count:
            for kill in range(kills + 1):
                before = len(ordered.requests)
                process = subprocess.Popen(command, cwd=ROOT)
                try:
                    at_least(ordered, before + 2)
                    time.sleep(chance.random() * 0.3)
                finally:
                    if kill < kills:
                        process.kill()
                        process.wait()
        try:
            until = time.monotonic() + 60
            while any(hook.delivered < count[0] for hook in hooks):
                assert time.monotonic() < until, [hook.delivered for hook in hooks]
                time.sleep(0.05)
        finally:
            process.terminate()
            process.wait()
    everything = list(range(1, count[0] + 1))
    assert first_of_each(ordered) == everything
    assert sorted(first_of_each(unordered)) == everything
    for receiver in (ordered, unordered):
        ids = {each.id: each.body for each in receiver.requests}
        assert all(ids[each.id] == each.body for each in receiver.requests), "the same id, the same message"
