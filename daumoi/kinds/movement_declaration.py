"""Khai báo di chuyển nội địa: a journey of one or more legs inside the country.

Several legs, because the form of 2021 took one destination only and left those who deliver goods stuck.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from daumoi.kinds.envelope import PersonEnvelope
from daumoi.kinds.fields import (
    Area,
    Consent,
    ExposureAnswers,
    Identity,
    Instant,
    PersonalLine,
    Place,
    Seat,
    SymptomAnswers,
    TransportNumber,
    Wire,
)
from daumoi.kinds.kind import Kind


class End(Wire):
    """One end of a leg."""

    area: Area
    gate: Place | None = None


class Transport(Wire):
    """What a leg is travelled in."""

    mode: Literal["plane", "train", "coach", "boat", "car", "motorbike", "lorry", "other"]
    number: TransportNumber | None = None
    seat: Seat | None = None


class Leg(Wire):
    """One leg of a journey. The number is sealed: for a car or a motorbike it is the plate."""

    to: End
    departs_at: Instant
    transport: Transport
    from_: End = field(name="from")
    arrives_at: Instant | None = None


class MovementDeclarationData(Wire):
    """The journey and the short health questions."""

    legs: Annotated[list[Leg], Meta(min_length=1, max_length=20)]
    purpose: PersonalLine | None = None
    companions: Annotated[list[Identity], Meta(max_length=50, extra={"mark": "identity"})] = []
    valid_until: Instant | None = None
    symptoms: SymptomAnswers = {}
    exposures: ExposureAnswers = {}
    consent: Consent | None = None


class MovementDeclaration(PersonEnvelope):
    """One movement declaration."""

    data: MovementDeclarationData | None = None


KIND = Kind(
    name="movement_declaration",
    number=2,
    version=1,
    wire=MovementDeclaration,
    subject="required",
    title_en="Movement declarations",
    title_vi="Khai báo di chuyển nội địa",
    example={
        "ref": "example-1",
        "occurred_at": "2021-09-21T06:30:00+07:00",
        "subject": {"national_id": "079190000002", "full_name": "Trần Thị Mẫu", "phone": "+84987654321"},
        "area": {"scheme": "vn-2024", "code": "79"},
        "data": {
            "legs": [
                {
                    "from": {"area": {"scheme": "vn-2024", "code": "79"}, "gate": "Bến xe Miền Đông"},
                    "to": {"area": {"scheme": "vn-2024", "code": "75"}},
                    "departs_at": "2021-09-21T07:00:00+07:00",
                    "arrives_at": "2021-09-21T09:00:00+07:00",
                    "transport": {"mode": "coach", "number": "51B-000.01", "seat": "A12"},
                },
                {
                    "from": {"area": {"scheme": "vn-2024", "code": "75"}},
                    "to": {"area": {"scheme": "vn-2024", "code": "77"}},
                    "departs_at": "2021-09-21T13:00:00+07:00",
                    "transport": {"mode": "motorbike"},
                },
            ],
            "purpose": "Giao thuốc",
            "companions": [{"full_name": "Trần Văn Mẫu", "birth_date": "2015"}],
            "valid_until": "2021-09-24T07:00:00+07:00",
            "symptoms": {"fever": False},
            "exposures": {"confirmed_case": False},
            "consent": {"basis": "law", "text_version": "2021-09"},
        },
    },
)
