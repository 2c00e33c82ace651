"""Search keys of what identifies a person: pure functions on the hot path of every new claim.

A key serves comparison alone: two spellings of one name or number give one key. What was sent is kept elsewhere,
unchanged. No function here raises on any text, and the key of a key is the key itself.
"""

import re
import unicodedata
from datetime import date
from typing import Final, Literal, NamedTuple

# --- Names -----------------------------------------------------------------------------------------------------
# Punctuation follows the machine-readable zone (ICAO Doc 9303-3, names): an apostrophe joins what it stands between,
# a hyphen or comma parts it. So "H'Lan" as typed meets "HLAN" as a passport reader gives it.
# Escapes, since they look alike: acute, middle dot, primes, modifier letters, single quotes, saltillo; dashes, minus.
_JOINING: Final = frozenset(
    "'`\u00b4\u00b7\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u2018\u2019\u201b\u2032\ua78c\uff07"
)
_PARTING: Final = frozenset("-.,\u2010\u2011\u2012\u2013\u2014\u2015\u2212")

# Letters that stand alone in Unicode: no decomposition, and a name that is no "LETTER X WITH …".
# ð for d: Latin-1 keyboards write Ð where Đ is meant. The escapes: dotless i and j; alpha, script g, gamma, iota, small
# capital i, u bar, upsilon, v with hook, small capital y, as African orthographies use them.
_LETTERS: Final = {
    "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ŋ": "n", "ĸ": "k", "ə": "e", "ǝ": "e", "ɛ": "e", "ɔ": "o", "ɵ": "o",
    "\u0131": "i", "\u0237": "j", "\u0251": "a", "\u0261": "g", "\u0263": "g", "\u0269": "i", "\u026a": "i",
    "\u0289": "u", "\u028a": "u", "\u028b": "v", "\u028f": "y",
}  # fmt: skip

_PLAIN_LETTER: Final = re.compile(r"LATIN SMALL LETTER ([A-Z])( WITH .*)?")

# Blocks whose characters have one meaning wherever they stand: Latin letters, their marks, common punctuation.
_BLOCKS: Final = (
    (0x0000, 0x036F), (0x1D00, 0x1DBF), (0x1E00, 0x1EFF), (0x2000, 0x206F),
    (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xAB30, 0xAB6F), (0xFF00, 0xFF5E),
)  # fmt: skip


def _decomposed(text: str) -> str:
    """Return compatibility-decomposed, case-folded text (the Unicode Standard, D146 and D147)."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _plain(character: str) -> str:
    """Fold one character that is case-folded and decomposed."""
    if character in _JOINING:
        return ""
    if character in _PARTING:
        return " "
    category = unicodedata.category(character)
    if category[0] == "M" or category in ("Cf", "Cs"):
        return ""
    if category == "Cc":
        return " "
    if character in _LETTERS:
        return _LETTERS[character]
    named = _PLAIN_LETTER.fullmatch(unicodedata.name(character, ""))
    return named[1].lower() if named else character


def _build_table() -> dict[int, str]:
    table = dict.fromkeys(map(ord, _PARTING), " ")
    for first, last in _BLOCKS:
        for point in range(first, last + 1):
            character = chr(point)
            # The spacing accents decompose into a space and a mark, so apostrophes are looked for before.
            folded = "" if character in _JOINING else "".join(map(_plain, _decomposed(character)))
            # What folds into another script (µ) is left to the slow way, which knows where a mark belongs.
            if all(not part.isalpha() or "LATIN" in unicodedata.name(part, "") for part in folded):
                table[point] = folded
    return table


_TABLE: Final = _build_table()
_ELSEWHERE: Final = re.compile("[^" + "".join(re.escape(chr(point)) for point in _TABLE) + "]")


def name_key(text: str) -> str:
    """Return the search key of a name: without case, Latin accents, placement of tone marks and punctuation.

    Letters of other scripts keep their marks (a Khmer vowel and the breve of й are no accents). Nothing is split
    into family and given name. The key of a text without letters and digits may be empty.
    """
    if _ELSEWHERE.search(text) is None:
        return " ".join(text.translate(_TABLE).split())
    return _other_scripts(text)


def _other_scripts(text: str) -> str:
    """Fold a text of any script; for texts that `_TABLE` covers the result is the same, three times slower."""
    pieces = []
    keeps_marks = False
    # NFC first: it turns one more acute (U+1FFD) into the one that `_JOINING` knows.
    sent = unicodedata.normalize("NFC", text)
    for character in _decomposed("".join(each for each in sent if each not in _JOINING)):
        category = unicodedata.category(character)
        if category in ("Cf", "Cs") or "VARIATION SELECTOR" in unicodedata.name(character, ""):
            continue
        if category[0] == "M":
            if keeps_marks:
                pieces.append(character)
            continue
        folded = _TABLE.get(ord(character))
        if folded == "":
            continue
        keeps_marks = folded is None and character.isalpha()
        pieces.append(character if folded is None else folded)
    return " ".join(unicodedata.normalize("NFC", "".join(pieces)).split())


# --- Phones ----------------------------------------------------------------------------------------------------
# The numbering plan of Viet Nam without its trunk zero, as libphonenumber 9.0.42 lists it. It changes: look there and
# at the ministry's decisions before changing a line. Circular 22/2014/TT-BTTTT is the plan; area codes begin with 2
# since 2017 (Decision 2036/QĐ-BTTTT of 21 November 2016); 11-digit mobile numbers (01…) ended with 14 November 2018.
VN_MOBILE: Final = (
    r"3\d{8}",
    r"5[1689]\d{7}|5(?:2[238]|59)\d{6}",
    r"7[06-9]\d{7}",
    r"8[1-8]\d{7}|89[6-9]\d{6}",
    r"9[0-8]\d{7}|99[013-9]\d{6}",
)
VN_LANDLINE: Final = (
    r"20[3-9]\d{7}",
    r"21[0-689]\d{7}",
    r"22[0-25-9]\d{7}",
    r"23[2-9]\d{7}",
    r"24[2-8]\d{7}",  # Hà Nội
    r"25[124-9]\d{7}",
    r"26[0-39]\d{7}",
    r"27[0-7]\d{7}",
    r"28[2-9]\d{7}",  # Hồ Chí Minh City
    r"29[0-4679]\d{7}",
)
VN_SERVICE: Final = (
    r"1[89]00\d{4,6}",  # hotlines of hotels and tour companies: guests leave them as the number to be reached at
    r"672\d{6}",  # satellite phones, as ships carry them
    r"69\d{5,6}",  # the networks of the army and the police; not dialled from abroad
)

_vn_number = re.compile("|".join(VN_MOBILE + VN_LANDLINE + VN_SERVICE)).fullmatch
_vn_mobile = re.compile("|".join(VN_MOBILE)).fullmatch

# A phone is copied from a web page or an address book with its invisible marks of writing direction.
_PHONE_SEPARATORS: Final = dict.fromkeys(
    map(ord, " .-()\t\u00a0\u2007\u2009\u202f\u2010\u2011\u2012\u2013\u200b\u200e\u200f\u202a\u202c\u202d\u2060\ufeff")
)
_E164_DIGITS: Final = range(7, 16)  # ITU-T E.164: at most 15; the shortest in use (Niue) have 7 with the country code


def phone_key(text: str) -> str | None:
    """Return a phone number in E.164, or None when the text is no phone number.

    Without country code it is a number of Viet Nam and must fit the numbering plan of today; with `+` or `00` and
    another country's code only the shape is checked.
    """
    # Most are plain digits: those need no cleaning.
    plain = text.isascii() and text.isdigit()
    digits = text if plain else text.replace("(0)", "").translate(_PHONE_SEPARATORS)
    international = digits[:1] == "+" or digits[:2] == "00"
    if international:
        digits = digits[1:] if digits[0] == "+" else digits[2:]
    if not (digits.isascii() and digits.isdigit()):
        return None
    if not international:
        national = digits[1:] if digits[0] == "0" else digits
        if _vn_number(national):
            return "+84" + national
    if digits[:2] == "84":
        national = digits[3:] if digits[2:3] == "0" else digits[2:]
        return "+84" + national if _vn_number(national) else None
    if international and digits[0] != "0" and len(digits) in _E164_DIGITS:
        return "+" + digits
    return None


# --- Numbers of documents --------------------------------------------------------------------------------------
_national_id = re.compile(r"[0-9]{12}").fullmatch
_old_national_id = re.compile(r"[0-9]{9}").fullmatch
_health_insurance = re.compile(r"[A-Z]{2}[0-9]{13}|[0-9]{12}|[0-9]{10}").fullmatch
# ICAO Doc 9303-4 gives the number 9 characters in the machine-readable zone; laissez-passers and older booklets print
# longer ones. Below 5 characters it is no number but a remark, and a passport joins claims to people.
_passport = re.compile(r"[A-Z0-9]{5,20}").fullmatch
_country = re.compile(r"[A-Z]{2}").fullmatch
_NUMBER_SEPARATORS: Final = dict.fromkeys(map(ord, " -\t\u00a0\u2010\u2011\u2013"))
_SYSTEM_PERSON_ID_MAX: Final = 128


def national_id_key(text: str) -> str | None:
    """Return a số định danh cá nhân (CCCD): exactly 12 ASCII digits, leading zeros kept; there is no check digit."""
    return text if _national_id(text) else None


def old_national_id_key(text: str) -> str | None:
    """Return a number of the old identity card (CMND): exactly 9 ASCII digits."""
    return text if _old_national_id(text) else None


def passport_key(number: str, country: str) -> str | None:
    """Return country and number of a passport as one key; two countries may give the same number."""
    if not (number.isascii() and country.isascii()):
        return None
    folded, issuer = number.translate(_NUMBER_SEPARATORS).upper(), country.upper()
    return f"{issuer}|{folded}" if _passport(folded) and _country(issuer) else None


def passport_number_of(key: str) -> str:
    """Return the number in a key of `passport_key`."""
    return key.partition("|")[2]


def health_insurance_key(text: str) -> str | None:
    """Return a health-insurance number (BHYT): 2 letters and 13 digits, 10 digits (cards since April 2021), or 12."""
    folded = text.translate(_NUMBER_SEPARATORS)
    if not folded.isascii():
        return None
    folded = folded.upper()
    return folded if _health_insurance(folded) else None


def system_person_id_key(text: str) -> str | None:
    """Return a sender's own id of a person: opaque, so case counts; only Unicode form and outer space are folded."""
    folded = unicodedata.normalize("NFC", text.strip())
    if not 1 <= len(folded) <= _SYSTEM_PERSON_ID_MAX:
        return None
    return None if any(unicodedata.category(each) in ("Cc", "Cs") for each in folded) else folded


# --- Placeholders ----------------------------------------------------------------------------------------------
_one_digit = re.compile(r"[A-Z]{0,2}([0-9])\1{2,}|([A-Z])\2+").fullmatch
# No province has the code 000, so this is a mobile number filled up to 12 digits and never a genuine id.
_padded_mobile = re.compile(f"000(?:{'|'.join(VN_MOBILE)})").fullmatch
# "There is none", "not known" and the field's own title, typed because the form insisted.
_NO_NUMBER: Final = frozenset(
    {"KHONG", "KHONGCO", "KHONGBIET", "KHONGRO", "CHUACO", "CHUARO", "UNKNOWN", "PASSPORT", "HOCHIEU"}
)


def is_placeholder(number_key: str, phone_key: str | None) -> bool:
    """Tell whether a number was typed to fill the field: it may join nobody (design, section 7).

    So is one repeated digit, also behind the letters of a passport or a health-insurance card; the phone of the same
    record (`phone_key`), with 0, 84 or filled up with zeros; any mobile number filled up to 12 digits in front.
    """
    if number_key in _NO_NUMBER or (number_key[-1:] * 3 == number_key[-3:] and _one_digit(number_key)):
        return True
    if number_key.startswith("000") and _padded_mobile(number_key):
        return True
    # Whichever way the phone was written into the field, its last digits stand there: a cheap look for most.
    if phone_key is None or phone_key[-6:] not in number_key or not number_key.isdigit():
        return False
    subscriber = phone_key[3:] if phone_key.startswith("+84") else phone_key[1:]
    if number_key.lstrip("0") in (subscriber, phone_key[1:]):
        return True
    # 0912345678 filled up to 091234567800: ten digits in common are no chance.
    return len(number_key) == 12 and number_key.startswith("0" + subscriber)


# --- Dates of birth --------------------------------------------------------------------------------------------
class BirthDate(NamedTuple):
    """A date of birth as exactly as it is known; old papers give the year alone."""

    year: int
    month: int | None
    day: int | None
    precision: Literal["year", "month", "day"]


_birth_date = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?").fullmatch
# From 1850: nobody alive in the hub's time was born earlier, and records of the long dead still fit. To 2199, the last
# year in which the contract lets anything happen. Whether a birth lies in the future is for who knows the clock.
BIRTH_YEARS: Final = range(1850, 2200)


def parse_birth_date(text: str) -> BirthDate | None:
    """Read YYYY, YYYY-MM or YYYY-MM-DD, ASCII digits; None when it is another form or no day of the calendar."""
    parts = _birth_date(text)
    if parts is None or int(parts[1]) not in BIRTH_YEARS:
        return None
    year = int(parts[1])
    if parts[2] is None:
        return BirthDate(year, None, None, "year")
    month = int(parts[2])
    if parts[3] is None:
        return BirthDate(year, month, None, "month") if 1 <= month <= 12 else None
    try:
        date(year, month, int(parts[3]))
    except ValueError:
        return None
    return BirthDate(year, month, int(parts[3]), "day")
