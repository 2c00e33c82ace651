"""Keys derived by name from one master key; sealing (AES-256-GCM) and keyed hashes (BLAKE2b).

Nothing else in the product encrypts or hashes anything personal. A hash without the key would let anyone
who holds the database try all twelve-digit numbers in minutes, so every hash here is keyed.
"""

import os
from functools import lru_cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
INDEX_BYTES = 16
KEY_VERSION = 1
"""Version of the derived keys, the first byte of every sealed value, so that a later key can live beside it."""
_NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed value cannot be opened: it was altered, moved from its place, or sealed under another key."""


class Keys:
    """All keys of a hub, derived from its master key by name (HKDF-SHA256, RFC 5869)."""

    def __init__(self, master: bytes) -> None:
        """Take a master key of 32 bytes; raises ValueError for any other length."""
        if len(master) != MASTER_KEY_BYTES:
            raise ValueError(f"a master key has {MASTER_KEY_BYTES} bytes")
        self._master = master
        self._seal = AESGCM(self.derived("seal", KEY_VERSION))
        self.fingerprint = blake2b(b"fingerprint", key=self.derived("fingerprint"), digest_size=16).hexdigest()
        """Names the master key without telling anything of it; kept in the database to notice a wrong key."""

    @classmethod
    def from_master(cls, master: bytes) -> "Keys":
        """Derive the hub's keys from its master key."""
        return cls(master)

    @lru_cache(maxsize=64)  # noqa: B019 - one Keys lives as long as its process
    def derived(self, name: str, version: int = KEY_VERSION) -> bytes:
        """Return the 32-byte key of a name and version."""
        info = f"daumoi/{name}/{version}".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._master)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt; `context` binds the value to its place, so that it cannot be moved to another row."""
        nonce = os.urandom(_NONCE_BYTES)
        return bytes([KEY_VERSION]) + nonce + self._seal.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt what `seal` made with the same context; raises SealBroken."""
        if len(sealed) <= 1 + _NONCE_BYTES or sealed[0] != KEY_VERSION:
            raise SealBroken("a sealed value cannot be opened with this key")
        try:
            return self._seal.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], context)
        except InvalidTag:
            raise SealBroken("a sealed value cannot be opened with this key") from None

    def index(self, name: str, value: bytes) -> bytes:
        """Return the 16-byte keyed hash of a value under the key of that name."""
        return blake2b(value, key=self.derived(name), digest_size=INDEX_BYTES).digest()
