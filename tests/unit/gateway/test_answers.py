"""Problems are RFC 9457 and never say what a library said."""

from __future__ import annotations

import json

import psycopg
import pytest
from litestar.exceptions import MethodNotAllowedException, NotFoundException, ValidationException

from daumoi.core.problems import CALL_CODES, CallProblem
from daumoi.gateway.answers import as_problem, problem_body, problem_headers
from daumoi.intake.receipts import Receipt

SECRET = "Phạm Thị Kín 001087012345"


@pytest.mark.parametrize("code", CALL_CODES)
def test_a_problem_has_the_members_of_rfc_9457_and_its_code(code: str) -> None:
    body = json.loads(problem_body(CallProblem(code), "request-1"))
    assert body == {
        "type": f"/api/v1/problems#{code}",
        "title": CALL_CODES[code].title,
        "status": CALL_CODES[code].status,
        "detail": CALL_CODES[code].en,
        "code": code,
        "request_id": "request-1",
    }


def test_a_problem_carries_the_receipt_so_far() -> None:
    body = json.loads(problem_body(CallProblem("malformed_body", receipt=Receipt(None, "checkpoint", received=3)), "x"))
    assert (body["receipt"]["kind"], body["receipt"]["received"]) == ("checkpoint", 3)


def test_a_401_names_the_scheme_and_a_429_says_how_long_to_wait() -> None:
    assert problem_headers(CallProblem("unauthorized"))["WWW-Authenticate"].startswith("Bearer")
    assert int(problem_headers(CallProblem("rate_limited"))["Retry-After"]) >= 1
    assert problem_headers(CallProblem("rate_limited", headers={"Retry-After": "7"}))["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFoundException(SECRET), "not_found"),
        (MethodNotAllowedException(SECRET, headers={"allow": "GET"}), "method_not_allowed"),
        (ValidationException(SECRET), "malformed_body"),
        (ValueError(SECRET), "internal_error"),
        (RecursionError(SECRET), "internal_error"),
        (psycopg.OperationalError(SECRET), "not_ready"),
        (psycopg.errors.UniqueViolation(SECRET), "internal_error"),
    ],
)
def test_whatever_is_raised_is_said_in_our_own_words(
    error: Exception, code: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    problem = as_problem(error)
    assert problem.code == code
    printed = capsys.readouterr()
    for text in (problem.detail, printed.out, printed.err, caplog.text):
        assert "Kín" not in text
        assert "001087012345" not in text


def test_a_method_that_is_not_allowed_says_which_are() -> None:
    assert as_problem(MethodNotAllowedException(headers={"allow": "GET"})).headers == {"Allow": "GET"}
