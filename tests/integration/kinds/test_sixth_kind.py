"""A kind is one file and one line: CONTRIBUTING's own kind in a whole hub, from the first start to the feed."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubs import ANYONE, REPOSITORY, HubServer, counts


def blocks(language: str) -> list[str]:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def hub(workspace: Path) -> Iterator[HubServer]:
    """A hub that runs a copy of the package with that kind added as CONTRIBUTING says."""
    package = workspace / "another" / "daumoi"
    shutil.copytree(REPOSITORY / "daumoi", package, ignore=shutil.ignore_patterns("__pycache__"))
    file = next(block for block in blocks("python") if "KIND =" in block)
    (package / "kinds" / "laboratory_test.py").write_text(file, "utf-8")
    (package / "kinds" / "codes" / "specimen_type.json").write_text(blocks("json")[0], "utf-8")
    registry = package / "kinds" / "registry.py"
    line = next(block for block in blocks("text") if "laboratory_test" in block)
    text = registry.read_text("utf-8").replace(
        "    movement_declaration,\n", "    movement_declaration,\n    laboratory_test,\n"
    )
    registry.write_text(text.replace("    area_count.KIND,\n", f"    area_count.KIND,\n{line}"), "utf-8")
    server = HubServer(workspace / "another-hub", PYTHONPATH=str(package.parent), PYTHONSAFEPATH="1")
    server.start()
    yield server
    server.stop()


def test_a_kind_of_one_file_and_one_line_is_sent_held_read_and_shown_like_the_others(hub: HubServer) -> None:
    system = hub.new_system(send="laboratory_test", read="laboratory_test", identity="given")
    example = system.get("/api/v1/kinds/laboratory_test/example").json()
    assert counts(system.receipt("laboratory_test", example)) == {"accepted": 1}
    problem = system.one_problem(
        "laboratory_test", example | {"ref": "2", "data": example["data"] | {"specimen": "hair"}}
    )
    assert (problem["code"], problem["pointer"]) == ("unknown_code", "/data/specimen")
    (line,) = system.feed("laboratory_test").lines
    assert (line["seq"], line["data"]["specimen"]) == (1, "nasopharyngeal_swab")
    assert line["subject"]["identity"]["full_name"] == "NGUYEN VAN MAU"
    schema = system.get("/api/v1/kinds/laboratory_test/schema").json()
    assert "specimen" in json.dumps(schema)
    assert "laboratory_test" in ANYONE.get(f"{hub.base_url}/api/v1/openapi.json").text
    assert "Kết quả xét nghiệm" in ANYONE.get(f"{hub.base_url}/").text
