"""The scope covers what its grants say, and nothing else: compared with a naive reading of random trees and mergers."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.accounts.scope import Grant, PathNotUsable, Scope
from daumoi.areas.catalogue import AbroadFile, BeforeFile, Catalogue, SuccessionsFile, TodayFile, build
from daumoi.areas.coverage import paths_within, within
from daumoi.areas.selectors import codes_of, find
from daumoi.areas.unit import BEFORE, TODAY

RIGHTS = ("board.view", "record.view", "held.mend")


def test_a_province_covers_its_wards_and_a_ward_itself_alone() -> None:
    scope = Scope.of(member_id=1, label="ada", rights=["board.view"], paths=["VN.79", "VN.01.00004"])

    assert [path for path in ("VN.79", "VN.79.26740", "VN.01.00004") if not scope.covers(path)] == []
    assert [
        path for path in ("VN", "VN.7", "VN.790", "VN.01", "VN.01.00008", "NZ", "", None) if scope.covers(path)
    ] == []


def test_only_a_nationwide_scope_sees_records_without_a_place() -> None:
    assert Scope.of(member_id=1, label="ada", rights=["board.view"], paths=None).covers(None)
    assert not Scope.of(member_id=1, label="ben", rights=["board.view"], paths=["VN"]).covers(None)


def test_a_right_held_in_one_province_opens_no_other() -> None:
    scope = Scope(
        1, "ben", (Grant(frozenset({"board.view"}), None), Grant(frozenset({"record.view"}), frozenset({"VN.01"})))
    )

    assert scope.for_right("board.view").covers("VN.79")
    assert scope.for_right("record.view").covers("VN.01.00004")
    assert not scope.for_right("record.view").covers("VN.79")
    assert not scope.for_right("held.mend").covers("VN.01")
    assert not scope.covers("VN.79"), "not narrowed, it covers what every grant covers"


def test_nobody_sees_nothing() -> None:
    nobody = Scope(None, "")
    assert not nobody.covers(None)
    assert nobody.sql("area_path") == ("FALSE", ())


@pytest.mark.parametrize("path", ["VN.%", "VN._", "vn.79", "", "VN.79.", "VN.79.26740.1", "VN'; --"])
def test_what_is_no_path_never_becomes_a_pattern(path: str) -> None:
    with pytest.raises(PathNotUsable):
        Grant(frozenset(), frozenset({path}))


def test_a_column_is_a_name_and_nothing_else() -> None:
    scope = Scope.of(member_id=1, label="ada", rights=[], paths=["VN.79"])
    assert scope.sql("r.area_path")[0] == "(r.area_path = ANY(%s::text[]) OR r.area_path LIKE %s)"
    with pytest.raises(ValueError, match="column"):
        scope.sql("area_path = '' OR true --")


# A tree of places: countries, provinces, wards.
CODES = st.sampled_from([f"{number:02}" for number in range(8)])
PLACES = st.one_of(
    st.sampled_from(["VN", "NZ"]),
    st.builds("VN.{}".format, CODES),
    st.builds("VN.{}.{}".format, CODES, CODES),
)
GRANTS = st.builds(
    Grant, st.frozensets(st.sampled_from(RIGHTS), min_size=1), st.none() | st.frozensets(PLACES, max_size=5)
)


def lies_in(path: str | None, grant: Grant) -> bool:
    """The naive reading: one of the grant's places is the record's place, or a place above it, part by part."""
    if grant.paths is None:
        return True
    if path is None:
        return False
    parts = path.split(".")
    return any(".".join(parts[:length]) in grant.paths for length in range(1, len(parts) + 1))


@given(st.lists(GRANTS, max_size=4), st.none() | PLACES, st.sampled_from(RIGHTS))
def test_a_narrowed_scope_covers_what_one_grant_with_the_right_covers(
    grants: list[Grant], path: str | None, right: str
) -> None:
    scope = Scope(1, "ada", tuple(grants)).for_right(right)
    assert scope.covers(path) == any(lies_in(path, grant) for grant in grants if right in grant.rights)


@given(st.lists(GRANTS, min_size=1, max_size=4), st.none() | PLACES)
def test_a_scope_that_was_not_narrowed_covers_what_every_grant_covers(grants: list[Grant], path: str | None) -> None:
    assert Scope(1, "ada", tuple(grants)).covers(path) == all(lies_in(path, grant) for grant in grants)


@dataclass
class Reform:
    """A made-up reform: old wards in districts and provinces, and the wards of today each went to."""

    old: dict[str, tuple[str, str]]
    went_to: dict[str, list[str]]
    loaded: Catalogue


@st.composite
def reforms(draw: st.DrawFn) -> Reform:
    """Merges provinces and wards at random; some old wards are divided, some leave no trace."""
    provinces = [f"{number:02}" for number in range(draw(st.integers(2, 6)))]
    new_of = {province: f"N{draw(st.integers(0, 2))}" for province in provinces}
    new_wards = {new: [f"{new}W{number}" for number in range(3)] for new in set(new_of.values())}
    old: dict[str, tuple[str, str]] = {}
    went_to: dict[str, list[str]] = {}
    for province in provinces:
        for number in range(draw(st.integers(1, 4))):
            ward = f"{province}-{number}"
            old[ward] = (f"{province}D{number % 2}", province)
            wards = st.lists(st.sampled_from(new_wards[new_of[province]]), max_size=2, unique=True)
            went_to[ward] = sorted(draw(wards))
    districts = sorted({(district, f"Huyện {district}", province) for district, province in old.values()})
    loaded = build(
        TodayFile(
            datetime.date(2025, 7, 1),
            [(new, f"Tỉnh {new}") for new in sorted(new_wards)],
            [(ward, f"Xã {ward}", new) for new in sorted(new_wards) for ward in new_wards[new]],
        ),
        BeforeFile(
            datetime.date(2025, 6, 30),
            [(province, f"Tỉnh {province}") for province in provinces],
            districts,
            [(ward, f"Xã {ward}", district) for ward, (district, _) in old.items()],
        ),
        SuccessionsFile(
            [(province, new_of[province]) for province in provinces],
            [],
            [(ward, wards[0]) for ward, wards in went_to.items() if len(wards) == 1],
            [(ward, wards) for ward, wards in went_to.items() if len(wards) > 1],
        ),
        AbroadFile([], [], []),
    )
    return Reform(old, went_to, loaded)


@given(reforms(), st.data())
def test_an_officer_of_an_old_unit_sees_the_wards_of_today_made_of_it_alone(
    reform: Reform, data: st.DataObject
) -> None:
    units = sorted({*reform.old, *(name for pair in reform.old.values() for name in pair)})
    code = data.draw(st.sampled_from(units))
    scope = Scope.of(member_id=1, label="ben", rights=["board.view"], paths=within(reform.loaded, BEFORE, code))

    for (scheme, ward), unit in reform.loaded.units.items():
        if scheme != TODAY or unit.level != "ward":
            continue
        made_of = [old for old, wards in reform.went_to.items() if ward in wards]
        theirs = bool(made_of) and all(code in (old, *reform.old[old]) for old in made_of)
        assert scope.covers(unit.path) == theirs, (code, ward, made_of)


def test_the_63_provinces_of_before_cover_wards_of_today_and_never_the_same_one() -> None:
    seen: dict[str, str] = {}
    provinces = [code for code in codes_of(BEFORE) if len(code) == 2]
    assert len(provinces) == 63
    for code in provinces:
        paths = paths_within(BEFORE, code)
        assert paths, code
        for path in paths:
            assert seen.setdefault(path, code) == code
    assert paths_within(BEFORE, "01") == ("VN.01",), "Hà Nội stayed what it was"
    binh_duong = paths_within(BEFORE, "74")
    assert len(binh_duong) > 20
    assert all(path.startswith("VN.79.") for path in binh_duong), "Bình Dương lies in Thành phố Hồ Chí Minh today"
    scope = Scope.of(member_id=1, label="ben", rights=["board.view"], paths=binh_duong)
    assert not scope.covers("VN.79")
    assert not scope.covers("VN.79.26740"), "phường Sài Gòn was never Bình Dương's"


def test_an_area_of_today_covers_itself_and_an_unknown_one_nothing() -> None:
    ward = find(TODAY, "26740")
    assert ward is not None
    assert paths_within(TODAY, "26740") == (ward.path,)
    assert paths_within(TODAY, "99999") == ()
    assert paths_within("vn-1900", "79") == ()
