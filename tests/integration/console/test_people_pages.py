"""People on the pages of staff: found for a purpose, masked, told on a line of time, joined and split by two."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from daumoi.linkage.candidates import Scored, keep_scored
from tests.integration.console.desk import Desk, state_purpose
from tests.integration.linkage.people import HA_NOI, Cast
from tests.integration.sending import a_report, a_system, send

FIND = "/console/people/"
WARD_OF_THE_SOUTH = "26740"
WHY = "cùng số điện thoại, đã gọi hỏi"


@pytest.fixture(scope="module")
def cast(desk: Desk) -> Cast:
    desk.add("eve", "cdc_tracer", area="vn-2025/01")
    desk.add("wanda", "ward_health", area=f"vn-2025/{HA_NOI}")
    return Cast(desk.hub, a_system(desk.hub, "dov"), a_system(desk.hub, "hotline"))


@pytest.fixture
def opened(desk: Desk, cast: Cast) -> Iterator[Callable[[str], httpx.Client]]:
    """Pages of a member who has named a purpose; what they look at from now on is what `desk.lines` tells."""

    def as_member(name: str) -> httpx.Client:
        client = desk.as_member(name)
        assert state_purpose(client, "contact_tracing").status_code == 302
        return client

    desk.look_past()
    yield as_member


def two_people(cast: Cast, area: str = HA_NOI) -> tuple[int, int]:
    """Two people with one name and day of birth, and without a number in common."""
    one = cast.declare(
        {"national_id": cast.national_id(), "full_name": "Bùi Thị Đôi", "birth_date": "1990-01-02"}, area=area
    )
    two = cast.declare({"full_name": "BUI THI DOI", "birth_date": "1990-01-02"}, area=area, system=cast.hotline)
    cast.follow()
    low, high = sorted((cast.person(one), cast.person(two)))
    return low, high


def beside(one: int, other: int) -> str:
    return f"/console/people/{one}/beside/{other}/"


def proposed(client: httpx.Client, one: int, other: int, reason: str = WHY) -> str:
    """Propose to join two people; returns the address of the proposal."""
    answer = client.post(f"{beside(one, other)}propose/", data={"keep": one, "reason": reason})
    assert answer.status_code == 302
    return answer.headers["Location"]


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_purpose_is_asked_before_anybody_can_be_sought(desk: Desk, cast: Cast) -> None:
    desk.look_past()
    number = cast.national_id()
    person = cast.person(cast.declare({"national_id": number}))
    client = desk.as_member("ada")

    first = client.get(FIND).text
    in_vain = client.post(FIND, data={"by": "number", "number": number}).text
    unseen = client.get(f"/console/people/{person}/").text

    assert 'name="purpose"' in first
    assert 'name="number"' not in first
    for page in (in_vain, unseen):
        assert 'name="purpose"' in page
        assert number not in page
    assert desk.lines("person.find") == desk.lines("person.read") == []


def test_a_person_is_found_by_number_and_shown_masked_with_who_said_what(
    desk: Desk, cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    number = cast.national_id()
    said = {"national_id": number, "full_name": "Nguyễn Văn Mẫu", "birth_date": "1987-02-03", "phone": "0912000661"}
    person = cast.person(cast.declare(said))
    cast.declare({"national_id": number, "full_name": "NGUYEN VAN MAU"}, system=cast.hotline)
    cast.follow()

    answer = opened("dora").post(FIND, data={"by": "number", "number": f"{number[:3]} {number[3:]}"})

    page = re.sub(r"<input[^>]*>", "", answer.text)
    assert answer.status_code == 200
    assert f"/console/people/{person}/" in page
    assert f"••••••{number[6:]}" in page
    assert number not in page
    assert "••/••/1987" in page
    assert "03/02/1987" not in page
    assert "0912000661" not in page
    assert "dov" in page
    assert "hotline" in page
    assert page.count("matches") == 2
    assert "no-store" in answer.headers["Cache-Control"]
    assert desk.lines("person.find") == [
        (f"member:{desk.members['dora']}", "person", "contact_tracing", None, None, None, [person], None)
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"by": "phone", "phone": "+84 912 000 662"},
        {"by": "name", "name": "le thi tim", "birth": "4/3/1977"},
        {"by": "name", "name": "Tìm Lê Thị", "birth": "1977"},
        {"by": "number", "number": "C7700662", "country": "vn"},
    ],
)
def test_a_person_is_found_by_phone_by_name_and_birth_and_by_passport(
    cast: Cast, opened: Callable[[str], httpx.Client], asked: dict[str, str]
) -> None:
    passport = {"number": "C7700662", "country": "VN"}
    claim = cast.declare(
        {"full_name": "Lê Thị Tìm", "birth_date": "1977-03-04", "phone": "0912000662", "passport": passport}
    )

    assert f"/console/people/{cast.person(claim)}/" in opened("ada").post(FIND, data=asked).text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "number", "number": "12"}, "Nobody could be found by this."),
        ({"by": "phone", "phone": ""}, "This is needed."),
        ({"by": "name", "name": "Lê", "birth": "hôm qua"}, "Give it as dd/mm/yyyy"),
        ({"by": "name", "name": "Lê"}, "This is needed."),
        ({"by": "number", "number": "001087000001", "country": "Việt Nam"}, "fault"),
        ({}, "By what do you know them?"),
    ],
)
def test_what_nobody_could_be_found_by_is_said_at_its_field(
    opened: Callable[[str], httpx.Client], asked: dict[str, str], said: str
) -> None:
    answer = opened("ada").post(FIND, data=asked)

    assert answer.status_code == 422
    assert said in answer.text


def test_many_are_told_to_say_more_and_cost_as_few_queries_as_one(
    cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    cast.declare_many([{"full_name": f"Công nhân {number}", "phone": "0912000663"} for number in range(52)])
    cast.follow()
    client = opened("dora")

    with counted() as asked:
        page = client.post(FIND, data={"by": "phone", "phone": "0912000663"}).text

    assert "There are more." in page
    assert page.count('class="card person-card"') == 50
    assert len(asked) <= 14, asked


def test_a_person_has_identities_by_claim_and_a_timeline_over_kinds_paged_and_filtered(
    desk: Desk, cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    subject = {"national_id": cast.national_id(), "full_name": "Vũ Đi Nhiều"}
    person = cast.person(cast.declare(subject))
    for number in range(34):
        cast.declare(subject, occurred_at=f"2021-08-01T{6 + number // 20:02d}:{number % 20 + 10}:00+07:00")
    report = a_report("r-of-vu", subject=subject, area={"scheme": "vn-2025", "code": HA_NOI})
    assert send(cast.hub, cast.hotline, "citizen_report", [report]).accepted == 1
    cast.follow()
    client, path = opened("dora"), f"/console/people/{person}/"

    first = client.get(path).text
    (older,) = re.findall(r'href="(/console/people/\d+/\?after=[0-9-]+)#timeline"', first)
    second = client.get(older).text
    reports = client.get(f"{path}?kind=citizen_report").text

    assert first.count("<time") == 30
    assert second.count("<time") == 6
    assert "Older" in first
    assert "Older" not in second
    assert "T08" not in older
    assert reports.count("<time") == 1
    assert "Phường Ba Đình" in reports
    assert [client.get(f"{path}?{query}").status_code for query in ("kind=none", "after=1-2", "after=9-9-99999")] == [
        404
    ] * 3
    assert {people[0] for *_, people, _ in desk.lines("person.timeline")} == {person}


def test_numbers_are_shown_whole_on_a_button_with_a_line_of_its_own(
    desk: Desk, cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    number = cast.national_id()
    person = cast.person(cast.declare({"national_id": number, "birth_date": "1987-02-03"}))
    cast.follow()
    client, path = opened("dora"), f"/console/people/{person}/"

    whole = client.post(path, data={"unmask": "1"})
    again = client.get(path).text

    assert number in whole.text
    assert "03/02/1987" in whole.text
    assert "no-store" in whole.headers["Cache-Control"]
    assert number not in again
    assert [people for *_, people, _ in desk.lines("person.unmask")] == [[person]]
    assert len(desk.lines("person.read")) == 1


def test_a_purpose_holds_for_half_an_hour(desk: Desk, cast: Cast, opened: Callable[[str], httpx.Client]) -> None:
    person = cast.person(cast.declare({"full_name": "Ngô Hết Giờ"}))
    cast.follow()
    client = opened("ada")
    path = f"/console/people/{person}/"
    assert "Ngô Hết Giờ" in client.get(path).text

    desk.hub.clock.move(timedelta(minutes=31))  # type: ignore[attr-defined]

    page = client.get(path).text
    assert "Ngô Hết Giờ" not in page
    assert 'name="purpose"' in page


def test_the_officer_of_another_province_gets_for_somebody_what_he_gets_for_nobody(
    desk: Desk, cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    one, other = two_people(cast)
    mine = cast.person(cast.declare({"full_name": "Lý Ở Nam"}, area=WARD_OF_THE_SOUTH))
    cast.follow()
    score(cast, (one, other), (one, mine))
    number = proposed(opened("dora"), one, other).rstrip("/").rpartition("/")[2]
    ben = opened("ben")
    nobody, nothing = 987_654_321, 987_654_321
    forms = {"reason": WHY, "claim": "1", "unmask": "1"}

    def alike(method: str, there: str, none: str) -> None:
        answers = [ben.request(method, path, data=forms if method == "POST" else None) for path in (there, none)]
        assert [answer.status_code for answer in answers] == [404, 404], there
        assert len({text_of(answer.text) for answer in answers}) == 1, there

    for method in ("GET", "POST"):
        alike(method, f"/console/people/{one}/", f"/console/people/{nobody}/")
        alike(method, f"/console/people/{one}/split/", f"/console/people/{nobody}/split/")
        alike(method, beside(one, other), beside(one, nobody))
        alike(method, beside(*sorted((one, mine))), beside(mine, nobody))
    alike("POST", f"{beside(one, other)}propose/", f"{beside(one, nobody)}propose/")
    alike("GET", f"/console/people/proposals/{number}/", f"/console/people/proposals/{nothing}/")
    for step in ("withdraw", "undo"):
        alike("POST", f"/console/people/proposals/{number}/{step}/", f"/console/people/proposals/{nothing}/{step}/")
    for path in ("candidates/", "proposals/", "proposals/?show=all", "proposals/?format=csv"):
        page = ben.get(f"/console/people/{path}").text
        assert f"/{one}/beside/" not in page, path
        assert f"/proposals/{number}/" not in page, path
        assert WHY not in page, path
    found = ben.post(FIND, data={"by": "name", "name": "Bùi Thị Đôi", "birth": "1990"}).text
    assert "Nobody found" in found
    assert ben.get(f"/console/people/{mine}/").status_code == 200
    by_ben = f"member:{desk.members['ben']}"
    touched = {
        person for action in ("person.read", "person.find", "person.compare", "person.unmask")
        for actor, *_, people, _ in desk.lines(action) if actor == by_ben for person in people or ()
    }  # fmt: skip
    assert not touched & {one, other}


def test_one_proposes_and_reads_why_they_do_not_decide_another_approves_and_it_is_undone(
    desk: Desk, cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    one, other = two_people(cast)
    dora, ada = opened("dora"), opened("ada")

    page = dora.get(beside(one, other)).text
    assert "may be the same" in page
    assert "Propose to join them" in page
    path = proposed(dora, one, other)
    assert "You proposed this, so you cannot decide it." in dora.get(path).text
    assert "Data steward" in dora.get(path).text
    assert dora.post(f"{path}decide/", data={"decision": "approve", "reason": WHY}).status_code == 403
    assert path in ada.get("/console/people/proposals/").text

    ada.post(f"{path}decide/", data={"decision": "approve", "reason": "đã so với thẻ"})
    assert dora.get(f"/console/people/{other}/").status_code == 404
    joined = dora.get(f"/console/people/{one}/").text
    assert joined.count('class="claim-head"') == 2
    assert path in joined
    undo = dora.post(f"{path}undo/", data={"reason": "hai người khác nhau"}).headers["Location"]
    ada.post(f"{undo}decide/", data={"decision": "approve", "reason": "đúng là hai người"})

    assert dora.get(f"/console/people/{other}/").status_code == 200
    assert "undone" in dora.get(path).text
    assert "It was decided that these are two people." in dora.get(beside(one, other)).text
    by = {name: f"member:{number}" for name, number in desk.members.items()}
    steps = {
        action: [(line[0], line[6]) for line in desk.lines(action)]
        for action in ("person.merge.propose", "person.merge.approve", "person.undo.propose", "person.undo.approve")
    }
    assert steps == {
        "person.merge.propose": [(by["dora"], [one, other])],
        "person.merge.approve": [(by["ada"], [one, other])],
        "person.undo.propose": [(by["dora"], [one])],
        "person.undo.approve": [(by["ada"], [one, other])],
    }


def score(cast: Cast, *pairs: tuple[int, int], **evidence: str) -> None:
    with cast.hub.pool.connection() as connection:
        scored = [Scored(*sorted(pair), 0.9871, evidence or {"name": "accents differ"}) for pair in pairs]
        keep_scored(connection, scored, cast.hub.clock.now())


def test_a_pair_is_told_with_its_reasons_and_once_kept_apart_does_not_return(
    desk: Desk, cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    one, other = two_people(cast)
    score(cast, (one, other), name="misspelt", birth="same day", phone="silent", area="same unit")
    ada, path = opened("ada"), beside(one, other)

    listed = ada.get("/console/people/candidates/").text
    (pair,) = [part for part in listed.split("<li>") if path in part]
    assert "98.7 %" in pair
    assert "Name: one misspelling apart" in pair
    assert "Area: same commune or ward" in pair
    assert "Phone" not in pair
    assert "may be twins" in pair
    assert "98.7 %" in ada.get(path).text

    assert ada.post(f"{path}apart/", data={"reason": "đã gọi, hai chị em"}).status_code == 302
    score(cast, (one, other))
    assert path not in ada.get("/console/people/candidates/").text
    dora = opened("dora")
    assert "Propose to join them" not in dora.get(path).text
    assert dora.post(f"{path}propose/", data={"reason": WHY}).headers["Location"] == path
    assert "It was decided that these are two people" in dora.get(path).text
    assert [(line[0], line[6]) for line in desk.lines("person.merge.reject")] == [
        (f"member:{desk.members['ada']}", [one, other])
    ]


def test_lists_are_as_long_as_there_are_pairs_for_their_reader(
    cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    """Pairs of the north stand first, more than a page of them; the officer of the south still gets his own."""
    north = [two_people(cast) for _ in range(31)]
    score(cast, *north)
    south = two_people(cast, area=WARD_OF_THE_SOUTH)
    with cast.hub.pool.connection() as connection:
        keep_scored(connection, [Scored(*south, 0.5, {"name": "same"})], cast.hub.clock.now())
    client = opened("ben")

    with counted() as asked:
        page = client.get("/console/people/candidates/").text

    assert beside(*south) in page
    assert not any(beside(*pair) in page for pair in north)
    assert sum("person_candidate" in str(query) for query in asked) == 1
    assert len(asked) <= 6, asked


def test_a_split_is_proposed_from_the_claims_and_decided_by_another(
    cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    number = cast.national_id()
    one = cast.declare({"national_id": number, "full_name": "Lý Một"})
    two = cast.declare({"national_id": number, "full_name": "Lý Hai"}, system=cast.hotline)
    cast.follow()
    person = cast.person(one)
    dora = opened("dora")
    path = f"/console/people/{person}/split/"

    assert dora.get(path).text.count('name="claim"') == 2
    assert dora.post(path, data={"reason": WHY}).headers["Location"] == path
    assert "There is nothing to move" in dora.get(path).text
    made = dora.post(path, data={"claim": two, "reason": WHY}).headers["Location"]
    assert made in dora.get(f"/console/people/{person}/").text
    opened("ada").post(f"{made}decide/", data={"decision": "approve", "reason": WHY})

    assert cast.person(two) != person == cast.person(one)


def test_who_proposed_it_takes_it_back_and_a_reason_holds_no_number_of_a_person(
    cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    one, other = two_people(cast)
    dora, eve = opened("dora"), opened("eve")

    refused = dora.post(f"{beside(one, other)}propose/", data={"reason": "cùng số 0912 345 678"})
    assert refused.headers["Location"] == beside(one, other)
    assert "without an identity number or telephone" in dora.get(beside(one, other)).text
    path = proposed(dora, one, other)
    eve.post(f"{path}withdraw/", data={"reason": WHY})
    assert "Only who proposed it can withdraw it." in eve.get(path).text
    dora.post(f"{path}withdraw/", data={"reason": "gửi nhầm"})

    assert "gửi nhầm" in dora.get("/console/people/proposals/?show=all").text
    assert path not in dora.get("/console/people/proposals/").text


def test_the_list_of_proposals_is_a_file_without_a_formula_and_making_it_is_a_line(
    desk: Desk, cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    one, other = two_people(cast)
    dora = opened("dora")
    proposed(dora, one, other, '=HYPERLINK("x")')

    answer = dora.get("/console/people/proposals/?format=csv")

    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    (mine,) = [row for row in rows if "HYPERLINK" in row[2]]
    assert mine[2].startswith("'=")
    assert mine[3] == "Dora"
    ((actor, _, _, _, _, _, people, _),) = desk.lines("person.proposals.export")
    assert actor == f"member:{desk.members['dora']}"
    assert {one, other} <= set(people)


def test_who_may_find_but_not_join_sees_no_pairs_and_no_proposals(
    cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    one, other = two_people(cast)
    wanda = opened("wanda")

    page = wanda.get(f"/console/people/{one}/").text

    assert "Propose a split" not in page
    assert "/console/people/compare/" not in page
    for path in (beside(one, other), "/console/people/candidates/", "/console/people/proposals/"):
        assert wanda.get(path).status_code == 403


def test_two_people_are_chosen_by_ticks_or_by_number(cast: Cast, opened: Callable[[str], httpx.Client]) -> None:
    one, other = two_people(cast)
    client = opened("dora")

    def led(query: str) -> str:
        return client.get(f"/console/people/compare/?{query}").headers["Location"]

    assert led(f"person={other}&person={one}") == beside(one, other)
    assert led(f"person={one}&person=") == f"/console/people/{one}/"
    assert led("person=1&person=2&person=3") == led("") == led("person=x") == FIND


def test_pages_of_one_person_and_of_two_cost_few_queries_however_much_was_decided(
    cast: Cast, opened: Callable[[str], httpx.Client]
) -> None:
    one, other = two_people(cast)
    dora = opened("dora")
    for _ in range(3):
        dora.post(f"{proposed(dora, one, other)}withdraw/", data={"reason": WHY})
    dora.get(f"/console/people/{one}/")

    with counted() as on_person:
        dora.get(f"/console/people/{one}/")
    with counted() as on_pair:
        dora.get(beside(one, other))
    with counted() as on_list:
        dora.get("/console/people/proposals/?show=all")

    assert len(on_person) <= 20, on_person
    assert len(on_pair) <= 32, on_pair
    assert len(on_list) <= 7, on_list


class counted(list[object]):
    """The queries of the hub's own pool within a block."""

    def __enter__(self) -> counted:
        real = psycopg.Connection.execute
        self._patch = pytest.MonkeyPatch()

        def execute(connection: Any, query: Any, params: Sequence[Any] | None = None, **more: Any) -> Any:
            self.append(query)
            return real(connection, query, params, **more)

        self._patch.setattr(psycopg.Connection, "execute", execute)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
