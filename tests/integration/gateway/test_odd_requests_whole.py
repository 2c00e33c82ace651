"""The same as test_odd_requests at full size."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.hubs import Caller
from tests.integration.gateway.test_odd_requests import QUICK, check

EXAMPLES = 1000
OPERATIONS = [found.ok() for found in QUICK.get_all_operations()]


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_of_a_thousand_is_a_fault_of_the_hub(operation: schemathesis.APIOperation, dov: Caller) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def no_fault(case: schemathesis.Case) -> None:
        check(case, dov)

    no_fault()
