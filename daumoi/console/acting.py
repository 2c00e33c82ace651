"""Who acts on a page, as the audit log names them."""

from __future__ import annotations

from hashlib import sha256

from daumoi.audit.actors import Actor
from daumoi.console.access import StaffRequest, hub_of
from daumoi.core.ids import uuid7


def actor_of(request: StaffRequest) -> Actor:
    """Name the member who has signed in, with their roles and where they sit; the session by a digest alone."""
    session = getattr(request.session, "session_key", None) or ""
    return Actor(
        id=f"member:{request.scope.member_id}",
        label=request.scope.label,
        role=", ".join(request.standing.roles),
        origin=request.META.get("REMOTE_ADDR", ""),
        session=sha256(session.encode()).hexdigest()[:16] if session else "",
        request=str(uuid7(hub_of(request).clock.now())),
    )
