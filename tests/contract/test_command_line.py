"""Contract, section 6: commands beside a running hub."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.contract.records import KINDS, a_checkpoint, a_declaration, a_person, a_report
from tests.hubs import ANYONE, DAUMOI, REPOSITORY, Caller, HubServer, Record, a_problem

COMMANDS = ("up", "system", "import", "feed", "doctor")


def test_help_lists_all_commands(hub_server: HubServer) -> None:
    done = subprocess.run(
        [DAUMOI, "--help"], capture_output=True, encoding="utf-8", check=True, timeout=60, env=hub_server.environ
    )
    for command in COMMANDS:
        assert command in done.stdout


@pytest.mark.parametrize("command", [("up",), ("system", "add"), ("import",), ("feed",), ("doctor",)])
def test_every_command_takes_a_data_directory(hub_server: HubServer, command: tuple[str, ...]) -> None:
    environ = {**hub_server.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        [DAUMOI, *command, "--help"], capture_output=True, encoding="utf-8", check=True, timeout=60, env=environ
    )
    assert "--data-dir" in done.stdout


def test_up_prints_its_address_and_listens_on_the_loopback(hub_server: HubServer) -> None:
    assert hub_server.base_url in hub_server.said()
    assert hub_server.base_url.startswith("http://127.0.0.1:")


def test_up_keeps_its_database_in_the_data_directory(hub_server: HubServer) -> None:
    assert (hub_server.data_dir / "postgres").is_dir()


def test_what_up_printed_has_no_secret(hub_server: HubServer, dov: Caller) -> None:
    dov.receipt("health_declaration", a_declaration(subject=a_person(full_name="Phạm Thị Kín Đáo", phone="0977123456")))
    said = hub_server.said()
    for secret in (dov.client_secret, dov.token, "Kín Đáo", "0977123456", "977123456"):
        assert secret not in said


def test_system_add_prints_the_credentials_once_as_json_alone(hub_server: HubServer) -> None:
    done = hub_server.run("system", "add", "dov-printed", "--name", "Cổng Hà Nội", "--send", "all", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).keys() == {"code", "client_id", "client_secret"}
    assert json.loads(done.stdout)["code"] == "dov-printed"
    again = hub_server.run("system", "add", "dov-printed", "--name", "Cổng Hà Nội", "--send", "all", "--json")
    assert again.returncode != 0
    assert json.loads(done.stdout)["client_secret"] not in again.stdout + again.stderr


def test_system_add_without_json_prints_the_same_for_people(hub_server: HubServer) -> None:
    done = hub_server.run("system", "add", "dov-people", "--name", "Cổng Hà Nội")
    assert done.returncode == 0, done.stderr
    for word in ("dov-people", "client_id", "client_secret"):
        assert word in done.stdout


def test_a_new_system_signs_in_at_once(hub_server: HubServer) -> None:
    credentials = hub_server.add_system(send="all")
    answer = ANYONE.post(
        f"{hub_server.base_url}/api/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(credentials["client_id"], credentials["client_secret"]),
    )
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    answer = ANYONE.post(f"{hub_server.base_url}/api/v1/records/checkpoint", json=a_checkpoint(), headers=headers)
    assert answer.status_code == 200, answer.text


def test_a_new_agreement_holds_at_once(hub_server: HubServer) -> None:
    reader = hub_server.new_system(read="all")
    assert reader.get("/api/v1/feeds/checkpoint").status_code == 200


def test_a_system_may_belong_to_an_organisation(hub_server: HubServer) -> None:
    done = hub_server.run("system", "add", "dov-org", "--name", "Dov", "--organisation", "so-y-te-ha-noi", "--json")
    if done.returncode != 0:  # an organisation may have to be there first; then the command must say so
        assert "so-y-te-ha-noi" in done.stderr + done.stdout
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--name", "A", "--send", "vaccination"),
        ("--name", "A", "--read", "checkpoint,vaccination"),
        ("--name", "A", "--read", "all", "--identity", "maybe"),
        (),
    ],
)
def test_system_add_with_a_wrong_option_fails_and_makes_nothing(
    hub_server: HubServer, options: tuple[str, ...]
) -> None:
    done = hub_server.run("system", "add", "dov-wrong", *options, "--json")
    assert done.returncode != 0
    assert "client_secret" not in done.stdout
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


@pytest.mark.parametrize("code", ["", "a b", "Đầu mối", "../x", "x" * 200])
def test_a_system_code_that_is_none_is_refused(hub_server: HubServer, code: str) -> None:
    done = hub_server.run("system", "add", code, "--name", "A", "--json")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def lines_of(done: subprocess.CompletedProcess[str]) -> list[Record]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def test_feed_prints_ndjson_from_a_number_on(hub_server: HubServer, dov: Caller) -> None:
    receipt = dov.receipt("checkpoint", *[a_checkpoint() for _ in range(3)])
    lines = lines_of(hub_server.run("feed", "checkpoint", "--after", str(receipt["first_seq"])))
    assert [line["seq"] for line in lines] == [receipt["last_seq"] - 1, receipt["last_seq"]]


def test_feed_prints_everything_when_no_number_is_given(hub_server: HubServer, dov: Caller) -> None:
    dov.receipt("checkpoint", a_checkpoint())
    lines = lines_of(hub_server.run("feed", "checkpoint"))
    assert [line["seq"] for line in lines] == list(range(1, dov.head("checkpoint") + 1))


def test_feed_gives_pseudonyms_unless_a_purpose_is_given(hub_server: HubServer, dov: Caller) -> None:
    person = a_person(full_name="Đỗ Thị Riêng")
    seq = dov.receipt("health_declaration", a_declaration({"note": "bí mật"}, subject=person))["first_seq"]
    done = hub_server.run("feed", "health_declaration", "--after", str(seq - 1))
    (line,) = lines_of(done)
    assert line["subject"].keys() == {"pseudonym"}
    for secret in (person["national_id"], "Riêng", "bí mật"):
        assert secret not in json.dumps(line, ensure_ascii=False)


def test_feed_gives_identity_for_a_purpose(hub_server: HubServer, dov: Caller) -> None:
    person = a_person()
    seq = dov.receipt("health_declaration", a_declaration(subject=person))["first_seq"]
    done = hub_server.run(
        "feed", "health_declaration", "--after", str(seq - 1), "--identity", "--purpose", "điều tra dịch tễ"
    )
    (line,) = lines_of(done)
    assert line["subject"]["identity"] == person


@pytest.mark.parametrize("purpose", [(), ("--purpose", ""), ("--purpose", "   ")])
def test_feed_gives_no_identity_without_a_purpose(hub_server: HubServer, dov: Caller, purpose: tuple[str, ...]) -> None:
    person = a_person()
    dov.receipt("health_declaration", a_declaration(subject=person))
    done = hub_server.run("feed", "health_declaration", "--identity", *purpose)
    assert done.returncode != 0
    assert person["national_id"] not in done.stdout + done.stderr
    assert "purpose" in done.stderr


def test_feed_of_no_kind_fails_and_says_which_there_are(hub_server: HubServer) -> None:
    done = hub_server.run("feed", "vaccination")
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert any(kind in done.stderr for kind in KINDS)


def test_feed_follows_what_comes(hub_server: HubServer, dov: Caller) -> None:
    head = dov.head("citizen_report")
    following = subprocess.Popen(
        [DAUMOI, "feed", "citizen_report", "--after", str(head), "--follow", "--data-dir", hub_server.data_dir],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=REPOSITORY,
        env=hub_server.environ,
        # A test run in the background of a shell ignores SIGINT, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    give_up = threading.Timer(30, following.kill)
    give_up.start()
    try:
        assert following.stdout is not None
        first = dov.receipt("citizen_report", a_report())["first_seq"]
        assert json.loads(following.stdout.readline())["seq"] == first
        second = dov.receipt("citizen_report", a_report())["first_seq"]
        assert json.loads(following.stdout.readline())["seq"] == second
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=15)
    finally:
        give_up.cancel()
        following.kill()
        following.wait()


def test_feed_into_a_pipe_that_closes_ends_without_a_traceback(hub_server: HubServer, dov: Caller) -> None:
    dov.receipt("citizen_report", *[a_report() for _ in range(300)])
    done = subprocess.run(
        ["sh", "-c", '"$0" feed citizen_report --data-dir "$1" | head -n 1', DAUMOI, hub_server.data_dir],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        env=hub_server.environ,
    )
    assert json.loads(done.stdout)["seq"] == 1
    assert "Traceback" not in done.stderr


def test_doctor_finds_a_sound_hub_sound(hub_server: HubServer) -> None:
    done = hub_server.run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) >= 5


def test_doctor_answers_in_json_alone_and_checks_what_the_contract_names(hub_server: HubServer) -> None:
    done = hub_server.run("doctor", "--json")
    text = json.dumps(json.loads(done.stdout)).lower()
    for word in ("database", "migration", "key", "disk", "clock", "worker", "lag", "demo", "address"):
        assert word in text, word


def test_a_second_up_on_the_same_data_directory_fails_and_leaves_the_first_alone(hub_server: HubServer) -> None:
    done = hub_server.run("up", "--port", "0", seconds=60)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    assert ANYONE.get(f"{hub_server.base_url}/readyz").status_code == 200


def test_commands_say_what_is_wrong_and_exit_non_zero(hub_server: HubServer, tmp_path: Path) -> None:
    missing = tmp_path / "missing.ndjson"
    done = hub_server.run("import", missing, "--system", "dov-1", "--kind", "checkpoint", "--json")
    assert done.returncode != 0
    assert "missing.ndjson" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_secret_of_one_system_opens_no_other(hub_server: HubServer, dov: Caller) -> None:
    ben = hub_server.add_system()
    form = {"grant_type": "client_credentials", "client_id": ben["client_id"], "client_secret": dov.client_secret}
    a_problem(ANYONE.post(f"{hub_server.base_url}/api/v1/oauth/token", data=form), 401, "unauthorized")
