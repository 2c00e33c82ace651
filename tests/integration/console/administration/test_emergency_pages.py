"""Access in an emergency: the officer of another province sees nothing, asks, sees, is audited, and sees nothing again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from daumoi.console import doors
from daumoi.core.hub import Hub
from tests.integration.console.administration.cast import Pages, audit_lines

Opener = Callable[..., Pages]
SAIGON = "VN.79.26740"
ASK = {"area_text": "TP Hồ Chí Minh", "area": "vn-2025/79", "reason": "Truy vết ổ dịch liên tỉnh"}


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch, pages_of: Opener) -> Iterator[None]:
    """A page over personal data, among those of the console."""
    from django.urls import clear_url_caches, path

    from daumoi.console.urls import urlpatterns
    from tests.integration.console.administration.record_page import a_record

    monkeypatch.setitem(doors.DOORS, "a_record", "record.view")
    urlpatterns.append(path("console/a-record/<str:where>/", a_record, name="a_record"))
    clear_url_caches()
    yield
    urlpatterns.pop()
    clear_url_caches()


def test_ben_sees_nothing_of_another_province_then_sees_then_nothing_again(
    centre: Hub, pages_of: Opener, record: None
) -> None:
    ben = pages_of("ben")
    assert ben.get(f"/console/a-record/{SAIGON}/").status_code == 404
    assert "Access in an emergency is open" not in ben.get("/console/").text

    opened = ben.post("/console/emergency/", **ASK)
    seen = ben.get(f"/console/a-record/{SAIGON}/")
    own = ben.get("/console/a-record/VN.01.00004/")
    home = ben.get("/console/")

    assert "Access is open" in opened.text
    assert seen.text == "the record"
    assert own.text == "the record"
    assert "Access in an emergency is open" in home.text
    assert "4 h 0 min left" in home.text
    number = audit_lines(centre, "break_glass.ask")[-1][3]
    assert number is not None
    lines = audit_lines(centre, "record.read")
    assert [line[3] for line in lines] == [number, None]  # one's own province needs no access
    assert ben.get("/console/a-record/VN.48.20194/").status_code == 404  # nor does it open a third

    centre.clock.move(timedelta(hours=4))  # type: ignore[attr-defined]
    assert ben.get(f"/console/a-record/{SAIGON}/").status_code == 404
    assert "Access in an emergency is open" not in ben.get("/console/").text


def test_access_changes_nothing_but_what_is_seen(centre: Hub, pages_of: Opener) -> None:
    ben = pages_of("ben")
    ben.post("/console/emergency/", **ASK)

    members = ben.get("/console/members/").text

    assert "sam@example.vn" not in members  # the roll of another province is not opened
    assert ben.get("/console/audit/").status_code == 403
    centre.clock.move(timedelta(hours=5))  # type: ignore[attr-defined]


def test_access_is_ended_early_by_its_owner_alone(centre: Hub, pages_of: Opener, record: None) -> None:
    ben, sam = pages_of("ben"), pages_of("sam")
    ben.post("/console/emergency/", **ASK)
    number = audit_lines(centre, "break_glass.ask")[-1][3]
    centre.clock.move(timedelta(minutes=1))  # type: ignore[attr-defined]

    refused = sam.post(f"/console/emergency/{number}/end/")
    still = ben.get(f"/console/a-record/{SAIGON}/").status_code
    ended = ben.post(f"/console/emergency/{number}/end/")

    assert "not yours" in refused.text
    assert still == 200
    assert "The access has ended." in ended.text
    assert ben.get(f"/console/a-record/{SAIGON}/").status_code == 404
    assert audit_lines(centre, "break_glass.end")[-1][3] == number


def test_what_is_one_s_own_needs_no_access_and_a_reason_is_needed(centre: Hub, pages_of: Opener) -> None:
    ben = pages_of("ben")
    before = len(audit_lines(centre, "break_glass.ask"))

    own = ben.post("/console/emergency/", area="vn-2025/00004", reason="Thử")
    without_area = ben.post("/console/emergency/", reason="Thử")
    without_reason = ben.post("/console/emergency/", area="vn-2025/79")
    looking_only = ben.post("/console/emergency/", **{**ASK, "find": "1"})

    assert "cover this area already" in own.text
    assert "Find an area and tick it." in without_area.text
    assert 'aria-invalid="true"' in without_reason.text
    assert "Truy vết ổ dịch liên tỉnh" in looking_only.text
    assert len(audit_lines(centre, "break_glass.ask")) == before


def test_another_reviews_it_with_a_remark_and_only_once(centre: Hub, pages_of: Opener) -> None:
    pages_of("ben").post("/console/emergency/", **ASK)
    number = audit_lines(centre, "break_glass.ask")[-1][3]
    ada = pages_of("ada")
    waiting = ada.get("/console/emergency/reviews/").text

    without = ada.post(f"/console/emergency/{number}/review/", decision="justified")
    done = ada.post(f"/console/emergency/{number}/review/", decision="justified", remark="Có công văn")
    again = ada.post(f"/console/emergency/{number}/review/", decision="not_justified", remark="Khác")

    assert "Truy vết ổ dịch liên tỉnh" in waiting
    assert "write a remark" in without.text
    assert "kept for good" in done.text
    assert "Có công văn" in done.text
    assert "reviewed already" in again.text
    assert (
        pages_of("ben").post(f"/console/emergency/{number}/review/", decision="justified", remark="x").status_code
        == 403
    )
    assert "justified" in pages_of("ben").get("/console/emergency/").text
    assert "Có công văn" in ada.get("/console/emergency/reviews/file/").text
    centre.clock.move(timedelta(hours=5))  # type: ignore[attr-defined]
