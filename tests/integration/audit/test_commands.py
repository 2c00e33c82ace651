"""`daumoi audit` and `daumoi doctor`, as an operator runs them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from typer.testing import CliRunner, Result

from daumoi.audit import figures, heads
from daumoi.audit.sealing import seal
from daumoi.cli.app import COMMANDS, made_of
from daumoi.cli.doctor import _audit
from daumoi.cli.processes.worker import check_audit
from daumoi.core import keyring
from daumoi.core.crypto import Keys
from daumoi.core.hub import Hub
from tests.hubs import as_url
from tests.integration.audit.writing import write

Run = Callable[..., Result]


@pytest.fixture
def run(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands on a hub with three sealed lines, with the hub's own key."""
    write(hub, 3)
    seal(hub)
    place = keyring.key_file(hub.settings)
    place.parent.mkdir(mode=0o700)
    place.write_bytes(hub.keys._master)
    assert isinstance(hub.keys, Keys)
    monkeypatch.setenv("DATABASE_URL", as_url(hub.dsn))

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(made_of(COMMANDS), [*arguments, "--data-dir", str(hub.settings.data_dir)])

    return command


def cut(hub: Hub) -> None:
    with hub.pool.connection() as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("DELETE FROM audit_line WHERE number = 2")


def test_verify_says_in_sentences_what_it_found_and_how_it_ended(hub: Hub, run: Run) -> None:
    done = run("audit", "verify")
    assert done.exit_code == 0, done.output
    assert "The audit log is whole: 3 lines up to 3" in done.output
    told = json.loads(run("audit", "verify", "--json").stdout)
    assert (told["whole"], told["lines"], told["faults"]) == (True, 3, [])
    cut(hub)
    done = run("audit", "verify")
    assert done.exit_code == 1
    assert "removed: Line 2 is missing." in done.output
    assert "NOT whole: 1 faults" in done.output
    done = run("audit", "verify", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["faults"] == [{"code": "removed", "line": 2, "said": "Line 2 is missing."}]


def test_the_public_key_that_is_printed_is_the_one_that_heads_are_checked_with(hub: Hub, run: Run) -> None:
    done = run("audit", "key")
    printed = load_pem_public_key(done.stdout.encode())
    head = heads.read(heads.folder_of(hub.settings.data_dir) / heads.NOW)
    assert head is not None
    assert head.is_signed_by(printed)  # type: ignore[arg-type]
    assert head.public_key in done.stderr


def test_a_restore_by_other_tools_needs_a_reason_and_is_signed(hub: Hub, run: Run) -> None:
    assert run("audit", "restored", "--reason", " ").exit_code == 1
    done = run("audit", "restored", "--reason", "pgBackRest, đĩa hỏng")
    assert (done.exit_code, done.stdout) == (0, "The chain goes on from line 3.\n"), done.output
    seal(hub)
    assert run("audit", "verify").exit_code == 0


def test_doctor_and_figures_say_what_the_last_check_found(hub: Hub, run: Run) -> None:
    with hub.pool.connection() as connection:
        state, said = _audit(hub, connection)
        assert (state, "whole from the last signed head to line 3" in said) == ("ok", True), said
        check_audit(hub)
        seen = figures.look(connection, now=hub.clock.now())
        assert seen.verified is not None
        assert (seen.lines, seen.waiting, seen.lag_s, seen.verified.faults) == (3, 0, 0.0, 0)
        cut(hub)
        assert _audit(hub, connection) == ("fail", "Line 2 is missing. Run `daumoi audit verify`")
        check_audit(hub)
        assert _audit(hub, connection)[1].startswith("1 faults were found")
        found = {
            one.name: [sample.value for sample in one.samples]
            for one in figures.families(figures.look(connection, now=hub.clock.now()))
        }
        assert found["daumoi_audit_chain_faults"] == [1.0]
