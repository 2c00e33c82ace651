"""What an authenticator app does: the code of a secret at an instant (RFC 6238, SHA-1, 30 seconds, 6 digits)."""

from __future__ import annotations

import base64
import hmac
import struct

PERIOD_S = 30


def code(secret: str, at: float) -> str:
    """The code that an app shows `at` an instant (seconds since 1970) for a secret in base 32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(at) // PERIOD_S), "sha1")
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"
