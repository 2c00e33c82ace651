"""A system manages its own webhooks at the machine doors, and the worker of a running hub sends what they are to get."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.hubs import Caller, a_problem

WEBHOOKS = "/api/v1/webhooks"
URL = "https://receiver.example/daumoi"


def registered(caller: Caller, name: str, url: str = URL, **more: Any) -> dict[str, Any]:
    answer = caller.http.post(WEBHOOKS, json={"name": name, "url": url, "kinds": ["citizen_report"], **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def one_attempt(caller: Caller, webhook: int) -> dict[str, Any]:
    """The attempt that the worker makes within seconds."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        items = caller.get(f"{WEBHOOKS}/{webhook}/attempts").json()["items"]
        if items:
            found: dict[str, Any] = items[0]
            return found
        time.sleep(0.1)
    raise AssertionError("the worker made no attempt")


def test_a_webhook_is_registered_shown_changed_paused_and_ended(receiver: Caller) -> None:
    made = registered(receiver, "life", ordered=False)
    assert made["secret"].startswith("whsec_")
    assert made["public_key"].startswith("whpk_")
    path = f"{WEBHOOKS}/{made['id']}"
    shown = receiver.get(path).json()
    assert shown == {name: value for name, value in made.items() if name not in ("secret", "public_key")}
    assert (shown["state"], shown["standing"], shown["ordered"], shown["content"]) == ("active", "good", False, None)
    changed = receiver.http.patch(path, json={"content": "thin", "state": "paused"}).json()
    assert (changed["content"], changed["state"], changed["ordered"]) == ("thin", "paused", False)
    assert receiver.http.patch(path, json={"state": "active"}).json()["state"] == "active"
    assert made["id"] in {each["id"] for each in receiver.get(WEBHOOKS).json()["items"]}
    assert receiver.http.delete(path).json() == {"state": "ended"}
    a_problem(receiver.get(path), 404, "not_found")


def test_new_keys_are_shown_once_and_are_others(receiver: Caller) -> None:
    made = registered(receiver, "keys")
    new = receiver.http.post(f"{WEBHOOKS}/{made['id']}/secret").json()
    assert set(new) == {"secret", "public_key"}
    assert new["secret"] != made["secret"]


def test_another_systems_webhook_is_not_found_whatever_is_asked_of_it(receiver: Caller, dov: Caller) -> None:
    path = f"{WEBHOOKS}/{registered(receiver, 'mine')['id']}"
    calls: list[Callable[[], httpx.Response]] = [
        lambda: dov.get(path),
        lambda: dov.get(f"{path}/attempts"),
        lambda: dov.http.patch(path, json={"state": "paused"}),
        lambda: dov.http.delete(path),
        lambda: dov.http.post(f"{path}/test"),
        lambda: dov.http.post(f"{path}/secret"),
        lambda: dov.http.post(f"{path}/replay", json={"kind": "citizen_report", "after": 0}),
    ]
    for call in calls:
        a_problem(call(), 404, "not_found")
    assert receiver.get(path).json()["state"] == "active"
    a_problem(receiver.get(f"{WEBHOOKS}/none"), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x", "url": URL},
        {"name": "x", "url": URL, "kinds": []},
        {"name": "x", "url": URL, "kinds": ["no_such_kind"]},
        {"name": "", "url": URL, "kinds": ["*"]},
        {"name": "x", "url": URL, "kinds": ["*"], "unknown": 1},
        {"name": "x", "url": URL, "kinds": ["*"], "content": "whole"},
        {"name": "x", "url": "http://receiver.example/", "kinds": ["*"]},
        {"name": "x", "url": "https://127.0.0.1/", "kinds": ["*"]},
        {"name": "x", "url": "https://169.254.169.254/latest/meta-data", "kinds": ["*"]},
        {"name": "x", "url": "https://user:secret-word@receiver.example/", "kinds": ["*"]},
    ],
)
def test_what_cannot_be_a_webhook_is_refused_with_words_and_without_repeating_it(
    receiver: Caller, body: dict[str, Any]
) -> None:
    problem = a_problem(receiver.http.post(WEBHOOKS, json=body), 400, "malformed_body")
    assert "secret-word" not in str(problem)
    assert "169.254" not in str(problem)


def test_a_name_is_given_once(receiver: Caller) -> None:
    registered(receiver, "twice")
    again = receiver.http.post(WEBHOOKS, json={"name": "twice", "url": URL, "kinds": ["*"]})
    assert "name" in a_problem(again, 400, "malformed_body")["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "citizen_report"},
        {"kind": "no_such_kind", "after": 0},
        {"kind": "citizen_report", "after": -1},
        {"kind": "citizen_report", "after": 2**63 - 1},
        {"kind": "citizen_report", "after": 0, "since": "2021-08-01T00:00:00Z"},
        {"kind": "citizen_report", "since": "2021-08-01T00:00:00"},
        {"message": "msg_00"},
        {"message": "msg_00", "kind": "citizen_report"},
    ],
)
def test_a_replay_that_says_not_from_where_is_refused(receiver: Caller, body: dict[str, Any]) -> None:
    made = registered(receiver, f"replay {sorted(body)} {len(str(body))} {body.get('kind')} {body.get('after')}"[:100])
    path = f"{WEBHOOKS}/{made['id']}"
    a_problem(receiver.http.post(f"{path}/replay", json=body), 400, "malformed_body")
    receiver.http.delete(path)


def test_the_worker_sends_and_the_owner_sees_that_a_name_of_the_loopback_is_refused(receiver: Caller) -> None:
    made = registered(receiver, "refused", "https://localhost:1/in")
    message = receiver.http.post(f"{WEBHOOKS}/{made['id']}/test").json()["message"]
    attempt = one_attempt(receiver, made["id"])
    assert (attempt["message"], attempt["kind"], attempt["status"], attempt["error"]) == (
        message,
        None,
        None,
        "address_refused",
    )
