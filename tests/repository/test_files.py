"""Files keep to their limits and names, and hold nothing that belongs elsewhere."""

from __future__ import annotations

import json
import re

import pytest

from tests.repository.tracked import ROOT, files, files_of, named, text_of

PYTHON_LINES = 500
TEMPLATE_LINES = 200
TEST_LINES = 600
BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "stuff", "various"}

# Put together, so that this file does not hold what it looks for.
REGISTRIES = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "yarn" + "pkg.com"]
WORKPLACES = [f"/{first}/" for first in ("work", "tmp/w", "home/user")]
LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")


def lines_of(path: object) -> int:
    text = text_of(path)  # type: ignore[arg-type]
    return len((text or "").splitlines())


@pytest.mark.parametrize(
    ("folder", "suffix", "most"),
    [
        ("daumoi", ".py", PYTHON_LINES),
        ("scripts", ".py", PYTHON_LINES),
        ("benchmarks", ".py", PYTHON_LINES),
        ("daumoi", ".html", TEMPLATE_LINES),
        ("daumoi", ".sql", PYTHON_LINES),
        ("tests", ".py", TEST_LINES),
    ],
)
def test_no_file_is_longer_than_its_limit(folder: str, suffix: str, most: int) -> None:
    long = {named(path): lines_of(path) for path in files_of(suffix, under=folder) if lines_of(path) > most}
    assert not long, f"at most {most} lines: divide by what the parts do"


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    empty = [named(path) for path in files() if BANNED & {part.split(".")[0] for part in path.relative_to(ROOT).parts}]
    assert not empty, "name a file after what it does"


def test_no_file_names_a_package_registry_or_a_workplace() -> None:
    found = []
    for path in files():
        text = text_of(path)
        found += [f"{named(path)}: {word}" for word in (*REGISTRIES, *WORKPLACES) if text and word in text]
    assert not found


def test_nothing_is_left_for_later_in_the_code() -> None:
    found = [
        f"{named(path)}:{number}"
        for path in files_of(".py", ".sql", ".html", ".js", ".css", ".md", ".toml")
        for number, line in enumerate((text_of(path) or "").splitlines(), 1)
        if LATER.search(line)
    ]
    assert not found, "make it, or open an issue and name it in docs/status.md"


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_lock_files_carry_hashes_and_no_host(name: str) -> None:
    locked = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    assert "://" not in locked
    assert not re.search(r"^--(index-url|extra-index-url|find-links|trusted-host)", locked, re.MULTILINE)
    pinned = [entry for entry in re.split(r"\n(?=[a-z0-9])", locked) if re.match(r"[a-z0-9]", entry)]
    assert len(pinned) > 10
    without = [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry or "==" not in entry.split()[0]]
    assert not without


def test_the_lock_file_of_the_pages_carries_hashes_and_no_address_of_a_package() -> None:
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text("utf-8"))["packages"]
    locked = {name: entry for name, entry in packages.items() if name}
    assert len(locked) > 10
    assert not [name for name, entry in locked.items() if "integrity" not in entry or "resolved" in entry]


def test_every_direct_dependency_is_in_its_lock_file() -> None:
    for name in ("runtime", "dev"):
        locked = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        missing = [
            package
            for package in direct_dependencies(name)
            if not re.search(rf"^{re.escape(package)}(\[[a-z]+\])?==", locked, re.MULTILINE)
        ]
        assert not missing, f"compile requirements/{name}.txt again"


def direct_dependencies(name: str) -> list[str]:
    """The packages that an .in file names itself."""
    lines = (ROOT / "requirements" / f"{name}.in").read_text("utf-8").splitlines()
    return [found[0] for line in lines if (found := re.match(r"[a-z0-9][a-z0-9_-]*", line))]


def test_every_sql_file_of_the_schema_is_run_by_a_migration() -> None:
    schemas = [path for path in files_of(".sql", under="daumoi") if re.match(r"\d{4}_", path.name)]
    assert schemas
    for path in schemas:
        room = path.parents[1]
        migrations = "".join(text_of(one) or "" for one in files_of(".py", under=named(room / "migrations")))
        assert f'RunSQLFile("daumoi.{room.name}", "{path.stem}")' in migrations, named(path)
