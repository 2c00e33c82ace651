"""Retention by rule: which segments may go, what stops the others, and the going itself with all that belongs to it.

A segment goes when every record in it is touched by a rule and every rule that touches one allows it
(`retention_rules`). Segments go from the oldest on, because numbers are dense: one that stays keeps those behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from daumoi.audit import services as audit
from daumoi.audit.actors import Actor, Subject
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.core.turns import Turn, turn
from daumoi.log import appearances, archive_files, holds
from daumoi.log.archive import folder_of
from daumoi.log.retention_rules import Rule, RulesFault, parse
from daumoi.log.segments import Segment, clear_beside, drop, droppable
from daumoi.log.selectors import heads
from daumoi.log.unnamed_claims import destroy_unnamed, doubt
from daumoi.organisations import registry

_SQL = statements("daumoi.log", "retention")
_PAGE = 20_000
_WAIT_S = 60.0


@dataclass(slots=True)
class Verdict:
    """What becomes of one segment: it goes when nothing stops it."""

    kind: str
    segment: Segment
    oldest_received_at: datetime
    newest_received_at: datetime
    rules: list[Rule]
    """The rules that touch a record of it; what was not looked at is left out."""
    stops: list[str] = field(default_factory=list)
    on_hold: int = 0
    """Records under a legal hold: they are kept apart when it goes. Counted for what goes only."""

    @property
    def records(self) -> int:
        """How many records it holds."""
        return self.segment.last_seq - self.segment.first_seq + 1

    @property
    def goes(self) -> bool:
        """Tell whether it may be dropped."""
        return not self.stops


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did."""

    dropped: list[Verdict]
    files: int
    claims: int
    let_go: int


def read_rules(hub: Hub, connection: Connection) -> list[Rule]:
    """Read the rules from `retention.toml` of the data directory or the file of the setting; raises RulesFault."""
    path = hub.settings.retention_file or hub.settings.data_dir / "retention.toml"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        said = (
            f"The rules of retention cannot be read from {path}. Write them there (docs/retention.md); without a rule "
        )
        raise RulesFault([said + "nothing is dropped."]) from None
    systems = [system.code for system in registry.load(connection).systems.values()]
    return parse(text, kinds=[figure.kind for figure in heads(connection)], systems=systems)


def plan(connection: Connection, *, rules: Sequence[Rule], now: datetime) -> list[Verdict]:
    """Tell of every full segment whether it goes and, if not, what stops it. Changes nothing."""
    today = now.astimezone(VIET_NAM_TIME).date()
    in_force = holds.holds(connection)
    codes = {system.id: system.code for system in registry.load(connection).systems.values()}
    found = []
    for figure in heads(connection):
        of_kind = [rule for rule in rules if rule.is_of(figure.kind) and rule.is_in_force(today)]
        older_stays = False
        for segment in droppable(connection, kind=figure.number):
            verdict = _look_at(connection, figure.kind, segment, of_kind)
            if not of_kind:
                verdict.stops.append("no rule in force speaks of this kind")
            elif older_stays:
                verdict.stops.append("an older segment of the kind stays")
            else:
                _judge(connection, verdict, of_kind, codes, now)
            older_stays = not verdict.goes
            if verdict.goes:
                verdict.on_hold = _count_held(connection, in_force, segment)
            found.append(verdict)
    return found


def _look_at(connection: Connection, kind: str, segment: Segment, rules: list[Rule]) -> Verdict:
    row = connection.execute(_SQL["ends"], segment._asdict() | _range(segment)).fetchone()
    assert row is not None
    return Verdict(kind, segment, row[0], row[1], [rule for rule in rules if not rule.is_narrow])


def _range(segment: Segment) -> dict[str, int]:
    return {"kind": segment.kind, "first": segment.first_seq, "last": segment.last_seq}


def _judge(
    connection: Connection, verdict: Verdict, rules: Sequence[Rule], codes: dict[int, str], now: datetime
) -> None:
    """Find what stops a segment: readers that are behind, rules that do not allow it, records without a rule."""
    segment = verdict.segment
    for (name,) in connection.execute(_SQL["behind"], (segment.kind, segment.last_seq)):
        verdict.stops.append(f"the internal reader {name} has not passed it")
    wide = [rule for rule in rules if not rule.is_narrow]
    # `received_at` never goes back: the last record is the newest.
    verdict.stops += [_says_no(rule) for rule in wide if not rule.allows(verdict.newest_received_at, now)]
    if verdict.stops or len(wide) == len(rules):
        return
    newest: dict[str, datetime] = {}
    named = {rule.name: rule for rule in rules}
    untouched = 0
    for (system, path), (received_at, records) in _groups(connection, segment).items():
        touching = [rule for rule in rules if rule.touches(system=codes.get(system), path=path)]
        if not touching:
            untouched += records
        for rule in touching:
            newest[rule.name] = max(received_at, newest.get(rule.name, received_at))
    verdict.rules = [named[name] for name in sorted(newest)]
    verdict.stops += [_says_no(rule) for rule in verdict.rules if not rule.allows(newest[rule.name], now)]
    if untouched:
        verdict.stops.append(f"no rule in force touches {untouched} of its records")


def _says_no(rule: Rule) -> str:
    return f"rule “{rule.name}” keeps {rule.keep_days} days"


def _groups(connection: Connection, segment: Segment) -> dict[tuple[int, str | None], tuple[datetime, int]]:
    """Return, by system and path, the newest record's instant and how many there are; page by page."""
    found: dict[tuple[int, str | None], tuple[datetime, int]] = {}
    for first in range(segment.first_seq, segment.last_seq + 1, _PAGE):
        page = {"kind": segment.kind, "first": first, "last": min(segment.last_seq, first + _PAGE - 1)}
        for system, path, newest, records in connection.execute(_SQL["groups"], page):
            before = found.get((system, path), (newest, 0))
            found[system, path] = (max(newest, before[0]), before[1] + records)
    return found


def _count_held(connection: Connection, in_force: Sequence[holds.Hold], segment: Segment) -> int:
    return sum(
        len(
            holds.covered(
                connection,
                in_force,
                kind=segment.kind,
                first=first,
                last=min(segment.last_seq, first + _PAGE - 1),
            )
        )
        for first in range(segment.first_seq, segment.last_seq + 1, _PAGE)
        if in_force
    )


def apply(hub: Hub, *, rules: Sequence[Rule], actor: Actor) -> Done:
    """Drop every segment that may go, with its archive files, and what nothing names any more; an audit line for each.

    Safe to stop anywhere and to run again: what was begun is finished by the next run (`finish`). Raises Busy,
    NotQuiet.
    """
    with hub.pool.connection() as connection, turn(connection, Turn.RETENTION, wait_s=_WAIT_S):
        let_go = holds.let_go(connection)
        if let_go:
            said = Subject(f"{let_go} records on hold")
            _note(hub, connection, actor, "retention.let_go", said, "no legal hold covers them any more")
        dropped = []
        for verdict in plan(connection, rules=rules, now=hub.clock.now()):
            if verdict.goes:
                grounds = "; ".join(f"{rule.name}: {rule.keep_days} days, {rule.legal_basis}" for rule in verdict.rules)
                verdict.on_hold = _drop(hub, connection, verdict.kind, verdict.segment, actor, grounds, archive=True)
                dropped.append(verdict)
        files, claims = _finish(hub, connection)
    return Done(dropped, files, claims, let_go)


def drop_by_hand(hub: Hub, *, kind: str, before: int, actor: Actor) -> int:
    """Drop whole segments below a number without asking a rule; legal holds keep what they cover, the archive stays.

    Returns the oldest number kept. Raises Busy, NotQuiet.
    """
    with hub.pool.connection() as connection, turn(connection, Turn.RETENTION, wait_s=_WAIT_S):
        (number,) = [figure.number for figure in heads(connection) if figure.kind == kind]
        for segment in droppable(connection, kind=number):
            if segment.last_seq < before:
                _drop(hub, connection, kind, segment, actor, f"by hand, below {before}", archive=False)
        _finish(hub, connection)
        (oldest,) = [figure.oldest_seq for figure in heads(connection) if figure.kind == kind]
    return oldest


def finish(hub: Hub) -> None:
    """Finish what a run that was stopped had begun; the worker does this now and then. Raises Busy, NotQuiet."""
    with hub.pool.connection() as connection, turn(connection, Turn.RETENTION, wait_s=0):
        _finish(hub, connection)


def _drop(
    hub: Hub, connection: Connection, kind: str, segment: Segment, actor: Actor, grounds: str, *, archive: bool
) -> int:
    """Drop one segment; returns how many of its records a hold keeps."""
    doubt(connection, segment)
    with turn(connection, Turn.ARCHIVE, wait_s=_WAIT_S):
        while True:
            in_force = holds.holds(connection)
            kept = holds.keep_range(connection, in_force, **_range(segment))
            what = f"segment, {kept} of its records on hold" if kept else "segment"
            said = Subject(what, kind, segment.first_seq, segment.last_seq)

            def before(in_force: list[holds.Hold] = in_force, said: Subject = said) -> bool:
                if holds.freeze(connection) != in_force:
                    return False  # a hold was placed or released meanwhile: look again
                if archive:
                    connection.execute(_SQL["remove_archive"], (segment.kind, segment.first_seq, segment.last_seq))
                _note(hub, connection, actor, "retention.drop", said, grounds)
                return True

            if drop(connection, segment, before):
                return kept


def _note(hub: Hub, connection: Connection, actor: Actor, action: str, subject: Subject, reason: str) -> None:
    audit.write(
        connection,
        at=hub.clock.now(),
        by=actor,
        action=action,
        subject=subject,
        purpose="records_management",
        reason=reason,
    )


def _finish(hub: Hub, connection: Connection) -> tuple[int, int]:
    """Delete what stands beside dropped records, their archive files, and claims that nothing names."""
    for figure in heads(connection):
        clear_beside(connection, kind=figure.number)
    appearances.clear(connection)
    files = 0
    removals = connection.execute(_SQL["removals"]).fetchall()
    if removals:
        with turn(connection, Turn.ARCHIVE, wait_s=_WAIT_S):
            for number, kind, first, last in removals:
                archive_files.sweep(folder_of(hub), kind=kind)
                files += len(archive_files.remove_range(folder_of(hub), kind=kind, first=first, last=last))
                connection.execute(_SQL["removed"], (number, first))
    return files, destroy_unnamed(connection, hub.keys)
