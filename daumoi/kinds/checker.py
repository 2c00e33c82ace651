"""The slow checker: finds every fault of a row, with its code and pointer, by the same types the fast path decodes.

It reads the types through `msgspec.inspect`, so that there is one description of a kind and no second to drift.
"""

import math
import re
from datetime import date, datetime
from itertools import islice
from typing import Any

import msgspec
from msgspec import inspect

from daumoi.kinds.faults import FAULTS_MAX, Fault, below, fault

_OFFSET = re.compile(r"(?:[Zz]|[+-]\d{2}:\d{2})\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
DROPPED: Any = object()
"""Stands for a value that had a fault and was left out of the cleaned row."""


_described: dict[type[Any], inspect.Type] = {}


def type_of(wire: type[Any]) -> inspect.Type:
    """Return the description of a wire struct; made once for each."""
    if wire not in _described:
        _described[wire] = inspect.type_info(wire)
    return _described[wire]


def check(wire: type[Any], value: Any) -> tuple[Any, list[Fault]]:
    """Check a parsed row; returns it cleaned (whole numbers as int, faulty optional parts left out) and its faults."""
    faults: list[Fault] = []
    return _check(type_of(wire), value, "", faults, {}), faults


def _check(kind: inspect.Type, value: Any, pointer: str, faults: list[Fault], extra: dict[str, Any]) -> Any:
    if isinstance(kind, inspect.Metadata):
        return _check(kind.type, value, pointer, faults, extra | (kind.extra or {}))
    if isinstance(kind, inspect.UnionType):
        if value is None:
            return None
        inner = next(option for option in kind.types if not isinstance(option, inspect.NoneType))
        return _check(inner, value, pointer, faults, extra)
    found = _CHECKS[type(kind)](kind, value, pointer, faults, extra)
    return found


def _refuse(faults: list[Fault], code: str, pointer: str, more: str = "") -> Any:
    faults.append(fault(code, pointer, more))
    return DROPPED


def _whole_number(kind: Any, value: Any, pointer: str, faults: list[Fault], _extra: dict[str, Any]) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _refuse(faults, "wrong_type", pointer, "A whole number is expected.")
    if isinstance(value, float):
        if math.isinf(value):
            return _refuse(faults, "out_of_range", pointer, _bounds(kind))
        if not value.is_integer():
            return _refuse(faults, "wrong_type", pointer, "A whole number is expected.")
        value = int(value)
    if (kind.ge is not None and value < kind.ge) or (kind.le is not None and value > kind.le):
        return _refuse(faults, "out_of_range", pointer, _bounds(kind))
    return value


def _number(kind: Any, value: Any, pointer: str, faults: list[Fault], _extra: dict[str, Any]) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _refuse(faults, "wrong_type", pointer, "A number is expected.")
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if math.isinf(value) or (kind.ge is not None and value < kind.ge) or (kind.le is not None and value > kind.le):
        return _refuse(faults, "out_of_range", pointer, _bounds(kind))
    return value


def _bounds(kind: Any) -> str:
    return f"Allowed: {kind.ge} to {kind.le}."


def _flag(_kind: Any, value: Any, pointer: str, faults: list[Fault], _extra: dict[str, Any]) -> Any:
    return value if isinstance(value, bool) else _refuse(faults, "wrong_type", pointer, "true or false is expected.")


def _text(kind: Any, value: Any, pointer: str, faults: list[Fault], extra: dict[str, Any]) -> Any:
    if not isinstance(value, str):
        return _refuse(faults, "wrong_type", pointer, "A text is expected.")
    short = kind.min_length is not None and len(value) < kind.min_length
    long = kind.max_length is not None and len(value) > kind.max_length
    if short or long:
        more = f"Allowed: {kind.min_length or 0} to {kind.max_length} characters."
        return _refuse(faults, extra.get("code", "out_of_range"), pointer, more)
    if kind.pattern is not None and not re.search(kind.pattern, value):
        return _refuse(faults, extra.get("code", "out_of_range"), pointer)
    return value


def _literal(kind: Any, value: Any, pointer: str, faults: list[Fault], _extra: dict[str, Any]) -> Any:
    if not isinstance(value, str):
        return _refuse(faults, "wrong_type", pointer, "A text is expected.")
    if value not in kind.values:
        return _refuse(faults, "not_in_list", pointer, f"Allowed: {', '.join(kind.values)}.")
    return value


def _instant(_kind: Any, value: Any, pointer: str, faults: list[Fault], _extra: dict[str, Any]) -> Any:
    if not isinstance(value, str):
        return _refuse(faults, "wrong_type", pointer, "A text with an instant is expected.")
    if not _OFFSET.search(value):
        return _refuse(faults, "bad_instant", pointer)
    try:
        return msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return _refuse(faults, "bad_instant", pointer)


def _day(_kind: Any, value: Any, pointer: str, faults: list[Fault], _extra: dict[str, Any]) -> Any:
    if not isinstance(value, str):
        return _refuse(faults, "wrong_type", pointer, "A text with a date is expected.")
    try:
        return date.fromisoformat(value) if _DAY.fullmatch(value) else _refuse(faults, "bad_date", pointer)
    except ValueError:
        return _refuse(faults, "bad_date", pointer)


def _map(kind: Any, value: Any, pointer: str, faults: list[Fault], extra: dict[str, Any]) -> Any:
    if not isinstance(value, dict):
        return _refuse(faults, "wrong_type", pointer, "An object is expected.")
    if kind.max_length is not None and len(value) > kind.max_length:
        return _refuse(faults, "out_of_range", pointer, f"Allowed: at most {kind.max_length} members.")
    cleaned = {}
    for key, member in value.items():
        place = below(pointer, key)
        name = _check(kind.key_type, key, place, faults, {"code": "unknown_code"} if "list" in extra else {})
        answer = _check(kind.value_type, member, place, faults, {})
        if name is not DROPPED and answer is not DROPPED:
            cleaned[name] = answer
    return cleaned


def _list(kind: Any, value: Any, pointer: str, faults: list[Fault], _extra: dict[str, Any]) -> Any:
    if not isinstance(value, list):
        return _refuse(faults, "wrong_type", pointer, "A list is expected.")
    low, high = kind.min_length or 0, kind.max_length
    if len(value) < low or (high is not None and len(value) > high):
        return _refuse(faults, "out_of_range", pointer, f"Allowed: {low} to {high} members.")
    members = [_check(kind.item_type, member, below(pointer, at), faults, {}) for at, member in enumerate(value)]
    return [member for member in members if member is not DROPPED]


def _struct(kind: Any, value: Any, pointer: str, faults: list[Fault], _extra: dict[str, Any]) -> Any:
    if not isinstance(value, dict):
        return _refuse(faults, "wrong_type", pointer, "An object is expected.")
    fields = {field.encode_name: field for field in kind.fields}
    faults += islice((_unknown(pointer, name) for name in value if name not in fields), FAULTS_MAX)
    cleaned = {}
    whole = True
    for name, field in fields.items():
        if name in value:
            member = _check(field.type, value[name], below(pointer, name), faults, {})
            if member is not DROPPED:
                cleaned[name] = member
                continue
        elif field.required:
            faults.append(fault("missing_field", below(pointer, name)))
        whole = whole and not field.required
    return cleaned if whole else DROPPED


def _unknown(pointer: str, name: str) -> Fault:
    place = below(pointer, name)
    return fault("unknown_field", place, f"Field: {name}." if place != pointer else "")


def _anything(_kind: Any, value: Any, _pointer: str, _faults: list[Fault], _extra: dict[str, Any]) -> Any:
    return value


_CHECKS: dict[type[Any], Any] = {
    inspect.IntType: _whole_number,
    inspect.FloatType: _number,
    inspect.BoolType: _flag,
    inspect.StrType: _text,
    inspect.LiteralType: _literal,
    inspect.DateTimeType: _instant,
    inspect.DateType: _day,
    inspect.DictType: _map,
    inspect.ListType: _list,
    inspect.StructType: _struct,
    inspect.AnyType: _anything,
}
