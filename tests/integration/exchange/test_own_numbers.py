"""A receiver that is shown nobody gets numbers and ids of its own: dense, stable, and of no use beside another's."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.organisations.registry import System
from tests.integration.exchange.agreeing import Line, agreed, amended, lines_of, page, read_all, terms_of
from tests.integration.sending import a_passage, a_report, a_system, send

KIND = "citizen_report"
NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)
BA_DINH, HOAN_KIEM = ("vn-2025", "00004"), ("vn-2025", "00070")


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub(clock=FixedClock(NOON))


def send_reports(hub: Hub, dov: System, chance: random.Random, many: int, begins: int = 0) -> None:
    rows = []
    for number in range(begins, begins + many):
        scheme, code = chance.choice([BA_DINH, HOAN_KIEM])
        rows.append(a_report(f"r-{number}", area={"scheme": scheme, "code": code}))
    assert send(hub, dov, KIND, rows).accepted == many


def said(line: Line) -> Line:
    return {name: value for name, value in line.items() if name not in ("seq", "id", "ref")}


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_own_numbers_are_dense_and_the_same_whenever_they_are_asked(hub: Hub, limit: int) -> None:
    dov, reader, watcher = a_system(hub, "dov"), a_system(hub, "reader"), a_system(hub, "watcher")
    agreed(hub, reader, terms_of(KIND, identity="none", areas=[BA_DINH]))
    agreed(hub, watcher, terms_of(KIND, areas=[BA_DINH]))
    chance = random.Random(limit)
    send_reports(hub, dov, chance, 40)
    first = read_all(hub, reader, KIND, limit=limit)
    send_reports(hub, dov, chance, 25, begins=40)
    further = read_all(hub, reader, KIND, after=first[-1]["seq"], limit=limit)
    seen = read_all(hub, watcher, KIND)
    assert [line["seq"] for line in first + further] == list(range(1, len(seen) + 1))
    assert [said(line) for line in first + further] == [said(line) for line in seen]
    assert read_all(hub, reader, KIND, limit=7) == first + further
    assert {line["id"] for line in seen}.isdisjoint(line["id"] for line in first + further)
    assert {line["ref"] for line in seen}.isdisjoint(line["ref"] for line in first + further)


def test_two_such_receivers_share_no_id_and_no_number_tells_how_much_others_get(hub: Hub) -> None:
    dov = a_system(hub, "dov")
    one, two = a_system(hub, "one"), a_system(hub, "two")
    for each in (one, two):
        agreed(hub, each, terms_of(KIND, identity="none", areas=[HOAN_KIEM if each is one else BA_DINH]))
    send_reports(hub, dov, random.Random(2), 30)
    of_one, of_two = read_all(hub, one, KIND), read_all(hub, two, KIND)
    assert len(of_one) + len(of_two) == 30
    for lines in (of_one, of_two):
        assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert {line["id"] for line in of_one}.isdisjoint(line["id"] for line in of_two)


def test_nobody_is_named_in_any_way(hub: Hub) -> None:
    dov, reader = a_system(hub, "dov"), a_system(hub, "reader")
    agreed(hub, reader, terms_of("checkpoint_passage", identity="none"))
    place = {"code": "EXAMPLE-1", "name": "Chốt", "type": "road"}
    area = {"scheme": BA_DINH[0], "code": BA_DINH[1]}
    send(hub, dov, "checkpoint", [a_report("c-1", data=place, area=area)])
    assert send(hub, dov, "checkpoint_passage", [a_passage("p-1")]).accepted == 1
    (line,) = read_all(hub, reader, "checkpoint_passage")
    assert not {"subject", "declarant", "companions"} & line.keys()


def test_a_number_that_a_narrower_version_no_longer_gives_stays_empty(hub: Hub) -> None:
    dov, reader = a_system(hub, "dov"), a_system(hub, "reader")
    agreement = agreed(hub, reader, terms_of(KIND, identity="none"))
    send_reports(hub, dov, random.Random(3), 20)
    whole = read_all(hub, reader, KIND)
    amended(hub, agreement, terms_of(KIND, identity="none", areas=[BA_DINH], fields={KIND: ("category",)}))
    again = lines_of(page(hub, reader, KIND))
    still = [line | {"data": {"category": "crowd"}} for line in whole if line["area"]["code"] == BA_DINH[1]]
    assert again == still
    send_reports(hub, dov, random.Random(4), 10, begins=20)
    later = read_all(hub, reader, KIND, after=20)
    assert [line["seq"] for line in later] == list(range(21, 21 + len(later)))
