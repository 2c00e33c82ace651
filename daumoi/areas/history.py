"""What a unit was and what it is today, in words a page can show."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from daumoi.areas.catalogue import catalogue
from daumoi.areas.selectors import find, full_name, successors
from daumoi.areas.unit import ABROAD, BEFORE, TODAY, Unit

Fate: TypeAlias = Literal["of_today", "whole", "divided", "vanished"]


_UNTIL = ("dùng đến hết ngày 30/6/2025", "in use until 30 June 2025")


class Part(msgspec.Struct, frozen=True):
    """An old unit that went into one of today; `whole` is False when a part did, or may have."""

    unit: Unit
    whole: bool


class History(msgspec.Struct, frozen=True):
    """One unit through the reform of 1 July 2025; `text_vi` and `text_en` are one sentence each."""

    unit: Unit
    fate: Fate
    was: tuple[Part, ...]
    is_now: tuple[Unit, ...]
    text_vi: str
    text_en: str


def history(scheme: str, code: str) -> History | None:
    """What the unit was and what it is today; None when the code is not known. Never picks among candidates."""
    unit = find(scheme, code)
    if unit is None:
        return None
    if scheme == TODAY:
        return _of_today(unit)
    if scheme == ABROAD and not successors(scheme, code):
        name = full_name(unit)
        return History(unit, "of_today", (), (), f"{name}: mã {code} theo ISO 3166.", f"{name}: ISO 3166 code {code}.")
    return _of_before(unit)


def _of_today(unit: Unit) -> History:
    loaded = catalogue()
    was = tuple(Part(loaded.units[BEFORE, code], whole) for code, whole in loaded.origins.get(unit.code, ()))
    whole = "; ".join(full_name(part.unit) for part in was if part.whole)
    partly = "; ".join(full_name(part.unit) for part in was if not part.whole)
    from_vi = ", và ".join(
        [f"toàn bộ {whole}"] * bool(whole) + [f"một phần (hoặc có thể một phần) {partly}"] * bool(partly)
    )
    from_en = ", and ".join([f"all of {whole}"] * bool(whole) + [f"part (or possibly part) of {partly}"] * bool(partly))
    name = full_name(unit)
    text_vi = f"{name} (mã {unit.code}) có từ ngày 1/7/2025, gồm {from_vi}."
    text_en = f"{name} (code {unit.code}) exists since 1 July 2025, from {from_en}."
    return History(unit, "of_today", was, (unit,), text_vi, text_en)


def _of_before(unit: Unit) -> History:
    now = successors(unit.scheme, unit.code)
    # ISO 3166-2 still lists the provinces of before, so its codes have no last day.
    until_vi, until_en = ("theo ISO 3166", "of ISO 3166") if unit.scheme == ABROAD else _UNTIL
    head_vi = f"{full_name(unit)} (mã {unit.code} {until_vi})"
    head_en = f"{full_name(unit)} (code {unit.code} {until_en})"
    if not now:
        text_vi = f"{head_vi} không còn; chưa rõ nay thuộc xã, phường nào."
        text_en = f"{head_en} no longer exists; the ward of today is not known."
        return History(unit, "vanished", (), (), text_vi, text_en)
    if len(now) == 1 and unit.path == now[0].path:
        name = full_name(now[0])
        text_vi = f"{head_vi} nay thuộc {name} (mã {now[0].code})."
        text_en = f"{head_en} is today in {name} (code {now[0].code})."
        return History(unit, "whole", (), now, text_vi, text_en)
    names = "; ".join(full_name(each) for each in now)
    if unit.level == "district":
        text_vi = f"{head_vi} không còn vì bỏ cấp huyện; địa bàn nay có thể thuộc {len(now)} đơn vị: {names}."
        text_en = f"{head_en} ended with the district level; its ground may be today in {len(now)} units: {names}."
    else:
        text_vi = f"{head_vi} đã chia; nay có thể thuộc một trong {len(now)} đơn vị: {names}. Cần địa chỉ để biết."
        text_en = f"{head_en} was divided; it is today in one of {len(now)} units: {names}. The address decides."
    return History(unit, "divided", (), now, text_vi, text_en)
