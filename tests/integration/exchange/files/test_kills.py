"""Who is killed while files are made leaves nothing out, makes nothing twice, and the next run makes the same files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.exchange.files import exports
from daumoi.exchange.files.keeping import keep_files
from tests.integration.exchange.agreeing import agreed, page, terms_of
from tests.integration.exchange.files.filing import MORNING, close_day, fetch, files_for, manifests
from tests.integration.sending import a_report, a_system, send

KIND = "citizen_report"
FORMS = ("csv", "parquet")
FILE_STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir"}


class Steps:
    """Counts the steps of a process, and kills it at one of them."""

    def __init__(self, last: int) -> None:
        self.left = last

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class KillingClock:
    """A clock that stands; each look at it is a step. It is looked at once in every transaction."""

    def __init__(self, at: datetime, steps: Steps) -> None:
        self.at, self.steps = at, steps

    def now(self) -> datetime:
        self.steps.step()
        return self.at


def killed_at(hub: Hub, last: int) -> bool:
    """Run the job in a process of its own that is killed at a step; tells whether it was before it had ended."""
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            steps = Steps(last)
            lying = str(exports.folder_of(hub))

            def hook(event: str, arguments: Any) -> None:
                if event in FILE_STEPS and arguments and str(arguments[0]).startswith(lying):
                    steps.step()

            sys.addaudithook(hook)
            clock = KillingClock(hub.clock.now(), steps)
            keep_files(replace(hub, pool=open_pool(hub.dsn, "victim"), clock=clock))
            code = 0
        os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def wait_for_its_end(hub: Hub) -> None:
    """Wait until the database has noticed that the process is gone, and its turn is free."""
    with psycopg.connect(hub.dsn, autocommit=True) as connection:
        while connection.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = 'victim'").fetchone():
            time.sleep(0.002)


def forget(hub: Hub) -> None:
    """Take everything back that was taken out and made, so that the next kill meets a beginning."""
    with psycopg.connect(hub.dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE export_file, export, stretch, progress, agreement_day")
    shutil.rmtree(exports.folder_of(hub), ignore_errors=True)


def outcome(hub: Hub) -> dict[str, str]:
    """Every file that lies there and its hash, and what the account says."""
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in exports.folder_of(hub).rglob("*")
        if path.is_file()
    }
    with psycopg.connect(hub.dsn, autocommit=True) as connection:
        account = connection.execute(
            "SELECT destination_id, kind, first_seq, last_seq, records, encode(digest, 'hex') FROM stretch ORDER BY 1, 2, 3"
        ).fetchall()
        counted = connection.execute("SELECT sum(records) FROM agreement_day").fetchone()
    return files | {"account": repr(account), "counted": repr(counted)}


@pytest.mark.parametrize("stride", [16, pytest.param(1, marks=pytest.mark.soak)])
def test_a_kill_at_any_step_leads_to_the_same_files_and_the_same_account(
    make_hub: Callable[..., Hub], stride: int
) -> None:
    hub = make_hub(clock=FixedClock(MORNING))
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND, identity="given"))
    for form in FORMS:
        files_for(hub, receiver, form, kinds=[KIND])
    person = {"national_id": "001087000001", "full_name": "Lê Thị Mẫu"}
    send(hub, sender, KIND, [a_report(f"r-{number}", subject=person) for number in range(12)])
    close_day(hub)
    whole = outcome(hub)
    # The manifests name the time of taking: the clock stands, and so they are the same each time.
    steps = 1 - stride
    while True:
        steps += stride
        wait_for_its_end(hub)
        forget(hub)
        if not killed_at(hub, steps):
            break
        wait_for_its_end(hub)
        keep_files(hub)
        assert outcome(hub) == whole, f"killed at step {steps}"
    assert steps > 30, "fewer steps than files, folders and transactions"
    lines = page(hub, receiver, KIND).body
    (csv_file, parquet_file) = manifests(hub, receiver, KIND)
    assert csv_file["records"] == parquet_file["records"] == lines.count(b"\n") == 12
    assert len(fetch(hub, receiver, csv_file["files"][0]["name"]).splitlines()) == 13
