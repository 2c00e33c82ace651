"""Contract, section 1: what holds for every call."""

from __future__ import annotations

import datetime
import json

import pytest

from tests.contract.records import (
    CALL_CODES,
    KINDS,
    OCCURRED_AT,
    ROW_CODES,
    a_checkpoint,
    a_declaration,
    a_movement,
    a_person,
    a_ref,
    put_at,
)
from tests.hubs import ANYONE, Caller, HubServer, a_problem, a_receipt, gzipped, ndjson

EIGHT_MIB = 8 * 1024 * 1024
ONE_MIB = 1024 * 1024


@pytest.mark.parametrize(
    "instant",
    [
        "2021-08-01T08:00:00+07:00",
        "2021-08-01T01:00:00Z",
        "2021-08-01T01:00:00.123456Z",
        "2021-08-01T01:00:00-00:00",
        "1900-01-01T00:00:00Z",
        "2020-02-29T23:59:59+07:00",
    ],
)
def test_an_instant_with_an_offset_is_accepted(dov: Caller, instant: str) -> None:
    assert dov.receipt("checkpoint", a_checkpoint(occurred_at=instant))["accepted"] == 1


def test_an_instant_without_offset_is_bad_instant_at_its_pointer(dov: Caller) -> None:
    problem = dov.one_problem("checkpoint", a_checkpoint(occurred_at="2021-08-01T08:00:00"))
    assert (problem["code"], problem["pointer"]) == ("bad_instant", "/occurred_at")


def test_an_instant_deep_in_the_data_is_bad_instant_at_its_pointer(dov: Caller) -> None:
    row = put_at(a_movement(), "/data/legs/0/departs_at", "2021-08-02 06:00")
    problem = dov.one_problem("movement_declaration", row)
    assert (problem["code"], problem["pointer"]) == ("bad_instant", "/data/legs/0/departs_at")


@pytest.mark.parametrize("instant", ["1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_an_instant_outside_1900_to_2199_is_instant_out_of_range(dov: Caller, instant: str) -> None:
    problem = dov.one_problem("checkpoint", a_checkpoint(occurred_at=instant))
    assert (problem["code"], problem["pointer"]) == ("instant_out_of_range", "/occurred_at")


def from_now(**ahead: float) -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(**ahead)).isoformat()


def test_something_that_happens_23_hours_ahead_is_accepted(dov: Caller) -> None:
    assert dov.receipt("checkpoint", a_checkpoint(occurred_at=from_now(hours=23)))["accepted"] == 1


def test_something_that_happens_25_hours_ahead_is_instant_out_of_range(dov: Caller) -> None:
    problem = dov.one_problem("checkpoint", a_checkpoint(occurred_at=from_now(hours=25)))
    assert (problem["code"], problem["pointer"]) == ("instant_out_of_range", "/occurred_at")


def test_a_departure_next_month_is_accepted_because_only_occurred_at_is_bound_to_now(dov: Caller) -> None:
    row = put_at(a_movement(), "/data/legs/0/departs_at", from_now(days=30))
    assert dov.receipt("movement_declaration", row)["accepted"] == 1


@pytest.mark.parametrize("birth_date", ["1987", "1987-05", "1987-05-17", "1988-02-29"])
def test_a_birth_date_may_be_a_year_a_month_or_a_day(dov: Caller, birth_date: str) -> None:
    row = a_declaration(subject={"full_name": "Trần Thị Cúc", "birth_date": birth_date})
    assert dov.receipt("health_declaration", row)["accepted"] == 1


@pytest.mark.parametrize("opened_on", ["2021", "2021-08"])
def test_a_date_that_is_no_birth_date_needs_its_day(dov: Caller, opened_on: str) -> None:
    problem = dov.one_problem("checkpoint", a_checkpoint({"opened_on": opened_on}))
    assert (problem["code"], problem["pointer"]) == ("bad_date", "/data/opened_on")


def test_answers_give_instants_in_utc(dov: Caller) -> None:
    receipt = dov.receipt("checkpoint", a_checkpoint(occurred_at=OCCURRED_AT))
    line = dov.get(f"/api/v1/records/checkpoint/{receipt['first_seq']}").json()
    occurred_at = datetime.datetime.fromisoformat(line["occurred_at"])
    received_at = datetime.datetime.fromisoformat(line["received_at"])
    assert occurred_at == datetime.datetime.fromisoformat(OCCURRED_AT)
    assert occurred_at.utcoffset() == received_at.utcoffset() == datetime.timedelta(0)
    assert abs(datetime.datetime.now(datetime.UTC) - received_at) < datetime.timedelta(minutes=1)


def test_an_unknown_field_is_refused_by_its_name(dov: Caller) -> None:
    problem = dov.one_problem("checkpoint", {**a_checkpoint(), "areaa": "01"})
    assert (problem["code"], problem["pointer"]) == ("unknown_field", "/areaa")


def test_a_field_name_that_is_no_name_is_not_repeated(dov: Caller) -> None:
    answer = dov.send("checkpoint", {**a_checkpoint(), "Nguyễn Văn Bình 0912345678": 1})
    assert a_receipt(answer)["problems"][0]["code"] == "unknown_field"
    assert "Nguy" not in answer.text
    assert "0912345678" not in answer.text


@pytest.mark.parametrize("name", ["a" * 65, "Tên", "1st", "_x", "a-b", "a b", "A", ""])
def test_only_names_of_the_published_shape_are_repeated(dov: Caller, name: str) -> None:
    row = a_checkpoint()
    row["data"] = {**row["data"], name: "giá trị lạ"}
    problem = dov.one_problem("checkpoint", row)
    assert problem["code"] == "unknown_field"
    assert not name or name not in problem["pointer"].split("/")
    assert "giá trị lạ" not in problem["message"]


def nested(depth: int) -> bytes:
    """A row whose deepest value stands `depth` containers deep, the row itself counted as the first."""
    row = json.dumps(a_checkpoint()).encode()
    return row[:-1] + b',"extra":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_json_32_deep_is_not_too_deep(dov: Caller) -> None:
    assert dov.one_problem("checkpoint", nested(32))["code"] == "unknown_field"


@pytest.mark.parametrize("depth", [33, 100, 1000, 100_000])
def test_json_deeper_than_32_is_too_deep(dov: Caller, depth: int) -> None:
    assert dov.one_problem("checkpoint", nested(depth))["code"] == "too_deep"


def test_an_error_is_problem_json_with_a_stable_code(dov: Caller) -> None:
    problem = a_problem(dov.send("no_such_kind", a_checkpoint()), 404, "unknown_kind")
    assert problem["title"]
    assert problem["detail"]


def test_no_error_text_repeats_personal_data(dov: Caller) -> None:
    planted = {
        "national_id": "00108712345",
        "phone": "09123456789012345678",
        "full_name": "Phạm Thị Kín Đáo" + "x" * 2000,
        "birth_date": "31/02/1987",
        "passport": {"number": "C1234567 bí mật", "country": "Việt"},
        "health_insurance_no": "DN479-bí-mật",
    }
    row = a_declaration(subject=planted, occurred_at="hôm qua lúc Phạm Thị Kín về")
    answer = dov.send("health_declaration", row)
    receipt = a_receipt(answer)
    full = dov.get(f"/api/v1/submissions/{receipt['submission_id']}/problems")
    held = dov.get("/api/v1/held", kind="health_declaration")
    assert full.status_code == held.status_code == 200
    for text in (answer.text, full.text, *messages_in(held.json())):
        text = json.dumps(json.loads(text), ensure_ascii=False) if text.startswith("{") else text
        for secret in ("00108712345", "0912345678", "Kín", "31/02/1987", "C1234567", "bí mật", "DN479", "hôm qua"):
            assert secret not in text, secret


def messages_in(body: object) -> list[str]:
    """Every message anywhere in an answer."""
    if isinstance(body, list):
        return [message for each in body for message in messages_in(each)]
    if isinstance(body, dict):
        own = [value for key, value in body.items() if key == "message" and isinstance(value, str)]
        return own + [message for each in body.values() for message in messages_in(each)]
    return []


@pytest.mark.parametrize("field", ["national_id", "phone", "birth_date", "sex", "nationality", "full_name"])
def test_a_message_never_shows_a_librarys_words(dov: Caller, field: str) -> None:
    answer = dov.send("health_declaration", put_at(a_declaration(), f"/subject/{field}", ["0912345678"]))
    problem = a_receipt(answer)["problems"][0]
    assert (problem["code"], problem["pointer"]) == ("wrong_type", f"/subject/{field}")
    for word in ("Expected `", "msgspec", "Traceback", "$.", "0912345678"):
        assert word not in problem["message"]


def test_a_gzip_body_is_accepted(dov: Caller) -> None:
    answer = dov.post_body("checkpoint", gzipped(ndjson([a_checkpoint()])), encoding="gzip")
    assert a_receipt(answer)["accepted"] == 1


def test_a_zstd_body_is_accepted(dov: Caller) -> None:
    zstandard = pytest.importorskip("zstandard")
    body = zstandard.ZstdCompressor().compress(ndjson([a_checkpoint()]))
    assert a_receipt(dov.post_body("checkpoint", body, encoding="zstd"))["accepted"] == 1


def test_limits_are_published_with_the_kinds(dov: Caller) -> None:
    body = dov.get("/api/v1/kinds").json()
    text = json.dumps(body)
    assert "limits" in text
    for limit in (EIGHT_MIB, ONE_MIB, 10_000):
        assert str(limit) in text, f"the limit {limit} is not published"


def test_a_json_body_over_8_mib_is_refused_with_the_limit_in_the_message(dov: Caller) -> None:
    body = b"[" + b" " * EIGHT_MIB + b"]"
    problem = a_problem(dov.post_body("checkpoint", body, content_type="application/json"), 413, "body_too_large")
    assert problem["receipt"]["received"] == 0
    assert "8 MiB" in problem["detail"] or str(EIGHT_MIB) in problem["detail"].replace(",", "")


def test_a_json_body_of_just_8_mib_is_taken(dov: Caller) -> None:
    row = json.dumps(a_checkpoint()).encode()
    body = b"[" + row + b" " * (EIGHT_MIB - len(row) - 2) + b"]"
    assert len(body) == EIGHT_MIB
    assert a_receipt(dov.post_body("checkpoint", body, content_type="application/json"))["accepted"] == 1


def test_limits_count_bytes_after_decompression(dov: Caller) -> None:
    body = gzipped(b"[" + b" " * EIGHT_MIB + b"]")
    assert len(body) < ONE_MIB
    answer = dov.post_body("checkpoint", body, content_type="application/json", encoding="gzip")
    a_problem(answer, 413, "body_too_large")


def test_an_ndjson_body_has_no_small_limit(dov: Caller) -> None:
    text = "Quán vẫn mở cửa đón khách. " * 180
    rows = [
        {"ref": a_ref("long"), "occurred_at": OCCURRED_AT, "data": {"category": category(dov), "text": text}}
        for _ in range(1600)
    ]
    body = ndjson(rows)
    assert len(body) > EIGHT_MIB
    assert a_receipt(dov.post_body("citizen_report", body))["accepted"] == len(rows)


def category(dov: Caller) -> str:
    example = dov.get("/api/v1/kinds/citizen_report/example").json()
    return str(example["data"]["category"])


def test_openapi_3_1_is_published_without_a_token(hub_server: HubServer) -> None:
    answer = ANYONE.get(f"{hub_server.base_url}/api/v1/openapi.json")
    assert answer.status_code == 200
    body = answer.json()
    assert body["openapi"].startswith("3.1")
    text = answer.text
    for path in ("/api/v1/records/{kind}", "/api/v1/feeds/{kind}", "/api/v1/oauth/token", "/api/v1/held"):
        assert f'"{path}"' in text, path


def test_a_readable_reference_is_published_without_a_token(hub_server: HubServer) -> None:
    answer = ANYONE.get(f"{hub_server.base_url}/api/v1/docs", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    for place in ("src=", "href="):
        for part in answer.text.split(place)[1:]:
            assert not part.lstrip("\"'").startswith(("http:", "https:", "//")), "nothing is loaded from elsewhere"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_signs_of_life_stand_at_the_root(hub_server: HubServer, path: str) -> None:
    assert ANYONE.get(f"{hub_server.base_url}{path}").status_code == 200


def test_the_metrics_give_figures_by_kind(hub_server: HubServer, dov: Caller) -> None:
    dov.receipt("checkpoint", a_checkpoint())
    text = ANYONE.get(f"{hub_server.base_url}/metrics").text
    for kind in KINDS:
        assert f'"{kind}"' in text


def test_the_list_of_problems_has_every_code_with_a_sentence(hub_server: HubServer) -> None:
    answer = ANYONE.get(f"{hub_server.base_url}/api/v1/problems")
    assert answer.status_code == 200
    sentences = sentences_by_code(answer.json())
    for code in (*ROW_CODES, *CALL_CODES):
        assert code in sentences, f"{code} is not listed"
        assert len(sentences[code].split()) >= 3, f"{code} has no sentence: {sentences[code]!r}"


def sentences_by_code(body: object) -> dict[str, str]:
    """The longest text beside each code, wherever the list stands in the answer."""
    found: dict[str, str] = {}
    if isinstance(body, dict):
        if isinstance(body.get("code"), str):
            texts = [value for key, value in body.items() if isinstance(value, str) and key not in {"code", "type"}]
            found[body["code"]] = max(texts, key=len, default="")
        for key, value in body.items():
            if isinstance(value, str):
                found.setdefault(key, value)
            else:
                found.update(sentences_by_code(value))
                if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
                    found.setdefault(key, max(value.values(), key=len, default=""))
    elif isinstance(body, list):
        for value in body:
            found.update(sentences_by_code(value))
    return found


def test_a_person_with_a_far_birth_date_in_the_year_1_is_not_taken(dov: Caller) -> None:
    problem = dov.one_problem("health_declaration", a_declaration(subject=a_person(birth_date="0001-01-01")))
    assert problem["code"] in {"bad_date", "instant_out_of_range", "out_of_range"}
    assert problem["pointer"] == "/subject/birth_date"
