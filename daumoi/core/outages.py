"""What to tell a caller when the database could not do its work: come again, and when."""

from typing import Any

import psycopg

from daumoi.core.problems import CallProblem

RETRY_S = 5
STORAGE_RETRY_S = 60


def storage_low(receipt: Any = None) -> CallProblem:
    """Make the answer of a hub that has no room left."""
    return CallProblem("storage_low", receipt=receipt, headers={"Retry-After": str(STORAGE_RETRY_S)})


def outage(error: BaseException, detail: str | None = None, *, receipt: Any = None) -> CallProblem:
    """Say a failure of the database in the words of the contract: a full disk, or a database that is away."""
    if isinstance(error, psycopg.errors.DiskFull):
        return storage_low(receipt)
    return CallProblem("not_ready", detail, receipt=receipt, headers={"Retry-After": str(RETRY_S)})
