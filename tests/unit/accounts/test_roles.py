"""Roles are data, and the data keep to the centre's own rules."""

from __future__ import annotations

import pytest

from daumoi.accounts import roles

OF_THE_DECISION = {
    "director", "deputy_health", "epi_adviser", "privacy_security_policy", "telecom_coord", "chief_architect",
    "infra_lead", "security_monitor", "standing_member",
}  # fmt: skip
HEAD = """
conflicts = [["rulepack.draft", "rulepack.activate"]]
withheld_from_vendors = ["rulepack.activate"]
[rights]
"rulepack.draft" = { vi = "Soạn", en = "Draft" }
"rulepack.activate" = { vi = "Ban hành", en = "Activate" }
"""


def test_the_nine_roles_of_the_decision_are_there() -> None:
    assert {role.name for role in roles.load().roles.values() if role.core} == OF_THE_DECISION


def test_no_role_both_proposes_and_decides() -> None:
    known = roles.load()
    assert len(known.conflicts) >= 6
    assert not [role.name for role in known.roles.values() if known.conflicts_in(role.rights)]
    decided = {right for pair in known.conflicts for right in pair}
    held = frozenset().union(*(role.rights for role in known.roles.values()))
    unused = decided - held
    assert unused <= {"release.propose", "release.approve"}, "each side of a decision is somebody's"


def test_a_role_that_both_drafts_and_activates_is_refused() -> None:
    both = '[roles.tsar]\nvi = "Tất cả"\nen = "All"\nrights = ["rulepack.draft", "rulepack.activate"]\n'
    with pytest.raises(roles.RolesFault, match=r"tsar.*rulepack\.activate and rulepack\.draft"):
        roles.read(HEAD + both)


def test_a_right_that_is_not_listed_is_refused() -> None:
    with pytest.raises(roles.RolesFault, match=r"clerk.*held\.mend"):
        roles.read(HEAD + '[roles.clerk]\nvi = "Cán bộ"\nen = "Clerk"\nrights = ["held.mend"]\n')


def test_who_works_for_a_vendor_accepts_nothing_and_sees_no_person() -> None:
    known = roles.load()
    for name in known.roles:
        assert not known.rights_of(name, is_vendor=True) & known.withheld_from_vendors
    assert "person.find" in known.withheld_from_vendors


def test_the_head_of_the_centre_reads_no_person_and_advisers_no_record() -> None:
    known = roles.load().roles
    for name in ("director", "epi_adviser", "telecom_coord", "infra_lead", "place_owner", "checkpoint_officer"):
        assert not {"person.find", "record.view"} & known[name].rights, name


def test_every_title_stands_in_both_languages() -> None:
    known = roles.load()
    for title in [*known.rights.values(), *(role.title for role in known.roles.values())]:
        assert title.vi
        assert title.said("en") == title.en
