"""What a unit was and is, in words."""

from __future__ import annotations

import pytest

from daumoi.areas.history import History, history
from daumoi.areas.selectors import codes_of
from daumoi.areas.unit import ABROAD, BEFORE, SCHEMES, TODAY


def told(scheme: str, code: str) -> History:
    found = history(scheme, code)
    assert found is not None
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_unit_has_a_history_in_both_languages(scheme: str) -> None:
    for code in codes_of(scheme):
        found = told(scheme, code)
        assert code in found.text_vi
        assert code in found.text_en
        assert "None" not in found.text_vi + found.text_en


def test_a_whole_ward_says_what_it_is_today() -> None:
    found = told(BEFORE, "00004")
    assert (found.fate, [each.name for each in found.is_now]) == ("whole", ["Phường Ba Đình"])
    assert found.text_vi == (
        "Phường Trúc Bạch, Quận Ba Đình, Thành phố Hà Nội (mã 00004 dùng đến hết ngày 30/6/2025) "
        "nay thuộc Phường Ba Đình, Thành phố Hà Nội (mã 00004)."
    )


def test_a_divided_ward_names_all_candidates_and_asks_for_the_address() -> None:
    found = told(BEFORE, "00097")
    assert (found.fate, [each.name for each in found.is_now]) == ("divided", ["Phường Hồng Hà", "Phường Tây Hồ"])
    assert found.text_vi.endswith("Cần địa chỉ để biết.")


def test_a_district_says_that_its_level_ended() -> None:
    assert told(BEFORE, "769").fate == "divided"
    assert "bỏ cấp huyện" in told(BEFORE, "769").text_vi


def test_a_ward_of_today_tells_whole_parts_from_parts() -> None:
    found = told(TODAY, "00004")
    assert {part.unit.name for part in found.was if part.whole} == {"Phường Trúc Bạch", "Phường Quán Thánh"}
    assert "Phường Ngọc Hà" in {part.unit.name for part in found.was if not part.whole}


def test_an_iso_code_of_viet_nam_names_the_province_of_today() -> None:
    assert [each.code for each in told(ABROAD, "VN-57").is_now] == ["79"]
    assert "30/6/2025" not in told(ABROAD, "VN-57").text_vi


def test_an_unknown_code_has_no_history() -> None:
    assert history(TODAY, "99999") is None
