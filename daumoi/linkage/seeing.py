"""Who sees a person, and a proposal about people, as conditions of SQL: lists filter by them before they are cut to a
page, so that a page is full and costs one query.

The same as `selectors.is_visible`: a person is there for a scope when a record in it names one of their claims.
"""

from typing import NamedTuple

from psycopg import sql

from daumoi.accounts.scope import Scope


class Condition(NamedTuple):
    """A condition and its parameters, in their order."""

    text: str
    values: tuple[object, ...]


def sees_person(scope: Scope, person: str) -> Condition:
    """Return the condition that the person in a column is there for a scope."""
    if scope.nationwide:
        return Condition("true", ())
    text, values = scope.sql("r.path")
    return Condition(
        "EXISTS (SELECT FROM claim v JOIN appearance a ON a.claim = v.id"
        f" JOIN record r ON r.kind = a.kind AND r.seq = a.seq WHERE v.person = {person} AND ({text}))",
        tuple(values),
    )


def sees_proposal(scope: Scope) -> Condition:
    """Return the condition that all people whose claims proposal `p` names now are there for a scope.

    Of whom all were erased nothing is left but that it was decided: for who sees the whole country.
    """
    if scope.nationwide:
        return Condition("true", ())
    person = sees_person(scope, "c.person")
    named = (
        "SELECT FROM identity_proposal_claim s JOIN claim c ON c.id = s.claim"  # as above
        " WHERE s.proposal = p.id"
    )
    return Condition(f"(EXISTS ({named}) AND NOT EXISTS ({named} AND NOT {person.text}))", person.values)


def narrowed(statement: str, **conditions: Condition) -> sql.Composed:
    """Put conditions into the places of a statement."""
    return sql.SQL(statement).format(**{name: sql.SQL(condition.text) for name, condition in conditions.items()})
