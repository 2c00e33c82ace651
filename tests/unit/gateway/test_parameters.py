"""Query parameters and path segments are read strictly."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.core.problems import CallProblem
from daumoi.gateway.parameters import Query, public_id, whole_number

NAMES = ("after", "dry_run", "on_problem", "kind")


def refused(query_string: bytes, read: object = None) -> str:
    with pytest.raises(CallProblem) as caught:
        query = Query(query_string, NAMES)
        assert callable(read)
        read(query)
    assert caught.value.code == "bad_parameter"
    return caught.value.detail


def test_what_is_not_given_is_its_default() -> None:
    query = Query(b"", NAMES)
    assert (query.whole("after", 7, low=0, high=9), query.flag("dry_run"), query.text("kind")) == (7, False, None)


def test_an_unknown_parameter_is_refused_by_its_name() -> None:
    assert "dryrun" in refused(b"dryrun=true")


def test_a_name_that_is_no_name_is_not_repeated() -> None:
    assert "0912345678" not in refused(b"0912345678=1")
    assert "Nguy" not in refused("Nguyễn=1".encode())


def test_a_parameter_given_twice_is_refused() -> None:
    assert "twice" in refused(b"after=1&after=2")


def test_more_parameters_than_any_call_has_are_refused() -> None:
    refused(b"&".join(b"a%d=1" % n for n in range(100)))


@pytest.mark.parametrize("value", ["", "-1", "+1", "1.0", "1e3", " 1", "1 ", "x", "10", "9" * 40, "٣", "%D9%A3", "%00"])
def test_a_number_that_is_none_or_out_of_bounds_is_refused_without_its_value(value: str) -> None:
    said = refused(f"after={value}".encode(), lambda query: query.whole("after", 0, low=0, high=9))
    assert "from 0 to 9" in said


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("false", False)])
def test_a_flag_is_true_or_false(value: str, expected: bool) -> None:
    assert Query(f"dry_run={value}".encode(), NAMES).flag("dry_run") is expected


@pytest.mark.parametrize("value", ["", "1", "True", "yes", "TRUE"])
def test_a_flag_in_other_words_is_refused(value: str) -> None:
    refused(f"dry_run={value}".encode(), lambda query: query.flag("dry_run"))


def test_an_empty_text_counts_as_not_given() -> None:
    query = Query(b"kind=&after=", NAMES)
    assert (query.text("kind"), query.id("after")) == (None, None)


@pytest.mark.parametrize(
    "text", ["x", "1", "{01970000-0000-7000-8000-000000000000}", "01970000000070008000000000000000"]
)
def test_an_id_in_another_spelling_is_none(text: str) -> None:
    assert public_id(text) is None


@given(st.uuids())
def test_every_id_is_read_as_the_answers_give_it(value: uuid.UUID) -> None:
    assert public_id(str(value)) == value


@given(st.text())
def test_a_text_is_a_whole_number_only_in_ascii_digits(text: str) -> None:
    value = whole_number(text, low=0, high=2**63 - 1)
    assert value is None or (text.isascii() and text.isdigit() and int(text) == value)


@given(st.binary(max_size=200))
def test_no_query_is_a_fault_of_the_hub(query_string: bytes) -> None:
    try:
        Query(query_string, NAMES).whole("after", 0, low=0, high=9)
    except CallProblem as problem:
        assert problem.code == "bad_parameter"
