"""`daumoi retention` and `daumoi hold`, as an operator runs them."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from daumoi.cli.app import COMMANDS, made_of
from daumoi.core.clock import FixedClock, SystemClock
from daumoi.core.hub import Hub
from tests.hubs import as_url
from tests.integration.sending import a_report, a_system, send

RULES = """
[[rule]]
name = "reports"
kinds = ["citizen_report"]
keep_days = 30
legal_basis = "Luật 91/2025/QH15"
valid_from = 2021-01-01
"""
Run = Callable[..., Result]


@pytest.fixture
def hub(make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub that received 150 reports forty days ago, in segments of a hundred; commands work on it."""
    made = make_hub(clock=FixedClock(SystemClock().now() - timedelta(days=40)), DAUMOI_SEGMENT_ROWS="100")
    send(made, a_system(made), "citizen_report", [a_report(f"r-{row}") for row in range(150)])
    monkeypatch.setenv("DATABASE_URL", as_url(made.dsn))
    monkeypatch.setenv("DAUMOI_SEGMENT_ROWS", "100")
    return made


@pytest.fixture
def run(hub: Hub) -> Run:
    def command(*arguments: str) -> Result:
        return CliRunner().invoke(made_of(COMMANDS), [*arguments, "--data-dir", str(hub.settings.data_dir)])

    return command


def test_without_rules_the_command_says_where_to_write_them(run: Run):
    done = run("retention", "apply")
    assert done.exit_code == 1
    assert "retention.toml" in done.output
    assert "nothing is dropped" in done.output


def test_the_plan_says_what_goes_and_apply_lets_it_go(hub: Hub, run: Run):
    rules = hub.settings.data_dir / "retention.toml"
    rules.write_text(RULES)
    done = run("retention", "plan", "--json")
    assert done.exit_code == 0, done.output
    (verdict,) = json.loads(done.stdout)
    assert (verdict["goes"], verdict["records"], verdict["rules"]) == (True, 100, ["reports"])
    assert "by reports" in run("retention", "plan").stdout
    rules.write_text(RULES.replace("30", "60"))
    assert "stays  citizen_report 1–100" in run("retention", "plan").stdout
    assert "0 segments, 0 records gone" in run("retention", "apply").stdout
    rules.write_text(RULES)
    assert "1 segments, 100 records gone" in run("retention", "apply").stdout
    with hub.pool.connection() as connection:
        assert connection.execute("SELECT min(seq) FROM record WHERE kind = 3").fetchone() == (101,)


def test_a_hold_is_placed_listed_and_released(hub: Hub, run: Run):
    (hub.settings.data_dir / "retention.toml").write_text(RULES)
    grounds = ("--reason", "Vụ án 12", "--legal-basis", "Điều 88 BLTTHS")
    assert run("hold", "place", *grounds).exit_code == 1
    assert run("hold", "place", *grounds, "--first", "3").exit_code == 1
    assert run("hold", "place", *grounds, "--person", "999").exit_code == 1
    assert run("hold", "place", *grounds, "--system", "nobody").exit_code == 1
    done = run("hold", "place", *grounds, "--kind", "citizen_report", "--first", "3", "--last", "5")
    assert (done.exit_code, done.stdout.strip()) == (0, "1"), done.output
    assert "kind citizen_report, numbers 3–5 — Vụ án 12 (Điều 88 BLTTHS)" in run("hold", "list").stdout
    assert "3 on hold are kept" in run("retention", "apply").stdout
    assert run("hold", "release", "7", "--reason", "Xong").exit_code == 1
    assert run("hold", "release", "1", "--reason", "Xong").exit_code == 0
    assert "No hold is in force" in run("hold", "list").stdout
    assert "released" in run("hold", "list", "--all").stdout
    assert "3 records let go" in run("retention", "apply").stdout
    with hub.pool.connection() as connection:
        actions = connection.execute("SELECT action FROM audit_entry ORDER BY id").fetchall()
    assert [action for (action,) in actions] == [
        "hold.place",
        "retention.drop",
        "hold.release",
        "retention.let_go",
    ]


def test_dropping_by_hand_says_the_oldest_number_kept(run: Run):
    done = run("log", "drop", "citizen_report", "--before", "120")
    assert "the oldest number kept is 101" in done.stdout, done.output
