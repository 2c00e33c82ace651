"""The envelope all kinds share (contract, section 3)."""

from typing import Annotated, Literal

from msgspec import Meta

from daumoi.kinds.fields import Area, Identity, Instant, Location, Wire

REVISION_MAX = 2_147_483_647


class Envelope(Wire):
    """What every record carries around its own fields; a withdrawal needs only `ref`, `revision` and `op`."""

    ref: Annotated[
        str,
        Meta(min_length=1, max_length=128, description="The sender's own id of this record; never one of a person."),
    ]
    revision: Annotated[int, Meta(ge=1, le=REVISION_MAX)] = 1
    op: Literal["assert", "withdraw"] = "assert"
    occurred_at: Instant | None = None
    area: Area | None = None
    location: Location | None = None


class PersonEnvelope(Envelope):
    """The envelope of a kind that is about a person."""

    subject: Identity | None = None
    declarant: Identity | None = None
