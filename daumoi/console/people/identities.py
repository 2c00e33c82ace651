"""What was said of a person, for a page: masked unless it was asked for, and compared side by side.

Masked as the unified QR of 1405/QĐ-BTTTT is shown: the first six signs of a number, and the day and month of birth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from django.utils.translation import gettext

from daumoi.linkage.comparing.rows import spelling
from daumoi.linkage.selectors import Origin
from daumoi.organisations.registry import Registry
from daumoi.people import folding
from daumoi.people.identifiers import Claimed

HIDDEN = "•"
_FIRST_HIDDEN = 6
_DAY_FIRST = re.compile(r"(?:(?:(\d{1,2})[/. -])?(\d{1,2})[/. -])?(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"\d{4}(?:-\d{2}){0,2}", re.ASCII)
Mark = Literal["same", "near", "differs", ""]


class Said(NamedTuple):
    """One value of an identity in words. `field` is its name in the contract; `text` is masked or whole."""

    field: str
    title: str
    text: str


class ClaimShown(NamedTuple):
    """One claim: who said it, when first, and what."""

    claim: int
    system: str
    at: datetime
    matched: bool
    values: list[Said]


class Beside(NamedTuple):
    """One field of two people: what each side's claims say, with the systems, and how the sides compare."""

    title: str
    left: list[tuple[str, str]]
    right: list[tuple[str, str]]
    mark: Mark


def masked(text: str) -> str:
    """Hide the first six signs of a number, and of a long one the first half; a short one is hidden whole."""
    hidden = max(_FIRST_HIDDEN, (len(text) + 1) // 2)
    return HIDDEN * min(hidden, len(text)) + text[hidden:]


def birth_in_words(birth: str, *, whole: bool) -> str:
    """Write YYYY, YYYY-MM or YYYY-MM-DD as 03/02/1987; day and month are hidden unless it is to be whole."""
    parts = birth.split("-")[::-1]
    return "/".join([*(parts[:-1] if whole else [HIDDEN * 2 for _ in parts[:-1]]), parts[-1]])


def iso_birth(text: str) -> str | None:
    """Read 03/02/1987, 2/1987, 1987 or 1987-02-03 as YYYY-MM-DD, as exact as it is; None for anything else."""
    text = text.strip()
    if _YEAR_FIRST.fullmatch(text):
        return text
    found = _DAY_FIRST.fullmatch(text)
    if found is None:
        return None
    day, month, year = found.groups()
    return "-".join([year, *(f"{int(part):02d}" for part in (month, day) if part is not None)])


def titles() -> dict[str, str]:
    """The fields of an identity in the order in which they are shown."""
    return {
        "full_name": gettext("Full name"),
        "birth_date": gettext("Date of birth"),
        "sex": gettext("Sex"),
        "national_id": gettext("National id"),
        "old_national_id": gettext("Old identity card"),
        "passport": gettext("Passport"),
        "health_insurance_no": gettext("Health insurance"),
        "phone": gettext("Phone"),
        "nationality": gettext("Nationality"),
        "system_person_id": gettext("Number in the system"),
    }


def in_words(identity: Claimed, *, whole: bool) -> list[Said]:
    """Put what one claim said into words; what it was silent on is left out."""
    return [
        Said(field, title, _text(field, value, whole=whole))
        for field, title in titles().items()
        if (value := plain(identity, field)) is not None
    ]


def plain(identity: Claimed, field: str) -> str | None:
    """Return one value as it was sent; of a passport the country and the number."""
    if field == "passport":
        return f"{identity.passport.country} {identity.passport.number}" if identity.passport else None
    value: str | None = getattr(identity, field)
    return value


def _text(field: str, value: str, *, whole: bool) -> str:
    if field == "birth_date":
        return birth_in_words(value, whole=whole)
    if field == "sex":
        return {"male": gettext("male"), "female": gettext("female")}.get(value, value)
    if field in ("full_name", "nationality") or whole:
        return value
    if field == "passport":
        country, _, number = value.partition(" ")
        return f"{country} {masked(number)}"
    return masked(value)


def claims_shown(
    origins: Iterable[Origin], systems: Registry, *, whole: bool, matched: Sequence[int] = ()
) -> list[ClaimShown]:
    """Put the claims of a person into words."""
    return [
        ClaimShown(
            origin.claim,
            system_name(systems, origin.system_id),
            origin.created_at,
            origin.claim in matched,
            in_words(origin.identity, whole=whole),
        )
        for origin in origins
    ]


def system_name(systems: Registry, system_id: int) -> str:
    """Return the name of a system; one that is gone goes by its number."""
    found = systems.system(system_id)
    return found.name if found else str(system_id)


def beside(left: Sequence[Origin], right: Sequence[Origin], systems: Registry, *, whole: bool) -> list[Beside]:
    """Compare what two people's claims say, field by field; what both are silent on is left out."""
    rows = []
    for field, title in titles().items():
        ours, theirs = _values(left, field), _values(right, field)
        if ours or theirs:
            sides = [
                [
                    (_text(field, value, whole=whole), ", ".join(sorted({system_name(systems, one) for one in said})))
                    for value, said in values.items()
                ]
                for values in (ours, theirs)
            ]
            rows.append(Beside(title, sides[0], sides[1], compared(field, list(ours), list(theirs))))
    return rows


def _values(origins: Iterable[Origin], field: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for origin in origins:
        if (value := plain(origin.identity, field)) is not None:
            found.setdefault(value, []).append(origin.system_id)
    return found


def compared(field: str, ours: Sequence[str], theirs: Sequence[str]) -> Mark:
    """Tell whether two sides agree on a field: in one value, nearly, or in none; nothing when one is silent.

    A number of a system of its own is that system's alone and says nothing beside another's.
    """
    if not ours or not theirs or field == "system_person_id":
        return ""
    left, right = {_key(field, value) for value in ours}, {_key(field, value) for value in theirs}
    if left & right:
        return "same"
    pairs = [(one, other) for one in left for other in right]
    if field == "full_name" and any(_name(one) == _name(other) for one, other in pairs):
        return "near"
    if field == "birth_date" and any(one.startswith(other) or other.startswith(one) for one, other in pairs):
        return "near"
    return "differs"


def _key(field: str, value: str) -> str:
    """Fold a value as far as the way of writing it does not count."""
    fold = {
        "national_id": folding.national_id_key,
        "old_national_id": folding.old_national_id_key,
        "health_insurance_no": folding.health_insurance_key,
        "phone": folding.phone_key,
    }.get(field)
    return (fold(value) if fold else None) or value.strip()


def _name(value: str) -> str:
    """Fold a name without its accents and the order of its words."""
    return " ".join(sorted(folding.name_key(value).split()))


def may_be_twins(left: Sequence[Origin], right: Sequence[Origin]) -> bool:
    """Tell whether two people may be twins: one day of birth, names that are not one, and no number in common.

    Twins share all else as well (phone, home, sex), and that all speaks for one person. Names that were written without
    accents on one side are one; two that were written with other accents are two.
    """
    days = [
        {one.identity.birth_date for one in side if len(one.identity.birth_date or "") == len("YYYY-MM-DD")}
        for side in (left, right)
    ]
    if not days[0] & days[1]:
        return False
    names = [list(_values(side, "full_name")) for side in (left, right)]
    pairs = [(one, other) for one in names[0] for other in names[1]]
    if not pairs or any(_one_name(*pair) for pair in pairs):
        return False
    return not any(
        compared(field, list(_values(left, field)), list(_values(right, field))) == "same"
        for field in ("national_id", "old_national_id", "passport", "health_insurance_no")
    )


def _one_name(one: str, other: str) -> bool:
    written = spelling(one), spelling(other)
    return _name(one) == _name(other) and (None in written or sorted(_words(written[0])) == sorted(_words(written[1])))


def _words(text: str | None) -> list[str]:
    return (text or "").split()
