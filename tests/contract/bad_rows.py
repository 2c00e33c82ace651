"""Bad rows, each with the code that the contract gives it and the place of the fault.

Where the contract leaves the choice between two codes or two places open, both stand here.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.contract.records import (
    a_checkpoint,
    a_declaration,
    a_leg,
    a_movement,
    a_passage,
    a_ref,
    a_report,
    an_area_count,
    put_at,
    the_bytes,
)
from tests.hubs import Record

DECLARATION, MOVEMENT, REPORT = "health_declaration", "movement_declaration", "citizen_report"
CHECKPOINT, PASSAGE = "checkpoint", "checkpoint_passage"
FIGURE = "area_count"
ANYWHERE = None


@dataclasses.dataclass(frozen=True)
class BadRow:
    """A line, the codes it may get and the pointers it may get them at (None: the place says nothing)."""

    name: str
    kind: str
    row: Record | bytes
    codes: frozenset[str]
    pointers: frozenset[str] | None


def bad(name: str, kind: str, row: Record | bytes, codes: str, pointers: str | None) -> BadRow:
    """`codes` and `pointers` are written with `|` between; an empty pointer is the row itself."""
    places = None if pointers is None else frozenset(pointers.split("|"))
    return BadRow(name, kind, row, frozenset(codes.split("|")), places)


def set_in(row: Record, kind: str, name: str, pointer: str, value: Any, codes: str, at: str | None = "") -> BadRow:
    """A good row with one wrong value; the fault is at that place unless told otherwise."""
    return bad(name, kind, put_at(row, pointer, value), codes, pointer if at == "" else at)


def cut_in(row: Record, old: str, new: str) -> bytes:
    """The text of a row with one piece replaced, for what JSON libraries will not write."""
    text = the_bytes(row)
    assert text.count(old.encode()) == 1, (old, text)
    return text.replace(old.encode(), new.encode("utf-8", "surrogatepass"))


def person(name: str, field: str, value: Any, codes: str, at: str | None = "") -> BadRow:
    """A declaration whose subject has one wrong field."""
    return set_in(a_declaration(), DECLARATION, name, f"/subject/{field}", value, codes, at)


def instant(name: str, value: Any, codes: str = "bad_instant") -> BadRow:
    """A report that happened at a wrong instant."""
    return set_in(a_report(), REPORT, name, "/occurred_at", value, codes)


def opened(name: str, value: Any, codes: str = "bad_date") -> BadRow:
    """A checkpoint that opened on a wrong day."""
    return set_in(a_checkpoint(), CHECKPOINT, name, "/data/opened_on", value, codes)


def nested(depth: int) -> bytes:
    """A report with arrays so deep that its deepest value stands `depth` containers deep."""
    return the_bytes(a_report())[:-1] + b',"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


MALFORMED = [
    bad("a word", REPORT, b"nonsense", "malformed_json", ANYWHERE),
    bad("a row that breaks off", REPORT, the_bytes(a_report())[:-1], "malformed_json", ANYWHERE),
    bad("two rows in a line", REPORT, the_bytes(a_report()) + the_bytes(a_report()), "malformed_json", ANYWHERE),
    bad("a comma at the end of an object", REPORT, the_bytes(a_report())[:-1] + b",}", "malformed_json", ANYWHERE),
    bad("single quotes", REPORT, b"{'ref': 'x'}", "malformed_json", ANYWHERE),
    bad("a comment", REPORT, the_bytes(a_report()) + b"// ok", "malformed_json", ANYWHERE),
    bad("NaN", CHECKPOINT, cut_in(a_checkpoint({"capacity": 71}), ":71", ":NaN"), "malformed_json", ANYWHERE),
    bad("Infinity", CHECKPOINT, cut_in(a_checkpoint({"capacity": 71}), ":71", ":-Infinity"), "malformed_json", ANYWHERE),
    bad("a leading zero", CHECKPOINT, cut_in(a_checkpoint({"capacity": 71}), ":71", ":071"), "malformed_json", ANYWHERE),
    bad("a plus sign", CHECKPOINT, cut_in(a_checkpoint({"capacity": 71}), ":71", ":+71"), "malformed_json", ANYWHERE),
    bad("Arabic digits", CHECKPOINT, cut_in(a_checkpoint({"capacity": 71}), ":71", ":٧١"), "malformed_json", ANYWHERE),
    bad("a decimal comma", DECLARATION, cut_in(a_declaration({"temperature_c": 37.5}), "37.5", "37,5"), "malformed_json", ANYWHERE),
    bad("a raw tab in a text", REPORT, cut_in(a_report({"title": "TAB"}), "TAB", "a\tb"), "malformed_json", ANYWHERE),
    bad("a raw NUL in a text", REPORT, cut_in(a_report({"title": "NUL"}), "NUL", "a\0b"), "malformed_json|text_not_storable", ANYWHERE),
    bad("a raw NUL after the row", REPORT, the_bytes(a_report()) + b"\0", "malformed_json", ANYWHERE),
    bad("an escape that is none", REPORT, cut_in(a_report({"title": "ESC"}), "ESC", "\\x41"), "malformed_json", ANYWHERE),
    bad("an escape with foreign digits", REPORT, cut_in(a_report({"title": "ESC"}), "ESC", "\\u٠٠٤١"), "malformed_json", ANYWHERE),
    bad("an array of a row", REPORT, b"[" + the_bytes(a_report()) + b"]", "wrong_type", "|"),
    bad("a number", REPORT, b"17", "wrong_type", ""),
    bad("null", REPORT, b"null", "wrong_type", ""),
    bad("a text", REPORT, b'"ref"', "wrong_type", ""),
]  # fmt: skip

TEXTS = [
    bad("Latin-1", REPORT, the_bytes(a_report({"title": "TT"})).replace(b"TT", b"H\xe0 N\xf4i"), "not_utf8", ANYWHERE),
    bad("UTF-16", REPORT, '{"ref":"x"}'.encode("utf-16-be"), "not_utf8|malformed_json|text_not_storable", ANYWHERE),
    bad("an overlong slash", REPORT, the_bytes(a_report({"title": "TT"})).replace(b"TT", b"\xc0\xaf"), "not_utf8", ANYWHERE),
    bad("a raw surrogate", REPORT, cut_in(a_report({"title": "TT"}), "TT", "\ud800"), "not_utf8", ANYWHERE),
    bad("a code point too high", REPORT, the_bytes(a_report({"title": "TT"})).replace(b"TT", b"\xf4\x90\x80\x80"), "not_utf8", ANYWHERE),
    bad("U+0000 in a text", REPORT, cut_in(a_report({"title": "TT"}), "TT", "a\\u0000b"), "text_not_storable", "/data/title"),
    bad("U+0000 in a ref", REPORT, cut_in(a_report(ref="TT"), "TT", "a\\u0000b"), "text_not_storable", "/ref"),
    bad("U+0000 in a name", DECLARATION, cut_in(a_declaration(subject={"full_name": "TT"}), "TT", "\\u0000"), "text_not_storable", "/subject/full_name"),
    bad("U+0000 in a key", REPORT, cut_in(a_report({"title": "T"}), '"title"', '"ti\\u0000tle"'), "text_not_storable|unknown_field", ANYWHERE),
    bad("a lone high surrogate", REPORT, cut_in(a_report({"title": "TT"}), "TT", "\\ud83d"), "text_not_storable", "/data/title"),
    bad("a lone low surrogate", REPORT, cut_in(a_report({"title": "TT"}), "TT", "\\ude00x"), "text_not_storable", "/data/title"),
    bad("a pair turned round", REPORT, cut_in(a_report({"title": "TT"}), "TT", "\\ude00\\ud83d"), "text_not_storable", "/data/title"),
    bad("a lone surrogate as a ref", REPORT, cut_in(a_report(ref="TT"), "TT", "x\\ud800"), "text_not_storable", "/ref"),
]  # fmt: skip

SHAPES = [
    bad("33 deep", REPORT, nested(33), "too_deep", ANYWHERE),
    bad("50,000 deep", REPORT, nested(50_000), "too_deep", ANYWHERE),
    bad("deep objects", REPORT, the_bytes(a_report())[:-1] + b',"x":' + b'{"a":' * 40 + b"1" + b"}" * 41, "too_deep", ANYWHERE),
    bad("deep and not closed", REPORT, b"[" * 100_000, "too_deep|malformed_json", ANYWHERE),
    bad("a key twice", REPORT, cut_in(a_report(), '"occurred_at"', '"ref":"y","occurred_at"'), "duplicate_key", "/ref"),
    bad("a key twice with white space before the colon", REPORT, cut_in(a_report(), '"occurred_at"', '"ref" \t : "y","occurred_at"'), "duplicate_key", "/ref"),
    bad("a key twice, once escaped", REPORT, cut_in(a_report(), '"occurred_at"', '"\\u0072ef":"y","occurred_at"'), "duplicate_key", "/ref"),
    bad("a key twice with the same value", REPORT, cut_in(a_report({"title": "T"}), '"title":"T"', '"title":"T","title":"T"'), "duplicate_key", "/data/title"),
    bad("a key twice in a subject", DECLARATION, cut_in(a_declaration(), '"full_name"', '"sex":"male","sex":"female","full_name"'), "duplicate_key", "/subject/sex"),
    bad("a symptom twice", DECLARATION, cut_in(a_declaration(), '"fever"', '"cough":false,"fever"'), "duplicate_key", "/data/symptoms/cough"),
    bad("an unknown field", REPORT, {**a_report(), "areas": 1}, "unknown_field", "/areas"),
    set_in(a_report(), REPORT, "an unknown field of data", "/data/txt", "x", "unknown_field"),
    set_in(a_declaration(), DECLARATION, "an unknown field of a subject", "/subject/cccd", "1", "unknown_field"),
    set_in(a_declaration(), DECLARATION, "a camelCase field", "/subject/fullName", "A", "unknown_field", ANYWHERE),
    set_in(a_passage("X"), PASSAGE, "an unknown field of a passage", "/data/plate", "29A", "unknown_field"),
    set_in(a_movement(), MOVEMENT, "an unknown field of a leg", "/data/legs/0/arrives", "x", "unknown_field"),
    bad("an empty object", REPORT, {}, "missing_field", ANYWHERE),
    bad("no data", REPORT, {"ref": a_ref(), "occurred_at": "2021-08-01T08:00:00Z"}, "missing_field", "/data"),
    set_in(a_report(), REPORT, "data as a text", "/data", "x", "wrong_type"),
    set_in(a_report(), REPORT, "data as a list", "/data", [], "wrong_type"),
    set_in(a_declaration(), DECLARATION, "a subject as a text", "/subject", "Nguyễn Văn A", "wrong_type"),
    set_in(a_movement(), MOVEMENT, "legs as an object", "/data/legs", {"0": a_leg()}, "wrong_type"),
    set_in(a_movement(), MOVEMENT, "a leg as a text", "/data/legs/0", "HN-SG", "wrong_type"),
    set_in(a_report(), REPORT, "a ref as a number", "/ref", 17, "wrong_type"),
    set_in(a_report(), REPORT, "a ref that is null", "/ref", None, "wrong_type|missing_field"),
    set_in(a_report(), REPORT, "an empty ref", "/ref", "", "out_of_range|bad_identifier"),
    set_in(a_report(), REPORT, "a ref of 129 characters", "/ref", "x" * 129, "out_of_range|bad_identifier"),
    bad("a withdrawal without ref", REPORT, {"op": "withdraw", "revision": 2}, "missing_field", "/ref"),
]  # fmt: skip

NUMBERS = [
    bad("1e400", DECLARATION, cut_in(a_declaration({"temperature_c": 37.5}), "37.5", "1e400"), "out_of_range", "/data/temperature_c"),
    bad("a number of 5,000 digits", DECLARATION, cut_in(a_declaration({"temperature_c": 37.5}), "37.5", "9" * 5000), "out_of_range", "/data/temperature_c"),
    bad("a huge capacity", CHECKPOINT, cut_in(a_checkpoint({"capacity": 71}), ":71", ":" + "9" * 30), "out_of_range", "/data/capacity"),
    bad("a capacity of 1e400", CHECKPOINT, cut_in(a_checkpoint({"capacity": 71}), ":71", ":1e400"), "out_of_range|wrong_type", "/data/capacity"),
    bad("half a capacity", CHECKPOINT, a_checkpoint({"capacity": 0.5}), "wrong_type", "/data/capacity"),
    set_in(a_checkpoint(), CHECKPOINT, "a negative capacity", "/data/capacity", -1, "out_of_range"),
    bad("revision 1e400", REPORT, cut_in(a_report(revision=71), ":71", ":1e400"), "out_of_range|wrong_type", "/revision"),
    bad("revision 2^63", REPORT, a_report(revision=2**63), "out_of_range", "/revision"),
    bad("a revision of 400 digits", REPORT, cut_in(a_report(revision=71), ":71", ":" + "7" * 400), "out_of_range", "/revision"),
    bad("revision 0", REPORT, a_report(revision=0), "out_of_range", "/revision"),
    bad("revision 1.5", REPORT, a_report(revision=1.5), "wrong_type", "/revision"),
    bad("a revision as a text", REPORT, a_report(revision="2"), "wrong_type", "/revision"),
    bad("a revision that is true", REPORT, a_report(revision=True), "wrong_type", "/revision"),
    set_in(a_declaration(), DECLARATION, "a temperature as a text", "/data/temperature_c", "37.5", "wrong_type"),
    set_in(a_declaration(), DECLARATION, "a temperature in degrees Fahrenheit", "/data/temperature_c", 99.5, "out_of_range"),
    set_in(a_declaration(), DECLARATION, "a temperature with a slipped point", "/data/temperature_c", 3.75, "out_of_range"),
    set_in(a_declaration(), DECLARATION, "a negative look-back", "/data/lookback_days", -1, "out_of_range"),
    set_in(a_report(), REPORT, "a latitude of 91", "/location", {"lat": 91, "lon": 0}, "out_of_range", "/location/lat"),
    set_in(a_report(), REPORT, "a longitude of 181", "/location", {"lat": 0, "lon": 181}, "out_of_range", "/location/lon"),
    set_in(a_report(), REPORT, "a location as a list", "/location", [21.0, 105.8], "wrong_type"),
]  # fmt: skip

INSTANTS = [
    instant("an instant without offset", "2021-08-01T08:00:00"),
    instant("a date as an instant", "2021-08-01"),
    instant("an offset without colon", "2021-08-01T08:00:00+0700"),
    instant("an offset of hours alone", "2021-08-01T08:00:00+07"),
    instant("an offset beyond a day", "2021-08-01T08:00:00+24:00"),
    instant("an offset of 60 minutes", "2021-08-01T08:00:00+07:60"),
    instant("month 13", "2021-13-01T08:00:00+07:00"),
    instant("30 February", "2021-02-30T08:00:00+07:00"),
    instant("29 February of no leap year", "2021-02-29T08:00:00+07:00"),
    instant("hour 24", "2021-08-01T24:00:00+07:00"),
    instant("second 61", "2021-08-01T08:00:61+07:00"),
    instant("an instant in foreign digits", "２０２１-08-01T08:00:00+07:00"),
    instant("an instant in Arabic digits", "٢٠٢١-٠٨-٠١T08:00:00Z"),
    instant("an instant with a line end", "2021-08-01T08:00:00Z\n"),
    instant("an instant with a space around", " 2021-08-01T08:00:00Z"),
    instant("an instant without seconds", "2021-08-01T08:00+07:00"),
    instant("the form of the country", "01/08/2021 08:00"),
    instant("a week date", "2021-W31-1T08:00:00Z"),
    instant("an empty instant", ""),
    instant("a number of seconds", 1627779600, "wrong_type|bad_instant"),
    instant("the year 1", "0001-01-01T00:00:00Z", "instant_out_of_range"),
    instant("the year 0", "0000-01-01T00:00:00Z", "instant_out_of_range|bad_instant"),
    instant("the year 1899", "1899-12-31T23:59:59Z", "instant_out_of_range"),
    instant("the year 2200", "2200-01-01T00:00:00Z", "instant_out_of_range"),
    instant("the year 9999", "9999-12-31T23:59:59-23:59", "instant_out_of_range"),
    instant("1900 here and 1899 in UTC", "1900-01-01T00:00:00+07:00", "instant_out_of_range"),
    instant("next year", "2150-01-01T00:00:00Z", "instant_out_of_range"),
    set_in(a_movement(), MOVEMENT, "a departure without offset", "/data/legs/0/departs_at", "2021-08-02T06:00:00", "bad_instant"),
    set_in(a_movement(), MOVEMENT, "a departure in the year 1", "/data/legs/0/departs_at", "0001-01-01T00:00:00Z", "instant_out_of_range"),
]  # fmt: skip

DATES = [
    opened("the form of the country as a date", "24/07/2021"),
    opened("29 February of 2021", "2021-02-29"),
    opened("month 0", "2021-00-10"),
    opened("a date without dashes", "20210724"),
    opened("a date of one digit", "2021-7-4"),
    opened("an instant as a date", "2021-07-24T00:00:00Z"),
    opened("a date in foreign digits", "２０２１-07-24"),
    opened("a date with a line end", "2021-07-24\n"),
    opened("an empty date", ""),
    opened("a date as a number", 20210724, "wrong_type|bad_date"),
    person("a birth date 29/02 of no leap year", "birth_date", "1987-02-29", "bad_date"),
    person("a birth date in the form of the country", "birth_date", "29/02/1988", "bad_date"),
    person("a birth month 13", "birth_date", "1987-13", "bad_date"),
    person("a birth year of two digits", "birth_date", "87", "bad_date"),
    person("a birth year of five digits", "birth_date", "19877", "bad_date"),
    person("a birth year in Arabic digits", "birth_date", "١٩٨٧", "bad_date"),
    person("a birth year as a number", "birth_date", 1987, "wrong_type|bad_date"),
    person("an empty birth date", "birth_date", "", "bad_date"),
]  # fmt: skip

IDENTIFIERS = [
    person("a national id of 11 digits", "national_id", "00108700000", "bad_identifier"),
    person("a national id of 13 digits", "national_id", "0010870000011", "bad_identifier"),
    person("a national id as a number", "national_id", 1087000001, "wrong_type"),
    person("a national id in Arabic digits", "national_id", "٠٠١٠٨٧٠٠٠٠٠١", "bad_identifier"),
    person("a national id in full-width digits", "national_id", "００１０８７０００００１", "bad_identifier"),
    person("a national id with a line end", "national_id", "001087000001\n", "bad_identifier"),
    person("a national id with letters", "national_id", "00108700000A", "bad_identifier"),
    person("an empty national id", "national_id", "", "bad_identifier"),
    person("an old national id of 12 digits", "old_national_id", "001087000001", "bad_identifier"),
    person("an old national id in superscript", "old_national_id", "01234567²", "bad_identifier"),
    person("a phone without digits", "phone", "không có", "bad_identifier"),
    person("an empty phone", "phone", "", "bad_identifier"),
    person("a phone as a number", "phone", 912345678, "wrong_type"),
    person("a passport as a text", "passport", "C1234567", "wrong_type"),
    person("a passport without country", "passport", {"number": "C1234567"}, "missing_field", "/subject/passport/country"),
    person("a passport without number", "passport", {"country": "VN"}, "missing_field", "/subject/passport/number"),
    person("a passport of no country", "passport", {"number": "C1234567", "country": "XX"}, "not_in_list|unknown_area|bad_identifier", "/subject/passport/country"),
    person("an empty passport number", "passport", {"number": "", "country": "VN"}, "bad_identifier|out_of_range", "/subject/passport/number"),
    person("a nationality of no country", "nationality", "Việt Nam", "not_in_list|unknown_area|bad_identifier"),
    person("a nationality in three letters", "nationality", "VNM", "not_in_list|unknown_area|bad_identifier"),
    person("a nationality in small letters", "nationality", "vn", "not_in_list|unknown_area|bad_identifier"),
    person("a sex in Vietnamese", "sex", "Nam", "not_in_list"),
    person("an empty name", "full_name", "", "out_of_range|bad_identifier"),
    bad("a subject with a sex alone", DECLARATION, a_declaration(subject={"sex": "male"}), "no_identity", "/subject"),
    bad("an empty subject", DECLARATION, a_declaration(subject={}), "no_identity", "/subject"),
    bad("a companion who is nobody", MOVEMENT, a_movement({"companions": [{"birth_date": "2019"}]}), "no_identity", "/data/companions/0"),
    bad("a declarant who is nobody", DECLARATION, a_declaration(declarant={}), "no_identity", "/declarant"),
    bad("a phone as ref", DECLARATION, a_declaration(ref="0912345678", subject={"phone": "0912345678"}), "ref_is_personal", "/ref"),
    bad("a national id as ref", DECLARATION, a_declaration(ref="001087004321", subject={"national_id": "001087004321"}), "ref_is_personal", "/ref"),
    bad("an old national id as ref", DECLARATION, a_declaration(ref="012345678", subject={"old_national_id": "012345678"}), "ref_is_personal", "/ref"),
]  # fmt: skip

LISTS = [
    set_in(a_report(), REPORT, "an op in capitals", "/op", "ASSERT", "not_in_list"),
    set_in(a_report(), REPORT, "an area of another scheme", "/area", {"scheme": "gso", "code": "01"}, "not_in_list", "/area/scheme"),
    set_in(a_report(), REPORT, "an area without scheme", "/area", {"code": "01"}, "missing_field", "/area/scheme"),
    set_in(a_report(), REPORT, "an area as a text", "/area", "01", "wrong_type"),
    set_in(a_report(), REPORT, "an area code as a number", "/area/code", 4, "wrong_type"),
    set_in(a_report(), REPORT, "an area code that lost its zeros", "/area/code", "4", "unknown_area"),
    set_in(a_report(), REPORT, "an area code in Arabic digits", "/area/code", "٠٠٠٠٤", "unknown_area|bad_identifier"),
    set_in(a_report(), REPORT, "an area code with a line end", "/area/code", "00004\n", "unknown_area|bad_identifier"),
    set_in(a_report(), REPORT, "a district after districts ended", "/area/code", "001", "unknown_area"),
    set_in(a_movement(), MOVEMENT, "an unknown area in a leg", "/data/legs/0/to/area/code", "99999", "unknown_area"),
    set_in(a_passage("X"), PASSAGE, "a direction that is none", "/data/direction", "through", "not_in_list"),
    set_in(a_checkpoint(), CHECKPOINT, "a type that is none", "/data/type", "bridge", "not_in_list"),
    set_in(a_report(), REPORT, "an empty text", "/data/text", "", "out_of_range"),
    set_in(a_report(), REPORT, "a text of 5,001 characters", "/data/text", "ộ" * 5001, "out_of_range"),
    set_in(a_movement(), MOVEMENT, "no legs", "/data/legs", [], "out_of_range"),
    set_in(a_declaration(), DECLARATION, "an unknown symptom", "/data/symptoms", {"no_such": True}, "unknown_code", "/data/symptoms/no_such"),
    set_in(a_declaration(), DECLARATION, "a symptom with a sentence as its name", "/data/symptoms", {"Sốt từ hôm qua": True}, "unknown_code|unknown_field", "/data/symptoms"),
    bad("a checkpoint that is not there", PASSAGE, a_passage("NO-SUCH-GATE"), "unknown_checkpoint", "/data/checkpoint"),
]  # fmt: skip

FIGURES = [
    set_in(an_area_count(), FIGURE, "a figure below zero", "/data/value", -1, "out_of_range"),
    set_in(an_area_count(), FIGURE, "a figure with a fraction", "/data/value", 1.5, "wrong_type"),
    set_in(an_area_count(), FIGURE, "a figure as a text", "/data/value", "77", "wrong_type"),
    set_in(an_area_count(), FIGURE, "an indicator that is none", "/data/indicator", "rumours", "unknown_code"),
    set_in(an_area_count(), FIGURE, "a day in the form of the country", "/data/day", "01/08/2021", "bad_date"),
    set_in(an_area_count(), FIGURE, "a time of report without offset", "/data/reported_at", "2021-08-01T18:00:00", "bad_instant"),
    set_in(an_area_count(), FIGURE, "a span that is none", "/data/span", "week", "not_in_list"),
    set_in(an_area_count(), FIGURE, "an empty publication", "/data/publication", "", "out_of_range"),
    bad("a figure without area", FIGURE, an_area_count(area=None), "missing_field", "/area"),
    bad("a figure of a person", FIGURE, an_area_count(subject={"full_name": "Lê Thị Mẫu"}), "unknown_field", None),
]  # fmt: skip

BAD_ROWS = [*MALFORMED, *TEXTS, *SHAPES, *NUMBERS, *INSTANTS, *DATES, *IDENTIFIERS, *LISTS, *FIGURES]
