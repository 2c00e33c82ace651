"""The joining rule (design, section 7): what makes two claims one person, and what never does."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daumoi.core.hub import Hub
from daumoi.people.claims import ClaimRequest, resolve
from daumoi.people.identifiers import Claimed, has_strong, keyed

_numbers = itertools.count(1)

PASSPORT = {"number": "C1234567", "country": "VN"}
AN = {"full_name": "Nguyễn Văn Mẫu", "birth_date": "1987-02-03", "sex": "male"}
BINH = {"full_name": "Lê Thị Bình", "birth_date": "1951-10-20", "sex": "female"}


def claim(system: int = 1, ref: str | None = None, **said: object) -> ClaimRequest:
    identity = msgspec.convert(said, Claimed)
    anchor = None if has_strong(keyed(identity)) else (ref or f"ref-{next(_numbers)}").encode()
    return ClaimRequest(system, anchor, msgspec.json.encode(identity))


def keep(hub: Hub, *requests: ClaimRequest) -> list[int]:
    """Bring claims in one transaction; returns the claim of each."""
    with hub.pool.connection() as connection, connection.transaction():
        return resolve(connection, hub.keys, requests, hub.clock.now())


def people(hub: Hub, claims: Sequence[int]) -> list[int]:
    with hub.pool.connection() as connection:
        found = dict(connection.execute("SELECT id, person FROM claim WHERE id = ANY(%s)", (list(claims),)).fetchall())
    return [found[claim] for claim in claims]


def candidates(hub: Hub) -> list[tuple[int, int, str]]:
    with hub.pool.connection() as connection:
        return connection.execute("SELECT low, high, reason FROM person_candidate ORDER BY 1, 2, 3").fetchall()


@pytest.mark.parametrize(
    "strong",
    [
        {"national_id": "001087000001"},
        {"passport": PASSPORT},
        {"health_insurance_no": "DN4010123456789"},
    ],
    ids=lambda strong: next(iter(strong)),
)
@pytest.mark.parametrize("together", [True, False], ids=["in one body", "one after the other"])
def test_one_strong_identifier_joins_what_two_systems_say(hub: Hub, strong: dict[str, object], together: bool):
    requests = [claim(1, **strong, **AN), claim(2, **strong, full_name="NGUYEN VAN MAU")]
    claims = keep(hub, *requests) if together else [*keep(hub, requests[0]), *keep(hub, requests[1])]
    assert claims[0] != claims[1]
    assert len(set(people(hub, claims))) == 1
    assert candidates(hub) == []


def test_a_systems_own_stable_id_joins_within_the_system_alone(hub: Hub):
    mine = keep(hub, claim(1, system_person_id="P-7", **AN), claim(1, system_person_id="P-7", phone="0912345678"))
    other = keep(hub, claim(2, system_person_id="P-7", **AN))
    assert len(set(people(hub, mine))) == 1
    assert people(hub, other)[0] not in people(hub, mine)


def test_phone_name_and_birth_date_never_join_by_themselves(hub: Hub):
    claims = keep(hub, claim(1, phone="0912345678", **AN), claim(1, phone="0912345678", **AN))
    claims += keep(hub, claim(2, phone="0912345678", **AN))
    assert len(set(claims)) == len(set(people(hub, claims))) == 3


def test_without_a_strong_identifier_a_ref_has_one_claim_however_often_it_comes(hub: Hub):
    first = keep(hub, claim(1, ref="7", phone="0912345678"))
    assert keep(hub, claim(1, ref="7", phone="0912345678")) == first


def test_with_a_strong_identifier_the_same_words_are_one_claim_of_a_system_under_any_ref(hub: Hub):
    said = {"national_id": "001087000001", **AN}
    first, again = keep(hub, claim(1, ref="7", **said), claim(1, ref="8", **said))
    assert first == again
    assert keep(hub, claim(1, ref="9", **said)) == [first]


@pytest.mark.parametrize("placeholder", ["000000000000", "111111111111", "999999999999"])
def test_a_placeholder_number_joins_nothing(hub: Hub, placeholder: str):
    claims = keep(hub, claim(1, national_id=placeholder, **AN), claim(2, national_id=placeholder, **BINH))
    assert len(set(people(hub, claims))) == 2
    assert candidates(hub) == []


def test_a_phone_in_the_field_of_the_identity_number_joins_nothing(hub: Hub):
    said = {"national_id": "091234567800", "phone": "0912345678"}
    said["national_id"] = "84912345678".zfill(12)
    claims = keep(hub, claim(1, **said, **AN), claim(2, **said, **BINH))
    assert len(set(people(hub, claims))) == 2


def test_identifiers_that_name_two_people_join_neither_and_make_candidates(hub: Hub):
    one, two = keep(hub, claim(1, national_id="001087000001"), claim(1, passport=PASSPORT))
    both = keep(hub, claim(2, national_id="001087000001", passport=PASSPORT))
    first, second, third = people(hub, [one, two, *both])
    assert len({first, second, third}) == 3
    assert candidates(hub) == [(first, third, "identifiers_name_two"), (second, third, "identifiers_name_two")]


def test_when_name_birth_year_and_sex_all_speak_against_it_nothing_is_joined(hub: Hub):
    claims = keep(hub, claim(1, national_id="001087000001", **AN))
    claims += keep(hub, claim(2, national_id="001087000001", **BINH))
    first, second = people(hub, claims)
    assert candidates(hub) == [(first, second, "facts_disagree")]


@pytest.mark.parametrize("agrees", ["full_name", "birth_date", "sex"])
def test_one_fact_that_agrees_is_enough_to_follow_the_number(hub: Hub, agrees: str):
    claims = keep(hub, claim(1, national_id="001087000001", **AN))
    claims += keep(hub, claim(2, national_id="001087000001", **{**BINH, agrees: AN[agrees]}))
    assert len(set(people(hub, claims))) == 1


@pytest.mark.parametrize("silent", ["full_name", "birth_date", "sex"])
def test_a_fact_that_is_not_known_speaks_against_nothing(hub: Hub, silent: str):
    claims = keep(hub, claim(1, national_id="001087000001", **AN))
    claims += keep(hub, claim(2, national_id="001087000001", **{k: v for k, v in BINH.items() if k != silent}))
    assert len(set(people(hub, claims))) == 1


# --- The rule against a naive one ---------------------------------------------------------------------------------


@dataclass
class NaivePerson:
    strong: set[tuple[str, str]] = field(default_factory=set)
    facts: dict[str, set[str]] = field(default_factory=dict)


@dataclass
class Naive:
    """The rule as the design's sentences have it, one claim at a time, by plain values."""

    people: list[NaivePerson] = field(default_factory=list)
    claims: dict[object, int] = field(default_factory=dict)
    pairs: set[tuple[int, int]] = field(default_factory=set)

    def bring(self, request: ClaimRequest) -> int:
        said = msgspec.json.decode(request.said, type=Claimed)
        strong = {(kind, value) for kind, value in (("n", said.national_id), ("h", said.health_insurance_no)) if value}
        anchor = ("ref", f"{request.system_id}-{request.anchor!r}")
        name = (request.system_id, said, None if strong else request.anchor)
        if name not in self.claims:
            self.claims[name] = self.place(strong or {anchor}, said)
        return self.claims[name]

    def place(self, strong: set[tuple[str, str]], said: Claimed) -> int:
        facts = {"name": said.full_name, "born": said.birth_date, "sex": said.sex}
        named = [at for at, person in enumerate(self.people) if person.strong & strong]
        if len(named) == 1 and not self.all_against(self.people[named[0]], facts):
            at = named[0]
        else:
            at = len(self.people)
            self.people.append(NaivePerson())
            self.pairs |= {(other, at) for other in named}
        person = self.people[at]
        person.strong |= strong
        for fact, value in facts.items():
            if value:
                person.facts.setdefault(fact, set()).add(value)
        return at

    @staticmethod
    def all_against(person: NaivePerson, facts: dict[str, str | None]) -> bool:
        return all(
            value and person.facts.get(fact) and value not in person.facts[fact] for fact, value in facts.items()
        )


SAID = st.fixed_dictionaries(
    {
        "system": st.sampled_from([1, 2]),
        "ref": st.sampled_from("abc"),
        "id": st.none() | st.integers(0, 3),
        "insurance": st.none() | st.integers(0, 2),
        "full_name": st.sampled_from([None, "Nguyễn Văn Mẫu", "Lê Thị Bình"]),
        "birth_date": st.sampled_from([None, "1987", "1951"]),
        "sex": st.sampled_from([None, "male", "female"]),
    }
)


def test_claims_in_bodies_of_any_size_join_as_the_rule_says(hub: Hub):
    @settings(max_examples=150, deadline=None)
    @given(said=st.lists(SAID, min_size=1, max_size=12), cuts=st.lists(st.integers(1, 4), min_size=12, max_size=12))
    def play(said: list[dict[str, object]], cuts: list[int]) -> None:
        base = next(_numbers)
        requests = [
            claim(
                one["system"],  # type: ignore[arg-type]
                ref=f"{one['system']}-{base}-{one['ref']}",
                phone="0912345678",
                national_id=f"001087{base:05d}{one['id']}" if one["id"] is not None else None,
                health_insurance_no=f"DN40101{base:07d}{one['insurance']}" if one["insurance"] is not None else None,
                full_name=one["full_name"],
                birth_date=one["birth_date"],
                sex=one["sex"],
            )
            for one in said
        ]
        naive = Naive()
        expected = [naive.bring(request) for request in requests]
        before = set(candidates(hub))
        claims: list[int] = []
        left = list(requests)
        for cut in cuts:
            if left:
                claims += keep(hub, *left[:cut])
                left = left[cut:]
        found = people(hub, claims)
        assert len(set(zip(expected, found, strict=True))) == len(set(expected)) == len(set(found))
        real = dict(zip(expected, found, strict=True))
        pairs = {(low, high) for low, high, _ in set(candidates(hub)) - before}
        assert pairs == {tuple(sorted((real[one], real[other]))) for one, other in naive.pairs}

    play()
