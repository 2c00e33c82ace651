"""GET /api/v1/areas: for partners, with a token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hubs import ANYONE, Caller, HubServer, a_problem


def ask(caller: Caller, **params: Any) -> dict[str, Any]:
    answer = caller.get("/api/v1/areas", **params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_place_as_written_is_found(dov: Caller) -> None:
    found = ask(dov, q="12 Lê Lợi, P. Bến Nghé, Q1, TP HCM")
    assert (found["certain"], found["total"], found["unread"]) == (True, 1, ["12 Lê Lợi"])
    (match,) = found["matches"]
    assert (match["scheme"], match["code"], match["level"]) == ("vn-2024", "26740", "ward")
    assert match["full_name"] == "Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh"
    assert match["valid_to"] == "2025-06-30"
    assert [unit["code"] for unit in match["today"]] == ["26740"]


def test_a_divided_ward_gives_candidates(dov: Caller) -> None:
    found = ask(dov, q="Phường Tràng Tiền, Hoàn Kiếm, Hà Nội")
    assert found["certain"] is False
    assert len(found["matches"][0]["today"]) == 2


def test_a_day_chooses_the_scheme(dov: Caller) -> None:
    assert {match["scheme"] for match in ask(dov, q="Hà Nội", on="2021-08-01")["matches"]} == {"vn-2024"}
    assert {match["scheme"] for match in ask(dov, q="Hà Nội", on="2026-08-01")["matches"]} == {"vn-2025"}


def test_a_limit_shortens_the_list_and_not_its_count(dov: Caller) -> None:
    found = ask(dov, q="hoa binh", limit=3)
    assert len(found["matches"]) == 3
    assert found["total"] > 3


def test_a_code_says_what_the_unit_was_and_is(dov: Caller) -> None:
    old = ask(dov, scheme="vn-2024", code="00004")
    assert (old["fate"], [unit["name"] for unit in old["today"]]) == ("whole", ["Phường Ba Đình"])
    new = ask(dov, scheme="vn-2025", code="00004")
    assert new["fate"] == "of_today"
    assert "Phường Trúc Bạch" in {unit["name"] for unit in new["was"]}
    assert new["text"]["vi"].startswith("Phường Ba Đình")


def test_a_dissolved_district_gives_what_it_became_and_its_last_day(dov: Caller) -> None:
    found = ask(dov, q="Quận 9, TP HCM")
    assert found["certain"] is False
    (match,) = found["matches"]
    assert (match["scheme"], match["code"], match["name"]) == ("vn-2024", "769", "Thành phố Thủ Đức")
    assert len(match["today"]) == 12
    assert match["former"] == {
        "name": "Quận 9",
        "full_name": "Quận 9, Thành phố Hồ Chí Minh",
        "level": "district",
        "code": "763",
        "valid_to": "2020-12-31",
        "act": match["former"]["act"],
        "act_on": "2020-12-09",
    }
    assert "1111/NQ-UBTVQH14" in match["former"]["act"]
    assert "former" not in ask(dov, q="Thành phố Thủ Đức")["matches"][0]


def test_a_point_gives_its_province_and_the_nearest_wards_as_candidates(dov: Caller) -> None:
    found = ask(dov, lat=21.0285, lon=105.8542, limit=2)
    assert found["certain"] is False, "which ward it is is never certain"
    province = found["province"]
    assert (province["relation"], province["certain"]) == ("inside", True)
    assert [(near["code"], near["distance_km"]) for near in province["today"]] == [("01", 0)]
    assert [(near["scheme"], near["code"]) for near in province["before"]] == [("vn-2024", "01")]
    assert [match["name"] for match in found["matches"]] == ["Phường Hoàn Kiếm", "Phường Cửa Nam"]
    assert found["matches"][0]["distance_km"] < found["matches"][1]["distance_km"]


def test_a_point_near_a_border_gives_both_provinces(dov: Caller) -> None:
    province = ask(dov, lat=10.95, lon=106.83)["province"]
    assert (province["relation"], province["certain"]) == ("near_border", False)
    assert [near["code"] for near in province["today"]] == ["75", "79"]
    assert [near["code"] for near in province["before"]] == ["75", "74"]


def test_a_point_at_sea_has_no_province(dov: Caller) -> None:
    found = ask(dov, lat=19.5, lon=107.5)
    assert found["province"] == {"relation": "none", "certain": False, "today": [], "before": []}


def test_an_unknown_code_is_not_found(dov: Caller) -> None:
    a_problem(dov.get("/api/v1/areas", scheme="vn-2025", code="99999"), 404, "not_found")


@pytest.mark.parametrize(
    "params",
    [
        {}, {"q": ""}, {"q": "x", "code": "1"}, {"scheme": "vn-2025"}, {"code": "00004"}, {"lat": "21"},
        {"lat": "91", "lon": "0"}, {"lat": "nan", "lon": "0"}, {"lat": "x", "lon": "y"}, {"q": "x", "on": "hôm qua"},
        {"q": "x" * 301}, {"q": "x", "limit": "0"}, {"q": "x", "what": "1"}, {"q": "x", "on": "20210801"},
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_a_bad_parameter(dov: Caller, params: dict[str, str]) -> None:
    a_problem(dov.get("/api/v1/areas", **params), 400, "bad_parameter")


def test_a_stranger_is_not_answered(hub_server: HubServer) -> None:
    a_problem(ANYONE.get(f"{hub_server.base_url}/api/v1/areas?q=x"), 401, "unauthorized")


def test_everybody_may_look_units_up_on_the_page(hub_server: HubServer) -> None:
    page = ANYONE.get(f"{hub_server.base_url}/areas/", params={"q": "P. Bến Nghé, Q1"})
    assert page.status_code == 200
    assert "nay thuộc:" in page.text
    assert "/areas/vn-2025/26740/" in page.text
    unit = ANYONE.get(f"{hub_server.base_url}/areas/vn-2024/26740/")
    assert "Phường Bến Nghé, Quận 1" in unit.text
    assert ANYONE.get(f"{hub_server.base_url}/areas/vn-2025/99999/").status_code == 404
    assert "&lt;b&gt;" in ANYONE.get(f"{hub_server.base_url}/areas/", params={"q": "<b>"}).text


def test_the_page_takes_a_point_and_names_of_dissolved_units(hub_server: HubServer) -> None:
    point = ANYONE.get(f"{hub_server.base_url}/areas/", params={"q": "9.2850, 105.7244"}).text
    assert "/areas/vn-2025/96/" in point
    assert "/areas/vn-2024/95/" in point
    assert "Nằm trong một tỉnh, thành phố theo ranh giới." in point
    sea = ANYONE.get(f"{hub_server.base_url}/areas/", params={"q": "19.5, 107.5"}).text
    assert "ngoài biển hoặc ở nước ngoài" in sea
    former = ANYONE.get(f"{hub_server.base_url}/areas/", params={"q": "Quận 9"}).text
    assert "Quận 9, Thành phố Hồ Chí Minh, dùng đến hết ngày 31/12/2020" in former
    assert "1111/NQ-UBTVQH14" in former
