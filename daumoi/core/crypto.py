"""Keys derived by name from one master key; sealing (AES-256-GCM) and keyed hashes (BLAKE2b).

Nothing else in the product encrypts or hashes anything personal. A hash without the key would let anyone
who holds the database try all twelve-digit numbers in minutes, so every hash here is keyed.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
INDEX_BYTES = 16
SEAL_VERSION = 1
"""Version of the sealing key that is used now. It is the first byte of every sealed value, and values sealed under
an earlier one still open; the worker seals them anew."""
INDEX_VERSION = 1
"""Version of the keys of hashes; it never changes within a database, because receipts cannot be hashed again."""
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
        self._seals = {version: AESGCM(self.derived("seal", version)) for version in range(1, SEAL_VERSION + 1)}
        self.fingerprint = blake2b(b"fingerprint", key=self.derived("fingerprint"), digest_size=16).hexdigest()
        """Names the master key without telling anything of it; kept in the database to notice a wrong key."""

    @classmethod
    def from_master(cls, master: bytes) -> "Keys":
        """Derive the hub's keys from its master key."""
        return cls(master)

    @lru_cache(maxsize=64)  # noqa: B019 - one Keys lives as long as its process
    def derived(self, name: str, version: int = INDEX_VERSION) -> bytes:
        """Return the 32-byte key of a name and version."""
        info = f"daumoi/{name}/{version}".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._master)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt; `context` binds the value to its place, so that it cannot be moved to another row."""
        nonce = os.urandom(_NONCE_BYTES)
        return bytes([SEAL_VERSION]) + nonce + self._seals[SEAL_VERSION].encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Decrypt what `seal` made with the same context; raises SealBroken."""
        seal = self._seals.get(sealed[0]) if len(sealed) > 1 + _NONCE_BYTES else None
        if seal is None:
            raise SealBroken("a sealed value cannot be opened with this key")
        try:
            return seal.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], context)
        except InvalidTag:
            raise SealBroken("a sealed value cannot be opened with this key") from None

    @lru_cache(maxsize=1024)  # noqa: B019 - as above
    def indexer(self, name: str, begins: bytes = b"") -> Callable[[bytes], bytes]:
        """Return what makes the 16-byte keyed hash of `begins` and a value under the key of that name.

        BLAKE2b hashes its key as a block of its own before the value; a copy of that state spares it (0.46 to 0.31 µs).
        """
        begun = blake2b(begins, key=self.derived(name), digest_size=INDEX_BYTES)

        def index(value: bytes) -> bytes:
            hash_ = begun.copy()
            hash_.update(value)
            return hash_.digest()

        return index

    def index(self, name: str, value: bytes) -> bytes:
        """Return the 16-byte keyed hash of a value under the key of that name."""
        return self.indexer(name)(value)
