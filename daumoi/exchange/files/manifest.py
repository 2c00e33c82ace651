"""The signed manifest of a day's files: who got what, under which version, how many, and the hash of each file.

The signature (Ed25519, RFC 8032) is over the manifest without its member `signature`, written as RFC 8785 says: keys
sorted, no blanks, UTF-8. All keys are ASCII and all numbers whole, so any JSON library that sorts keys writes it so.
"""

import base64
from datetime import date
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from daumoi.core.crypto import Keys

FORM: Final = "daumoi-files/1"
KEY_ID: Final = "files-1"
_KEY_NAME = "file manifest"


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file: first and last are the numbers of its first and last record, null where it holds none."""

    name: str
    format: str
    province: str | None
    """Code of the province (vn-2025), `other` for records of none; null where a file holds all."""
    records: int
    withdrawals: int
    bytes: int
    sha256: str
    first: int | None
    last: int | None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one part of a day of a kind holds for one receiver."""

    form: str = FORM
    receiver: str
    files_of: str
    """The name of the destination."""
    kind: str
    day: date
    part: int
    ends_day: bool
    """Whether no further part of the day follows."""
    agreement: int
    version: int
    """Of the agreement, under which the files were written."""
    taken_under: tuple[str, ...]
    """Agreements and versions (`3.1`) under which the records were taken out."""
    identity: str
    numbers: str
    """`hub`, or `receiver` where numbers and ids are the receiver's own."""
    first: int
    last: int
    """The range of numbers that the part covers; last is first - 1 where it covers none."""
    records: int
    withdrawals: int
    cloudevents: bool
    taken_at: str
    files: tuple[FileEntry, ...]
    key: str = KEY_ID


def said(manifest: dict[str, Any]) -> bytes:
    """Return the bytes that are signed."""
    return msgspec.json.encode({key: manifest[key] for key in manifest if key != "signature"}, order="sorted")


def signed(manifest: Manifest, keys: Keys) -> bytes:
    """Write a manifest with its signature in base64, indented for people."""
    plain: dict[str, Any] = msgspec.to_builtins(manifest)
    signature = base64.b64encode(signing_key(keys).sign(said(plain))).decode()
    return msgspec.json.format(msgspec.json.encode({**plain, "signature": signature}), indent=1) + b"\n"


def is_signed_by(written: bytes, key: Ed25519PublicKey) -> bool:
    """Tell whether a manifest as it was written carries a good signature."""
    try:
        found: dict[str, Any] = msgspec.json.decode(written)
        key.verify(base64.b64decode(found["signature"], validate=True), said(found))
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def signing_key(keys: Keys) -> Ed25519PrivateKey:
    """Return the key that manifests are signed with."""
    return Ed25519PrivateKey.from_private_bytes(keys.derived(_KEY_NAME))


def public_key(keys: Keys) -> Ed25519PublicKey:
    """Return the key that anybody may have and that manifests are checked with."""
    return signing_key(keys).public_key()
