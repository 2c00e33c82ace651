"""Khai báo y tế điện tử: a person's own statement of health, exposure and travel.

Forms: tokhaiyte.vn, state of 27/12/2021; Decree 89/2018/NĐ-CP, Form 01 (entry); Decision 2666/QĐ-BYT (look-back).
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from daumoi.kinds.envelope import PersonEnvelope
from daumoi.kinds.fields import (
    Address,
    Area,
    Consent,
    CountryCode,
    Day,
    ExposureAnswers,
    Instant,
    Note,
    PersonalLine,
    Place,
    Seat,
    SymptomAnswers,
    TemperatureC,
    TestType,
    TransportNumber,
    VaccineProduct,
    Wire,
)
from daumoi.kinds.kind import Kind


class Stay(Wire):
    """Where the person was in the look-back time: a unit or a country, from a day to a day."""

    area: Area | None = None
    country: CountryCode | None = None
    from_: Day | None = field(name="from", default=None)
    to: Day | None = None
    place: PersonalLine | None = None


class Conveyance(Wire):
    """What the person arrived in."""

    mode: Literal["plane", "train", "coach", "boat", "car", "motorbike", "lorry", "other"]
    number: TransportNumber | None = None
    seat: Seat | None = None


class Arrival(Wire):
    """The part of the form that only an entry from abroad has."""

    gate: Place | None = None
    transport: Conveyance | None = None
    from_country: CountryCode | None = None
    transit_countries: Annotated[list[CountryCode], Meta(max_length=20)] = []
    entered_on: Day | None = None
    stay: Address | None = None
    isolation_place: PersonalLine | None = None


class Vaccination(Wire):
    """One dose."""

    product: VaccineProduct
    dose_number: Annotated[int, Meta(ge=1, le=20)] | None = None
    given_on: Day | None = None


class Test(Wire):
    """One laboratory or rapid test."""

    type: TestType
    result: Literal["positive", "negative", "inconclusive", "pending"]
    sampled_at: Instant | None = None
    laboratory: Place | None = None


class HealthDeclarationData(Wire):
    """The form's own fields."""

    form: Literal["domestic", "entry", "daily"]
    symptoms: SymptomAnswers = {}
    temperature_c: TemperatureC | None = None
    exposures: ExposureAnswers = {}
    travel: Annotated[list[Stay], Meta(max_length=50)] = []
    lookback_days: Annotated[int, Meta(ge=1, le=90, description="Days the questions look back.")] | None = None
    address: Address | None = None
    arrival: Arrival | None = None
    vaccinations: Annotated[list[Vaccination], Meta(max_length=20)] = []
    tests: Annotated[list[Test], Meta(max_length=50)] = []
    consent: Consent | None = None
    note: Note | None = None


class HealthDeclaration(PersonEnvelope):
    """One health declaration."""

    data: HealthDeclarationData | None = None


KIND = Kind(
    name="health_declaration",
    number=1,
    version=1,
    wire=HealthDeclaration,
    subject="required",
    title_en="Health declarations",
    title_vi="Khai báo y tế điện tử",
    example={
        "ref": "example-1",
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "subject": {
            "national_id": "001087000001",
            "full_name": "Nguyễn Văn Mẫu",
            "birth_date": "1987-01-18",
            "sex": "male",
            "phone": "0912345678",
            "nationality": "VN",
        },
        "area": {"scheme": "vn-2024", "code": "00004"},
        "data": {
            "form": "domestic",
            "symptoms": {"fever": True, "cough": False},
            "temperature_c": 37.9,
            "exposures": {"confirmed_case": False},
            "travel": [{"area": {"scheme": "vn-2024", "code": "79"}, "from": "2021-07-20", "to": "2021-07-28"}],
            "lookback_days": 21,
            "address": {"area": {"scheme": "vn-2024", "code": "00004"}, "line": "Số 1, phố Mẫu"},
            "vaccinations": [{"product": "vaxzevria", "dose_number": 1, "given_on": "2021-07-01"}],
            "consent": {"basis": "law", "text_version": "2021-07"},
        },
    },
)
