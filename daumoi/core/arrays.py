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


class _HashesDumper(adapt.Dumper):
    """Writes the binary form of an array (PostgreSQL source, array_recv): dimensions, nulls, type, size, bound."""

    format = pq.Format.BINARY
    oid = _BYTEA_ARRAY

    def dump(self, obj: Hashes) -> Buffer:
        values = obj.values
        if not values:
            return struct.pack("!iiI", 0, 0, _BYTEA)
        packed = _LENGTH + _LENGTH.join(values)
        if len(packed) != len(values) * (HASH_BYTES + 4):
            raise ValueError("a hash has 16 bytes")
        return _HEAD.pack(1, 0, _BYTEA, len(values), 1) + packed


class Blobs:
    """Byte strings of any length, or none, as one parameter of type bytea[]."""

    __slots__ = ("values",)

    def __init__(self, values: Iterable[bytes | None]) -> None:
        """Take the byte strings."""
        self.values = list(values)


class _BlobsDumper(adapt.Dumper):
    """Writes the binary form of an array, as above; a null has the length -1."""

    format = pq.Format.BINARY
    oid = _BYTEA_ARRAY

    def dump(self, obj: Blobs) -> Buffer:
        values = obj.values
        if not values:
            return struct.pack("!iiI", 0, 0, _BYTEA)
        pack = _SIZE.pack
        parts = [_NULL if value is None else pack(len(value)) + value for value in values]
        return _HEAD.pack(1, 1, _BYTEA, len(values), 1) + b"".join(parts)


class Numbers:
    """Whole numbers as one parameter of type bigint[]."""

    __slots__ = ("values",)

    def __init__(self, values: Iterable[int]) -> None:
        """Take the numbers."""
        self.values = list(values)


class _NumbersDumper(adapt.Dumper):
    """Writes the binary form of an array, as above."""

    format = pq.Format.BINARY
    oid = _BIGINT_ARRAY

    def dump(self, obj: Numbers) -> Buffer:
        values = obj.values
        if not values:
            return struct.pack("!iiI", 0, 0, _BIGINT)
        pack = _NUMBER.pack
        return _HEAD.pack(1, 0, _BIGINT, len(values), 1) + b"".join([pack(8, value) for value in values])


def register(adapters: AdaptersMap) -> None:
    """Teach psycopg to send Hashes, Blobs and Numbers."""
    adapters.register_dumper(Hashes, _HashesDumper)
    adapters.register_dumper(Blobs, _BlobsDumper)
    adapters.register_dumper(Numbers, _NumbersDumper)
