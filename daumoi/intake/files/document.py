"""The tables of a mapping file, as its TOML has them; `docs/import.md` is the reference of every key."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Scalar = str | int | float | bool


FormatName = Literal["csv", "ndjson", "json", "xlsx", "parquet", "fhir"]
EncodingName = Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "windows-1258", "tcvn3", "vni"]


class UnfoldTable(Struct, forbid_unknown_fields=True):
    """`unfold`: columns titled with dates become rows."""

    titles: str
    into: str
    value: str


class SourceTable(Struct, forbid_unknown_fields=True):
    """`[source]`: how the file is written, and the defaults of its dates and numbers."""

    format: FormatName | None = None
    encoding: EncodingName | list[EncodingName] | None = None
    delimiter: Literal[",", ";", "tab"] | None = None
    header_line: Annotated[int, Meta(ge=1)] = 1
    header_rows: Annotated[int, Meta(ge=1, le=9)] = 1
    sheet: str | None = None
    records: str | None = None
    short_rows: Literal["hold", "empty"] = "hold"
    empty: list[str] = []
    time_zone: str | None = None
    instant_format: str | list[str] | None = None
    date_format: str | list[str] | None = None
    ambiguous: Literal["fault", "earlier", "later"] = "fault"
    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", " ", "'"] | None = None
    unfold: UnfoldTable | None = None


class RefTable(Struct, forbid_unknown_fields=True):
    """`ref`: what the id of a record is made of; keyed when its parts are personal."""

    template: str
    keyed: bool = False


class ConditionTable(Struct, forbid_unknown_fields=True):
    """One condition of `when`."""

    column: str
    present: bool | None = None
    equals: str | None = None
    one_of: list[str] | None = None


class RecordTable(Struct, forbid_unknown_fields=True):
    """`[[record]]`: one record made of a row."""

    kind: str
    ref: str | dict[str, Any]
    resource: str | None = None
    distinct: bool = False
    when: dict[str, Any] | list[dict[str, Any]] = {}
    constants: dict[str, Any] = {}
    columns: dict[str, Any] = {}


class ColumnTable(Struct, forbid_unknown_fields=True):
    """One field of `[record.columns]`: where its value comes from and how it is read."""

    column: str | None = None
    columns: list[str] | None = None
    template: str | None = None
    join: str = " "
    otherwise: list[str] | None = None
    empty: list[str] | None = None
    values: dict[str, Scalar] = {}
    unmapped: Literal["fault", "pass", "drop"] = "fault"
    ignore_case: bool = False
    split: str | None = None
    lookup: Literal["name"] | None = None
    pad: Annotated[int, Meta(ge=2, le=64)] | None = None
    format: str | list[str] | None = None
    time: str | None = None
    time_zone: str | None = None
    ambiguous: Literal["fault", "earlier", "later"] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[".", ",", " ", "'"] | None = None
    unfold: UnfoldTable | None = None
