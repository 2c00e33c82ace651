"""What is known of one call while it runs: its id, its caller, its answer's status."""

import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from daumoi.audit.actors import Actor
from daumoi.core.problems import CallProblem
from daumoi.kinds.kind import Kind
from daumoi.kinds.registry import KINDS
from daumoi.organisations.registry import Client, System

_KEY = "daumoi.call"


@dataclass(slots=True)
class Call:
    """One call. The client is set once its token was read."""

    request_id: str
    client: Client | None = None
    address: str | None = None
    status: int = 0
    began: float = field(default_factory=time.perf_counter)

    @property
    def caller(self) -> Client:
        """The client that calls; endpoints behind the token always have one."""
        if self.client is None:
            raise CallProblem("unauthorized")
        return self.client

    @property
    def system(self) -> System:
        """The system that calls."""
        return self.caller.system

    @property
    def actor(self) -> Actor:
        """The caller as the audit log names it."""
        caller = self.caller
        return Actor(
            f"system:{caller.system.code}",
            caller.system.name,
            "partner_system",
            self.address or "",
            caller.client_id,
            self.request_id,
        )


def attach(scope: MutableMapping[str, Any], call: Call) -> None:
    """Put a call into its ASGI scope."""
    scope[_KEY] = call


def call_of(scope: Any) -> Call:
    """Return the call of an ASGI scope."""
    call: Call = scope[_KEY]
    return call


def sent_kind(name: str) -> Kind:
    """Return a kind that may be sent; raises CallProblem unknown_kind."""
    kind = KINDS.get(name)
    if kind is None:
        raise CallProblem("unknown_kind")
    return kind
