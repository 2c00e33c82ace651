"""A change to many rows: it does what it says at its place, and nothing anywhere else."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.intake.changes import Change, NotAChange, value_of

LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=3)
NAMES = st.sampled_from(["a", "b", "c"])
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=9
)
POINTERS = st.lists(st.sampled_from(["a", "b", "c", "0", "1", "*"]), min_size=1, max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)


def test_a_code_is_replaced_where_it_is_and_not_where_another_stands() -> None:
    change = Change("replace", "/data/legs/*/transport", old="buss", new="bus")

    made = change.applied({"data": {"legs": [{"transport": "buss"}, {"transport": "car"}, {"transport": "buss"}]}})

    assert made == {"data": {"legs": [{"transport": "bus"}, {"transport": "car"}, {"transport": "bus"}]}}
    assert change.applied({"data": {"legs": [{"transport": "car"}]}}) is None


def test_a_code_that_is_a_name_is_renamed_unless_the_new_one_is_there() -> None:
    change = Change("rename", "/data/symptoms/fevr", new="fever")

    assert change.applied({"data": {"symptoms": {"fevr": True}}}) == {"data": {"symptoms": {"fever": True}}}
    assert change.applied({"data": {"symptoms": {"fevr": True, "fever": False}}}) is None


def test_setting_makes_the_objects_on_the_way_and_taking_away_takes_all_of_a_list() -> None:
    assert Change("set", "/area/scheme", new="vn-2025").applied({"ref": "a"}) == {
        "ref": "a",
        "area": {"scheme": "vn-2025"},
    }
    assert Change("remove", "/data/tests/*").applied({"data": {"tests": [1, 2, 3]}}) == {"data": {"tests": []}}


@given(JSON, POINTERS, LEAVES, LEAVES.filter(lambda value: value is not None))
def test_a_change_never_touches_what_it_was_given_and_replacing_twice_is_replacing_once(
    record: Any, pointer: str, new: Any, old: Any
) -> None:
    before = copy.deepcopy(record)
    for change in (
        Change("set", pointer, new=new),
        Change("replace", pointer, old=old, new=new),
        Change("remove", pointer),
    ):
        made = change.applied(record)
        assert record == before
        assert repr(record) == repr(before)
        if made is not None:
            assert repr(made) != repr(record) or old == new
        if change.action == "set" and made is not None:
            assert change.applied(made) is None


@pytest.mark.parametrize("pointer", ["", "a", "/", "/a//b", "/" + "a" * 400])
def test_what_is_no_place_is_refused(pointer: str) -> None:
    with pytest.raises(NotAChange):
        Change("set", pointer, new=1)


def test_values_are_read_as_they_are_typed() -> None:
    assert [value_of(text) for text in ("37.9", "true", '"79"', " crowd ", "079", '["a"]')] == [
        37.9,
        True,
        "79",
        "crowd",
        "079",
        ["a"],
    ]


def test_a_code_of_digits_is_replaced_as_the_text_it_is() -> None:
    change = Change("replace", "/area/code", old=value_of("99999"), new=value_of("26740"))

    assert change.applied({"area": {"code": "99999"}}) == {"area": {"code": "26740"}}
    assert change.applied({"area": {"code": 99999}}) == {"area": {"code": 26740}}
