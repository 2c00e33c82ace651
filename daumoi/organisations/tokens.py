"""Bearer tokens: signed, so that checking one reads no table and a restart forgets none (RFC 6749, section 4.4)."""

import base64
import binascii
import hmac
import secrets
from datetime import datetime

from daumoi.core.crypto import INDEX_BYTES, Keys

_NAME = "token"


def issue(keys: Keys, *, client_id: str, at: datetime, seconds: int) -> str:
    """Make a token for a client that ends `seconds` after `at`."""
    said = f"{client_id}|{int(at.timestamp()) + seconds}|{secrets.token_hex(8)}".encode()
    return base64.urlsafe_b64encode(said + keys.index(_NAME, said)).decode().rstrip("=")


def read(keys: Keys, token: str, at: datetime) -> str | None:
    """Return the client id of a token, or None when it is not ours, was altered, or has ended."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    said, seal = raw[:-INDEX_BYTES], raw[-INDEX_BYTES:]
    if not hmac.compare_digest(keys.index(_NAME, said), seal):
        return None
    client_id, ends_at, _ = said.decode().rsplit("|", 2)
    return client_id if int(ends_at) > at.timestamp() else None
