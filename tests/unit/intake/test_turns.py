"""Whose chunk is stored next."""

from __future__ import annotations

import threading
import time
from collections import Counter

from daumoi.intake.turns import Turns

KIND = "checkpoint_passage"


class Bodies:
    """Bodies that store one chunk after the other; notes whose chunks were stored, and how many at a time."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.stored: list[int] = []
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.most_in_all = 0
        self.ending = threading.Event()
        self.guard = threading.Lock()
        self.threads: list[threading.Thread] = []

    def add(self, system: int, kind: str = KIND, *, bodies: int = 1) -> None:
        for _ in range(bodies):
            self.threads.append(threading.Thread(target=self._store, args=(system, kind), daemon=True))

    def run(self, seconds: float) -> Counter[int]:
        for thread in self.threads:
            thread.start()
        time.sleep(seconds)
        self.ending.set()
        for thread in self.threads:
            thread.join(5)
            assert not thread.is_alive()
        return Counter(self.stored)

    def _store(self, system: int, kind: str) -> None:
        while not self.ending.is_set():
            with self.turns.turn(system, kind):
                with self.guard:
                    self.stored.append(system)
                    self.inside[kind] += 1
                    self.most[kind] = max(self.most[kind], self.inside[kind])
                    self.most_in_all = max(self.most_in_all, self.inside.total())
                time.sleep(0.002)
                with self.guard:
                    self.inside[kind] -= 1


def test_a_system_with_many_bodies_gets_no_more_turns_than_one_with_two() -> None:
    bodies = Bodies(Turns())
    bodies.add(1, bodies=2)
    bodies.add(2, bodies=20)
    stored = bodies.run(0.6)
    assert stored.total() > 50
    assert 0.7 < stored[1] / stored[2] < 1.4, stored


def test_chunks_of_a_kind_are_stored_one_at_a_time_and_two_in_all() -> None:
    bodies = Bodies(Turns())
    for system, kind in enumerate(("checkpoint", KIND, "citizen_report")):
        bodies.add(system, kind, bodies=3)
    stored = bodies.run(0.5)
    assert set(bodies.most.values()) == {1}
    assert bodies.most_in_all == 2
    assert min(stored.values()) > 0.5 * max(stored.values()), "no kind is left out"


def test_a_turn_that_fails_is_given_on() -> None:
    turns = Turns()
    for _ in range(5):
        try:
            with turns.turn(1, KIND):
                raise ValueError
        except ValueError:
            continue
    with turns.turn(2, KIND):
        pass


def test_who_waits_behind_a_busy_kind_does_not_hold_up_another_kind() -> None:
    turns, entered = Turns(), threading.Event()

    def passages() -> None:
        with turns.turn(1, KIND):
            pass

    def reports() -> None:
        with turns.turn(1, "citizen_report"):
            entered.set()

    with turns.turn(2, KIND):
        threads = [threading.Thread(target=work, daemon=True) for work in (passages, reports)]
        for thread in threads:
            thread.start()
        assert entered.wait(2)
    for thread in threads:
        thread.join(2)
        assert not thread.is_alive()
