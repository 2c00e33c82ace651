"""Days without records, withdrawals, formulas, quotas, changes of agreement and people, and the end of files."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature

from daumoi.core.clock import FixedClock
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import lifecycle
from daumoi.exchange.files import exports, manifest
from daumoi.exchange.files.keeping import keep_files
from daumoi.intake.erasure import erase_person
from tests.integration.exchange.agreeing import agreed, amended, terms_of
from tests.integration.exchange.files.filing import (
    MORNING,
    close_day,
    fetch,
    files_for,
    manifests,
    names,
    rows_of_csv,
    rows_of_parquet,
)
from tests.integration.sending import a_report, a_system, send

KIND = "citizen_report"
HA_NOI = {"scheme": "vn-2025", "code": "00004"}
HAI_PHONG = {"scheme": "vn-2025", "code": "31"}


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub whose clock stands in the morning of the first day."""
    return make_hub(clock=FixedClock(MORNING))


def test_a_day_without_records_has_a_file_that_says_so_and_a_header(hub: Hub) -> None:
    receiver = a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND))
    for form in ("ndjson", "csv", "parquet"):
        files_for(hub, receiver, form, kinds=[KIND])
    close_day(hub)
    found = {each["files"][0]["format"]: each for each in manifests(hub, receiver, KIND)}
    assert {(each["records"], each["last"] - each["first"]) for each in found.values()} == {(0, -1)}
    assert fetch(hub, receiver, found["ndjson"]["files"][0]["name"]) == b""
    header = fetch(hub, receiver, found["csv"]["files"][0]["name"])
    assert header.startswith(b"kind,seq,id,op,current,system,ref")
    assert header.count(b"\r\n") == 1
    types, rows = rows_of_parquet(hub, found["parquet"]["files"][0]["name"])
    assert (types["received_at"], types["data_contact_allowed"], rows) == ("TIMESTAMPTZ", "BOOLEAN", [])


def test_days_are_closed_at_their_hour_and_each_number_lies_in_one_file(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND))
    files_for(hub, receiver, kinds=[KIND], closes_at_hour=3)
    send(hub, sender, KIND, [a_report("a")])
    hub.clock.move(timedelta(hours=18, minutes=59))  # type: ignore[attr-defined]  # 02:59
    send(hub, sender, KIND, [a_report("b")])
    assert keep_files(hub) == 0
    hub.clock.move(timedelta(minutes=1))  # type: ignore[attr-defined]
    assert keep_files(hub) > 0
    assert keep_files(hub) == 0
    close_day(hub)
    assert [(each["day"], each["first"], each["last"]) for each in manifests(hub, receiver, KIND)] == [
        ("2021-08-01", 1, 1),
        ("2021-08-02", 2, 2),
    ]


def test_withdrawals_are_rows_and_formulas_are_text(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND, identity="given"))
    files_for(hub, receiver, "csv")
    texts = ["=1+1", "+84 905", "-2", "@x", "\tvà", 'nói "không", rồi\nđi']
    rows = [a_report(f"r-{at}", data={"category": "crowd", "text": text}) for at, text in enumerate(texts)]
    send(hub, sender, KIND, [*rows, {"ref": "r-0", "revision": 2, "op": "withdraw"}])
    close_day(hub)
    (given,) = manifests(hub, receiver, KIND)
    found = rows_of_csv(fetch(hub, receiver, given["files"][0]["name"]))
    assert [row["data_text"] for row in found[:-1]] == [*(f"'{text}" for text in texts[:5]), texts[5]]
    assert (found[-1]["op"], found[-1]["ref"], found[-1]["data_text"]) == ("withdraw", "r-0", "")


def test_by_province_each_record_lies_in_the_file_of_its_province(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND))
    files_for(hub, receiver, by_province=True)
    send(hub, sender, KIND, [a_report("a", area=HA_NOI), a_report("b", area=HAI_PHONG), a_report("c")])
    close_day(hub)
    (given,) = manifests(hub, receiver, KIND)
    assert {file["province"]: (file["records"], file["first"]) for file in given["files"]} == {
        "01": (1, 1),
        "31": (1, 2),
        "other": (1, 3),
    }


def test_a_manifest_is_verified_by_its_key_and_names_each_file_as_it_is(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreement = agreed(hub, receiver, terms_of(KIND, identity="none"))
    files_for(hub, receiver, "csv")
    send(hub, sender, KIND, [a_report(f"r-{number}") for number in range(5)])
    close_day(hub)
    (given,) = manifests(hub, receiver, KIND)
    assert (given["receiver"], given["agreement"], given["version"]) == ("reader", agreement, 1)
    assert (given["numbers"], given["identity"], given["first"], given["last"]) == ("receiver", "none", 1, 5)
    (file,) = given["files"]
    content = fetch(hub, receiver, file["name"])
    assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    signature = base64.b64decode(given.pop("signature"), validate=True)
    said = json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    manifest.public_key(hub.keys).verify(signature, said)
    with pytest.raises(InvalidSignature):
        manifest.public_key(hub.keys).verify(signature, said.replace(b'"records":5', b'"records":6'))


def test_what_the_quota_leaves_out_follows_as_a_further_part_of_the_day(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND, records_per_day=3))
    files_for(hub, receiver, kinds=[KIND])
    send(hub, sender, KIND, [a_report(f"r-{number}") for number in range(7)])
    for _ in range(3):
        close_day(hub)
    assert [
        (each["day"][-2:], each["part"], each["first"], each["last"], each["ends_day"])
        for each in manifests(hub, receiver, KIND)[:3]
    ] == [("01", 1, 1, 3, False), ("01", 2, 4, 6, False), ("01", 3, 7, 7, True)]


def test_files_nobody_has_fetched_are_written_anew_for_a_narrower_agreement(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreement = agreed(hub, receiver, terms_of(KIND))
    files_for(hub, receiver, kinds=[KIND])
    send(hub, sender, KIND, [a_report("a", area=HA_NOI), a_report("b", area=HAI_PHONG)])
    close_day(hub)
    (file,) = [each["name"] for each in names(hub, receiver, kind=KIND) if not each["is_manifest"]]
    amended(hub, agreement, terms_of(KIND, areas=[("vn-2025", "31")], fields={KIND: ("category",)}))
    with pytest.raises(CallProblem, match="not_ready"):
        fetch(hub, receiver, file)
    keep_files(hub)
    with pytest.raises(CallProblem, match="not_found"):
        fetch(hub, receiver, file)
    assert not list(exports.folder_of(hub).rglob(file)), "what is no longer given lies nowhere"
    (given,) = manifests(hub, receiver, KIND)
    line = json.loads(fetch(hub, receiver, given["files"][0]["name"]))
    assert (given["version"], given["taken_under"], given["records"]) == (2, [f"{agreement}.1"], 1)
    assert (line["area"]["code"], line["data"]) == ("31", {"category": "crowd"})


def test_nothing_is_made_or_fetched_under_a_suspended_agreement(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreement = agreed(hub, receiver, terms_of(KIND))
    files_for(hub, receiver, kinds=[KIND])
    send(hub, sender, KIND, [a_report("a")])
    close_day(hub)
    with hub.pool.connection() as connection, connection.transaction():
        lifecycle.suspend(connection, agreement=agreement, by="member:4", reason="Nghi lộ", at=hub.clock.now())
    for each in names(hub, receiver, kind=KIND):
        with pytest.raises(CallProblem, match="no_agreement"):
            fetch(hub, receiver, each["name"])
    assert close_day(hub) == 0
    with hub.pool.connection() as connection, connection.transaction():
        lifecycle.resume(connection, agreement=agreement, reason="Đã kiểm tra")
    assert keep_files(hub) > 0
    assert [each["day"] for each in manifests(hub, receiver, KIND)] == ["2021-08-01", "2021-08-02"]


def test_fetching_in_order_delivers_and_a_gap_does_not(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND))
    number = files_for(hub, receiver, kinds=[KIND])
    for day in range(3):
        if day != 1:
            send(hub, sender, KIND, [a_report(f"r-{day}"), a_report(f"s-{day}")])
        close_day(hub)
    first, empty, last = (each["files"][0]["name"] for each in manifests(hub, receiver, KIND))
    assert delivered(hub, number) == 0
    fetch(hub, receiver, last)
    assert delivered(hub, number) == 0
    fetch(hub, receiver, first)
    assert delivered(hub, number) == 4, "a day without records holds up nothing"
    assert {each["name"] for each in names(hub, receiver, kind=KIND) if not each["fetched_at"]} >= {empty}


def delivered(hub: Hub, destination: int) -> int:
    with hub.pool.connection() as connection:
        row = connection.execute(
            "SELECT delivered FROM progress WHERE destination_id = %s AND kind = 3", (destination,)
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_files_are_removed_after_their_time_with_a_line_of_the_audit_log(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND))
    files_for(hub, receiver, kinds=[KIND])
    send(hub, sender, KIND, [a_report("a")])
    close_day(hub)
    (old, _) = [each["name"] for each in names(hub, receiver, kind=KIND)]
    assert oct(next(exports.folder_of(hub).rglob(old)).stat().st_mode & 0o777) == "0o600"
    hub.clock.move(timedelta(days=hub.settings.export_days, minutes=1))  # type: ignore[attr-defined]
    keep_files(hub)
    with pytest.raises(CallProblem, match="not_found"):
        fetch(hub, receiver, old)
    assert not list(exports.folder_of(hub).rglob(old))
    with hub.pool.connection() as connection:
        said = connection.execute("SELECT subject FROM audit_entry WHERE action = 'file.remove'").fetchall()
    assert next(each[0].split(",")[0] for each in said if "export" in each[0]) == "files of 2021-08-01"


def test_a_file_that_was_lost_is_made_again(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND))
    files_for(hub, receiver, kinds=[KIND])
    send(hub, sender, KIND, [a_report("a")])
    close_day(hub)
    (file,) = [each["name"] for each in names(hub, receiver, kind=KIND) if not each["is_manifest"]]
    before = fetch(hub, receiver, file)
    next(exports.folder_of(hub).rglob(file)).unlink()
    with pytest.raises(CallProblem, match="not_ready"):
        fetch(hub, receiver, file)
    keep_files(hub)
    assert fetch(hub, receiver, file) == before


def test_an_erased_person_stands_in_no_file_any_more(hub: Hub) -> None:
    sender, receiver = a_system(hub), a_system(hub, "reader")
    agreed(hub, receiver, terms_of(KIND, identity="given"))
    for form in ("ndjson", "csv"):
        files_for(hub, receiver, form, kinds=[KIND])
    send(hub, sender, KIND, [a_report("a", subject={"full_name": "Lê Thị Mẫu", "phone": "0905123456"}), a_report("b")])
    close_day(hub)
    csv_file, lines = (
        each["name"] for each in names(hub, receiver, kind=KIND) if each["name"].endswith((".csv", ".ndjson"))
    )
    if csv_file.endswith(".ndjson"):
        csv_file, lines = lines, csv_file
    assert "Lê Thị Mẫu" in fetch(hub, receiver, lines).decode()
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT person FROM claim").fetchone()
    assert row is not None
    erase_person(hub, person=row[0], reason="Theo yêu cầu của chủ thể dữ liệu")
    for name in (csv_file, lines):
        with pytest.raises(CallProblem, match="not_ready"):
            fetch(hub, receiver, name)
    keep_files(hub)
    with pytest.raises(CallProblem, match="not_found"):
        fetch(hub, receiver, lines)
    assert "Mẫu" not in fetch(hub, receiver, csv_file).decode(), "written anew: nobody had fetched it"
    assert not any(
        "Mẫu".encode() in path.read_bytes() for path in exports.folder_of(hub).rglob("*.*") if path.is_file()
    )
