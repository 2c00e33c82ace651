"""What the board tells, to whom, and at which price in queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.accounts.scope import EVERYWHERE
from daumoi.areas import selectors as areas
from daumoi.areas.unit import TODAY
from daumoi.core.clock import FixedClock
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.places.checkpoints import paths
from daumoi.situation import board
from daumoi.situation.flows import flows, waiting
from daumoi.situation.moments import known_at, known_now
from daumoi.situation.reach import reach
from daumoi.situation.rhythm import Rhythm
from daumoi.situation.units import keep_table
from tests.integration.sending import a_passage, a_report, a_system, send
from tests.integration.situation.test_counting import a_declaration, count_everything
from tests.scopes import under

NOON = datetime(2021, 8, 1, 5, 0, tzinfo=UTC)
DAY = {"first": date(2021, 8, 1), "last": date(2021, 8, 1)}
BA_DINH = {"scheme": "vn-2025", "code": "00004"}
HAI_PHONG = {"scheme": "vn-2025", "code": "31"}


class Asked:
    """A connection that counts what it is asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self.queries = connection, 0

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        self.queries += 1
        return self._connection.execute(*args, **kwargs)


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub on a Sunday: two systems, a checkpoint, refusals, symptoms, reports open and closed."""
    hub = make_hub(clock=FixedClock(NOON))
    dov, cora = a_system(hub, "dov"), a_system(hub, "cora")
    with hub.pool.connection() as connection:
        keep_table(connection)
    send(hub, dov, "checkpoint", [KINDS["checkpoint"].example | {"area": BA_DINH}])
    passages = [a_passage(f"p{number}") for number in range(5)]
    passages[0]["data"]["decision"] = passages[1]["data"]["decision"] = "denied"
    send(hub, dov, "checkpoint_passage", passages)
    ill = {"form": "daily", "symptoms": {"fever": True}}
    send(
        hub,
        cora,
        "health_declaration",
        [a_declaration("h1", area=HAI_PHONG, data=ill), a_declaration("h2", area=BA_DINH)],
    )
    old = {"occurred_at": "2021-07-20T08:00:00+07:00"}
    reports = [a_report("r1", area=BA_DINH), a_report("r2", area=HAI_PHONG, **old), a_report("r3", **old)]
    reports[2]["data"] |= {"closed_at": "2021-07-21T08:00:00+07:00"}
    send(hub, dov, "citizen_report", reports)
    send(hub, dov, "citizen_report", [a_report("bad", occurred_at="hôm qua")])
    count_everything(hub)
    return hub


def test_refusals_symptoms_and_reports_are_told_with_the_moment_they_were_known_at(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        known = known_now(connection, now=hub.clock.now())
        assert known.at == hub.clock.now()
        days = board.by_day(connection, EVERYWHERE, known, **DAY)
        (gate,) = board.checkpoints(connection, EVERYWHERE, known, **DAY, paths=paths(connection), most=12)
        together, by_province = board.reports(connection, EVERYWHERE, known)
        assert board.received_on(connection, DAY["first"])["checkpoint_passage"] == 5
    assert days[DAY["first"], "checkpoint_passage"] == (5, 2, 0, 0, 0)
    assert days[DAY["first"], "health_declaration"] == (2, 0, 0, 1, 0)
    assert (gate.passages, gate.denied) == (5, 2)
    assert together == board.Reports(open=2, overdue=1, closed=1)
    assert by_province == {
        "VN.01": board.Reports(1, 0, 0),
        "VN.31": board.Reports(1, 1, 0),
        "": board.Reports(0, 0, 1),
    }


def test_the_counts_of_16_and_of_18_o_clock_are_both_told(hub: Hub) -> None:
    assert isinstance(hub.clock, FixedClock)
    dov = {"area": BA_DINH, "occurred_at": "2021-08-01T11:00:00+07:00"}
    hub.clock.move(timedelta(hours=5))  # 17:00 in Hà Nội
    with hub.pool.connection() as connection:
        from daumoi.organisations import registry

        system = registry.load(connection).by_code("dov")
    assert system is not None
    send(hub, system, "citizen_report", [a_report(f"late{number}", **dov) for number in range(4)])
    count_everything(hub)
    hub.clock.move(timedelta(hours=3))
    told = {}
    with hub.pool.connection() as connection:
        for hour in (16, 18):
            at = datetime(2021, 8, 1, hour - 7, tzinfo=UTC)
            known = known_at(connection, at, now=hub.clock.now())
            days = board.by_day(connection, EVERYWHERE, known, **DAY, kinds=["citizen_report"])
            told[known.at] = days[DAY["first"], "citizen_report"].records
    assert list(told.values()) == [1, 5]


def test_an_officer_of_another_province_is_told_nothing_of_this_one(hub: Hub) -> None:
    ben = under("VN.31")
    with hub.pool.connection() as connection:
        known = known_now(connection, now=hub.clock.now())
        days = board.by_day(connection, ben, known, **DAY)
        drawn = board.provinces(connection, ben, known, scheme="vn-2025", **DAY)
        assert {kind for _, kind in days} == {"health_declaration"}
        assert {figure.code for figure in drawn.figures} == {"31"}
        assert (drawn.uncertain, drawn.elsewhere) == ([], {})
        assert board.wards(connection, ben, known, province="01", **DAY) == []
        assert board.checkpoints(connection, ben, known, **DAY, paths=paths(connection), most=12) == []
        assert board.reports(connection, ben, known)[0] == board.Reports(1, 1, 0)
        assert flows(connection, ben, now=hub.clock.now()) == []
        came = board.received(connection, ben, since=NOON - timedelta(hours=2), until=NOON + timedelta(hours=1))
        assert (set(came.by_province), dict(came.by_system)) == ({"VN.31"}, {})


def test_an_officer_of_one_ward_is_told_of_that_ward_alone(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        known = known_now(connection, now=hub.clock.now())
        for path, passages in (("VN.01.00004", 5), ("VN.01.00008", 0)):
            ward = under(path)
            days = board.by_day(connection, ward, known, **DAY)
            assert sum(sums.records for (_, kind), sums in days.items() if kind == "checkpoint_passage") == passages
            table = board.wards(connection, ward, known, province="01", **DAY)
            assert {figure.code for figure in table} == ({"00004"} if passages else set())
            drawn = board.provinces(connection, ward, known, scheme="vn-2024", **DAY)
            assert {figure.code for figure in drawn.figures} == ({"01"} if passages else set())


@given(st.sets(st.sampled_from(["VN", "NZ", "VN.01", "VN.79", "VN.01.00004", "VN.31.11407", "VN.79.26740"])))
def test_figures_are_seen_where_records_are(paths: set[str]) -> None:
    scope = under(*paths)
    sees = reach(scope)
    units = [areas.find(TODAY, code) for code in areas.codes_of(TODAY)]
    for path in [*(unit.path for unit in units if unit is not None), "VN", "NZ", "LA", None]:
        assert sees.sees_path(path) == scope.covers(path), path


def test_flows_tell_who_sends_and_who_does_not(hub: Hub) -> None:
    a_system(hub, "silent")
    with hub.pool.connection() as connection:
        found = {(flow.system_id, flow.kind): flow for flow in flows(connection, EVERYWHERE, now=hub.clock.now())}
        seen = waiting(connection)
    report = found[1, "citizen_report"]
    assert (report.accepted, report.held, report.held_open, report.sparkline[-1]) == (3, 1, 1, 3)
    assert (report.last_seen, report.rhythm) == (NOON, Rhythm.SENDING)
    assert report.latency_s is not None
    twelve_days = (12 * 24 + 4) * 3600
    assert twelve_days / 1.5 < report.latency_s < twelve_days * 1.5
    assert not report.has_errors
    assert seen.held["citizen_report"] == 1
    assert {lag.lag for lag in seen.lags if lag.name == "counters"} == {0}


def test_each_selector_has_its_price(hub: Hub) -> None:
    assert isinstance(hub.clock, FixedClock)
    hub.clock.move(timedelta(minutes=30))
    now, scope = hub.clock.now(), EVERYWHERE
    prices: dict[str, int] = {}
    with hub.pool.connection() as connection:
        known = known_now(connection, now=now)
        places = paths(connection)
        reads: dict[str, Callable[[Any], object]] = {
            "known_now": lambda c: known_now(c, now=now),
            "known_at a full hour": lambda c: known_at(c, NOON, now=now),
            "known_at": lambda c: known_at(c, NOON + timedelta(minutes=5), now=now),
            "by_day": lambda c: board.by_day(c, scope, known, **DAY),
            "provinces": lambda c: board.provinces(c, scope, known, scheme="vn-2024", **DAY),
            "wards": lambda c: board.wards(c, scope, known, province="01", **DAY),
            "checkpoints": lambda c: board.checkpoints(c, scope, known, **DAY, paths=places, most=12),
            "reports": lambda c: board.reports(c, scope, known),
            "received": lambda c: board.received(c, scope, since=NOON, until=NOON + timedelta(hours=1)),
            "flows": lambda c: flows(c, scope, now=now),
        }
        for name, read in reads.items():
            asked = Asked(connection)
            read(asked)
            prices[name] = asked.queries
    assert prices == {
        "known_now": 1,
        "known_at a full hour": 1,
        "known_at": 2 + 4,
        "by_day": 1,
        "provinces": 1,
        "wards": 1,
        "checkpoints": 1,
        "reports": 1,
        "received": 2,
        "flows": 7,
    }
