"""The comparison of people on FEBRL's dataset 4, whose truth is known: 5,000 people, each said twice by two systems."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daumoi.accounts.scope import EVERYWHERE
from daumoi.core.hub import Hub
from daumoi.linkage.candidates import Candidate, candidates
from daumoi.linkage.comparing.job import compare_people
from daumoi.log.appearances import APPEARANCES, note_appearances
from daumoi.log.consumers import advance, behind
from daumoi.people.folding import parse_birth_date
from tests.integration.sending import a_report, a_system, send

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "febrl"
STATES = {"act", "nsw", "nt", "qld", "sa", "tas", "vic", "wa"}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/febrl is absent")


def rows(half: str) -> Iterator[dict[str, Any]]:
    """One half as reports: the social security number as an old card's number, the state as the area."""
    with (DATA / f"dataset4{half}.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file, skipinitialspace=True):
            said = {key.strip(): (value or "").strip() for key, value in line.items()}
            day = said["date_of_birth"]
            birth = f"{day[:4]}-{day[4:6]}-{day[6:]}"
            subject = {
                "full_name": f"{said['given_name']} {said['surname']}".strip(),
                "birth_date": birth if parse_birth_date(birth) else "",
                "old_national_id": f"00{said['soc_sec_id']}" if said["soc_sec_id"] else "",
            }
            area = {"scheme": "iso-3166", "code": f"AU-{said['state'].upper()}"}
            yield a_report(
                said["rec_id"],
                subject={key: value for key, value in subject.items() if value},
                **({"area": area} if said["state"] in STATES else {}),
            )


def proposed(hub: Hub) -> list[Candidate]:
    found: list[Candidate] = []
    after = None
    while True:
        page, after = candidates(EVERYWHERE, hub, after=after, limit=1000)
        found += page
        if after is None:
            return found


def follow(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        while kinds := behind(connection, APPEARANCES):
            for kind in kinds:
                at = hub.clock.now()
                advance(connection, name=APPEARANCES, kind=kind, at=at, most=20_000, work=note_appearances)


def people(hub: Hub) -> dict[str, int]:
    """The person of each record, by its ref."""
    with hub.pool.connection() as connection:
        found = connection.execute("SELECT r.ref, c.person FROM record r JOIN claim c ON c.id = r.subject").fetchall()
    return dict(found)


def test_proposals_find_nearly_all_pairs_and_next_to_no_wrong_one_and_join_nobody(hub: Hub):
    for half in "ab":
        # A person of whom nothing but a number of the house is known is held: nobody could tell who it is.
        receipt = send(hub, a_system(hub, f"febrl-{half}"), "citizen_report", rows(half))
        assert receipt.accepted >= 4990
    follow(hub)
    before = people(hub)
    done = compare_people(hub, memory_mib=1024, threads=2)
    assert people(hub) == before, "not one merge without a person's decision"
    assert len(set(before.values())) == len(before)
    truth = defaultdict(list)
    for ref, person in before.items():
        truth[ref.split("-")[1]].append(person)
    same = {tuple(sorted(pair)) for pair in truth.values() if len(pair) == 2}
    found = {(pair.low, pair.high) for pair in proposed(hub)}
    assert len(found) == done.pairs
    precision, recall = len(found & same) / len(found), len(found & same) / 5000
    assert precision >= 0.99, (precision, recall)
    assert recall >= 0.95, (precision, recall)
