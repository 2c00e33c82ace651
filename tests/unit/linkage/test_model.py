"""The comparison's rules and its model, without a database of a hub."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.linkage.comparing.comparisons import COMPARISONS, OTHERWISE
from daumoi.linkage.comparing.model import completed, shipped
from daumoi.linkage.comparing.rows import Row, row, spelling
from daumoi.linkage.comparing.run import Comparison
from daumoi.people.folding import name_key
from daumoi.people.identifiers import Claimed, name_and_year

NAMES = st.lists(
    st.sampled_from(["Nguyễn", "Trần", "Lê", "Thị", "Văn", "Hùng", "Hưng", "Lan", "Loan", "H'Lan", "Niê", "Êban"]),
    min_size=1,
    max_size=4,
)


def test_the_model_of_the_room_speaks_of_every_level_and_its_shares_are_shares():
    model = shipped()
    assert set(model.levels) == set(COMPARISONS)
    for name, (_, levels, _) in COMPARISONS.items():
        assert set(model.levels[name]) == {label for label, _ in levels} | {OTHERWISE}
        assert sum(m for m, _ in model.levels[name].values()) == pytest.approx(1)
        assert all(0 < u <= 1 for _, u in model.levels[name].values())
    assert "simulated country" in model.trained_on


def test_the_prior_falls_as_rows_become_more():
    model = shipped()
    assert model.prior_for(model.rows) == pytest.approx(model.prior)
    assert model.prior_for(10 * model.rows) == pytest.approx(model.prior / 10)
    assert model.prior_for(1) == 0.5


def test_what_training_did_not_see_comes_from_the_other_model():
    model = shipped()
    whole = completed({}, model)
    for name, levels in model.levels.items():
        for label, (m, u) in levels.items():
            assert whole[name][label] == pytest.approx((m, u), rel=0.2)


@given(NAMES, st.randoms())
def test_the_words_of_a_name_may_stand_in_any_order(words: list[str], random: object):
    shuffled = list(words)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = name_key(" ".join(words)), name_key(" ".join(shuffled))
    assert name_and_year(one, 1987) == name_and_year(other, 1987)
    assert name_and_year(one, 1987) != name_and_year(one, 1988)


@given(NAMES)
def test_a_spelling_knows_no_case_and_a_name_without_accents_has_none(words: list[str]):
    name = " ".join(words)
    assert spelling(name.upper()) == spelling(name)
    assert spelling(name_key(name)) is None


@pytest.mark.parametrize("number", ["000000000000", "091234567800"])
def test_a_placeholder_number_is_compared_with_nothing(number: str):
    made = row(1, 1, Claimed(national_id=number, phone="0912345678", full_name="Ai Đó"), "VN.01.00004")
    assert (made.national_id, made.province) == (None, "VN.01")


def test_a_comparison_without_enough_memory_fails_and_does_not_use_the_disk():
    said = Claimed(full_name="Nguyễn Văn Mẫu", birth_date="1987-02-03")
    page: list[Row] = [row(at, at, said, f"VN.01.{at:05d}") for at in range(1, 40_000)]
    with closing(Comparison(memory_mib=12, threads=1)) as comparison, pytest.raises(duckdb.OutOfMemoryException):
        comparison.add(page)
        comparison.prepare()


@pytest.mark.parametrize(
    "said",
    [
        lambda at: Claimed(full_name=f"Tên{at} Họ{at}"),
        lambda at: Claimed(full_name="Nguyễn Văn Mẫu", birth_date="1987"),
        lambda at: Claimed(old_national_id=f"{at:09d}"),
    ],
    ids=["names without a birth date", "one name and year", "numbers alone"],
)
def test_training_goes_through_on_rows_that_teach_nothing(said: Callable[[int], Claimed]):
    with closing(Comparison(memory_mib=512, threads=2)) as comparison:
        comparison.add([row(at, at, said(at), None) for at in range(1, 200)])
        comparison.prepare()
        model = comparison.train(what="odd rows", otherwise=shipped())
        assert not list(comparison.score(model, threshold=0.2))


@pytest.mark.parametrize("rows", [0, 1])
def test_nobody_and_one_alone_make_no_pair(rows: int):
    with closing(Comparison(memory_mib=256, threads=1)) as comparison:
        comparison.add([row(at, at, Claimed(full_name="Lê Một Mình"), None) for at in range(rows)])
        assert comparison.prepare() == rows
        assert list(comparison.score(shipped(), threshold=0.1)) == []
