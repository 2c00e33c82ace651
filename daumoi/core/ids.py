"""Public ids: UUIDv7, so that ids made later sort later (RFC 9562, section 5.7)."""

import os
from datetime import datetime
from uuid import UUID

_VARIANT = 0x80
_VERSION = 0x70


def uuid7(at: datetime) -> UUID:
    """Make an id from the instant (millisecond resolution) and 74 random bits."""
    raw = bytearray(int(at.timestamp() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = _VERSION | (raw[6] & 0x0F)
    raw[8] = _VARIANT | (raw[8] & 0x3F)
    return UUID(bytes=bytes(raw))


def uuid7_block(at: datetime, count: int) -> list[UUID]:
    """Make `count` ids of one instant with one call for randomness."""
    head = int(at.timestamp() * 1000).to_bytes(6, "big")
    random = os.urandom(10 * count)
    made = []
    for start in range(0, 10 * count, 10):
        raw = bytearray(head + random[start : start + 10])
        raw[6] = _VERSION | (raw[6] & 0x0F)
        raw[8] = _VARIANT | (raw[8] & 0x3F)
        made.append(UUID(bytes=bytes(raw)))
    return made
