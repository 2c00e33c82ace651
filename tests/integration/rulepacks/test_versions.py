"""Versions of a pack in the database: two people, one active version, a history that nobody edits."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from daumoi.core.database import Connection, connect
from daumoi.rulepacks import bundled, selectors, services
from daumoi.rulepacks.pack import InForce, Rule
from daumoi.rulepacks.reading import Heading, PackFault, parse
from daumoi.rulepacks.vocabulary.operations import Publication
from tests.hubs import add_database, drop_database
from tests.unit.rulepacks.invented import TEXT, invented

NOON = datetime(2021, 8, 1, 5, tzinfo=UTC)
HEADING = Heading(code="covid-19")
ADA, BEN = "Ada Lê", "Ben Trần"


def publication(below: int) -> tuple[Rule, ...]:
    """Rules that leave out cells of fewer people than `below`."""
    return parse(
        '[[rule]]\ngroup = "publication"\nvalid_from = 2020-01-01\n'
        f'sources = [{{ text = "1/QĐ", body = "Bộ Y tế" }}]\n[rule.value]\nsuppress_below = {below}\n'
    )[1]


@pytest.fixture(scope="module")
def started(database: str, migrated_database: str) -> Iterator[Connection]:
    """A connection to the database of a hub that nobody has worked with, for all tests of this file."""
    with connect(add_database(database, "rulepacks", template=migrated_database)) as made:
        yield made
    drop_database(database, "rulepacks")


@pytest.fixture
def connection(started: Connection) -> Iterator[Connection]:
    """A hub's database after its first start; what a test does to it is taken back."""
    with started.transaction(force_rollback=True):
        noted = bundled.install_all(started, at=NOON)
        assert [(each.pack, each.version, each.action) for each in noted] == [("covid-19", 1, "rulepack.activated")]
        yield started


def drafted(connection: Connection, below: int = 7, by: str = ADA) -> int:
    return services.draft(connection, heading=HEADING, rules=publication(below), by=by, at=NOON, remark="thử").version


def in_force(connection: Connection, known_at: datetime | None = None) -> int:
    found = selectors.at(selectors.active(connection, "covid-19", known_at=known_at), date(2021, 8, 1)).rule(
        Publication
    )
    assert isinstance(found, InForce)
    return found.value.suppress_below


def act(service: object, connection: Connection, version: int, by: str, hours: int = 0) -> object:
    assert callable(service)
    at = NOON + timedelta(hours=hours)
    return service(connection, pack="covid-19", version=version, by=by, at=at, remark="thử")


def test_a_first_start_takes_the_bundled_packs_in_as_active_and_a_second_does_nothing(connection: Connection) -> None:
    assert bundled.install_all(connection, at=NOON) == []
    (found,) = selectors.versions(connection)
    assert (found.pack, found.version, found.status, found.bundled) == ("covid-19", 1, "active", True)
    assert found.drafted_by == "bundled with the product"
    assert selectors.active(connection, "covid-19") == bundled.pack("covid-19")


def test_a_change_is_in_force_when_a_second_person_activates_it(connection: Connection) -> None:
    number = drafted(connection)
    act(services.propose, connection, number, ADA, 1)
    assert in_force(connection) == 5
    noted = services.activate(
        connection, pack="covid-19", version=number, by=BEN, at=NOON + timedelta(hours=2), remark="đồng ý"
    )
    assert in_force(connection) == 7
    assert in_force(connection, NOON + timedelta(hours=1)) == 5
    assert [(each.version, each.action) for each in noted] == [
        (1, "rulepack.superseded"),
        (2, "rulepack.activated"),
    ]
    steps = [(step.step, step.actor, step.remark) for step in selectors.steps(connection, "covid-19", number)]
    assert steps == [("drafted", ADA, "thử"), ("proposed", ADA, "thử"), ("activated", BEN, "đồng ý")]
    assert [each.status for each in selectors.versions(connection)] == ["superseded", "active"]


@pytest.mark.parametrize("same", [ADA, "ada  LÊ", " Ada Le\u0302 "])
@pytest.mark.parametrize("proposer", [ADA, BEN])
def test_who_drafted_or_proposed_never_activates_however_the_name_is_written(
    connection: Connection, same: str, proposer: str
) -> None:
    number = drafted(connection)
    act(services.propose, connection, number, proposer)
    with pytest.raises(services.SamePerson):
        act(services.activate, connection, number, same)
    assert in_force(connection) == 5


def test_the_database_refuses_one_person_for_both_steps(connection: Connection) -> None:
    number = drafted(connection)
    act(services.propose, connection, number, BEN)
    connection.execute("UPDATE rule_pack_version SET status = 'superseded', ended_at = now() WHERE version = 1")
    for name in (ADA, BEN, BEN.upper()):
        with pytest.raises(psycopg.errors.CheckViolation) as caught, connection.transaction():
            connection.execute(
                "UPDATE rule_pack_version SET status = 'active', activated_by = %s, activated_at = now()"
                " WHERE version = %s",
                (name, number),
            )
        assert caught.value.diag.constraint_name == "rule_pack_version_needs_a_second_person"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rule_pack_step SET actor = 'x'",
        "DELETE FROM rule_pack_step",
        "TRUNCATE rule_pack_step",
        "DELETE FROM rule_pack_version",
        "UPDATE rule_pack_version SET content = '{}'",
        "UPDATE rule_pack_version SET drafted_by = 'x'",
        "UPDATE rule_pack_version SET status = 'draft', activated_by = NULL, activated_at = NULL",
        "UPDATE rule_pack_version SET activated_by = 'x', status = 'superseded', ended_at = now()",
    ],
)
def test_nobody_edits_the_history_by_the_database_either(connection: Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation), connection.transaction():
        connection.execute(statement.encode())


def test_steps_come_in_their_order_alone(connection: Connection) -> None:
    number = drafted(connection)
    with pytest.raises(services.NotNow, match="Propose it first"):
        act(services.activate, connection, number, BEN)
    act(services.propose, connection, number, ADA)
    with pytest.raises(services.NotNow):
        act(services.propose, connection, number, ADA)
    act(services.withdraw, connection, number, ADA)
    with pytest.raises(services.NotNow):
        act(services.activate, connection, number, BEN)
    with pytest.raises(services.NotNow, match="in force"):
        act(services.withdraw, connection, 1, BEN)
    with pytest.raises(selectors.NoSuchVersion):
        act(services.propose, connection, 9, ADA)


def test_a_draft_on_a_version_that_is_no_longer_active_is_out_of_date(connection: Connection) -> None:
    first, second = drafted(connection, 7), drafted(connection, 8)
    act(services.propose, connection, first, ADA)
    act(services.propose, connection, second, ADA)
    act(services.activate, connection, second, BEN)
    with pytest.raises(services.Outdated):
        act(services.activate, connection, first, BEN)
    assert in_force(connection) == 8


def test_a_draft_needs_a_difference_a_name_a_remark_and_no_fault(connection: Connection) -> None:
    same = tuple(rule for rule in bundled.pack("covid-19").rules if rule.group == "publication")
    with pytest.raises(services.NothingChanges):
        services.draft(connection, heading=HEADING, rules=same, by=ADA, at=NOON, remark="thử")
    with pytest.raises(services.UnusableName):
        services.draft(connection, heading=HEADING, rules=publication(7), by=" ", at=NOON, remark="thử")
    with pytest.raises(services.UnusableName):
        services.draft(connection, heading=HEADING, rules=publication(7), by=ADA, at=NOON, remark="")
    with pytest.raises(PackFault, match="title_en is missing"):
        services.draft(connection, heading=Heading(code="other"), rules=publication(7), by=ADA, at=NOON, remark="thử")


def test_a_pack_of_another_disease_goes_the_same_way(connection: Connection) -> None:
    heading, rules = parse(TEXT)
    assert heading is not None
    services.draft(connection, heading=heading, rules=rules, by=ADA, at=NOON, remark="thử")
    with pytest.raises(selectors.NoSuchPack):
        selectors.active(connection, heading.code)
    services.propose(connection, pack=heading.code, version=1, by=ADA, at=NOON, remark="thử")
    with pytest.raises(services.SamePerson):
        services.activate(connection, pack=heading.code, version=1, by=ADA, at=NOON, remark="thử")
    services.activate(connection, pack=heading.code, version=1, by=BEN, at=NOON, remark="thử")
    assert selectors.active(connection, heading.code) == invented()


def test_other_bundled_rules_of_a_new_release_wait_as_a_draft(connection: Connection) -> None:
    pack = bundled.pack("covid-19")
    newer = type(pack)(
        **{name: getattr(pack, name) for name in pack.__struct_fields__ if name != "rules"},
        rules=tuple(rule for rule in pack.rules if rule.group != "publication") + publication(9),
    )
    (noted,) = services.install(connection, pack=newer, digest=bytes(32), by=bundled.ACTOR, at=NOON, remark="mới")
    assert (noted.version, noted.action) == (2, "rulepack.drafted")
    assert in_force(connection) == 5
    assert services.install(connection, pack=newer, digest=bytes(32), by=bundled.ACTOR, at=NOON, remark="mới") == []
    act(services.propose, connection, 2, ADA)
    act(services.activate, connection, 2, BEN)
    assert in_force(connection) == 9
