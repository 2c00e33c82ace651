"""Contract, section 2: tokens, rights, and what stands open."""

from __future__ import annotations

import base64
import time

import httpx
import pytest

from tests.contract.records import KINDS, a_checkpoint, a_declaration
from tests.hubs import ANYONE, Caller, HubServer, a_problem

OPEN_PATHS = (
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/openapi.json",
    "/api/v1/docs",
    "/api/v1/problems",
)
CLOSED_CALLS = (
    ("POST", "/api/v1/records/checkpoint"),
    ("POST", "/api/v1/records/no_such_kind"),
    ("GET", "/api/v1/records/checkpoint/1"),
    ("GET", "/api/v1/feeds/checkpoint"),
    ("GET", "/api/v1/feeds/checkpoint/stream"),
    ("GET", "/api/v1/held"),
    ("PUT", "/api/v1/held/01970000-0000-7000-8000-000000000000"),
    ("POST", "/api/v1/held/replay"),
    ("GET", "/api/v1/submissions/01970000-0000-7000-8000-000000000000"),
    ("GET", "/api/v1/submissions/01970000-0000-7000-8000-000000000000/problems"),
    ("GET", "/api/v1/kinds"),
    ("GET", "/api/v1/kinds/checkpoint/schema"),
    ("GET", "/api/v1/kinds/checkpoint/example"),
)
GRANT = {"grant_type": "client_credentials"}


def ask_for_token(
    hub_server: HubServer, form: dict[str, str], *, basic: tuple[str, str] | None = None
) -> httpx.Response:
    auth = httpx.BasicAuth(*basic) if basic else httpx.USE_CLIENT_DEFAULT
    return ANYONE.post(f"{hub_server.base_url}/api/v1/oauth/token", data=form, auth=auth)


def check_token(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert body["access_token"]
    return str(body["access_token"])


def test_a_client_signs_in_by_http_basic(hub_server: HubServer, dov: Caller) -> None:
    check_token(ask_for_token(hub_server, GRANT, basic=(dov.client_id, dov.client_secret)))


def test_a_client_signs_in_by_form_fields(hub_server: HubServer, dov: Caller) -> None:
    form = {**GRANT, "client_id": dov.client_id, "client_secret": dov.client_secret}
    check_token(ask_for_token(hub_server, form))


def test_a_token_answer_is_not_kept_by_caches(hub_server: HubServer, dov: Caller) -> None:
    answer = ask_for_token(hub_server, GRANT, basic=(dov.client_id, dov.client_secret))
    assert answer.headers["Cache-Control"] == "no-store"  # RFC 6749, section 5.1


def test_a_wrong_secret_is_unauthorized(hub_server: HubServer, dov: Caller) -> None:
    form = {**GRANT, "client_id": dov.client_id, "client_secret": "not-the-secret"}
    a_problem(ask_for_token(hub_server, form), 401, "unauthorized")


def test_a_wrong_secret_by_basic_is_unauthorized_and_names_the_scheme(hub_server: HubServer, dov: Caller) -> None:
    answer = ask_for_token(hub_server, GRANT, basic=(dov.client_id, "not-the-secret"))
    a_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].lower().startswith("basic")  # RFC 6749, section 5.2


def test_an_unknown_client_is_answered_like_a_wrong_secret(hub_server: HubServer, dov: Caller) -> None:
    wrong = ask_for_token(hub_server, {**GRANT, "client_id": dov.client_id, "client_secret": "x"})
    unknown = ask_for_token(hub_server, {**GRANT, "client_id": "nobody", "client_secret": "x"})
    seen = [(answer.status_code, answer.json()["code"], answer.json()["detail"]) for answer in (wrong, unknown)]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("form", [{"grant_type": "password"}, {"scope": "all"}])
def test_another_grant_type_is_a_bad_request(hub_server: HubServer, dov: Caller, form: dict[str, str]) -> None:
    a_problem(ask_for_token(hub_server, form, basic=(dov.client_id, dov.client_secret)), 400)


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Bearer x",
    ],
)
def test_a_broken_authorization_header_is_unauthorized(hub_server: HubServer, header: str) -> None:
    answer = ANYONE.post(f"{hub_server.base_url}/api/v1/oauth/token", data=GRANT, headers={"Authorization": header})
    assert answer.status_code in {400, 401}
    a_problem(answer, answer.status_code)


def test_a_token_request_that_is_no_form_is_refused(hub_server: HubServer) -> None:
    answer = ANYONE.post(f"{hub_server.base_url}/api/v1/oauth/token", json=GRANT)
    assert answer.status_code in {400, 401, 415}
    a_problem(answer, answer.status_code)


@pytest.mark.parametrize("path", OPEN_PATHS)
def test_what_stands_open_needs_no_token(hub_server: HubServer, path: str) -> None:
    assert ANYONE.get(hub_server.base_url + path, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("path", OPEN_PATHS)
def test_what_stands_open_never_gives_a_system_or_a_record(hub_server: HubServer, dov: Caller, path: str) -> None:
    checkpoint = a_checkpoint({"name": "Chốt không kể cho người lạ"})
    dov.receipt("checkpoint", checkpoint)
    text = ANYONE.get(hub_server.base_url + path, follow_redirects=True).text
    for secret in (dov.code, dov.client_id, "người lạ", checkpoint["ref"], checkpoint["data"]["code"]):
        assert secret not in text


@pytest.mark.parametrize(("method", "path"), CLOSED_CALLS)
def test_every_other_call_needs_a_token(hub_server: HubServer, method: str, path: str) -> None:
    answer = ANYONE.request(method, hub_server.base_url + path, json={} if method in {"POST", "PUT"} else None)
    a_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")  # RFC 6750, section 3


def test_every_path_of_the_openapi_outside_the_open_list_needs_a_token(hub_server: HubServer) -> None:
    paths = ANYONE.get(f"{hub_server.base_url}/api/v1/openapi.json").json()["paths"]
    assert paths
    for path, operations in paths.items():
        if path in OPEN_PATHS or path == "/api/v1/oauth/token":
            continue
        url = path.replace("{kind}", "checkpoint").replace("{seq}", "1")
        url = "/".join("01970000-0000-7000-8000-000000000000" if "{" in step else step for step in url.split("/"))
        for method in operations.keys() & {"get", "post", "put", "patch", "delete"}:
            answer = ANYONE.request(method, hub_server.base_url + url)
            assert answer.status_code == 401, (method, path, answer.status_code)


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "Bearer " + "é" * 3, "Basic eDp4", "Token x"])
def test_a_token_that_is_none_is_unauthorized(hub_server: HubServer, value: str) -> None:
    headers = {b"Authorization": value.encode()}
    a_problem(ANYONE.get(f"{hub_server.base_url}/api/v1/kinds", headers=headers), 401, "unauthorized")


def test_a_token_changed_by_one_letter_is_unauthorized(hub_server: HubServer, dov: Caller) -> None:
    middle = len(dov.token) // 2
    other = "A" if dov.token[middle] != "A" else "B"
    token = dov.token[:middle] + other + dov.token[middle + 1 :]
    answer = ANYONE.get(f"{hub_server.base_url}/api/v1/kinds", headers={"Authorization": f"Bearer {token}"})
    a_problem(answer, 401, "unauthorized")


def test_a_token_in_the_address_is_not_taken(hub_server: HubServer, dov: Caller) -> None:
    answer = ANYONE.get(f"{hub_server.base_url}/api/v1/kinds", params={"access_token": dov.token})
    assert answer.status_code == 401


def test_a_system_may_send_nothing_until_it_is_given_the_right(hub_server: HubServer) -> None:
    stranger = hub_server.new_system()
    for kind in KINDS:
        a_problem(stranger.send(kind, a_declaration()), 403, "no_right")


def test_a_system_may_read_nothing_until_there_is_an_agreement(cora: Caller) -> None:
    for kind in KINDS:
        a_problem(cora.get(f"/api/v1/feeds/{kind}"), 403, "no_agreement")


def test_a_right_to_send_one_kind_is_no_right_to_send_another(hub_server: HubServer) -> None:
    gates = hub_server.new_system(send="checkpoint,checkpoint_passage")
    assert gates.receipt("checkpoint", a_checkpoint())["accepted"] == 1
    a_problem(gates.send("health_declaration", a_declaration()), 403, "no_right")


def test_an_agreement_for_one_kind_is_no_agreement_for_another(hub_server: HubServer) -> None:
    reader = hub_server.new_system(read="checkpoint")
    assert reader.get("/api/v1/feeds/checkpoint").status_code == 200
    a_problem(reader.get("/api/v1/feeds/health_declaration"), 403, "no_agreement")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/records/vaccination"),
        ("GET", "/api/v1/feeds/vaccination"),
        ("GET", "/api/v1/feeds/vaccination/stream"),
        ("GET", "/api/v1/records/vaccination/1"),
        ("GET", "/api/v1/kinds/vaccination/schema"),
        ("GET", "/api/v1/kinds/vaccination/example"),
    ],
)
def test_a_kind_that_is_none_is_unknown_kind(dov: Caller, method: str, path: str) -> None:
    content = b"{}" if method == "POST" else None
    answer = dov.http.request(method, path, content=content, headers={"Content-Type": "application/json"})
    a_problem(answer, 404, "unknown_kind")


def test_a_token_ends_at_once_when_its_client_is_suspended(hub_server: HubServer) -> None:
    ben = hub_server.new_system(send="all")
    assert ben.get("/api/v1/kinds").status_code == 200
    done = hub_server.run("system", "suspend", ben.code)
    assert done.returncode == 0, done.stderr
    until = time.monotonic() + 2.0  # the news goes from the command to the running hub
    while ben.get("/api/v1/kinds").status_code == 200 and time.monotonic() < until:
        time.sleep(0.05)
    a_problem(ben.get("/api/v1/kinds"), 401, "unauthorized")
    a_problem(ben.send("checkpoint", a_checkpoint()), 401, "unauthorized")


def test_a_suspended_client_gets_no_new_token(hub_server: HubServer) -> None:
    ben = hub_server.new_system()
    assert hub_server.run("system", "suspend", ben.code).returncode == 0
    time.sleep(1.0)
    form = {**GRANT, "client_id": ben.client_id, "client_secret": ben.client_secret}
    a_problem(ask_for_token(hub_server, form), 401, "unauthorized")


def test_guessing_a_secret_is_rate_limited_and_the_right_secret_is_still_taken(hub_server: HubServer) -> None:
    ben = hub_server.new_system()
    guess = {**GRANT, "client_id": ben.client_id, "client_secret": "guess"}
    for _ in range(200):
        answer = ask_for_token(hub_server, guess)
        if answer.status_code != 401:
            break
    a_problem(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1
    check_token(ask_for_token(hub_server, GRANT, basic=(ben.client_id, ben.client_secret)))
