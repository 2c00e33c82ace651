"""`daumoi rules`, as a stranger uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from daumoi.cli.app import COMMANDS, made_of
from daumoi.core.database import connect
from tests.hubs import as_url

Run = Callable[..., Result]
CHANGE = """
[pack]
code = "covid-19"

[[rule]]
group = "secondary_contact"
valid_from = 2021-07-30
sources = [{ text = "2/QĐ", body = "Bộ Y tế" }]
[rule.value]
within_m = 1.0

[[rule]]
group = "close_contact"
valid_from = 2020-08-07
sources = [{ text = "2/QĐ", body = "Bộ Y tế" }]
[rule.value]
any_of = [{ code = "near", vi = "Gần", en = "Near", within_m = 1.0 }]
"""
BY_ADA = ("--by", "Ada Lê", "--remark", "thử")
BY_BEN = ("--by", "Ben Trần", "--remark", "đồng ý")


@pytest.fixture
def run(fresh_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on a hub's database of its own."""
    monkeypatch.setenv("DATABASE_URL", as_url(fresh_database))
    runner = CliRunner()

    def command(*arguments: str | Path) -> Result:
        told = [str(each) for each in arguments]
        return runner.invoke(made_of(COMMANDS), ["rules", *told, "--data-dir", str(tmp_path / "var")])

    return command


def test_a_change_goes_from_file_to_force_by_two_people(run: Run, tmp_path: Path, fresh_database: str) -> None:
    file = tmp_path / "change.toml"
    file.write_text(CHANGE, "utf-8")
    listed = json.loads(run("list", "--json").stdout)
    assert [(each["pack"], each["version"], each["status"]) for each in listed] == [("covid-19", 1, "active")]
    assert json.loads(run("draft", file, *BY_ADA, "--json").stdout) == {
        "pack": "covid-19",
        "version": 2,
        "step": "drafted",
    }
    seen = json.loads(run("diff", "covid-19", "2", "--json").stdout)
    assert {each["group"] for each in seen["differences"]} == {"secondary_contact", "close_contact"}
    (compared,) = seen["comparisons"]
    assert compared["synthetic"] is True
    assert 0 < compared["changed"] < compared["asked"]
    shown = run("diff", "covid-19", "2")
    assert "value/within_m: 2.0 → 1.0" in shown.stdout
    assert "made-up cases" in shown.stdout
    assert run("propose", "covid-19", "2", *BY_ADA).exit_code == 0
    refused = run("activate", "covid-19", "2", *BY_ADA)
    assert refused.exit_code == 1
    assert "A second person has to" in refused.stderr
    assert run("activate", "covid-19", "2", *BY_BEN).exit_code == 0
    assert "within_m: 1\n" in run("show", "covid-19", "--on", "2022-01-01", "--group", "secondary_contact").stdout
    with connect(fresh_database) as connection:
        noted = connection.execute("SELECT actor_label, action, subject FROM audit_entry ORDER BY id").fetchall()
    assert ("Ben Trần", "rulepack.activated", "rule pack covid-19, version 2") in noted
    assert [each[1].rpartition(".")[2] for each in noted] == [
        "drafted",
        "proposed",
        "superseded",
        "activated",
    ]


def test_rules_are_shown_with_their_ground_and_what_nobody_checked(run: Run) -> None:
    shown = run("show", "covid-19", "--on", "2022-02-25", "--group", "quarantine").stdout
    assert "căn cứ: 762/BYT-DP, 21/02/2022, Bộ Y tế" in shown
    assert "chưa kiểm chứng: paths/others" in shown
    assert "10696" not in shown
    gap = run("show", "covid-19", "--group", "infectious_window").stdout
    assert "no rule in force" in gap
    none = run("show", "covid-19", "--on", "2019-01-01")
    assert "No rule is in force on 2019-01-01." in none.stdout
    rules = json.loads(run("show", "covid-19", "--on", "2022-02-25", "--json").stdout)["rule"]
    assert {each["valid_from"] for each in rules if each["group"] == "quarantine"} == {"2022-02-21"}


def test_what_cannot_be_done_is_said_in_a_sentence_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "change.toml"
    for text, said in (
        (CHANGE.replace("within_m = 1.0", "within_m = -1", 1), "within_m"),
        (CHANGE.replace('[pack]\ncode = "covid-19"\n', ""), "of which pack"),
        (CHANGE.replace("secondary_contact", "case_isolation", 1), "within_m"),
        (
            CHANGE.split("[[rule]]\n")[0]
            + '[[rule]]\ngroup = "symptom_list"\ntrack = "domestic"\nvalid_from = 2020-01-01\n'
            + 'sources = [{ text = "2/QĐ", body = "X" }]\n[rule.value]\nanswered = "each"\npreselected = "none"\n'
            + 'items = [{ codes = ["blue_ears"], vi = "Tai xanh", en = "Blue ears" }]\n',
            "blue_ears is no code of the list symptom",
        ),
    ):
        file.write_text(text, "utf-8")
        refused = run("draft", file, *BY_ADA)
        assert refused.exit_code == 1
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    assert run("show", "smallpox").exit_code == 1
    assert "daumoi rules list" in run("diff", "covid-19", "7").stderr
    assert len(json.loads(run("list", "--json").stdout)) == 1
