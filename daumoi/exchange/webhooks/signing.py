"""Signs messages as Standard Webhooks 1.0 says: HMAC-SHA256 with a shared secret, and Ed25519 with the hub's key.

A receiver verifies by either. While a secret is being replaced, the old and the new one sign side by side.
Source: the Standard Webhooks specification 1.0.0, sections "Signature scheme" and "Key rotation".
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Form = Literal["hmac", "ed25519"]
SECRET_BYTES = 32
_SECRET, _PUBLIC = "whsec_", "whpk_"


@dataclass(frozen=True)
class SigningKey:
    """One key of a webhook. `raw`: the shared secret, or the seed of the Ed25519 key, which never leaves the hub."""

    form: Form
    raw: bytes

    def __repr__(self) -> str:
        """Name the form alone."""
        return f"SigningKey({self.form})"

    @property
    def shown(self) -> str:
        """What the receiver is told: the shared secret (`whsec_…`), or the public key (`whpk_…`)."""
        if self.form == "hmac":
            return _SECRET + base64.b64encode(self.raw).decode()
        public = Ed25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw()
        return _PUBLIC + base64.b64encode(public).decode()

    def sign(self, said: bytes) -> str:
        """Return one signature with the version of its scheme before it."""
        if self.form == "hmac":
            return "v1," + base64.b64encode(hmac.digest(self.raw, said, "sha256")).decode()
        return "v1a," + base64.b64encode(Ed25519PrivateKey.from_private_bytes(self.raw).sign(said)).decode()


def make_key(form: Form) -> SigningKey:
    """Make a key of 256 random bits."""
    return SigningKey(form, secrets.token_bytes(SECRET_BYTES))


def read_secret(shown: str) -> SigningKey:
    """Read a shared secret as it was shown; raises ValueError for any other text."""
    try:
        raw = base64.b64decode(shown.removeprefix(_SECRET), validate=True)
    except binascii.Error:
        raise ValueError("a shared secret is whsec_ and base64") from None
    if not shown.startswith(_SECRET) or not 24 <= len(raw) <= 64:
        raise ValueError("a shared secret is whsec_ and 24 to 64 bytes in base64")
    return SigningKey("hmac", raw)


def headers(keys: Iterable[SigningKey], *, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt: `at` is its instant, `message` the id that stays the same at every try.

    Raises ValueError for an id with a dot, which would let a signed text be read in two ways.
    """
    if "." in message:
        raise ValueError("the id of a message holds no dot")
    timestamp = str(int(at.timestamp()))
    said = b"%b.%b.%b" % (message.encode(), timestamp.encode(), body)
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(key.sign(said) for key in keys),
    }
