"""The words wire schemas are written in: shapes, marks and bounds of single fields.

A mark says who may see a field (design, section 7): a *fact* stands in the body and the archive; a *personal*
field (free text, address line, plate, seat, contact) is sealed beside the record; *identity* goes to `people`.
A field without a mark is a fact.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct


def _personal(low: int, high: int, description: str) -> Meta:
    return Meta(min_length=low, max_length=high, description=description, extra={"mark": "personal"})


def _identifier(pattern: str, longest: int, description: str, example: str) -> Meta:
    """An identifier: a wrong shape is `bad_identifier`. The length bound keeps `$` from passing a line end."""
    return Meta(
        min_length=1,
        max_length=longest,
        pattern=pattern,
        description=description,
        examples=[example],
        extra={"mark": "identity", "code": "bad_identifier"},
    )


ShortText = Annotated[str, Meta(min_length=1, max_length=200)]
CodeText = Annotated[str, Meta(min_length=1, max_length=64)]
Note = Annotated[str, _personal(1, 2000, "Free text; sealed apart from the facts.")]
PersonalLine = Annotated[str, _personal(1, 500, "Free text that may name or place a person; sealed.")]
Place = Annotated[str, _personal(1, 200, "A place as somebody wrote it: free text; sealed.")]
TransportNumber = Annotated[
    str, _personal(1, 30, "Flight, train or coach number; sealed: for a car or a motorbike it is the plate.")
]
Seat = Annotated[str, _personal(1, 50, "Seat, berth or CREW; sealed.")]
Plate = Annotated[str, _personal(1, 20, "Licence plate; sealed.")]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset, in 1900–2199.")]
Day = Annotated[date, Meta(description="YYYY-MM-DD, in 1900–2199.")]
TemperatureC = Annotated[float, Meta(ge=30, le=45, description="Degrees Celsius.")]
CountryCode = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=2,
        pattern="^[A-Z]{2}$",
        description="ISO 3166-1 alpha-2.",
        extra={"code": "not_in_list", "list": "country"},
    ),
]


_Code = Annotated[str, Meta(min_length=1, max_length=64)]
_ANSWERS = "Codes of the list to true or false. Not asked or not answered is absent, never false."

SymptomAnswers = Annotated[dict[_Code, bool], Meta(max_length=100, description=_ANSWERS, extra={"list": "symptom"})]
ExposureAnswers = Annotated[dict[_Code, bool], Meta(max_length=100, description=_ANSWERS, extra={"list": "exposure"})]
VaccineProduct = Annotated[
    str, Meta(min_length=1, max_length=64, description="A listed product.", extra={"list": "vaccine_product"})
]
TestType = Annotated[str, Meta(min_length=1, max_length=64, description="A listed test.", extra={"list": "test_type"})]


class Wire(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The base of all wire structs: unknown fields are refused, defaults are not written out."""


class Area(Wire):
    """An administrative unit of any level, by scheme and code."""

    scheme: Literal["vn-2025", "vn-2024", "iso-3166"]
    code: Annotated[
        str, Meta(min_length=1, max_length=10, description="A string; its zeros count.", extra={"code": "unknown_area"})
    ]


class Location(Wire):
    """A point on the earth, WGS 84."""

    lat: Annotated[float, Meta(ge=-90, le=90, description="Degrees north.")]
    lon: Annotated[float, Meta(ge=-180, le=180, description="Degrees east.")]
    accuracy_m: Annotated[float, Meta(ge=0, le=1_000_000, description="Radius in metres.")] | None = None


class Passport(Wire):
    """A passport and the country that issued it."""

    number: Annotated[str, _identifier("^[A-Za-z0-9][A-Za-z0-9 -]*$", 20, "As printed.", "C1234567")]
    country: CountryCode


class Identity(Wire):
    """What a source says of who somebody is: at least one identifier, or a full name."""

    national_id: (
        Annotated[str, _identifier("^[0-9]{12}$", 12, "Số định danh cá nhân: 12 digits.", "001087000001")] | None
    ) = None
    old_national_id: Annotated[str, _identifier("^[0-9]{9}$", 9, "CMND: 9 digits.", "012345670")] | None = None
    passport: Passport | None = None
    health_insurance_no: (
        Annotated[str, _identifier("^[A-Za-z0-9 ]+$", 25, "BHYT: 15 characters, 12 or 10 digits.", "0123456789")] | None
    ) = None
    phone: Annotated[str, _identifier("^[0-9+(). -]+$", 32, "With or without +84.", "0912345678")] | None = None
    full_name: (
        Annotated[
            str,
            Meta(min_length=1, max_length=200, description="As written by the source.", extra={"mark": "identity"}),
        ]
        | None
    ) = None
    birth_date: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=10,
                description="YYYY-MM-DD, YYYY-MM or YYYY.",
                extra={"mark": "identity", "code": "bad_date"},
            ),
        ]
        | None
    ) = None
    sex: Literal["male", "female", "other", "unknown"] | None = None
    nationality: CountryCode | None = None
    system_person_id: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=128,
                description="The sender's own stable id of the person.",
                extra={"mark": "identity", "code": "bad_identifier"},
            ),
        ]
        | None
    ) = None


class Address(Wire):
    """Where somebody lives or stays: the unit is a fact, the line is sealed."""

    area: Area | None = None
    line: PersonalLine | None = None


class Consent(Wire):
    """On what ground the data were taken, and which text the person saw."""

    basis: Annotated[str, Meta(min_length=1, max_length=100)]
    text_version: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
