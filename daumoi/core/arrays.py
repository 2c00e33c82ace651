"""Arrays of many equal values for PostgreSQL, packed at once: element by element they take a third of a bulk append."""

import struct
from collections.abc import Iterable

from psycopg import adapt, pq
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap

HASH_BYTES = 16
_BYTEA, _BYTEA_ARRAY = 17, 1001
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


def register(adapters: AdaptersMap) -> None:
    """Teach psycopg to send Hashes."""
    adapters.register_dumper(Hashes, _HashesDumper)
