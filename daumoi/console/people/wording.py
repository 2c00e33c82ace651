"""What the hub knows of pairs and proposals, in the words of the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.utils.translation import get_language, gettext, gettext_lazy

from daumoi.accounts import roles
from daumoi.accounts.selectors import names_of
from daumoi.core.database import Connection
from daumoi.intake.identity_changes import NothingToMove
from daumoi.linkage.candidates import Candidate
from daumoi.linkage.proposals import (
    HUB,
    AlreadyProposed,
    Decided,
    FourEyes,
    KeptApart,
    NotYours,
    Proposal,
    ReasonNotUsable,
    Stale,
)

_MEMBER = "member:"
_SURE = 0.999

FAULTS = {
    KeptApart: gettext_lazy(
        "It was decided that these are two people, and no new number says otherwise. Undo that decision first."
    ),
    AlreadyProposed: gettext_lazy("The same is proposed already and waits for a decision."),
    FourEyes: gettext_lazy("You proposed it yourself. Somebody else has to decide."),
    NotYours: gettext_lazy("Only who proposed it can withdraw it."),
    Decided: gettext_lazy("It was decided before, or undone."),
    Stale: gettext_lazy("People or claims have changed since, and nothing is left to move. Propose it anew."),
    NothingToMove: gettext_lazy("There is nothing to move: it is one person already, or no part of one was chosen."),
    ReasonNotUsable: gettext_lazy("Give a reason of 1 to 500 characters, without an identity number or telephone."),
}
"""What cannot be proposed or decided, and what to do."""


class Reason(NamedTuple):
    """What one comparison said, and whether it speaks for one person or against."""

    text: str
    speaks: str
    """`for`, `weak` or `against`."""


class Pair(NamedTuple):
    """A pair that may be one, in words."""

    candidate: Candidate
    why: str
    score: str
    reasons: list[Reason]
    twins: bool


class Row(NamedTuple):
    """One proposal in words."""

    proposal: Proposal
    what: str
    state: str
    """`open`, `approved`, `rejected`, `withdrawn` or `undone`."""
    proposed_by: str
    decided_by: str


def score_in_words(score: float | None) -> str:
    """Write how likely it is as a percentage; nothing is certain before somebody has decided it."""
    if score is None:
        return ""
    text = f"{min(score, _SURE) * 100:.1f}"
    text = text if get_language() == "en" else text.replace(".", ",")
    return f"> {text} %" if score > _SURE else f"{text} %"


def why_found(reason: str) -> str:
    """Say how a pair was found."""
    return {
        "identifiers_name_two": gettext("One claim gave numbers that belong to both"),
        "facts_disagree": gettext("A number in common, but name, birth or sex disagree"),
        "similar": gettext("Found by the nightly comparison"),
    }.get(reason, reason)


def reasons_of(evidence: dict[str, str]) -> list[Reason]:
    """Put what the comparisons said into words; those that were silent are left out."""
    titles = {
        "name": gettext("Name"),
        "birth": gettext("Birth"),
        "sex": gettext("Sex"),
        "phone": gettext("Phone"),
        "national id": gettext("National id"),
        "old national id": gettext("Old identity card"),
        "area": gettext("Area"),
    }
    said = {
        "same": gettext("same"),
        "words in another order": gettext("the same words in another order"),
        "accents differ": gettext("the same but for accents"),
        "misspelt": gettext("one misspelling apart"),
        "one within the other": gettext("one has a word that the other lacks"),
        "alike": gettext("alike, but two names"),
        "same day": gettext("same day"),
        "same year, day unknown": gettext("same year, the day is unknown"),
        "day and month swapped": gettext("day and month swapped"),
        "one sign differs": gettext("one sign differs"),
        "one or two signs differ": gettext("one or two signs differ"),
        "same year": gettext("same year, another day"),
        "near year": gettext("within two years"),
        "same unit": gettext("same commune or ward"),
        "same province": gettext("same province"),
        "differs": gettext("differs"),
    }
    found = []
    for comparison in [*titles, *sorted(evidence.keys() - titles.keys())]:
        label = evidence.get(comparison, "silent")
        if label == "silent":
            continue
        speaks = "against" if label == "differs" else "for" if label in ("same", "same day", "same unit") else "weak"
        found.append(Reason(f"{titles.get(comparison, comparison)}: {said.get(label, label)}", speaks))
    return found


def pair_in_words(candidate: Candidate) -> Pair:
    """Put a pair into words, without a value of anybody."""
    return Pair(
        candidate,
        why_found(candidate.reason),
        score_in_words(candidate.score),
        reasons_of(candidate.evidence),
        twins_by_evidence(candidate.evidence),
    )


def twins_by_evidence(evidence: dict[str, str]) -> bool:
    """Tell whether a comparison may have met twins: one day of birth, names near but not one, no number in common."""
    near = evidence.get("name") in ("misspelt", "one within the other", "alike", "accents differ")
    numbers = [evidence.get(name) for name in ("national id", "old national id")]
    return near and evidence.get("birth") == "same day" and "same" not in numbers


def proposal_rows(connection: Connection, found: Sequence[Proposal]) -> list[Row]:
    """Put proposals into words; one query for the names of all who proposed and decided."""
    who = names(connection, [name for one in found for name in (one.proposed_by, one.decided_by)])
    return [
        Row(
            one,
            what_is_proposed(one),
            state_of(one),
            who.get(one.proposed_by, one.proposed_by),
            who.get(one.decided_by, one.decided_by) if one.decided_by else "",
        )
        for one in found
    ]


def names(connection: Connection, said: Iterable[str | None]) -> dict[str, str]:
    """Return who stands behind the texts that a proposal keeps of its authors."""
    keys = {one for one in said if one}
    members = {int(key.removeprefix(_MEMBER)): key for key in keys if key.removeprefix(_MEMBER).isdecimal()}
    found = {members[number]: name for number, name in names_of(connection, members).items()} if members else {}
    return found | ({HUB: gettext("the nightly comparison")} if HUB in keys else {})


def what_is_proposed(one: Proposal) -> str:
    """Say what is proposed in one line, people by their numbers."""
    if one.action == "merge":
        return gettext("Join person %(other)s to person %(keep)s") % {"keep": one.keep, "other": one.other}
    if one.action == "split":
        return gettext("Split a part off person %(keep)s") % {"keep": one.keep}
    return gettext("Undo proposal %(number)s") % {"number": one.undoes}


def state_of(one: Proposal) -> str:
    """Return how a proposal stands."""
    return "undone" if one.undone else one.outcome or "open"


def state_title(state: str) -> str:
    """Say how a proposal stands."""
    return {
        "open": gettext("waits for a decision"),
        "approved": gettext("approved"),
        "rejected": gettext("rejected"),
        "withdrawn": gettext("withdrawn"),
        "undone": gettext("undone"),
    }[state]


def who_decides() -> str:
    """Name the roles that decide."""
    known = roles.load().roles.values()
    return ", ".join(role.title.said(get_language()) for role in known if "person.merge.decide" in role.rights)
