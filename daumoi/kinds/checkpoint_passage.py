"""Kiểm soát vào ra: one person passing one checkpoint, in or out, and what was decided."""

from typing import Annotated, Literal

from msgspec import Meta

from daumoi.kinds.envelope import PersonEnvelope
from daumoi.kinds.fields import CodeText, Instant, PersonalLine, Plate, TemperatureC, Wire
from daumoi.kinds.kind import Kind


class CheckpointPassageData(Wire):
    """The passage. Device time and counter are kept beside the sender's time: offline devices have wrong clocks."""

    checkpoint: CodeText
    direction: Literal["in", "out"]
    method: Literal["personal_qr", "national_id_qr", "health_pass", "declaration_qr", "place_qr", "paper", "manual"]
    decision: Literal["allowed", "denied", "referred"]
    reason: PersonalLine | None = None
    device_id: CodeText | None = None
    device_time: Instant | None = None
    sequence: Annotated[int, Meta(ge=0, le=2**53, description="The device's own counter.")] | None = None
    temperature_c: TemperatureC | None = None
    vehicle_plate: Plate | None = None


class CheckpointPassage(PersonEnvelope):
    """One passage."""

    data: CheckpointPassageData | None = None


KIND = Kind(
    name="checkpoint_passage",
    number=5,
    version=1,
    wire=CheckpointPassage,
    subject="required",
    title_en="Entries and exits at checkpoints",
    title_vi="Kiểm soát vào, ra tại điểm kiểm dịch",
    example={
        "ref": "example-1",
        "occurred_at": "2021-08-01T08:15:00+07:00",
        "subject": {"national_id": "001087000001", "full_name": "NGUYEN VAN MAU", "birth_date": "1987"},
        "data": {
            "checkpoint": "EXAMPLE-1",
            "direction": "in",
            "method": "national_id_qr",
            "decision": "allowed",
            "device_id": "gate-7",
            "device_time": "2021-08-01T08:15:02+07:00",
            "sequence": 88213,
            "temperature_c": 36.6,
            "vehicle_plate": "30A-000.01",
        },
    },
)
