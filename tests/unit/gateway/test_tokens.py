"""How a client offers its secret, and how guessing is slowed down."""

from __future__ import annotations

import base64
import datetime

import pytest

from daumoi.core.problems import CallProblem
from daumoi.gateway.attempts import FAILURES_MAX, WINDOW, Attempts
from daumoi.gateway.tokens import Offered, offered, read_form, require_grant

NOON = datetime.datetime(2021, 8, 1, 5, 0, tzinfo=datetime.UTC)


def basic(text: bytes) -> bytes:
    return b"Basic " + base64.b64encode(text)


def test_a_secret_may_stand_in_basic_or_in_the_form() -> None:
    form = {"client_id": "gates.1", "client_secret": "s"}
    assert offered(basic(b"gates.1:s"), {}) == offered(None, form) == Offered("gates.1", "s")


def test_basic_is_form_encoded_inside_as_rfc_6749_has_it() -> None:
    assert offered(basic(b"a%3Ab:c%25d"), {}) == Offered("a:b", "c%d")


def test_a_secret_given_twice_is_refused() -> None:
    with pytest.raises(CallProblem) as caught:
        offered(basic(b"gates.1:s"), {"client_secret": "s"})
    assert caught.value.extra["error"] == "invalid_request"


@pytest.mark.parametrize(
    "header", [b"", b"Basic", b"Basic !!!", b"Bearer x", basic(b"no-colon"), basic(b"\xff:\xff"), b"Basic \xff"]
)
def test_a_header_that_cannot_be_read_is_invalid_client(header: bytes) -> None:
    with pytest.raises(CallProblem) as caught:
        offered(header, {})
    assert (caught.value.code, caught.value.extra["error"]) == ("unauthorized", "invalid_client")
    assert caught.value.headers["WWW-Authenticate"].startswith("Basic")


def test_no_credentials_at_all_are_invalid_client() -> None:
    with pytest.raises(CallProblem) as caught:
        offered(None, {"grant_type": "client_credentials"})
    assert caught.value.extra["error"] == "invalid_client"


@pytest.mark.parametrize(
    "body", [b"a=1&a=2", "grant_type=é".encode(), b"a=%ff", b"&".join(b"f%d=1" % n for n in range(50))]
)
def test_a_form_that_cannot_be_read_is_invalid_request(body: bytes) -> None:
    with pytest.raises(CallProblem) as caught:
        read_form(body)
    assert caught.value.extra["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("form", "error"), [({}, "invalid_request"), ({"grant_type": "password"}, "unsupported_grant_type")]
)
def test_another_grant_is_refused_in_the_words_of_rfc_6749(form: dict[str, str], error: str) -> None:
    with pytest.raises(CallProblem) as caught:
        require_grant(form)
    assert (caught.value.status, caught.value.extra["error"]) == (400, error)


def test_ten_failures_a_minute_are_borne_and_the_next_must_wait() -> None:
    attempts = Attempts()
    assert [attempts.fail("gates.1", NOON) for _ in range(FAILURES_MAX)] == [None] * FAILURES_MAX
    assert attempts.fail("gates.1", NOON + datetime.timedelta(seconds=20)) == 40
    assert attempts.fail("gates.2", NOON) is None, "another client is another count"
    assert attempts.fail("gates.1", NOON + WINDOW) is None, "a minute later the old failures do not count"


def test_a_flood_of_made_up_client_ids_is_forgotten_again() -> None:
    attempts = Attempts()
    for number in range(12_000):
        attempts.fail(f"nobody.{number}", NOON)
    assert len(attempts._failed) <= 10_000
