"""What a version of an agreement would give of the last seven days: counted, compared, and shown on a few records.

Nothing is taken out and nothing is written into the account. Withdrawals are not counted: they go to whoever had the
record.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import msgspec

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import reading
from daumoi.exchange.agreements import Agreement, versions
from daumoi.exchange.reading import Portion, Reader
from daumoi.exchange.selection import Chosen
from daumoi.exchange.terms import Terms, members
from daumoi.kinds.privacy import marked
from daumoi.kinds.registry import ALL, KINDS
from daumoi.log import selectors as log
from daumoi.log.tallies import Origin, Tally, claims_of, tallies
from daumoi.organisations.registry import Registry
from daumoi.people.selectors import how_many

DAYS = 7
"""Today, as far as it has come, and the days before it; of Viet Nam."""
RECORDS_MAX = 200_000
"""Records that are looked at, of all kinds together; of more, the newest of each kind."""
SAMPLES = 5
_INSTANT = timedelta(microseconds=1)
_WORD = re.compile(r"[^\W_]+")
_OPEN_SIGNS = 6
"""Of a pseudonym: enough to tell two apart, too few to look somebody up."""


class Span(NamedTuple):
    """The numbers of a kind that are looked at: after < seq ≤ last; `all` is how many the days have."""

    after: int
    last: int
    all: int


@dataclass
class KindGiven:
    """Of one kind: what is given now, and what the version in force gives of the same records."""

    kind: str
    records: int = 0
    before: int = 0
    more: int = 0
    """Records that this version gives and the one in force does not."""
    fewer: int = 0
    by_day: dict[date, int] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    fields_before: tuple[str, ...] = ()


@dataclass
class Preview:
    """What a version would give."""

    days: list[date]
    kinds: list[KindGiven]
    people: int | None
    """People whom the records name; None where the agreement shows nobody."""
    people_before: int | None
    looked_at: int
    of: int
    """Records of the days; more than were looked at where it was cut."""
    newest: list[tuple[int, str]]
    """Number and kind of records that are given, for `samples`: of each place and day the newest and the oldest."""

    @property
    def is_cut(self) -> bool:
        """Tell whether there were too many to look at all."""
        return self.looked_at < self.of

    @property
    def records(self) -> int:
        """All that is given."""
        return sum(each.records for each in self.kinds)


class Sample(NamedTuple):
    """A record as its receiver would get it, its personal values hidden but for the first sign of each word."""

    kind: str
    line: dict[str, Any]


def fields_given(terms: Terms, kind: str) -> tuple[str, ...]:
    """Name the members of a kind's `data` that terms give: those named, without personal ones unless identity is."""
    if not terms.covers_kind(kind):
        return ()
    kept = terms.fields.get(kind)
    hidden = set() if terms.gives_identity else personal_members(kind)
    return tuple(name for name in members(kind) if name not in hidden and (kept is None or name in kept))


def personal_members(kind: str) -> set[str]:
    """Name the members of a kind's `data` that are personal as a whole."""
    paths = marked(KINDS[kind].wire)
    return {path[1] for path in paths if path[0] == "data" and path[2:] in ((), ("*",))}


def preview(
    connection: Connection, *, agreement: int, version: int, in_force: int | None, receiver: int, now: datetime
) -> Preview:
    """Work out what a version would give, beside what the one in force gives; raises KeyError for no such version."""
    keys = [(agreement, version)] + ([(agreement, in_force)] if in_force is not None else [])
    found = versions(connection, keys, kind="")
    this = found[agreement, version]
    other = found[agreement, in_force] if in_force is not None and in_force != version else None
    today = now.astimezone(VIET_NAM_TIME).date()
    days = [today - timedelta(days=back) for back in range(DAYS)][::-1]
    spans = _spans(connection, this, other, days[0])
    kinds: list[KindGiven] = []
    claims: set[int] = set()
    claims_before: set[int] = set()
    newest: list[tuple[int, str]] = []
    for kind, span in spans.items():
        counted = tallies(connection, kind=KINDS[kind].number, after=span.after, last=span.last)
        given = _covered(this, kind, counted)
        given_before = _covered(other, kind, counted) if other is not None else set()
        kinds.append(_kind(kind, counted, given, given_before, this, other))
        newest += [(seq, kind) for each in counted if each.origin in given for seq in {each.newest, each.oldest}]
        if KINDS[kind].subject != "none":
            number = {"kind": KINDS[kind].number, "after": span.after, "last": span.last}
            claims.update(claims_of(connection, sorted(given, key=repr), **number) if _names_people(this) else ())
            if other is not None and _names_people(other):
                claims_before.update(claims_of(connection, sorted(given_before, key=repr), **number))
    return Preview(
        days=days,
        kinds=kinds,
        people=how_many(connection, claims) if _names_people(this) else None,
        people_before=how_many(connection, claims_before) if other is not None and _names_people(other) else None,
        looked_at=sum(span.last - span.after for span in spans.values()),
        of=sum(span.all for span in spans.values()),
        newest=_spread(newest),
    )


def _names_people(agreement: Agreement) -> bool:
    return agreement.terms.identity != "none"


def _spans(connection: Connection, this: Agreement, other: Agreement | None, first: date) -> dict[str, Span]:
    """Return what to look at of each kind that either version gives; each kind is cut by the same part."""
    since = datetime.combine(first, time(), VIET_NAM_TIME) - _INSTANT
    before = log.numbers_at(connection, [since])
    heads = log.head_numbers(connection)
    named = [each.name for each in ALL if _gives(this, each.name) or (other is not None and _gives(other, each.name))]
    found: dict[str, Span] = {}
    for kind in named:
        number = KINDS[kind].number
        last = heads.get(number, (0, 1))[0]
        after = before.get((number, since), last)
        found[kind] = Span(after, last, last - after)
    every = sum(span.all for span in found.values())
    if every <= RECORDS_MAX:
        return found
    return {kind: span._replace(after=span.last - span.all * RECORDS_MAX // every) for kind, span in found.items()}


def _gives(agreement: Agreement, kind: str) -> bool:
    return agreement.terms.covers_kind(kind)


def _covered(agreement: Agreement, kind: str, counted: Iterable[Tally]) -> set[Origin]:
    if not _gives(agreement, kind):
        return set()
    matcher = agreement.matcher
    return {origin for origin in {each.origin for each in counted} if matcher.covers(origin[1:], origin[0])}


def _kind(
    kind: str,
    counted: Sequence[Tally],
    given: set[Origin],
    given_before: set[Origin],
    this: Agreement,
    other: Agreement | None,
) -> KindGiven:
    made = KindGiven(kind, fields=fields_given(this.terms, kind))
    made.fields_before = fields_given(other.terms, kind) if other is not None else ()
    for each in counted:
        now, earlier = each.origin in given, each.origin in given_before
        if now:
            made.records += each.records
            made.by_day[each.day] = made.by_day.get(each.day, 0) + each.records
        made.before += each.records if earlier else 0
        made.more += each.records if now and not earlier else 0
        made.fewer += each.records if earlier and not now else 0
    return made


def _spread(newest: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Choose a few, of each kind in turn, the newest first."""
    by_kind: dict[str, list[int]] = {}
    for number, kind in sorted(newest, reverse=True):
        by_kind.setdefault(kind, []).append(number)
    turns = [(place, number, kind) for kind, numbers in by_kind.items() for place, number in enumerate(numbers)]
    return [(number, kind) for _, number, kind in sorted(turns, key=lambda turn: turn[0])[:SAMPLES]]


def samples(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    *,
    agreement: tuple[int, int],
    receiver: int,
    newest: Sequence[tuple[int, str]],
    reader: Reader,
) -> list[Sample]:
    """Show records as their receiver would get them by a version (agreement, version), masked.

    What tells of people is written into the audit log, one line a record, in the caller's transaction: nothing may be
    shown before it is committed. A record that was dropped a moment ago is left out.
    """
    by = versions(connection, [agreement], kind="")[agreement]
    found: list[Sample] = []
    for kind in dict.fromkeys(kind for _, kind in newest):
        number = KINDS[kind].number
        of_kind = replace(by, kind=kind)
        for seq in sorted(seq for seq, its in newest if its == kind):
            chosen = [Chosen(row, False) for row in log.shown(connection, kind=number, after=seq - 1, last=seq)]
            owns = range(1, len(chosen) + 1) if of_kind.hides_numbers else None
            with suppress(CallProblem):  # gone_before: retention was faster
                portion = Portion(of_kind, reader, chosen, (seq, seq), owns)
                lines = reading.render(hub, connection, registry, portion, kind=number, action="agreement.preview")
                found += [Sample(kind, _masked_line(kind, msgspec.json.decode(line.text))) for line in lines]
    return found


def _masked_line(kind: str, line: dict[str, Any]) -> dict[str, Any]:
    """Hide what names or places somebody: identities, personal fields, refs, pseudonyms, the decimals of a point."""
    line["ref"] = masked(line["ref"])
    for path in marked(KINDS[kind].wire):
        _mask(line, path)
    for person in _people(line):
        person["pseudonym"] = person["pseudonym"][:_OPEN_SIGNS] + "…"
        if "identity" in person:
            person["identity"] = _all_masked(person["identity"])
    if "location" in line:
        line["location"] = {name: round(line["location"][name], 1) for name in ("lat", "lon")}
    return line


def _people(line: dict[str, Any]) -> list[dict[str, Any]]:
    named = [line[role] for role in ("subject", "declarant") if role in line]
    return [*named, *line.get("companions", ())]


def _mask(holder: Any, path: tuple[str, ...]) -> None:
    """Hide what lies at a path of marks; what was cut out is not there, and a person has a form of their own."""
    head, *rest = path
    if head == "*" and isinstance(holder, list):
        for place, member in enumerate(holder):
            if rest:
                _mask(member, tuple(rest))
            elif not (isinstance(member, dict) and "pseudonym" in member):
                holder[place] = _all_masked(member)
    elif isinstance(holder, dict) and head in holder:
        if rest:
            _mask(holder[head], tuple(rest))
        elif not (isinstance(holder[head], dict) and "pseudonym" in holder[head]):
            holder[head] = _all_masked(holder[head])


def _all_masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _all_masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_all_masked(inner) for inner in value]
    return masked(str(value)) if value is not None else None


def masked(text: str) -> str:
    """Hide a text but for the first sign of each word: Lê Thị Mẫu is L• T•• M••. A word of one sign is hidden whole."""
    return _WORD.sub(lambda word: word[0][: len(word[0]) > 1] + "•" * (len(word[0]) - 1 or 1), text)
