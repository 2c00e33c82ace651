"""The comparison of people: what it takes for one, what for two, and that it joins nobody."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from daumoi.linkage.candidates import Candidate, candidates
from daumoi.linkage.comparing.job import compare_people
from daumoi.linkage.comparing.rows import spelling
from daumoi.linkage.proposals import reject_candidate
from tests.integration.linkage.people import ADA, ALL, HAI_PHONG, Cast

PHONE = "0912345678"
Said = dict[str, str]


def a(name: str, birth: str | None = None, **more: str) -> Said:
    return {"full_name": name} | ({"birth_date": birth} if birth else {}) | more


LAN = {"phone": "0912345601", "sex": "female"}
ONE_PERSON: dict[str, tuple[Said, Said]] = {
    "accents lost, day unknown": (a("Đỗ Thị Lan", "1987-02-03", **LAN), a("DO THI LAN", "1987", **LAN)),
    "another order of words": (a("Anna Maria Kowalska", "1970-05-06", phone="0912345602"),
                               a("Kowalska Anna Maria", "1970-05-06", phone="0912345602")),
    "day and month swapped": (a("Võ Bá Khải", "1990-04-03", phone="0912345603"),
                              a("Võ Bá Khải", "1990-03-04", phone="0912345603")),
    "a slip in the number": (a("Tạ Quang Sáng", "1971-08-09", national_id="001071000401", phone="0912345604"),
                             a("Tạ Quang Sáng", "1971-08-09", national_id="901071000401", phone="0912345604")),
    "letters swapped": (a("Nguyễn Hữu Tuân", "1969-11-12", phone="0912345605"),
                        a("Nugyễn Hữu Tuân", "1969-11-12", phone="0912345605")),
    "the tone mark put elsewhere": (a("Lê Thị Hoà", "1955-01-31", phone="0912345606"),
                                    a("Lê Thị Hòa", "1955-01-31", phone="0912345606")),
    "a middle name left out": (a("Phan Đình Thái Phong", "1962-10-11", phone="0912345607"),
                               a("Phan Đình Phong", "1962-10-11", phone="0912345607")),
    "the old number in common": (a("Hà Kiều Oanh", "1979-07-08", old_national_id="012345607"),
                                 a("Hà Kiều Oanh", "1979", old_national_id="012345607")),
}  # fmt: skip
HOME = {"phone": "0912345671", "sex": "male"}
TWO_PEOPLE: dict[str, tuple[Said, Said]] = {
    "twins": (a("Trần Văn Hùng", "2010-06-07", **HOME), a("Trần Văn Dũng", "2010-06-07", **HOME)),
    "twins whose names differ in one letter": (
        a("Bùi Thị Lan", "2011-06-07", phone="0912345672"), a("Bùi Thị Loan", "2011-06-07", phone="0912345672")),
    "twins whose names differ in accents alone": (
        a("Ngô Văn Hùng", "2012-06-07", phone="0912345673"), a("Ngô Văn Hưng", "2012-06-07", phone="0912345673")),
    "twins with numbers one after the other": (
        a("Đinh Thị Hoa", "2001-06-07", phone="0912345674", national_id="001301000451"),
        a("Đinh Thị Hoan", "2001-06-07", phone="0912345674", national_id="001301000452")),
    "twins, one name within the other": (
        a("Lý Minh", "2009-06-07", phone="0912345675"), a("Lý Minh Tùng", "2009-06-07", phone="0912345675")),
    "father and son of one name": (
        a("Mai Văn Nam", "1960-01-02", phone="0912345676"), a("Mai Văn Nam", "1991-08-19", phone="0912345676")),
    "one name and day, and numbers of their own": (
        a("Vũ Thị Hạnh", "1985-03-04", national_id="001185000461"),
        a("Vũ Thị Hạnh", "1985-03-04", national_id="079185777462")),
    "a phone that now is somebody else's": (
        a("Cao Thị Xuân", "1958-02-02", phone="0912345678"), a("Tô Bảo Khánh", "2003-09-09", phone="0912345678")),
    "a common name and one year": (a("Nguyễn Thị Mai", "1990"), a("Nguyễn Thị Mai", "1990")),
}  # fmt: skip


@pytest.fixture(scope="module")
def compared(cast: Cast) -> Iterator[dict[frozenset[int], Candidate]]:
    """All of the pairs sent, among two hundred others with the usual names, and compared once."""
    numbers = itertools.count(1)
    cast.sent = {}  # type: ignore[attr-defined]
    for name, (one, other) in (ONE_PERSON | TWO_PEOPLE).items():
        area = HAI_PHONG if name == "a common name and one year" else "00004"
        claims = cast.declare(one), cast.declare(other, system=cast.hotline, area=area)
        cast.sent[name] = frozenset(cast.person(claim) for claim in claims)  # type: ignore[attr-defined]
    words = ("Nguyễn Trần Lê Bùi Ngô Đinh", "Văn Thị Hữu", "Hùng Dũng Lan Loan Hoa Hoan Mai Nam Hưng Tùng")
    others = []
    for family, middle, given in itertools.product(*(text.split() for text in words)):
        number = next(numbers)
        year = 1940 + number % 70
        others.append(a(f"{family} {middle} {given}", f"{year}-0{1 + number % 9}-1{number % 10}"))
    cast.declare_many(others)
    cast.follow()
    before = who_is_who(cast)
    done = compare_people(cast.hub, memory_mib=512, threads=2)
    assert done.rows > 200
    assert not done.trained
    assert who_is_who(cast) == before, "nobody is joined without a person's decision"
    found, after = candidates(ALL, cast.hub, limit=1000)
    assert after is None
    yield {frozenset((pair.low, pair.high)): pair for pair in found}


def who_is_who(cast: Cast) -> list[tuple[int, int]]:
    with cast.hub.pool.connection() as connection:
        return connection.execute("SELECT id, person FROM claim ORDER BY id").fetchall()


@pytest.mark.parametrize("name", ONE_PERSON)
def test_what_is_likely_one_person_is_proposed(cast: Cast, compared: dict[frozenset[int], Candidate], name: str):
    pair = compared[cast.sent[name]]  # type: ignore[attr-defined]
    assert pair.reason == "similar"
    assert pair.score is not None
    assert pair.score >= 0.8
    assert set(pair.evidence) >= {"name", "birth", "phone", "national id"}


@pytest.mark.parametrize("name", TWO_PEOPLE)
def test_twins_families_and_namesakes_are_not_proposed(
    cast: Cast, compared: dict[frozenset[int], Candidate], name: str
):
    assert cast.sent[name] not in compared  # type: ignore[attr-defined]


def test_no_other_pair_is_proposed_and_none_names_a_value(cast: Cast, compared: dict[frozenset[int], Candidate]):
    wanted = {cast.sent[name] for name in ONE_PERSON}  # type: ignore[attr-defined]
    assert set(compared) == wanted
    assert not any(sign.isdigit() for pair in compared.values() for said in pair.evidence.values() for sign in said)


def test_what_somebody_rejected_is_not_found_again(cast: Cast, compared: dict[frozenset[int], Candidate]):
    pair = cast.sent["day and month swapped"]  # type: ignore[attr-defined]
    one, another = pair
    assert pair in compared
    reject_candidate(ALL, cast.hub, one=one, another=another, by=ADA, note="hai anh em")
    again = compare_people(cast.hub, memory_mib=512, threads=2)
    assert again.pairs == len(ONE_PERSON) - 1
    assert (again.dropped, pair in {frozenset((c.low, c.high)) for c in candidates(ALL, cast.hub)[0]}) == (0, False)


def test_a_comparison_leaves_nothing_on_the_disk(cast: Cast, compared: dict[frozenset[int], Candidate]):
    assert compared
    assert list(cast.hub.settings.data_dir.rglob("*")) == []


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("NGUYEN VAN MAU", None),
        ("Nguyễn Văn Hoà", "nguyễn văn hòa"),
        ("Hùng", "hùng"),
        ("Hưng", "hưng"),
        ("Đỗ", "đỗ"),
    ],
)
def test_the_spelling_of_a_name_counts_its_accents_and_not_where_a_tone_mark_stands(name: str, written: str | None):
    assert spelling(name) == (spelling(written) if written else None)


def test_names_that_differ_in_accents_are_spelt_differently():
    assert len({spelling(name) for name in ("Hùng", "Hưng", "Húng", "Hửng")}) == 4
