"""What is signed is verified by an implementation that is not ours."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from daumoi.exchange.webhooks.signing import headers, make_key, read_secret


def now() -> datetime:
    return datetime.now(UTC)


@given(st.dictionaries(st.text(), st.text()))
def test_the_independent_package_verifies_what_we_sign(said: dict[str, str]) -> None:
    key, body = make_key("hmac"), json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
    signed = headers([key, make_key("ed25519")], message="msg_1", at=now(), body=body)
    assert Webhook(key.shown).verify(body, signed) == json.loads(body)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "webhook-signature", "body"])
def test_the_independent_package_refuses_what_was_changed_on_the_way(changed: str) -> None:
    key, body = make_key("hmac"), b'{"n":1}'
    signed = headers([key], message="msg_1", at=now(), body=body)
    if changed == "body":
        body = b'{"n":2}'
    elif changed == "webhook-timestamp":
        signed[changed] = str(int(signed[changed]) - 1)
    else:
        signed[changed] = headers([make_key("hmac")], message="msg_2", at=now(), body=body)[changed]
    with pytest.raises(WebhookVerificationError):
        Webhook(key.shown).verify(body, signed)


def test_the_timestamp_is_that_of_the_attempt_so_that_an_old_message_cannot_be_played_again() -> None:
    key = make_key("hmac")
    signed = headers([key], message="msg_1", at=now() - timedelta(minutes=6), body=b"{}")
    with pytest.raises(WebhookVerificationError, match="old"):
        Webhook(key.shown).verify(b"{}", signed)


def test_while_a_secret_is_replaced_the_old_and_the_new_one_verify() -> None:
    old, new = make_key("hmac"), make_key("hmac")
    signed = headers([old, new], message="msg_1", at=now(), body=b"{}")
    assert len(signed["webhook-signature"].split(" ")) == 2
    for key in (old, new):
        assert Webhook(key.shown).verify(b"{}", signed) == {}


def test_the_public_key_verifies_the_other_signature() -> None:
    key = make_key("ed25519")
    signed = headers([key], message="msg_1", at=now(), body=b"{}")
    scheme, _, signature = signed["webhook-signature"].partition(",")
    assert scheme == "v1a"
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.shown.removeprefix("whpk_")))
    public.verify(base64.b64decode(signature), f"msg_1.{signed['webhook-timestamp']}.{{}}".encode())


def test_a_shared_secret_is_read_as_it_was_shown_and_its_repr_tells_nothing() -> None:
    key = make_key("hmac")
    assert read_secret(key.shown) == key
    assert key.shown.removeprefix("whsec_") not in repr(key)
    for wrong in ("", "whsec_", "whsec_!", key.shown.removeprefix("whsec_"), "whsec_" + "A" * 8):
        with pytest.raises(ValueError, match="whsec_"):
            read_secret(wrong)


def test_an_id_with_a_dot_is_not_signed() -> None:
    with pytest.raises(ValueError, match="dot"):
        headers([make_key("hmac")], message="msg.1", at=now(), body=b"{}")
