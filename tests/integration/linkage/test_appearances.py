"""The table from claims to records follows what goes: dropped segments, and claims erased while it is being written."""

from __future__ import annotations

from collections.abc import Callable

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.intake.erasure import erase_claim
from daumoi.kinds.registry import KINDS
from daumoi.linkage.selectors import timeline
from daumoi.log import appearances, retention
from daumoi.log.appearances import note_appearances
from tests.conftest import NOON
from tests.integration.linkage.people import ALL, Cast
from tests.integration.sending import TESTER, a_system

KIND = KINDS["health_declaration"]


def rows(hub: Hub) -> list[tuple[int, int]]:
    with hub.pool.connection() as connection:
        return connection.execute("SELECT claim, seq FROM appearance ORDER BY seq").fetchall()


def test_a_drop_takes_what_spoke_of_its_records_and_leaves_the_rest(make_hub: Callable[..., Hub]):
    hub = make_hub(clock=FixedClock(NOON), DAUMOI_SEGMENT_ROWS="100")
    cast = Cast(hub, a_system(hub, "dov"), a_system(hub, "hotline"))
    subject = {"national_id": cast.national_id(), "full_name": "Nguyễn Văn Lâu"}
    cast.declare_many([subject] * 150)
    cast.follow()
    assert [seq for _, seq in rows(hub)] == list(range(1, 151))
    retention.drop_by_hand(hub, kind=KIND.name, before=101, actor=TESTER)
    assert [seq for _, seq in rows(hub)] == list(range(101, 151))
    ((claim, _), *_) = rows(hub)
    page = timeline(ALL, hub, look=cast.look(), person=cast.person(claim), limit=100)
    assert len(page.records) == 50
    with hub.pool.connection() as connection:
        assert appearances.clear(connection) == 0


def test_what_was_read_before_an_erasure_is_not_written_after_it(make_hub: Callable[..., Hub]):
    hub = make_hub(clock=FixedClock(NOON))
    cast = Cast(hub, a_system(hub, "dov"), a_system(hub, "hotline"))
    claim = cast.declare({"national_id": cast.national_id(), "full_name": "Trần Thị Xóa"})
    cast.follow()
    assert rows(hub) == [(claim, 1)]
    erase_claim(hub, claim=claim, reason="yêu cầu 3")
    assert rows(hub) == []
    with hub.pool.connection() as connection:
        note_appearances(connection, KIND.number, 1, 1)
    assert rows(hub) == []
