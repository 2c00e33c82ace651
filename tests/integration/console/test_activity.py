"""The picture of what came in: right figures, for the right people."""

import re
from datetime import timedelta

from daumoi.core import facts
from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.situation.counting import count_all
from tests.integration.console.conftest import Opener
from tests.integration.sending import a_report, a_system, send


def count_everything(hub: Hub) -> None:
    with hub.pool.connection() as connection:
        count_all(connection, hub.keys, [kind.number for kind in KINDS.values()], hub.clock.now())


def a_busy_day(hub: Hub) -> None:
    hanoi = {"scheme": "vn-2025", "code": "00004"}
    dov, cora = a_system(hub, "dov"), a_system(hub, "cora")
    send(hub, dov, "citizen_report", [a_report(f"a{n}", area=hanoi) for n in range(7)])
    send(hub, dov, "citizen_report", [a_report("bad", occurred_at="hôm qua")])
    assert isinstance(hub.clock, FixedClock)
    hub.clock.move(timedelta(hours=3))
    send(hub, cora, "citizen_report", [a_report(f"b{n}") for n in range(5)])
    count_everything(hub)


def test_the_picture_shows_hours_systems_provinces_and_reasons(hub_at_noon: Hub, open_pages: Opener) -> None:
    a_system(hub_at_noon, "silent-one")
    a_busy_day(hub_at_noon)
    page = open_pages(hub_at_noon).get("/activity/").text
    assert "12:00 – Phản ánh của người dân: 7" in page
    assert "15:00 – Phản ánh của người dân: 5" in page
    assert re.search(r'"row">dov</th>.*?<td>7</td></tr>', page)
    assert re.search(r'"row">silent-one</th>.*?<td>không gửi</td></tr>', page)
    assert re.search(r"Thành phố Hà Nội<progress[^>]*></progress></th><td>7</td>", page)
    assert re.search(r"không có địa bàn<progress[^>]*></progress></th><td>5</td>", page)
    assert "<code>bad_instant</code>" in page


def test_what_is_older_than_a_day_is_not_in_the_picture(hub_at_noon: Hub, open_pages: Opener) -> None:
    a_busy_day(hub_at_noon)
    assert isinstance(hub_at_noon.clock, FixedClock)
    hub_at_noon.clock.move(timedelta(hours=22))
    page = open_pages(hub_at_noon).get("/activity/").text
    assert "12:00 – Phản ánh" not in page
    assert "15:00 – Phản ánh của người dân: 5" in page


def test_it_is_for_this_machine_or_a_demo(hub: Hub, open_pages: Opener) -> None:
    a_system(hub, "dov-secret-gate")
    here, away = open_pages(hub), open_pages(hub, address="203.0.113.9")
    assert here.get("/activity/").status_code == 200
    through_a_proxy = here.get("/activity/", headers={"X-Forwarded-For": "203.0.113.9"})
    for answer in (away.get("/activity/"), through_a_proxy, open_pages(hub, address="").get("/activity/")):
        assert answer.status_code == 403
        assert "dov-secret-gate" not in answer.text
    with hub.pool.connection() as connection:
        facts.write(connection, "demo", "yes")
    assert away.get("/activity/").status_code == 200


def test_an_empty_hub_says_what_to_do(hub: Hub, open_pages: Opener) -> None:
    assert "daumoi simulate" in open_pages(hub, language="en").get("/activity/").text
