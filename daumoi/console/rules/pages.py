"""Rule packs to read: which there are, one version on a day, two versions side by side, what a draft would alter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy
from django.views.decorators.http import require_safe

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import looking
from daumoi.console.day_field import day_field
from daumoi.console.exporting import as_file
from daumoi.console.rules import wording
from daumoi.console.rules.steps import RemarkForm, acting_name
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.rulepacks import bundled, preview, questions, selectors
from daumoi.rulepacks.selectors import Version

_CHANGES_SHOWN = 5


class DayForm(forms.Form):
    """The day whose rules are shown."""

    on = day_field(gettext_lazy("Rules of the day"), required=False)


def status_words(status: str) -> str:
    """Say what became of a version."""
    return {
        "draft": gettext("draft"),
        "proposed": gettext("waits for a second person"),
        "active": gettext("in force"),
        "superseded": gettext("superseded"),
        "withdrawn": gettext("withdrawn"),
    }[status]


def step_words(step: str) -> str:
    """Say a step of a version."""
    return {
        "drafted": gettext("drafted"),
        "proposed": gettext("proposed"),
        "activated": gettext("put in force"),
        "superseded": gettext("superseded"),
        "withdrawn": gettext("withdrawn"),
    }[step]


@dataclass(frozen=True)
class ShownVersion:
    """A version in the words of the page."""

    version: Version
    title: str
    status: str


def shown(version: Version) -> ShownVersion:
    """Put a version into words."""
    title = version.title_en if get_language() == "en" else version.title_vi
    return ShownVersion(version, title, status_words(version.status))


@needs("rulepack.view")
@require_safe
def packs(request: StaffRequest) -> HttpResponse:
    """List the packs with all their versions, newest first."""
    with looking(request) as connection:
        found = [shown(each) for each in selectors.versions(connection)]
    by_pack: dict[str, list[ShownVersion]] = {}
    for each in reversed(found):
        by_pack.setdefault(each.version.pack, []).append(each)
    context = {
        "packs": [
            {"code": code, "title": versions[0].title, "versions": versions} for code, versions in by_pack.items()
        ],
        "may_draft": request.standing.scope.may("rulepack.draft"),
        "crumbs": [(gettext("Rule packs"), "")],
    }
    return render(request, "console/rules/packs.html", context)


def found_version(connection: Connection, pack: str, number: int) -> Version:
    """Return a version; raises Http404."""
    try:
        return selectors.version(connection, pack, number)
    except selectors.NoSuchVersion:
        raise Http404 from None


def _day(request: HttpRequest) -> tuple[DayForm, date | None]:
    """Return the day that was chosen: today when none was; None when all days were asked for."""
    if request.GET.get("all"):
        return DayForm(), None
    form = DayForm(request.GET if request.GET.get("on") else None)
    today = hub_of(request).clock.now().astimezone(VIET_NAM_TIME).date()
    day: date = (form.is_valid() and form.cleaned_data["on"]) or today
    return (form if form.errors else DayForm(initial={"on": day})), day


@needs("rulepack.view")
@require_safe
def version(request: StaffRequest, pack: str, number: int) -> HttpResponse:
    """Show what a version says on a day, its history, and what the reader may do with it."""
    form, on = _day(request)
    with looking(request) as connection:
        others = selectors.versions(connection, pack)
        found = next((each for each in others if each.version == number), None)
        if found is None:
            raise Http404
        content = selectors.content(connection, pack, number)
        steps = selectors.steps(connection, pack, number)
    groups = wording.groups(content, on)
    context = {
        "shown": shown(found),
        "version": found,
        "form": form,
        "on": on,
        "groups": groups,
        "time_zone": content.time_zone,
        "unverified": sum(not rule.is_verified for group in groups for rule in group.rules),
        "steps": [(step, step_words(step.step), step.actor == bundled.ACTOR) for step in steps],
        "others": [shown(each) for each in reversed(others) if each.version != number],
        "active": next((each.version for each in others if each.status == "active"), None),
        **_may(request, found),
        "crumbs": _crumbs(found),
    }
    return render(request, "console/rules/version.html", context)


def _crumbs(found: Version, last: str = "") -> list[tuple[str, str]]:
    name = gettext("%(pack)s, version %(number)s") % {"pack": found.pack, "number": found.version}
    first = (gettext("Rule packs"), reverse("rules"))
    if not last:
        return [first, (name, "")]
    return [first, (name, reverse("rules_version", args=[found.pack, found.version])), (last, "")]


def _may(request: StaffRequest, found: Version) -> dict[str, Any]:
    """Say which steps are open to the reader, and why not, where somebody might wonder."""
    may, me = request.standing.scope.may, acting_name(request).casefold()
    had_a_hand = me in {found.drafted_by.casefold(), (found.proposed_by or "").casefold()}
    why_not = ""
    if found.status == "proposed" and had_a_hand:
        why_not = gettext("You drafted or proposed it: a second person decides.")
    elif found.status == "proposed" and not may("rulepack.activate"):
        why_not = gettext("Your role does not put rules in force.")
    return {
        "remark_form": RemarkForm(),
        "may_propose": found.status == "draft" and may("rulepack.draft"),
        "may_withdraw": found.status in ("draft", "proposed") and may("rulepack.draft"),
        "may_decide": found.status == "proposed" and may("rulepack.activate") and not had_a_hand,
        "why_not": why_not,
    }


@needs("rulepack.view")
@require_safe
def compare(request: StaffRequest, pack: str, number: int) -> HttpResponse:
    """Show what a version alters against another (the one in force, when none is named), and how made-up cases fare."""
    against = request.GET.get("against", "")
    with looking(request) as connection:
        found = found_version(connection, pack, number)
        others = selectors.versions(connection, pack)
        active = next((each.version for each in others if each.status == "active"), None)
        base = int(against) if against.isdecimal() and len(against) < 9 else active
        before = None
        if base is not None:
            found_version(connection, pack, base)
            before = selectors.content(connection, pack, base)
        after = selectors.content(connection, pack, number)
    differences = preview.differences(before, after)
    compared: list[dict[str, Any]] = []
    if before is not None:
        touched = {each.group for each in differences}
        asked: list[preview.Question[Any]] = [one for one in questions.ALL if touched.intersection(one.groups)]
        compared = [_compared(one, preview.compare_on_grid(one, before, after)) for one in asked]
    context = {
        "shown": shown(found),
        "version": found,
        "base": base,
        "others": [shown(each) for each in reversed(others) if each.version != number],
        "tracks": wording.changes(differences),
        "count": len(differences),
        "groups": Counter(each.group for each in differences),
        "compared": compared,
        "crumbs": _crumbs(found, gettext("What it alters")),
    }
    return render(request, "console/rules/compare.html", context)


def _compared(question: preview.Question[Any], found: preview.Comparison) -> dict[str, Any]:
    return {
        "title": question.title_en if get_language() == "en" else question.title_vi,
        "asked": found.asked,
        "changed": found.changed,
        "changes": [(*answers, count) for answers, count in list(found.changes.items())[:_CHANGES_SHOWN]],
        "more": max(0, len(found.changes) - _CHANGES_SHOWN),
    }


@needs("rulepack.view")
@require_safe
def packs_file(request: StaffRequest) -> HttpResponse:
    """Give the versions of all packs as a CSV file."""
    with looking(request) as connection:
        found = selectors.versions(connection)
    columns = Version.__slots__
    return as_file("rule-packs", columns, ([getattr(each, name) for name in columns] for each in found))
