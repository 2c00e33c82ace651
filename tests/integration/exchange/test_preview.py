"""What a preview says equals what the feed then gives; it stays within its bound, and masks every word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.exchange import lifecycle, preview
from daumoi.exchange.terms import Terms
from daumoi.organisations.registry import System
from tests.conftest import NOON
from tests.integration.exchange.agreeing import put_in_force, read_all, terms_of
from tests.integration.sending import a_report, a_system, send

PLACES = (
    {"scheme": "vn-2025", "code": "00004"},
    {"scheme": "vn-2025", "code": "26740"},
    {"scheme": "vn-2025", "code": "79"},
    None,
)
TERMS = (
    terms_of("citizen_report"),
    terms_of("citizen_report", areas=[("vn-2025", "01")]),
    terms_of("citizen_report", areas=[("vn-2025", "79"), ("vn-2024", "01")], identity="given"),
    terms_of("*", areas=[("vn-2024", "79")], identity="none"),
)


@pytest.fixture
def filled(make_hub: Callable[..., Hub]) -> tuple[Hub, System]:
    """A hub with reports of four days, one corrected, some without a place; and a receiver."""
    clock = FixedClock(NOON)
    hub = make_hub(clock=clock)
    sender, receiver = a_system(hub, "dov"), a_system(hub, "rita")
    for day in range(4):
        rows = [
            a_report(f"{day}-{at}", subject={"phone": f"09051234{at}{day}"}) | ({"area": place} if place else {})
            for at, place in enumerate(PLACES)
        ]
        send(hub, sender, "citizen_report", rows)
        clock.move(timedelta(days=1))
    other = {"category": "other", "text": "Đã giải tán"}
    send(hub, sender, "citizen_report", [a_report("0-0", revision=2, area=PLACES[0], data=other)])
    return hub, receiver


def drafted(hub: Hub, receiver: System, terms: Terms) -> int:
    with hub.pool.connection() as connection, connection.transaction():
        at = hub.clock.now()
        return lifecycle.draft(
            connection, receiver=receiver.id, provider=None, name="Chia sẻ", terms=terms, by="member:1", at=at
        )


def previewed(
    hub: Hub, receiver: System, number: int, version: int = 1, in_force: int | None = None
) -> preview.Preview:
    with hub.pool.connection() as connection:
        return preview.preview(
            connection,
            agreement=number,
            version=version,
            in_force=in_force,
            receiver=receiver.id,
            now=hub.clock.now(),
        )


def test_it_counts_what_the_feed_gives_once_the_version_is_in_force(filled: tuple[Hub, System]) -> None:
    hub, _ = filled
    for place, terms in enumerate(TERMS):
        # One receiver for each: numbers of its own begin where its account stands.
        receiver = a_system(hub, f"receiver{place}")
        number = drafted(hub, receiver, terms)
        told = previewed(hub, receiver, number)
        put_in_force(hub, number, 1)
        for each in told.kinds:
            lines = read_all(hub, receiver, each.kind)
            assert each.records == len([line for line in lines if line["op"] != "withdraw"]), (terms, each.kind)
            assert sum(each.by_day.values()) == each.records
            assert all(set(line["data"]) <= set(each.fields) for line in lines if "data" in line), each.kind
        people = {line["subject"]["pseudonym"] for each in told.kinds for line in read_all(hub, receiver, each.kind)
                  if "subject" in line}  # fmt: skip
        assert told.people == (None if terms.identity == "none" else len(people))
        with hub.pool.connection() as connection, connection.transaction():
            lifecycle.end(connection, agreement=number, at=hub.clock.now())


def test_of_more_than_its_bound_the_newest_are_looked_at_and_it_says_so(
    filled: tuple[Hub, System], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, receiver = filled
    number = drafted(hub, receiver, terms_of("*"))
    whole = previewed(hub, receiver, number)
    monkeypatch.setattr(preview, "RECORDS_MAX", 10)
    cut = previewed(hub, receiver, number)

    assert (whole.is_cut, whole.of, whole.looked_at, whole.records) == (False, 17, 17, 17)
    assert cut.is_cut
    assert (cut.of, cut.records) == (17, cut.looked_at)
    assert cut.looked_at <= 10


@given(st.text(min_size=2))
@example("0_")
def test_no_word_is_left_whole(text: str) -> None:
    masked = preview.masked(text)
    assert len(masked) == len(text)
    letters = [(was, now) for was, now in zip(text, masked, strict=True) if was.isalnum()]
    assert all(now in (was, "•") for was, now in letters)
    assert not letters or any(now == "•" for _, now in letters)
