"""Declarations: what is asked, over how many days, and whether anybody has to declare."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from daumoi.rulepacks.vocabulary.base import Parameters, Wording


class SymptomList(Parameters, frozen=True, kw_only=True):
    """The symptoms a form asks for. One track a form."""

    GROUP: ClassVar[str] = "symptom_list"
    TITLE_EN: ClassVar[str] = "Symptoms asked for"
    TITLE_VI: ClassVar[str] = "Danh mục triệu chứng của tờ khai"

    items: Annotated[tuple[Wording, ...], Meta(min_length=1)]
    answered: Literal["each", "one_for_all"]
    """Whether each symptom has an answer of its own, or one yes or no stands for all of them."""
    preselected: Literal["none", "no"]
    """What the form shows before anybody answers; "no" makes false data."""


class LookBack(Parameters, frozen=True, kw_only=True):
    """How far back a statement reaches. One track a form."""

    GROUP: ClassVar[str] = "look_back"
    TITLE_EN: ClassVar[str] = "Look-back"
    TITLE_VI: ClassVar[str] = "Số ngày hồi cứu"

    days: Annotated[int, Meta(ge=1, le=365)]
    first_day_included: bool
    """Whether the day that lies so many days before the statement belongs to it."""


class DeclarationDuty(Parameters, frozen=True, kw_only=True):
    """Whether people have to declare. One track a kind of declaration."""

    GROUP: ClassVar[str] = "declaration_duty"
    TITLE_EN: ClassVar[str] = "Duty to declare"
    TITLE_VI: ClassVar[str] = "Nghĩa vụ khai báo"

    required: bool


class MovementCode(Parameters, frozen=True, kw_only=True):
    """The code that a movement declaration gives."""

    GROUP: ClassVar[str] = "movement_code"
    TITLE_EN: ClassVar[str] = "Code of a movement declaration"
    TITLE_VI: ClassVar[str] = "Mã QR khai báo di chuyển"

    valid_hours: Annotated[int, Meta(ge=1, le=8760)]
    far_apart_minutes: Annotated[int, Meta(ge=1)]
    """The same code at two far places within so many minutes is flagged, never refused by itself."""


class VaccinationCertificate(Parameters, frozen=True, kw_only=True):
    """The signed certificate of vaccination."""

    GROUP: ClassVar[str] = "vaccination_certificate"
    TITLE_EN: ClassVar[str] = "Vaccination certificate"
    TITLE_VI: ClassVar[str] = "Chứng nhận tiêm chủng"

    valid_months: Annotated[int, Meta(ge=1)]
    fields: Annotated[int, Meta(ge=1)]
