"""Find a person: by number, phone, or name and birth date; within one's area, for a purpose that is written down."""

from __future__ import annotations

import pytest

from daumoi.accounts.scope import Scope
from daumoi.areas import selectors as areas
from daumoi.audit.actors import Actor
from daumoi.audit.purposes import UnknownPurpose
from daumoi.linkage.reading import Look
from daumoi.linkage.selectors import (
    NameAndBirth,
    NotVisible,
    Number,
    Phone,
    Question,
    find,
    person_origins,
    timeline,
)
from daumoi.people.finding import NotSearchable
from tests.integration.linkage.people import ALL, HA_NOI, HAI_PHONG, Cast
from tests.integration.sending import a_report, send
from tests.scopes import under


def of(area: str) -> Scope:
    unit = areas.find("vn-2025", area)
    assert unit is not None
    return under(".".join(unit.path.split(".")[:2]))


def found(cast: Cast, question: Question, scope: object = ALL) -> list[int]:
    return [one.person for one in find(scope, cast.hub, look=cast.look(), question=question).people]  # type: ignore[arg-type]


def test_a_person_is_found_by_each_number_they_gave(cast: Cast):
    number = cast.national_id()
    claim = cast.declare(
        {
            "national_id": number,
            "old_national_id": "012345670",
            "health_insurance_no": "DN4010123456789",
            "passport": {"number": "C7654321", "country": "VN"},
            "system_person_id": "P-71",
            "full_name": "Nguyễn Văn Mẫu",
        }
    )
    person = [cast.person(claim)]
    spaced = f"{number[:3]} {number[3:]}"
    for question in (
        Number(number),
        Number(spaced),
        Number("012345670"),
        Number("dn 4 01 0123456789"),
        Number("c7654321", country="VN"),
        Number("P-71", system_id=cast.dov.id),
    ):
        assert found(cast, question) == person
    assert found(cast, Number("C7654321", country="LA")) == []
    assert found(cast, Number("P-71", system_id=cast.hotline.id)) == []


def test_a_phone_finds_everybody_who_gave_it_however_it_is_written(cast: Cast):
    family = [cast.declare({"full_name": name, "phone": "0912 000 771"}) for name in ("Lê Thị Một", "Lê Văn Hai")]
    assert sorted(found(cast, Phone("+84912000771"))) == sorted(cast.person(claim) for claim in family)


@pytest.mark.parametrize(
    ("name", "birth", "finds"),
    [
        ("Đỗ Thị Mười", "1987-02-03", "day, month, year"),
        ("DO THI MUOI", "1987-02-03", "day, month, year"),
        ("Mười Đỗ Thị", "1987-02-03", "day, month, year"),
        ("đỗ thị mười", "1987", "day, month, year, other"),
        ("Đỗ Thị Mười", "1987-02-04", "year, month, other"),
        ("Đỗ Thị Mười", "1988", ""),
        ("Đỗ Thị", "1987", ""),
    ],
)
def test_a_name_finds_with_a_birth_date_or_its_year(cast: Cast, name: str, birth: str, finds: str):
    said = {"day": "1987-02-03", "month": "1987-02", "year": "1987", "other": "1987-02-04"}
    if not hasattr(cast, "muoi"):
        cast.muoi = {  # type: ignore[attr-defined]
            what: cast.person(cast.declare({"full_name": "Đỗ Thị Mười", "birth_date": date}))
            for what, date in said.items()
        }
    wanted = {cast.muoi[what] for what in finds.split(", ") if what}  # type: ignore[attr-defined]
    assert set(found(cast, NameAndBirth(name, birth))) == wanted


def test_a_name_is_found_that_was_indexed_by_older_rules(cast: Cast):
    claim = cast.declare({"full_name": "Hồ Văn Xưa", "birth_date": "1950"})
    from daumoi.people.identifiers import Type, search_hash

    with cast.hub.pool.connection() as connection:
        connection.execute(
            "UPDATE claim_index SET type = 102, hash = %s WHERE claim = %s AND type = 104",
            (search_hash(cast.hub.keys, Type.NAME, "ho van xua"), claim),
        )
    assert found(cast, NameAndBirth("Hồ Văn Xưa", "1950")) == [cast.person(claim)]


@pytest.mark.parametrize(
    "question", [Number("12"), Phone("113"), NameAndBirth("Mẫu", "hôm qua"), NameAndBirth("", "1987")]
)
def test_what_nobody_could_be_found_by_is_said_so(cast: Cast, question: Question):
    with pytest.raises(NotSearchable):
        found(cast, question)


def test_an_officer_sees_the_person_by_the_records_of_their_own_area_alone(cast: Cast):
    number = cast.national_id()
    here = cast.declare({"national_id": number, "full_name": "Trần Hai Nơi"}, area=HA_NOI)
    there = cast.declare(
        {"national_id": number, "full_name": "TRAN HAI NOI", "phone": "0912000772"},
        area=HAI_PHONG,
        system=cast.hotline,
    )
    person = cast.person(here)
    assert cast.person(there) == person
    cast.follow()
    for area, claim in ((HA_NOI, here), (HAI_PHONG, there)):
        (seen,) = find(of(area), cast.hub, look=cast.look(), question=Number(number)).people
        assert (seen.person, seen.matched, [one.claim for one in seen.origins]) == (person, [claim], [claim])
        page = timeline(of(area), cast.hub, look=cast.look(), person=person)
        assert [record.claim for record in page.records] == [claim]
    both = timeline(ALL, cast.hub, look=cast.look(), person=person).records
    assert {record.claim for record in both} == {here, there}
    # Found by what was said elsewhere: the person is shown by the claims of this area, and those did not match.
    (by_phone,) = find(of(HA_NOI), cast.hub, look=cast.look(), question=Phone("0912000772")).people
    assert by_phone.matched == []
    assert "912000772" not in repr(by_phone.origins)


def test_who_is_in_another_province_is_not_there_by_any_way(cast: Cast):
    number = cast.national_id()
    person = cast.person(cast.declare({"national_id": number, "full_name": "Phạm Ở Xa"}, area=HAI_PHONG))
    cast.follow()
    assert found(cast, Number(number), of(HA_NOI)) == []
    for ask in (timeline, person_origins):
        with pytest.raises(NotVisible):
            ask(of(HA_NOI), cast.hub, look=cast.look(), person=person)  # type: ignore[operator]
    with pytest.raises(NotVisible):
        timeline(ALL, cast.hub, look=cast.look(), person=987_654_321)


def test_a_timeline_goes_over_all_kinds_and_roles_newest_first_and_page_by_page(cast: Cast):
    subject = {"national_id": cast.national_id(), "full_name": "Vũ Đi Nhiều"}
    person = cast.person(cast.declare(subject, occurred_at="2021-08-01T01:00:00+07:00"))
    for hour in range(2, 8):
        cast.declare(subject, occurred_at=f"2021-08-01T{hour:02d}:00:00+07:00")
    report = a_report("r-told", declarant=subject, occurred_at="2021-08-01T04:30:00+07:00")
    assert send(cast.hub, cast.dov, "citizen_report", [report]).accepted == 1
    cast.follow()
    records, place = [], None
    while True:
        page = timeline(ALL, cast.hub, look=cast.look(), person=person, after=place, limit=3)
        records += page.records
        if page.next is None:
            break
        place = page.next
    assert [record.at for record in records] == sorted((record.at for record in records), reverse=True)
    assert len(records) == len({(record.kind, record.seq, record.role) for record in records}) == 8
    assert [(record.ref, record.role) for record in records if record.role] == [("r-told", 1)]


def test_each_claim_says_which_system_said_it_and_what_it_gave(cast: Cast):
    number = cast.national_id()
    claim = cast.declare({"national_id": number, "full_name": "Ngô Có Nguồn"})
    cast.declare({"national_id": number, "phone": "0912000773"}, system=cast.hotline)
    said = person_origins(ALL, cast.hub, look=cast.look(), person=cast.person(claim))
    assert [(one.system_id, one.identity.full_name, one.identity.phone) for one in said] == [
        (cast.dov.id, "Ngô Có Nguồn", None),
        (cast.hotline.id, None, "0912000773"),
    ]


def test_every_look_is_in_the_audit_log_with_its_purpose_and_without_what_was_asked(cast: Cast):
    number = cast.national_id()
    person = cast.person(cast.declare({"national_id": number}))
    before = len(cast.audit())
    find(ALL, cast.hub, look=cast.look(), question=Number(number))
    timeline(ALL, cast.hub, look=cast.look(), person=person)
    looks = cast.audit()[before:]
    assert [(who, what, why) for who, what, _, why in looks] == [
        ("Ada", "person.find", "contact_tracing"),
        ("Ada", "person.timeline", "contact_tracing"),
    ]
    assert all(people == [person] for _, _, people, _ in looks)


@pytest.mark.parametrize("purpose", ["", "   ", "because"])
def test_nobody_looks_without_a_purpose(cast: Cast, purpose: str):
    claim = cast.declare({"national_id": cast.national_id()})
    before = len(cast.audit())
    for ask in (timeline, person_origins):
        look = Look(Actor("member:1", "Ada"), purpose, cast.hub.clock)
        with pytest.raises(UnknownPurpose):
            ask(ALL, cast.hub, look=look, person=cast.person(claim))
    assert len(cast.audit()) == before
