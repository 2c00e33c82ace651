"""What an administrative unit is."""

from __future__ import annotations

import datetime
from typing import Literal, TypeAlias

import msgspec

Level: TypeAlias = Literal["country", "subdivision", "province", "district", "ward"]

TODAY = "vn-2025"
BEFORE = "vn-2024"
ABROAD = "iso-3166"
SCHEMES = (TODAY, BEFORE, ABROAD)


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One administrative unit of one scheme. A struct, because 19,000 of them are made at the first look-up.

    `name` is the full official name ("Phường Ba Đình"); abroad it is the ISO short name, in English. `parent` is a code
    of the same scheme. `valid_from` and `valid_to` are inclusive dates in Viet Nam; None is open or not known.
    `path` names the narrowest unit of today that is certain: "VN.01.00004", "VN.79", "VN", "NZ", "NZ.NZ-AUK".
    """

    scheme: str
    code: str
    name: str
    name_en: str | None
    level: Level
    parent: str | None
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    path: str
