"""The same as test_odd_requests, with some thousand cases for the single keywords of the document."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.hubs import Caller
from tests.integration.gateway.test_odd_requests import EXAMPLES, check, schema

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
WHOLE = schema(every_keyword=True)


@WHOLE.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_for_any_keyword_of_the_document_is_a_fault_of_the_hub(
    case: schemathesis.Case, dov: Caller
) -> None:
    check(case, dov)
