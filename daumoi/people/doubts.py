"""Doubts about an identity: said to the sender as warnings, and never a reason to refuse.

Sex is corrected in the register, papers hold errors, and the published example of the national QR code itself breaks
the rule of the birth year. So a mismatch asks for a look and stops nothing.
"""

from typing import Final, NamedTuple

from daumoi.people.documents import read_national_id
from daumoi.people.folding import is_placeholder

_CENTURY_NOT_YET_BORN: Final = 22


class Doubt(NamedTuple):
    """One doubt: a stable code, where in the identity it lies, and a sentence without any personal value."""

    code: str
    pointer: str
    message: str


_AT: Final = "/national_id"
PLACEHOLDER: Final = Doubt(
    "placeholder_number",
    _AT,
    "The national id looks like a number typed to fill the field (one repeated digit, or a phone number). "
    "It was stored, and will not be used to recognise the person; send the right number, or leave the field out.",
)
SEX: Final = Doubt(
    "national_id_sex",
    _AT,
    "The fourth digit of the national id stands for another sex than the one sent. Compare both with the card.",
)
BIRTH_YEAR: Final = Doubt(
    "national_id_birth_year",
    _AT,
    "Digits 4 to 6 of the national id stand for another year of birth than the one sent. Compare both with the card.",
)
BIRTH_YEAR_TO_COME: Final = Doubt(
    "national_id_birth_year",
    _AT,
    "Digits 4 to 6 of the national id stand for a year of birth after 2099. Compare the number with the card.",
)
PROVINCE: Final = Doubt(
    "national_id_province",
    _AT,
    "The first three digits of the national id are no code of a province or country. Compare the number with the card.",
)


def doubts(
    national_id_key: str, *, sex: str | None = None, birth_year: int | None = None, phone_key: str | None = None
) -> tuple[Doubt, ...]:
    """Return what speaks against a national id, given what else the same identity says.

    `sex` is the wire's (`male`, `female`, `other`, `unknown`); only the first two can speak against a number.
    `phone_key` is the identity's own phone in E.164. Text that is no 12-digit number raises no doubt: it is a fault,
    which is said elsewhere.
    """
    facts = read_national_id(national_id_key)
    if facts is None:
        return ()
    if is_placeholder(national_id_key, phone_key):
        # An invented number says nothing of sex, year or place: one sentence is enough.
        return (PLACEHOLDER,)
    found = []
    if sex in ("male", "female") and sex != facts.sex:
        found.append(SEX)
    if birth_year is not None and birth_year != facts.birth_year:
        found.append(BIRTH_YEAR)
    elif facts.century >= _CENTURY_NOT_YET_BORN and birth_year is None:
        found.append(BIRTH_YEAR_TO_COME)
    if facts.place == "unknown":
        found.append(PROVINCE)
    return tuple(found)
