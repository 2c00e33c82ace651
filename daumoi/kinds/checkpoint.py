"""Điểm kiểm dịch: a place where people are checked, or whose entries and exits are recorded."""

from typing import Annotated, Literal

from msgspec import Meta

from daumoi.kinds.envelope import Envelope
from daumoi.kinds.fields import CodeText, Day, PersonalLine, ShortText, Wire
from daumoi.kinds.kind import Kind


class CheckpointData(Wire):
    """The place. Its code is unique in the sender's system; passages name it."""

    code: CodeText
    name: ShortText
    type: Literal[
        "road",
        "border_gate",
        "airport",
        "port",
        "station",
        "health_facility",
        "quarantine_site",
        "workplace",
        "school",
        "market",
        "venue",
        "residence",
    ]
    operator: ShortText | None = None
    opened_on: Day | None = None
    closed_on: Day | None = None
    capacity: Annotated[int, Meta(ge=0, le=10_000_000, description="Persons.")] | None = None
    contact: PersonalLine | None = None


class Checkpoint(Envelope):
    """One checkpoint; its area is required."""

    data: CheckpointData | None = None


KIND = Kind(
    name="checkpoint",
    number=4,
    version=1,
    wire=Checkpoint,
    subject="none",
    title_en="Checkpoints",
    title_vi="Điểm kiểm dịch",
    requires_area=True,
    example={
        "ref": "example-1",
        "occurred_at": "2021-07-24T00:00:00+07:00",
        "area": {"scheme": "vn-2024", "code": "01"},
        "location": {"lat": 20.9128, "lon": 105.8530, "accuracy_m": 20},
        "data": {
            "code": "EXAMPLE-1",
            "name": "Chốt Pháp Vân",
            "type": "road",
            "operator": "Công an thành phố",
            "opened_on": "2021-07-24",
            "capacity": 40,
            "contact": "Trực ban: 0243 000 0000",
        },
    },
)
