"""The documents say what is so: links lead somewhere, and tables agree with the code they describe."""

from __future__ import annotations

import dataclasses
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from daumoi.core.problems import CALL_CODES, ROW_CODES
from daumoi.core.settings import VARIABLES, Settings
from daumoi.gateway.admission import PUBLIC_PATHS
from daumoi.kinds.decoding import decode
from daumoi.kinds.registry import ALL
from daumoi.log.identity_change import KIND_NAME
from tests.repository.test_files import direct_dependencies
from tests.repository.tracked import ROOT, files_of, named, rooms

# Contract, version 1, section 1.
CONTRACT_ROWS = [
    "malformed_json",
    "not_utf8",
    "line_too_long",
    "too_deep",
    "duplicate_key",
    "unknown_field",
    "missing_field",
    "wrong_type",
    "out_of_range",
    "not_in_list",
    "bad_instant",
    "instant_out_of_range",
    "bad_date",
    "bad_identifier",
    "no_identity",
    "text_not_storable",
    "unknown_area",
    "unknown_checkpoint",
    "code_in_use",
    "unknown_code",
    "revision_conflict",
    "ref_is_personal",
]
CONTRACT_CALLS = [
    "unauthorized",
    "unknown_kind",
    "no_right",
    "no_agreement",
    "malformed_body",
    "body_too_large",
    "unsupported_media_type",
    "rows_refused",
    "rate_limited",
    "too_many_bad_rows",
    "storage_low",
    "gone_before",
]
OF_HTTP = ["bad_parameter", "not_found", "method_not_allowed", "headers_too_large", "not_ready", "internal_error"]
"""What the contract leaves to HTTP: a wrong parameter, address or method, and the hub's own faults."""

# Contract, version 1, section 2; `/` is a page of the console, and the style belongs to the reference.
CONTRACT_PUBLIC = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/oauth/token",
    "/api/v1/openapi.json",
    "/api/v1/docs",
    "/api/v1/problems",
]
STYLE_OF_REFERENCE = "/api/v1/docs/style.css"

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SOURCE = re.compile(r"`(daumoi/[A-Za-z0-9_./-]+)`")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def table_rows(name: str) -> list[list[str]]:
    rows = [line for line in read(name).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


@pytest.mark.parametrize("document", files_of(".md"), ids=named)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    targets = LINK.findall(FENCE.sub("", document.read_text("utf-8")))
    local = [
        target.split("#")[0] for target in targets if "://" not in target and not target.startswith(("#", "mailto:"))
    ]
    assert not [target for target in local if not (document.parent / target).exists()]


@pytest.mark.parametrize(
    "document", ["README.md", "docs/architecture.md", "docs/privacy.md", "SECURITY.md", "docs/status.md"]
)
def test_files_of_the_code_that_a_document_names_are_there(document: str) -> None:
    assert not [path for path in SOURCE.findall(read(document)) if not (ROOT / path).exists()]


def test_every_room_has_a_readme_that_says_what_it_owns_and_promises() -> None:
    assert len(rooms()) > 10
    for room in rooms():
        readme = room / "README.md"
        assert readme.is_file(), f"{room.name} has no README: owns, reads, emits, promises"
        text = readme.read_text("utf-8")
        for word in ("Owns", "Reads", "Emits", "Promises"):
            assert f"**{word}**" in text, f"{named(readme)} does not say what the room {word.lower()}"
        assert len(text.splitlines()) <= 20


def test_every_room_stands_on_the_architecture_page() -> None:
    page = read("docs/architecture.md")
    assert not [room.name for room in rooms() if f"`{room.name}`" not in page]


def test_every_decision_is_listed_and_has_its_four_parts() -> None:
    listed = read("docs/adr/README.md")
    decisions = [path for path in files_of(".md", under="docs/adr") if path.name[0].isdigit()]
    assert decisions
    for path in decisions:
        text = path.read_text("utf-8")
        assert f"({path.name})" in listed
        assert "**Status**" in text
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_direct_dependency_is_described(name: str) -> None:
    described = {row[0].split(" ")[0] for row in table_rows("docs/dependencies.md") if len(row) == 6}
    assert not set(direct_dependencies(name)) - described


def node_dependencies() -> set[str]:
    """The packages that the pages are built with."""
    package = json.loads(read("frontend/package.json"))
    return {*package["dependencies"], *package["devDependencies"]}


def test_every_package_of_the_pages_is_described() -> None:
    described = {row[0].split(" ")[0] for row in table_rows("docs/dependencies.md") if len(row) == 6}
    assert not node_dependencies() - described


def test_no_dependency_is_described_that_is_not_used() -> None:
    described = {row[0].split(" ")[0] for row in table_rows("docs/dependencies.md") if len(row) == 6}
    named_in_files = {*direct_dependencies("runtime"), *direct_dependencies("dev"), *node_dependencies()}
    assert described - named_in_files <= {"package", "---"}


def test_every_setting_is_described_with_its_bounds_and_default() -> None:
    defaults = {field.name: field.default for field in dataclasses.fields(Settings)}
    described = {row[0].split("`")[1]: row for row in table_rows("docs/settings.md") if row[0].startswith("`")}
    assert set(described) == {variable.name for variable in VARIABLES}
    for variable in VARIABLES:
        names, sets, must_be, default = described[variable.name]
        value = defaults[variable.attribute]
        assert sets
        assert must_be == variable.must_be, variable.name
        assert default == ("none" if value in (None, ()) else f"`{value}`"), variable.name
        assert (f"`{variable.name}_FILE`" in names) == variable.secret, variable.name


def test_no_secret_has_a_default() -> None:
    defaults = {field.name: field.default for field in dataclasses.fields(Settings)}
    assert not [variable.name for variable in VARIABLES if variable.secret and defaults[variable.attribute] is not None]


def test_the_codes_of_rows_are_those_of_the_contract() -> None:
    assert sorted(ROW_CODES) == sorted(CONTRACT_ROWS)


def test_the_codes_of_calls_are_those_of_the_contract_and_of_http() -> None:
    assert sorted(CALL_CODES) == sorted(CONTRACT_CALLS + OF_HTTP)


def test_every_problem_has_a_sentence_in_both_languages() -> None:
    for code, said in {**ROW_CODES, **CALL_CODES}.items():
        assert said.en.endswith("."), code
        assert said.vi.endswith("."), code


def test_only_the_addresses_of_the_contract_stand_open() -> None:
    assert {*CONTRACT_PUBLIC, STYLE_OF_REFERENCE} == PUBLIC_PATHS


def test_the_glossary_covers_the_kinds_and_their_vietnamese_names() -> None:
    glossary = {row[0]: row for row in table_rows("docs/glossary.md") if len(row) == 4}
    for name in (*(kind.name for kind in ALL), KIND_NAME):
        assert f"`{name}`" in glossary, name
        assert glossary[f"`{name}`"][3], name


def test_every_word_of_the_glossary_has_a_reference_and_a_vietnamese_term() -> None:
    rows = [row for row in table_rows("docs/glossary.md") if row[0].startswith("`")]
    assert len(rows) > 50
    assert not [row[0] for row in rows if len(row) != 4 or not all(row)]


def test_the_recipe_for_a_kind_works_as_printed() -> None:
    """The kind of CONTRIBUTING.md: its file runs, and its example is read without a fault."""
    recipe = next(
        block for block in re.findall(r"```python\n(.*?)```", read("CONTRIBUTING.md"), re.DOTALL) if "KIND =" in block
    )
    made: dict[str, object] = {"__name__": "laboratory_test"}
    exec(compile(recipe, "CONTRIBUTING.md", "exec", dont_inherit=True), made)  # noqa: S102 - our own document
    kind = made["KIND"]
    assert decode(kind, json.dumps(kind.example).encode()).faults == []  # type: ignore[attr-defined,arg-type]
    assert kind.number not in {other.number for other in ALL}  # type: ignore[attr-defined]
    codes = json.loads(re.findall(r"```json\n(.*?)```", read("CONTRIBUTING.md"), re.DOTALL)[0])
    shipped = json.loads((files("daumoi.kinds.codes") / "test_type.json").read_text("utf-8"))
    assert set(codes) == set(shipped)
    assert kind.example["data"]["specimen"] in {entry["code"] for entry in codes["entries"]}  # type: ignore[attr-defined]
