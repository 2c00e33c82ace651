"""For which organisations a right is held: what belongs to an organisation and lies in no area is seen by it."""

from daumoi.accounts.scope import Grant, Scope
from daumoi.intake.held_groups import sees, systems_seen
from daumoi.organisations.registry import Registry, System


def a_system(number: int, organisation: str) -> System:
    return System(number, f"s{number}", f"S{number}", organisation, frozenset({"*"}), False)


REGISTRY = Registry(1, {1: a_system(1, "cdc"), 2: a_system(2, "cdc"), 3: a_system(3, "gates")}, {})
LOCAL = frozenset({"VN.79"})


def a_scope(*grants: Grant) -> Scope:
    return Scope(1, "ada@demo.invalid", grants).for_right("held.view")


def test_a_right_held_for_one_organisation_opens_its_systems_alone() -> None:
    scope = a_scope(Grant(frozenset({"held.view"}), LOCAL, "cdc"), Grant(frozenset({"areas.view"}), LOCAL, "gates"))

    assert scope.organisations == {"cdc"}
    assert systems_seen(scope, REGISTRY) == [1, 2]
    assert [sees(scope, system) for system in REGISTRY.systems.values()] == [True, True, False]


def test_a_nationwide_right_opens_all_and_one_without_an_organisation_none() -> None:
    assert systems_seen(a_scope(Grant(frozenset({"held.view"}), None)), REGISTRY) is None
    assert systems_seen(a_scope(Grant(frozenset({"held.view"}), LOCAL)), REGISTRY) == []
    assert systems_seen(a_scope(Grant(frozenset({"board.view"}), None, "cdc")), REGISTRY) == []


def test_a_scope_that_was_not_narrowed_is_held_for_nobody() -> None:
    assert Scope(1, "ada@demo.invalid", (Grant(frozenset({"held.view"}), LOCAL, "cdc"),)).organisations == frozenset()
