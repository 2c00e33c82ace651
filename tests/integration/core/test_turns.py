"""Turns: one process at a time, whoever waits comes next, and who does not wait is told."""

import threading
import time

import pytest

from daumoi.core.database import connect
from daumoi.core.turns import Busy, Turn, turn


def test_who_does_not_wait_is_told_and_other_work_goes_on(fresh_database: str):
    with connect(fresh_database) as one, connect(fresh_database) as other, turn(one, Turn.ARCHIVE, wait_s=0):
        with pytest.raises(Busy), turn(other, Turn.ARCHIVE, wait_s=0):
            pass
        with turn(other, Turn.RETENTION, wait_s=0):
            pass
    with connect(fresh_database) as other, turn(other, Turn.ARCHIVE, wait_s=0):
        pass


def test_a_turn_is_free_again_after_a_failure_and_after_the_session(fresh_database: str):
    with connect(fresh_database) as one, connect(fresh_database) as other:
        with pytest.raises(ZeroDivisionError), turn(one, Turn.ERASURE, wait_s=0):
            raise ZeroDivisionError
        with turn(other, Turn.ERASURE, wait_s=0):
            other.close()
        with turn(one, Turn.ERASURE, wait_s=5):
            pass


def test_who_waits_is_not_kept_out_by_somebody_who_takes_turn_after_turn(fresh_database: str):
    ending = threading.Event()
    taken = [0]

    def take_again_and_again() -> None:
        with connect(fresh_database) as greedy:
            while not ending.is_set():
                try:
                    with turn(greedy, Turn.ARCHIVE, wait_s=0):
                        taken[0] += 1
                        time.sleep(0.02)
                except Busy:
                    continue

    thread = threading.Thread(target=take_again_and_again)
    thread.start()
    try:
        while taken[0] < 3:
            time.sleep(0.01)
        with connect(fresh_database) as patient:
            began = time.monotonic()
            with turn(patient, Turn.ARCHIVE, wait_s=10):
                assert time.monotonic() - began < 5
                before = taken[0]
                time.sleep(0.1)
                assert taken[0] == before
    finally:
        ending.set()
        thread.join()


def test_waiting_ends_after_its_time(fresh_database: str):
    with connect(fresh_database) as one, connect(fresh_database) as other, turn(one, Turn.ARCHIVE, wait_s=0):
        began = time.monotonic()
        with pytest.raises(Busy), turn(other, Turn.ARCHIVE, wait_s=1.5):
            pass
        assert 1 < time.monotonic() - began < 8
