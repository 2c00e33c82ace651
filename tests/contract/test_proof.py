"""The doors of proof: stretches, signed statements, lineage; and the commands for the operator."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daumoi.core.clock import VIET_NAM_TIME
from tests.contract.records import a_checkpoint
from tests.hubs import Caller, HubServer, a_problem

KIND = "checkpoint"


def test_sender_and_receiver_prove_where_a_record_went(hub_server: HubServer, dov: Caller, receiver: Caller) -> None:
    seq = dov.receipt(KIND, a_checkpoint(), a_checkpoint())["first_seq"]
    receiver.feed(KIND, after=seq - 1)
    receiver.feed(KIND, after=seq)
    listed = receiver.get("/api/v1/deliveries", kind=KIND, after=seq - 1, limit=1000).json()
    assert listed["next"] is None
    (stretch,) = [each for each in listed["deliveries"] if each["first"] <= seq <= each["last"]]
    assert len(stretch["digest"]) == 64
    came = dov.get(f"/api/v1/records/{KIND}/{seq}/lineage").json()
    assert came["submissions"]
    assert came["revisions"][0] | {"received_at": ""} == {
        "seq": seq,
        "revision": 1,
        "op": "assert",
        "received_at": "",
    }
    (went,) = receiver.get(f"/api/v1/records/{KIND}/{seq}/lineage", check="true").json()["deliveries"]
    assert (went["first"], went["digest"], went["check"], went["state"]) == (
        stretch["first"],
        stretch["digest"],
        "same",
        "delivered",
    )
    done = hub_server.run("lineage", KIND, str(seq), "--json")
    assert went["digest"] in {each.get("digest") for each in json.loads(done.stdout)["deliveries"]}
    assert f"as assert, taken {went['taken_at'][:10]}" in hub_server.run("lineage", KIND, str(seq)).stdout


def test_a_statement_of_today_is_signed_and_says_that_the_day_is_not_over(
    hub_server: HubServer, dov: Caller, receiver: Caller
) -> None:
    receiver.feed(KIND, after=dov.receipt(KIND, a_checkpoint())["first_seq"] - 1)
    today = datetime.now(UTC).astimezone(VIET_NAM_TIME).date()
    given = receiver.get(f"/api/v1/statements/{today}").json()
    published = {each["kid"]: each["x"] for each in receiver.get("/api/v1/keys").json()["keys"]}
    assert base64.urlsafe_b64decode(published["statements-1"] + "==").hex() == given["public_key"]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(given["public_key"]))
    key.verify(bytes.fromhex(given["signature"]), b"daumoi statement 1\n" + given["said"].encode())
    said = json.loads(given["said"])
    assert said["closed"] is False
    for each in said["given"]:
        assert each["in_scope"] == each["delivered"] + each["waiting"] + each["failed"] + each["filtered"]
    printed = hub_server.run("statement", said["system"], "--day", str(today)).stdout
    assert "(not over yet)" in printed
    assert given["public_key"] in printed
    a_problem(receiver.get(f"/api/v1/statements/{today + timedelta(days=1)}"), 404, "not_found")
    a_problem(receiver.get("/api/v1/statements/yesterday"), 400, "bad_parameter")


def test_who_has_nothing_to_do_with_a_record_learns_nothing_of_it(dov: Caller, receiver: Caller, cora: Caller) -> None:
    seq = dov.receipt(KIND, a_checkpoint())["first_seq"]
    a_problem(receiver.get(f"/api/v1/records/{KIND}/{seq}/lineage"), 404, "not_found")
    a_problem(receiver.get(f"/api/v1/records/{KIND}/{2**40}/lineage"), 404, "not_found")
    a_problem(receiver.get("/api/v1/records/nothing/1/lineage"), 404, "unknown_kind")
    a_problem(receiver.get("/api/v1/deliveries"), 400, "bad_parameter")
    a_problem(receiver.get("/api/v1/deliveries", kind="nothing"), 404, "unknown_kind")
    a_problem(cora.get(f"/api/v1/records/{KIND}/{seq}/lineage"), 404, "not_found")
