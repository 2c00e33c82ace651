"""Arrays of many equal values for PostgreSQL, packed at once: element by element they take a third of a bulk append."""

import struct
from collections.abc import Iterable

from psycopg import adapt, pq
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap

HASH_BYTES = 16
_BYTEA, _BYTEA_ARRAY = 17, 1001
_BIGINT, _BIGINT_ARRAY = 20, 1016
_NUMBER, _SIZE = struct.Struct("!iq"), struct.Struct("!i")
_NULL = struct.pack("!i", -1)
_HEAD = struct.Struct("!iiIii")
_LENGTH = struct.pack("!i", HASH_BYTES)


class Hashes:
    """Hashes of 16 bytes as one parameter of type bytea[]."""

    __slots__ = ("values",)

    def __init__(self, values: Iterable[bytes]) -> None:
        """Take the hashes, each of 16 bytes."""
        self.values = list(values)

    def packed(self) -> bytes:
        """Return the elements, each behind its length; raises ValueError for a hash of another length."""
        packed = _LENGTH + _LENGTH.join(self.values)
        if len(packed) != len(self.values) * (HASH_BYTES + 4):
            raise ValueError("a hash has 16 bytes")
        return packed


class Blobs:
    """Byte strings of any length, or none, as one parameter of type bytea[]."""

    __slots__ = ("values",)

    def __init__(self, values: Iterable[bytes | None]) -> None:
        """Take the byte strings."""
        self.values = list(values)

    def packed(self) -> bytes:
        """Return the elements, each behind its length; a null has the length -1."""
        pack = _SIZE.pack
        return b"".join([_NULL if value is None else pack(len(value)) + value for value in self.values])


class Numbers:
    """Whole numbers as one parameter of type bigint[]."""

    __slots__ = ("values",)

    def __init__(self, values: Iterable[int]) -> None:
        """Take the numbers."""
        self.values = list(values)

    def packed(self) -> bytes:
        """Return the elements, each behind its length."""
        pack = _NUMBER.pack
        return b"".join([pack(8, value) for value in self.values])


class _Dumper(adapt.Dumper):
    """Writes the binary form of an array (PostgreSQL source, array_recv): dimensions, nulls, type, size, bound."""

    format = pq.Format.BINARY
    element_oid: int

    def dump(self, obj: Hashes | Blobs | Numbers) -> Buffer:
        if not obj.values:
            return struct.pack("!iiI", 0, 0, self.element_oid)
        # That there may be nulls is said always; it binds to nothing.
        return _HEAD.pack(1, 1, self.element_oid, len(obj.values), 1) + obj.packed()


class _BytesDumper(_Dumper):
    oid, element_oid = _BYTEA_ARRAY, _BYTEA


class _NumbersDumper(_Dumper):
    oid, element_oid = _BIGINT_ARRAY, _BIGINT


def register(adapters: AdaptersMap) -> None:
    """Teach psycopg to send Hashes, Blobs and Numbers."""
    adapters.register_dumper(Hashes, _BytesDumper)
    adapters.register_dumper(Blobs, _BytesDumper)
    adapters.register_dumper(Numbers, _NumbersDumper)
