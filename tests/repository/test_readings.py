"""The right to read personal data is made where its audit line is written, and sealed values are opened with it alone."""

from __future__ import annotations

import ast
import inspect

from daumoi.core.reading import Reading
from daumoi.exchange import feeds
from daumoi.exchange.reading import Reader
from daumoi.log import selectors as log
from daumoi.people import selectors as people
from tests.repository.tracked import files_of, named, text_of

MAKER = "daumoi/audit/services.py"


def test_only_the_audit_service_makes_a_reading() -> None:
    makers = set()
    for path in files_of(".py", under="daumoi"):
        for node in ast.walk(ast.parse(text_of(path) or "")):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in ("of_entry", "__new__")
                and named(path) != "daumoi/core/reading.py"
            ):
                makers.add(named(path))
    assert makers == {MAKER}


def test_selectors_over_personal_data_take_a_reading() -> None:
    """Without a default: who calls one has thought of it."""
    wanted = {people.claims: ("reading", Reading), log.sealed: ("reading", Reading)}
    for selector, (name, annotation) in wanted.items():
        parameter = inspect.signature(selector).parameters[name]
        assert (parameter.annotation, parameter.default) == (annotation, inspect.Parameter.empty)
    for door in (feeds.page, feeds.one):
        parameter = inspect.signature(door).parameters["reader"]
        assert (parameter.annotation, parameter.default) == (Reader, inspect.Parameter.empty)


def test_sealed_identities_are_opened_in_known_places_only() -> None:
    """A new place that opens seals is looked at: it takes a reading, or shows nobody what it opened."""
    opens = {named(path) for path in files_of(".py", under="daumoi") if "keys.open(" in (text_of(path) or "")}
    assert opens == {
        "daumoi/console/adapters.py",  # second factors of members, which nobody is shown
        "daumoi/exchange/lines.py",  # values that `log.sealed` gave for a reading
        "daumoi/exchange/webhooks/keys.py",  # keys that sign, of no person
        "daumoi/intake/holding.py",  # a sender's own held rows
        "daumoi/linkage/comparing/rows.py",  # compared in memory, shown to nobody
        "daumoi/linkage/selectors.py",
        "daumoi/people/destroying.py",  # erasure and retention, written as lines of their own
        "daumoi/people/refreshing.py",  # sealed again under a new key, shown to nobody
        "daumoi/people/selectors.py",
    }
