"""Writes lines of a feed as CloudEvents 1.0, for receivers that ask for it (https://cloudevents.io, JSON format).

`id` is the record's id as this receiver gets it, `source` the system that sent it, `type` says kind and operation,
`subject` kind and number, `time` when the hub received it, and `data` is the line itself, byte for byte. The types
begin with the product's name, not with a domain: a hub is run by whoever runs it, under any name.
"""

from typing import Final
from urllib.parse import quote

import msgspec

EVENT: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
TYPE_PREFIX: Final = "daumoi.record"
_HUB = "/hub"


class _Line(msgspec.Struct):
    """What of a line stands around it as an event."""

    kind: str
    seq: int
    id: str
    op: str
    received_at: str
    system: str | None = None


_READ = msgspec.json.Decoder(_Line).decode


def type_of(kind: str, op: str) -> str:
    """Name the type of an event: `daumoi.record.citizen_report.assert`."""
    return f"{TYPE_PREFIX}.{kind}.{op}"


def source_of(system: str | None) -> str:
    """Name where an event comes from: a system, or the hub itself for changes of people."""
    return f"/systems/{quote(system, safe='')}" if system else _HUB


def event(line: bytes) -> bytes:
    """Write one line (without its line end, or with) as one CloudEvent."""
    raw = line.rstrip(b"\n")
    said = _READ(raw)
    front = msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": said.id,
            "source": source_of(said.system),
            "type": type_of(said.kind, said.op),
            "subject": f"{said.kind}/{said.seq}",
            "time": said.received_at,
            "datacontenttype": "application/json",
        }
    )
    return b'%b,"data":%b}' % (front[:-1], raw)


def batch(body: bytes) -> bytes:
    """Write NDJSON as one batch: a JSON array of events, empty where there is no line."""
    return b"[" + b",".join(event(line) for line in body.split(b"\n") if line) + b"]"
