"""Rule packs on their pages: read on a day, compared, drafted from a file, and put in force by a second person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daumoi.core.hub import Hub
from tests.integration.console.administration.cast import Pages, audit_lines

Opener = Callable[..., Pages]
NEW_DAYS = b"""
[pack]
code = "covid-19"

[[rule]]
group = "case_isolation"
valid_from = 2022-02-21
sources = [{ text = "V\xc4\x83n b\xe1\xba\xa3n th\xe1\xbb\xad", body = "B\xe1\xbb\x99 Y t\xe1\xba\xbf" }]
[rule.value]
days = 9
days_with_negative_antigen = 5
"""


def test_the_packs_are_listed_with_their_versions(pages_of: Opener) -> None:
    page = pages_of("ben").get("/console/rules/").text

    assert "Version 1" in page
    assert "came with the product" in page
    assert "Draft from a file" not in page


@pytest.mark.parametrize(("language", "unverified"), [("vi", "chưa kiểm chứng"), ("en", "not verified")])
def test_a_version_says_on_a_day_what_was_in_force_with_its_basis(
    pages_of: Opener, language: str, unverified: str
) -> None:
    ben = pages_of("ben", language=language)

    then = ben.get("/console/rules/covid-19/1/", on="2021-12-29").text
    later = ben.get("/console/rules/covid-19/1/", on="2022-04-15").text
    all_days = ben.get("/console/rules/covid-19/1/", all="1").text
    before = ben.get("/console/rules/covid-19/1/", on="1999-01-01").text

    assert "11042/BYT-DP" in then
    one_metre = "trong vòng 1 mét hoặc" if language == "vi" else "within 1 m or"
    assert one_metre not in then
    assert one_metre in later
    assert unverified in then
    assert "11042/BYT-DP" in all_days
    assert one_metre in all_days
    assert "11042/BYT-DP" not in before
    assert "within_m" not in all_days
    assert ("Người tiếp xúc gần (F1)" if language == "vi" else "Close contact of a case") in then


def test_a_draft_is_previewed_proposed_and_put_in_force_by_a_second_person(centre: Hub, pages_of: Opener) -> None:
    eve, ada = pages_of("eve"), pages_of("ada")

    drafted = eve.post("/console/rules/draft/", remark="Theo văn bản mới", files={"file": ("new.toml", NEW_DAYS)})
    assert "Days" in drafted.text
    assert "<ins>9</ins>" in drafted.text
    proposed = eve.post("/console/rules/covid-19/2/propose/", remark="Đề nghị")
    assert "a second person decides" in proposed.text
    assert "/activate/" not in eve.get("/console/rules/covid-19/2/").text
    assert eve.post("/console/rules/covid-19/2/activate/", remark="Tự ban hành").status_code == 403
    unsaid = ada.post("/console/rules/covid-19/2/activate/", remark="")
    active = ada.post("/console/rules/covid-19/2/activate/", remark="Đồng ý")

    assert "Write a remark" in unsaid.text
    assert "In force: each rule by its own dates." in active.text
    lines = [audit_lines(centre, f"rulepack.{step}")[-1][:3] for step in ("drafted", "proposed", "activated")]
    assert lines == [
        ("eve@example.vn", "rule pack covid-19, version 2", "Theo văn bản mới"),
        ("eve@example.vn", "rule pack covid-19, version 2", "Đề nghị"),
        ("ada@example.vn", "rule pack covid-19, version 2", "Đồng ý"),
    ]
    other = eve.get("/console/rules/covid-19/2/changes/", against=1).text
    assert "<ins>9</ins>" in other
    assert "rule-packs.csv" in eve.get("/console/rules/file/").headers["Content-Disposition"]


def test_a_proposed_version_is_refused_with_a_remark_and_a_draft_withdrawn(centre: Hub, pages_of: Opener) -> None:
    eve, ada = pages_of("eve"), pages_of("ada")
    for days in (b"8", b"7"):
        answer = eve.post(
            "/console/rules/draft/", remark="Thử",
            files={"file": ("n.toml", NEW_DAYS.replace(b"days = 9", b"days = " + days))},
        )  # fmt: skip
        assert answer.status_code == 200
    with centre.pool.connection() as connection:
        rows = connection.execute("SELECT version FROM rule_pack_version WHERE status = 'draft' ORDER BY 1").fetchall()
    (one,), (other,) = rows[-2:]
    eve.post(f"/console/rules/covid-19/{one}/propose/", remark="Đề nghị")

    refused = ada.post(f"/console/rules/covid-19/{one}/refuse/", remark="Chưa đủ căn cứ")
    withdrawn = eve.post(f"/console/rules/covid-19/{other}/withdraw/", remark="Soạn nhầm")
    late = eve.post(f"/console/rules/covid-19/{other}/propose/", remark="Lại")

    assert "Refused. It stays in the history." in refused.text
    assert "Chưa đủ căn cứ" in refused.text
    assert "Withdrawn." in withdrawn.text
    assert "at another step by now" in late.text


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"[pack", "The file is no TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[[rule]]\ngroup = 'case_isolation'\nvalid_from = 2022-01-01\nno_rule = 'x'", "of which pack it is"),
        (NEW_DAYS.replace(b"days = 9", b"days = 'nine'"), "Expected `int`"),
        (b"x" * (1024 * 1024 + 1), "larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_faults(pages_of: Opener, file: bytes, said: str) -> None:
    answer = pages_of("eve").post("/console/rules/draft/", remark="Thử", files={"file": ("bad.toml", file)})

    assert answer.status_code == 422
    assert said in answer.text


def test_a_version_that_is_not_there_is_not_found(pages_of: Opener) -> None:
    ben = pages_of("ben")

    assert ben.get("/console/rules/covid-19/99/").status_code == 404
    assert ben.get("/console/rules/nothing/1/").status_code == 404
    assert ben.get("/console/rules/covid-19/1/changes/", against=99).status_code == 404
