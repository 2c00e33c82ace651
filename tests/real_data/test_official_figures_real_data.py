"""New cases of Viet Nam by province and day, 2020 to 2022, imported and told on the board in both schemes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from daumoi.accounts.scope import EVERYWHERE, Scope
from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.intake.files.run import Job, run_import
from daumoi.kinds.registry import KINDS
from daumoi.situation.counting import count_all
from daumoi.situation.moments import known_at, known_now
from daumoi.situation.official import Series, by_province, history, sources
from daumoi.situation.units import keep_table
from tests.conftest import HANOI
from tests.integration.console.conftest import Opener, open_pages
from tests.integration.console.test_doors import a_member, a_signed_in
from tests.integration.sending import a_system, send
from tests.real_data.test_import_real_data import DATA, Onlooker, counts, plan_of
from tests.scopes import under

FOLDER = DATA / "vn_covid_province_daily"
FIRST, LAST = date(2020, 3, 18), date(2022, 1, 22)
__all__ = ["open_pages"]
HO_CHI_MINH, BINH_DUONG, VUNG_TAU, CA_MAU, KIEN_GIANG = "79", "74", "77", "96", "91"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="shared/data/vn_covid_province_daily is absent")


def told(hub: Hub, system_id: int, scheme: str, scope: Scope = EVERYWHERE) -> Series:
    with hub.pool.connection() as connection:
        return by_province(
            connection,
            scope,
            known_now(connection, now=hub.clock.now()),
            scheme=scheme,
            indicator="cases",
            system_id=system_id,
            first=FIRST,
            last=LAST,
        )


def shows_the_total_and_the_spikes(hub: Hub, open_pages: Opener) -> None:
    """The board as a director opens it: the total in both schemes, the map, and the marks on the curve."""
    from django.db import connections

    pages = open_pages(hub)
    a_signed_in(hub, pages, a_member(hub, "director"))
    for scheme, provinces in (("vn-2024", 63), ("vn-2025", 34)):
        asked = f"from={FIRST}&to={LAST}&scheme={scheme}&show=official"
        page = pages.get(f"/console/?{asked}").text
        total = re.search(r'id="official-total">([^<]*)<', page)
        assert total is not None
        assert total[1] == "2.208.650"
        country = json.loads(re.findall(r'<script id="country"[^>]*>(.*?)</script>', page)[0])
        assert sum(province["value"] for province in country["provinces"]) == 2_208_650
        assert len(country["provinces"]) == provinces
        curve = json.loads(re.findall(r'<script id="official-data"[^>]*>(.*?)</script>', page)[0])
        named = {series["name"]: series["data"] for series in curve["series"]}
        assert sum(value or 0 for value in named["Số liệu công bố"]) == 2_208_650
        assert any(named["đột biến"])
        rows = csv.DictReader(
            io.StringIO(pages.get(f"/console/board/official.csv?{asked}").content.decode("utf-8-sig"))
        )
        marked = {(row["Tỉnh, thành phố"], row["Ngày"]): row for row in rows}
        assert marked["Cà Mau", "25/10/2021"]["Điểm bất thường"] == "đột biến"
    connections.close_all()


def test_the_cases_of_two_years_stand_on_the_board_to_the_unit(
    make_hub: Callable[..., Hub], tmp_path: Path, open_pages: Opener
) -> None:
    clock = FixedClock(datetime(2022, 1, 23, 8, 0, tzinfo=HANOI))
    hub = make_hub(clock=clock)
    portal = a_system(hub, "national-portal")
    file = tmp_path / "case.csv"
    file.symlink_to(FOLDER / "case.csv")
    job = Job(hub, portal, file, plan_of(hub, file, "vn_covid_province_daily.toml"))
    cells = [cell for row in list(csv.reader(file.open()))[1:] for cell in row[1:]]
    reported = sum(cell != "" for cell in cells)
    assert counts(run_import(job, Onlooker()).receipts[0]) == {"accepted": reported}
    with hub.pool.connection() as connection:
        keep_table(connection)
        assert count_all(connection, hub.keys, [KINDS["area_count"].number], clock.now()) == reported
        assert [source[:3] for source in sources(connection)] == [("cases", "day", portal.id)]

    old, new = told(hub, portal.id, "vn-2024"), told(hub, portal.id, "vn-2025")
    assert (len(old.values), old.total) == (63, 2_208_650)
    assert (len(new.values), new.total) == (34, 2_208_650)
    sums = {code: sum(value or 0 for value in values) for code, values in old.values.items()}
    assert (sums[HO_CHI_MINH], sums[BINH_DUONG], sums[CA_MAU], sums["01"], sums["12"]) == (
        509_636,
        264_085,
        197_707,
        103_192,
        785,
    )
    assert min(sums, key=lambda code: sums[code]) == "12"
    merged = sum(value or 0 for value in new.values[HO_CHI_MINH])
    assert merged == sums[HO_CHI_MINH] + sums[BINH_DUONG] + sums[VUNG_TAU]

    # Days without a column, and empty cells, are no data; never zero.
    assert len(old.days) == 676
    assert sum(value is None for value in old.by_day()) == 30
    assert sum(value is None for values in old.values.values() for value in values) == 30 * 63 + cells.count("")

    spikes = {
        (code, old.days[flag.day]): flag.value
        for code, found in old.flags.items()
        for flag in found
        if flag.mark == "spike"
    }
    assert spikes[CA_MAU, date(2021, 10, 25)] == 151_919
    assert spikes[KIEN_GIANG, date(2021, 9, 28)] == 49_170
    assert spikes[HO_CHI_MINH, date(2021, 7, 23)] == 16_024
    assert len(spikes) < 60, "of 40,000 figures"
    last_day = {code for code, found in old.flags.items() if any(flag.day == 675 for flag in found)}
    assert len(last_day) > 20, "the last day, all zero, is one that was not entered yet"

    shows_the_total_and_the_spikes(hub, open_pages)

    only_here = told(hub, portal.id, "vn-2024", under("VN.91"))
    assert only_here.values.keys() == {KIEN_GIANG, "89"}

    # A correction of the spike keeps its history, and what was known before it.
    clock.move(timedelta(hours=5))
    correction = {
        "ref": "61/25/10/2021",
        "revision": 2,
        "occurred_at": "2021-10-25T00:00:00+07:00",
        "area": {"scheme": "vn-2024", "code": CA_MAU},
        "data": {
            "day": "2021-10-25",
            "indicator": "cases",
            "value": 120,
            "reported_at": "2021-11-02T18:00:00+07:00",
        },
    }
    assert send(hub, portal, "area_count", [correction]).corrected == 1
    with hub.pool.connection() as connection:
        count_all(connection, hub.keys, [KINDS["area_count"].number], clock.now())
        clock.move(timedelta(hours=1))
        now, before = (known_at(connection, clock.now() - timedelta(hours=back), now=clock.now()) for back in (0, 3))
        which = {"indicator": "cases", "day": date(2021, 10, 25), "system_id": portal.id}
        kept = history(connection, EVERYWHERE, now, **which, scheme="vn-2024", code=CA_MAU)  # type: ignore[arg-type]
        assert [value for _, value in kept] == [151_919, 120]
        days = {"first": date(2021, 10, 25), "last": date(2021, 10, 25)}
        for known, value in ((now, 120), (before, 151_919)):
            series = by_province(
                connection,
                EVERYWHERE,
                known,
                scheme="vn-2024",
                indicator="cases",
                system_id=portal.id,
                **days,  # type: ignore[arg-type]
            )
            assert series.values[CA_MAU] == [value]
        assert series.late == {}
        series = by_province(
            connection,
            EVERYWHERE,
            now,
            scheme="vn-2024",
            indicator="cases",
            system_id=portal.id,
            **days,  # type: ignore[arg-type]
        )
        assert series.late == {CA_MAU: [0]}
