"""Each alert has its page and each page its alert; alerts ask for figures that there are; the page of figures is true."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
import yaml

from tests.repository.tracked import ROOT, files_of, named

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGE_LINES = 40
PARTS = ("**What fired**", "**At the gates.**", "**Where to look**", "**What to do**", "**Whom to wake.**")
OF_PROMETHEUS = {"up"}
FORMS = ("", "_bucket", "_sum", "_count")
METRIC = re.compile(r"\bdaumoi_[a-z0-9_]+")
VIETNAMESE = re.compile(r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE)


@cache
def rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    found = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in found}) == len(found)
    return {rule["alert"]: rule for rule in found}


def pages() -> set[str]:
    return {path.stem for path in files_of(".md", under=named(RUNBOOKS))} - {"README"}


@cache
def metrics() -> dict[str, str]:
    """The metrics of docs/metrics.md with their types; a test compares that page with the meters."""
    rows = re.findall(
        r"^\| `(daumoi_[a-z0-9_]+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text("utf-8"), re.MULTILINE
    )
    return dict(rows)


def test_the_page_of_metrics_is_what_the_meters_say() -> None:
    written = subprocess.run(
        [sys.executable, ROOT / "scripts" / "describe_metrics.py"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
        cwd=ROOT,
    ).stdout
    assert len(metrics()) > 50
    assert (ROOT / "docs/metrics.md").read_text("utf-8") == written, (
        "run .venv/bin/python scripts/describe_metrics.py > docs/metrics.md"
    )


def test_metrics_are_named_as_prometheus_asks() -> None:
    for name, kind in metrics().items():
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search(r"_(ms|milliseconds|minutes|hours|kb|mb|mib|percent)(_|$)", name), f"{name}: base units"


def test_each_alert_has_its_page_and_each_page_its_alert() -> None:
    assert len(rules()) >= 15
    assert pages() == set(rules())


def test_the_readme_of_the_runbooks_lists_each_page_with_its_severity() -> None:
    listed = dict(
        re.findall(
            r"^\| \[\w+\]\((\w+)\.md\) \| .+ \| (\w+) \|$", (RUNBOOKS / "README.md").read_text("utf-8"), re.MULTILINE
        )
    )
    assert listed == {name: rule["labels"]["severity"] for name, rule in rules().items()}


@pytest.mark.parametrize("name", sorted(rules()))
def test_an_alert_says_how_grave_it_is_how_long_it_waits_and_where_its_page_is(name: str) -> None:
    rule = rules()[name]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert re.fullmatch(r"[0-9]+[smh]", rule["for"])
    for text in ("summary", "description"):
        assert rule["annotations"][text].endswith("."), text
    assert (ROOT / rule["annotations"]["runbook_url"]) == RUNBOOKS / f"{name}.md"


@pytest.mark.parametrize("name", sorted(rules()))
def test_an_alert_asks_for_figures_that_there_are(name: str) -> None:
    asked = set(METRIC.findall(rules()[name]["expr"]))
    known = {
        f"{metric}{form}" for metric, kind in metrics().items() for form in (FORMS if kind == "histogram" else [""])
    }
    assert asked or OF_PROMETHEUS & set(re.findall(r"\b[a-z]+\b", rules()[name]["expr"]))
    assert asked <= known


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_page_is_short_and_says_what_the_night_duty_needs(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    lines = text.splitlines()
    assert len(lines) <= PAGE_LINES
    assert lines[0] == f"# {name}"
    assert lines[2].startswith("**")
    assert VIETNAMESE.search(lines[2])
    assert [part for part in PARTS if part not in text] == []
    assert f"({rules()[name]['labels']['severity']})" in text
    assert "```sh\n" in text


@pytest.mark.parametrize("name", sorted({*rules(), "README"}))
def test_figures_that_a_page_names_are_there(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    code = re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
    looked_for = [name for both in code for part in both for name in re.findall(r"\bfigures ['\"]?([a-z_]+)", part)]
    there = [
        f"{metric}{form}" for metric, kind in metrics().items() for form in (FORMS if kind == "histogram" else [""])
    ]
    assert [part for part in looked_for if not any(part in metric for metric in there)] == []


def test_the_way_to_the_alerts_is_the_one_prometheus_is_told() -> None:
    told = yaml.safe_load((ALERTS.parent / "prometheus.yml").read_text("utf-8"))
    assert told["rule_files"] == [ALERTS.name]
    (job,) = told["scrape_configs"]
    assert job["job_name"] == "daumoi"
    assert 'up{job="daumoi"}' in rules()["HubDown"]["expr"]
