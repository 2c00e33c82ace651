"""What becomes of a person when somebody types them in.

Shares: of 76.63 million people sent to the population database in 2022 for matching, 67 % were right, 25 % wrong, and
4.6 % had no number or one of a wrong form (Thời báo Tài chính); in a ward of Hà Nội 3,000 of 11,000 forms were right
(Báo Tin tức). They are spread over the fields here by judgement.

Rows are put together as JSON text: no value of a person holds a sign that JSON escapes (a test holds it), and to write
a row costs a third of making it an object and encoding that.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

import msgspec

from daumoi.simulation.names import Roll
from daumoi.simulation.people import Person

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
_PLACEHOLDERS = ("000000000000", "111111111111", "999999999999")
FAULTY = 0.004
"""Share of rows that no intake can take: they are held."""


def as_typed(roll: Roll, person: Person, more: str = "") -> str:
    """Write a person as a form gives them, as a JSON object; `more` is JSON text that begins with a comma."""
    name, sex = person.full_name, person.sex
    if roll() < _NAME_TYPO:
        name = _swapped(roll, name)
    if roll() < _NO_ACCENTS:
        name = plain(name)
    if roll() < _CAPITALS:
        name = name.upper()
    born = _birth_date(roll, person)
    if roll() < _WRONG_SEX:
        sex = "female" if sex == "male" else "male"
    if person.passport:
        more = _foreign(person) + more
    number = person.national_id
    if person.old_national_id and (not number or roll() < 0.2):
        more = f',"old_national_id":"{person.old_national_id}"{more}'
    if person.phone:
        more = f',"phone":"{_phone(roll, person.phone)}"{more}'
    if number and (number := _number(roll, number)):
        more = f',"national_id":"{number}"{more}'
    return f'{{"full_name":"{name}","sex":"{sex}","birth_date":"{born}"{more}}}'


def as_scanned(person: Person, more: str = "") -> str:
    """Write a person as a card's code gives them, as a JSON object: no mistakes, but no accents either."""
    name = plain(person.full_name).upper()
    return (
        f'{{"full_name":"{name}","sex":"{person.sex}","birth_date":"{person.born_on.isoformat()}"'
        f',"national_id":"{person.national_id}"{more}}}'
    )


def _foreign(person: Person) -> str:
    assert person.passport is not None
    number, country = person.passport["number"], person.passport["country"]
    return f',"nationality":"{person.nationality}","passport":{{"number":"{number}","country":"{country}"}}'


def _birth_date(roll: Roll, person: Person) -> str:
    born = person.born_on.isoformat()
    if roll() < _WRONG_YEAR:
        born = f"{int(born[:4]) - (1, 2, 10)[int(roll() * 3)]}{born[4:]}"
    if roll() < _SWAPPED_DAY and born[8:] <= "12":
        born = f"{born[:4]}-{born[8:]}-{born[5:7]}"
    return born[:4] if roll() < _YEAR_ALONE or born.endswith("02-29") else born


def _number(roll: Roll, number: str) -> str:
    """Return the number as typed; empty when it was left out."""
    if roll() < _NO_NUMBER:
        return ""
    if roll() < _PLACEHOLDER:
        return _PLACEHOLDERS[int(roll() * 3)]
    if roll() < _TYPO_IN_NUMBER:
        # Every number begins with 0, the first sign of its province: with another first digit it is nobody's.
        return f"{1 + int(roll() * 9)}{number[1:]}"
    return number


def _phone(roll: Roll, phone: str) -> str:
    form = int(roll() * 7)
    if form < 3:
        return phone
    if form == 3:
        return f"+84{phone[1:]}"
    if form == 4:
        return f"84{phone[1:]}"
    return phone[1:] if form == 5 else f"{phone[:4]} {phone[4:7]} {phone[7:]}"


def _swapped(roll: Roll, text: str) -> str:
    place = int(roll() * max(1, len(text) - 1))
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]


@lru_cache(maxsize=100_000)
def plain(text: str) -> str:
    """Write without accents, as machine-readable cards do."""
    spread = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(sign for sign in spread if unicodedata.category(sign) != "Mn")


def spoiled(roll: Roll, line: str) -> tuple[str, str]:
    """Make a row faulty as offices do; returns it and the code that intake will hold it under."""
    row: dict[str, Any] = msgspec.json.decode(line)
    what = ("bad_instant", "unknown_area", "unknown_field", "bad_date")[int(roll() * 4)]
    if what == "bad_instant":
        row["occurred_at"] = row["occurred_at"][:19].replace("T", " ")
    elif what == "unknown_area":
        row["area"] = {"scheme": "vn-2024", "code": "99999"}
    elif what == "bad_date" and "subject" in row:
        row["subject"]["birth_date"] = "31/02/1987"
    else:
        what = "unknown_field"
        row["ghi_chu"] = "x"
    return msgspec.json.encode(row).decode(), what
