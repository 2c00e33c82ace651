"""Loading: its size, its behaviour under threads, and the rule for units that left no trace."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from threading import Barrier

import msgspec
import pytest

from daumoi.areas import catalogue as module
from daumoi.areas.unit import BEFORE, TODAY

FILES = sorted(
    (each for each in (resources.files("daumoi.areas") / "data").iterdir() if each.name.endswith(".json")),
    key=lambda each: each.name,
)


def test_threads_that_come_at_once_get_one_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_loaded", None)
    together = Barrier(8)

    def first_call(_: int) -> int:
        together.wait()
        return id(module.catalogue())

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(first_call, range(8)))) == 1


def test_the_data_files_are_small_and_name_their_source_and_licence() -> None:
    sizes = [len(each.read_bytes()) for each in FILES]
    assert len(FILES) == 7
    assert sum(sizes) < 2_000_000
    assert max(sizes) < 1_900_000
    for each in FILES:
        head = json.loads(each.read_bytes())
        assert head["source"]
        assert head["licence"]


def test_the_rows_of_the_data_files_are_sorted_and_unique() -> None:
    for each in FILES:
        for table, rows in json.loads(each.read_bytes()).items():
            if isinstance(rows, list):
                codes = [row[0] for row in rows]
                assert codes == sorted(set(codes)), (each.name, table)


def tiny(went: dict[str, object]) -> dict[str, str]:
    """Paths of a country of one old province, one district and two wards, after the succession `went`."""
    before = msgspec.convert(
        {
            "valid_to": "2025-06-30",
            "provinces": [["01", "A"]],
            "districts": [["001", "B", "01"]],
            "wards": [["00001", "C", "001"], ["00002", "D", "001"]],
        },
        module.BeforeFile,
    )
    today = msgspec.convert(
        {
            "valid_from": "2025-07-01",
            "provinces": [["01", "A"], ["02", "Z"]],
            "wards": [["00011", "E", "01"], ["00012", "F", "01"], ["00021", "G", "02"]],
        },
        module.TodayFile,
    )
    nothing: dict[str, object] = {"island_districts": [], "whole": [], "divided": []}
    successions = msgspec.convert({"provinces": [["01", "01"]]} | nothing | went, module.SuccessionsFile)
    abroad = msgspec.convert({"countries": [], "subdivisions": [], "viet_nam": []}, module.AbroadFile)
    units = module.build(today, before, successions, abroad).units
    assert units[TODAY, "00011"].path == "VN.01.00011"
    return {code: unit.path for (scheme, code), unit in units.items() if scheme == BEFORE}


def test_a_district_whose_wards_all_went_whole_to_one_ward_has_its_path() -> None:
    paths = tiny({"whole": [["00001", "00011"], ["00002", "00011"]]})
    assert paths == {"01": "VN.01", "001": "VN.01.00011", "00001": "VN.01.00011", "00002": "VN.01.00011"}


def test_a_ward_divided_within_one_province_has_its_province() -> None:
    paths = tiny({"whole": [["00001", "00011"]], "divided": [["00002", ["00011", "00012"]]]})
    assert (paths["00002"], paths["001"]) == ("VN.01", "VN.01")


def test_a_ward_divided_between_two_provinces_has_only_the_country() -> None:
    paths = tiny({"whole": [["00001", "00011"]], "divided": [["00002", ["00012", "00021"]]]})
    assert (paths["00002"], paths["001"]) == ("VN", "VN")


def test_a_vanished_ward_stays_in_its_province_and_makes_its_district_uncertain() -> None:
    paths = tiny({"whole": [["00001", "00011"]]})
    assert (paths["00002"], paths["001"]) == ("VN.01", "VN.01")
