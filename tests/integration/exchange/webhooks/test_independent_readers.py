"""What the hub really sent is verified and read by packages that are not ours: of Python, and of Node.

The npm package `standardwebhooks` knows HMAC alone. Ed25519 is verified by `cryptography`, as the specification says it.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daumoi.core.hub import Hub
from daumoi.exchange.webhooks import services
from daumoi.exchange.webhooks.signing import SigningKey
from daumoi.organisations.registry import System
from tests.integration.exchange.webhooks.receiving import (
    KIND,
    Looking,
    Received,
    Receiver,
    a_receiver,
    a_webhook,
    move,
    reports,
)
from tests.integration.sending import a_system

ROOT = Path(__file__).resolve().parents[4]
VERIFYING = Path(__file__).with_name("verifying.mjs")
FRONTEND = ROOT / "frontend" / "package.json"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as found:
        yield found


def verified_by_node(cases: list[tuple[str, Received]]) -> list[dict[str, Any]]:
    """What the npm package says to each secret and message; one start of Node for all."""
    said = [
        {"secret": secret, "headers": came.headers, "body": base64.b64encode(came.body).decode()}
        for secret, came in cases
    ]
    done = subprocess.run(
        ["node", str(VERIFYING), str(FRONTEND)], input=json.dumps(said).encode(), capture_output=True, timeout=30
    )
    assert done.returncode == 0, done.stderr.decode()
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def shared(keys: list[SigningKey]) -> str:
    return next(key.shown for key in keys if key.form == "hmac")


def verify_with_public_key(shown: str, came: Received) -> None:
    """Raises InvalidSignature where none of the signatures of version `v1a` is of this key."""
    said = f"{came.id}.{came.headers['webhook-timestamp']}.".encode() + came.body
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(shown.removeprefix("whpk_")))
    for version, _, signature in (each.partition(",") for each in came.headers["webhook-signature"].split(" ")):
        if version == "v1a":
            try:
                return key.verify(base64.b64decode(signature), said)
            except InvalidSignature:
                continue
    raise InvalidSignature


def test_node_verifies_what_was_sent_and_refuses_what_was_changed_or_is_old(
    hub: Hub, sender: System, receiver: Receiver, looks: Looking
) -> None:
    reader = a_system(hub, "given", read=KIND)
    move(hub, minutes=-6)
    hook = a_webhook(hub, reader, receiver.url, cloudevents=True)
    first = hook.keys
    reports(hub, sender, 1)
    looks.until_quiet()
    move(hub, minutes=6)
    reports(hub, sender, 3, begin=1)
    looks.until_quiet()
    hook.keys = hook.do(lambda connection, held: services.rotate(hub, connection, held, at=hub.clock.now()))
    reports(hub, sender, 2, begin=4)
    looks.until_quiet()
    old, now, rotated = receiver.taken
    assert "Tụ tập đông người" in now.body.decode()
    changed = replace(now, body=now.body.replace(b'"seq":2', b'"seq":7'))
    moved = replace(now, headers={**now.headers, "webhook-id": rotated.id})
    cases = [
        (shared(first), now),
        (shared(first), rotated),
        (shared(hook.keys), rotated),
        (shared(first), old),
        (shared(first), changed),
        (shared(first), moved),
        (shared(hook.keys), now),
    ]
    found = verified_by_node(cases)
    assert [each.get("said") for each in found[:3]] == [now.said, rotated.said, rotated.said]
    assert [each.get("refused") for each in found[3:]] == [
        "Message timestamp too old",
        *["No matching signature found"] * 3,
    ]


def test_the_public_key_verifies_what_was_sent_also_while_keys_are_replaced(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking
) -> None:
    hook = a_webhook(hub, reader, receiver.url)
    first = next(key.shown for key in hook.keys if key.form == "ed25519")
    hook.keys = hook.do(lambda connection, held: services.rotate(hub, connection, held, at=hub.clock.now()))
    second = next(key.shown for key in hook.keys if key.form == "ed25519")
    reports(hub, sender, 1)
    looks.until_quiet()
    (came,) = receiver.taken
    assert len(came.headers["webhook-signature"].split(" ")) == 4
    for shown in (first, second):
        verify_with_public_key(shown, came)
        with pytest.raises(InvalidSignature):
            verify_with_public_key(shown, replace(came, body=came.body + b" "))
    hook.verify(came)


@pytest.mark.parametrize("content", ["full", "thin"])
def test_a_message_is_a_cloudevent_for_who_asks_for_it(
    hub: Hub, sender: System, reader: System, receiver: Receiver, looks: Looking, content: str
) -> None:
    hook = a_webhook(hub, reader, receiver.url, cloudevents=True, content=content)
    reports(hub, sender, 2)
    hook.do(lambda connection, held: services.ping(hub, connection, held, at=hub.clock.now()))
    looks.until_quiet()
    came = {each.said["type"]: each for each in receiver.taken}
    assert set(came) == {"webhook.test", "records.given" if content == "full" else "records.available"}
    for each in receiver.taken:
        event = from_http_event(HTTPMessage(each.headers, each.body))
        is_ping = each.said["type"] == "webhook.test"
        assert event.get_specversion() == "1.0"
        assert event.get_id() == each.id
        assert event.get_type() == each.said["type"]
        assert event.get_source() == ("/api/v1/webhooks" if is_ping else f"/api/v1/feeds/{KIND}")
        assert event.get_time() == datetime.fromisoformat(each.said["timestamp"])
        assert event.get_datacontenttype() == "application/json"
        assert event.get_data() == each.said
