"""Requests made from the document, valid and not, never find a fault of the hub."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.config._phases import CoveragePhaseConfig, PhasesConfig

from daumoi.gateway.openapi.document import document
from tests.hubs import Caller

EXAMPLES = 30
ENDLESS = "/api/v1/feeds/{kind}/stream"
KNOWN = {200, 204, 400, 401, 403, 404, 405, 406, 410, 413, 415, 422, 429}


@schemathesis.serializer("application/x-ndjson")
def write_ndjson(_context: schemathesis.SerializationContext, value: object) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""


def schema() -> schemathesis.BaseSchema:
    """The document as schemathesis reads it, without its thousands of cases for single keywords."""
    project = ProjectConfig(
        generation=GenerationConfig(max_examples=EXAMPLES),
        phases=PhasesConfig(coverage=CoveragePhaseConfig(enabled=False)),
    )
    config = SchemathesisConfig(projects=ProjectsConfig(default=project))
    return schemathesis.openapi.from_dict(document(), config=config).exclude(path=ENDLESS)


def check(case: schemathesis.Case, caller: Caller) -> None:
    """Send a case; whatever it is, the answer is one the document knows, and a problem where it is a refusal."""
    if case.query:
        case.query = {**case.query, "wait": 0} if "wait" in case.query else case.query
    answer = case.call(base_url=caller.base_url, headers={"Authorization": f"Bearer {caller.token}"}, timeout=20)
    assert answer.status_code in KNOWN, (case.method, case.path, answer.status_code, answer.text[:300])
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


QUICK = schema()


@QUICK.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_is_a_fault_of_the_hub(case: schemathesis.Case, dov: Caller) -> None:
    check(case, dov)
