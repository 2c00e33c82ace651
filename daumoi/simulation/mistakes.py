"""What becomes of a person when somebody types them in.

Shares: of 76.63 million people sent to the population database in 2022 for matching, 67 % were right, 25 % wrong, and
4.6 % had no number or one of a wrong form (Thời báo Tài chính); in a ward of Hà Nội 3,000 of 11,000 forms were right
(Báo Tin tức). They are spread over the fields here by judgement.
"""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Any

from daumoi.simulation.people import Person

Identity = dict[str, Any]

_CAPITALS = 0.25
_NO_ACCENTS = 0.12
_NAME_TYPO = 0.02
_YEAR_ALONE = 0.35
_WRONG_YEAR = 0.02
_SWAPPED_DAY = 0.01
_WRONG_SEX = 0.005
_NO_NUMBER = 0.2
_PLACEHOLDER = 0.01
_TYPO_IN_NUMBER = 0.015
_FAULTY = 0.004
"""Rows that no intake can take: they are held."""


def as_typed(chance: Random, person: Person, *, scanned: bool) -> Identity:
    """Write a person as a form or a scanner gives them; a scanned card has no mistakes but no accents either."""
    identity: Identity = {"full_name": person.full_name, "sex": person.sex, "birth_date": person.born_on.isoformat()}
    if person.nationality != "VN":
        identity["nationality"] = person.nationality
    if person.passport:
        identity["passport"] = dict(person.passport)
    if person.national_id:
        identity["national_id"] = person.national_id
    if scanned and person.national_id:
        identity["full_name"] = plain(person.full_name).upper()
        return identity
    if person.old_national_id and (not person.national_id or chance.random() < 0.2):
        identity["old_national_id"] = person.old_national_id
    if person.phone:
        identity["phone"] = _phone(chance, person.phone)
    _mistype(chance, identity)
    return identity


def _mistype(chance: Random, identity: Identity) -> None:
    roll = chance.random
    if roll() < _NAME_TYPO:
        identity["full_name"] = _swapped(chance, identity["full_name"])
    if roll() < _NO_ACCENTS:
        identity["full_name"] = plain(identity["full_name"])
    if roll() < _CAPITALS:
        identity["full_name"] = identity["full_name"].upper()
    year, month, day = identity["birth_date"].split("-")
    if roll() < _WRONG_YEAR:
        year = str(int(year) - chance.choice((1, 2, 10)))
    if roll() < _SWAPPED_DAY and int(day) <= 12:
        month, day = day, month
    if roll() < _YEAR_ALONE or (month, day) == ("02", "29"):
        identity["birth_date"] = year
    else:
        identity["birth_date"] = f"{year}-{month}-{day}"
    if roll() < _WRONG_SEX:
        identity["sex"] = "female" if identity["sex"] == "male" else "male"
    if "national_id" not in identity:
        return
    if roll() < _NO_NUMBER:
        del identity["national_id"]
    elif roll() < _PLACEHOLDER:
        identity["national_id"] = chance.choice(("000000000000", "111111111111", "999999999999"))
    elif roll() < _TYPO_IN_NUMBER:
        identity["national_id"] = _other_province(chance, identity["national_id"])


_NO_PROVINCE = ("003", "005", "007", "009", "013", "016", "018", "021", "023", "028", "039", "041", "043", "047", "053")
"""Numbers between those of the provinces that no province has: a number that begins so is nobody's."""


def _other_province(chance: Random, number: str) -> str:
    return chance.choice(_NO_PROVINCE) + number[3:]


def _phone(chance: Random, phone: str) -> str:
    forms = (
        phone,
        phone,
        phone,
        f"+84{phone[1:]}",
        f"84{phone[1:]}",
        phone[1:],
        f"{phone[:4]} {phone[4:7]} {phone[7:]}",
    )
    return chance.choice(forms)


def _swapped(chance: Random, text: str) -> str:
    place = chance.randrange(max(1, len(text) - 1))
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]


def plain(text: str) -> str:
    """Write without accents, as machine-readable cards do."""
    spread = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(sign for sign in spread if unicodedata.category(sign) != "Mn")


def spoil(chance: Random, row: dict[str, Any]) -> str | None:
    """Make a few rows faulty as offices do; returns the code that intake will hold the row under, or None."""
    if chance.random() >= _FAULTY:
        return None
    what = chance.choice(("bad_instant", "unknown_area", "unknown_field", "bad_date"))
    if what == "bad_instant":
        row["occurred_at"] = row["occurred_at"][:19].replace("T", " ")
    elif what == "unknown_area":
        row["area"] = {"scheme": "vn-2024", "code": "99999"}
    elif what == "bad_date" and "subject" in row:
        row["subject"]["birth_date"] = "31/02/1987"
    else:
        what = "unknown_field"
        row["ghi_chu"] = "x"
    return what
