"""The audit log: searched by staff who say why, one line a page of the search; one line with all its parts; the chain.

The reason is asked for once a session and stands in each line that reading writes; it is kept in the session, because
an address must not carry it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from daumoi.audit import heads, purposes, selectors
from daumoi.audit.actions import action_title
from daumoi.audit.actors import Subject
from daumoi.audit.selectors import Line, Search
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import changing, looking, note
from daumoi.console.day_field import day_field
from daumoi.console.exporting import as_file
from daumoi.console.presentation import kind_title
from daumoi.core.database import Connection
from daumoi.kinds.registry import KINDS

REASON = "audit_reason"
"""The key of the session."""
_PURPOSE = "supervision"
_NUMBER_MAX = 2**63 - 1
FILE_LINES_MAX = 10_000
_LATE_S = 10.0
"""Sealing is a second behind; ten say that something is wrong."""


def _kind_choices() -> list[tuple[str, str]]:
    return [("", "–"), *((name, kind_title(name)) for name in KINDS)]


def _number(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=_NUMBER_MAX, required=False)


class SearchForm(forms.Form):
    """What is looked for; all of it may be left out."""

    actor = forms.CharField(label=gettext_lazy("Who (such as member:12)"), max_length=200, required=False)
    action = forms.CharField(label=gettext_lazy("Action"), max_length=100, required=False)
    person = _number(gettext_lazy("Number of a person"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind of record"), choices=_kind_choices, required=False)
    number = _number(gettext_lazy("Number of the record"))
    grant = _number(gettext_lazy("Number of emergency access"))
    first_day = day_field(gettext_lazy("From"), required=False)
    last_day = day_field(gettext_lazy("To"), required=False)

    def clean(self) -> dict[str, Any]:
        """A record is named by its kind and its number, both."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(given.get("kind")) != bool(given.get("number")):
            raise forms.ValidationError(gettext("A record is named by its kind and its number: give both."))
        return given

    def search(self) -> Search:
        """Return what is looked for; the form is valid."""
        given = self.cleaned_data
        return Search(
            actor=given["actor"].replace("\x00", "") or None,
            action=given["action"].replace("\x00", "") or None,
            person=given["person"],
            record=(given["kind"], given["number"]) if given["kind"] else None,
            grant=given["grant"],
            first_day=given["first_day"],
            last_day=given["last_day"],
        )


class ReasonForm(forms.Form):
    """Why the reader looks."""

    reason = forms.CharField(label=gettext_lazy("Why do you look? Without personal data"), max_length=500)


@dataclass(frozen=True)
class Shown:
    """A line in words."""

    line: Line
    action: str
    purpose: str
    kind: str


def shown(line: Line) -> Shown:
    """Put a line into words."""
    purpose = purposes.title(line.purpose)
    language = get_language()
    said = line.purpose if purpose is None else purpose.en if language == "en" else purpose.vi
    return Shown(line, action_title(line.action, language), said, kind_title(line.kind) if line.kind else "")


def _subject(search: Search, what: str) -> Subject:
    """Say what was looked for: by numbers, never by what stood in a line."""
    parts = [
        name
        for name, value in (
            ("who", search.actor), ("action", search.action), ("access", search.grant),
            ("days", search.first_day or search.last_day),
        )
        if value is not None
    ]  # fmt: skip
    said = f"{what} by {', '.join(parts)}" if parts else what
    people = () if search.person is None else (search.person,)
    if search.record is None:
        return Subject(said, people=people)
    kind, number = search.record
    return Subject(said, kind=kind, first=number, last=number, people=people)


@needs("audit.search")
@require_http_methods(["GET", "HEAD", "POST"])
def audit(request: StaffRequest) -> HttpResponse:
    """Search the log. A reason comes first; each page of the search is one line of the log itself."""
    if request.method == "POST":
        return _with_reason(request)
    form = SearchForm(request.GET or None)
    reason = str(request.session.get(REASON, ""))
    page = None
    with looking(request) as connection:
        if reason and (not request.GET or form.is_valid()):
            search = form.search() if request.GET else Search()
            page = _page(request, connection, search, reason)
        actions = selectors.actions(connection)
    language = get_language()
    context = {
        "form": form,
        "reason": reason,
        "reason_form": ReasonForm(),
        "page": page,
        "lines": [shown(line) for line in page.lines] if page else [],
        "actions": [(code, action_title(code, language)) for code in actions],
        "older": _with(request.GET, before=page.before) if page and page.before is not None else "",
        "file": request.GET.urlencode(),
        "crumbs": [(gettext("Audit log"), "")],
    }
    return render(request, "console/audit/audit.html", context)


def _with_reason(request: HttpRequest) -> HttpResponse:
    """Keep why the reader looks; an empty reason forgets it."""
    form = ReasonForm(request.POST)
    if form.is_valid():
        request.session[REASON] = form.cleaned_data["reason"]
    else:
        request.session.pop(REASON, None)
    query = request.GET.urlencode()
    return redirect(reverse("audit") + (f"?{query}" if query else ""))


def _page(request: StaffRequest, connection: Connection, search: Search, reason: str) -> selectors.Page:
    before = request.GET.get("before", "")
    note(request, connection, "audit.search", _subject(search, "audit log"), reason=reason, purpose=_PURPOSE)
    return selectors.search(connection, search, before=int(before) if before.isdecimal() and len(before) < 19 else None)


def _with(query: QueryDict, **more: object) -> str:
    changed = query.copy()
    for name, value in more.items():
        changed[name] = str(value)
    return changed.urlencode()


@needs("audit.search")
@require_safe
def audit_file(request: StaffRequest) -> HttpResponse:
    """Give what a search finds as a CSV file, the newest 10,000 lines; its making is one line of the log."""
    form = SearchForm(request.GET)
    reason = str(request.session.get(REASON, ""))
    if not reason or not form.is_valid():
        return redirect("audit")
    search = form.search()
    with looking(request) as connection:
        note(request, connection, "audit.export", _subject(search, "audit log"), reason=reason, purpose=_PURPOSE)
        found = selectors.search(connection, search, most=FILE_LINES_MAX).lines
    return as_file("audit", Line._fields, _cells(found))


def _cells(found: list[Line]) -> Iterator[list[object]]:
    for line in found:
        yield [" ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in line]


@needs("audit.search")
@require_safe
def audit_line(request: StaffRequest, number: int) -> HttpResponse:
    """Show one line with all its parts, and how it hangs in the chain."""
    reason = str(request.session.get(REASON, ""))
    if not reason:
        return redirect("audit")
    with changing(request) as connection:
        found = selectors.line(connection, number) if number <= _NUMBER_MAX else None
        if found is None:
            raise Http404
        note(request, connection, "audit.read", f"audit line {number}", reason=reason, purpose=_PURPOSE)
    context = {
        "found": found,
        "shown": shown(found.line),
        "crumbs": [(gettext("Audit log"), reverse("audit")), (f"{number}", "")],
    }
    return render(request, "console/audit/line.html", context)


@needs("audit.search")
@require_safe
def audit_chain(request: StaffRequest) -> HttpResponse:
    """Show how far the chain is sealed, what waits, the last signed head and the key that proves it."""
    hub = hub_of(request)
    with looking(request) as connection:
        chain = selectors.chain(connection)
    lag_s = (hub.clock.now() - chain.oldest_waiting_at).total_seconds() if chain.oldest_waiting_at else 0.0
    context = {
        "chain": chain,
        "lag_s": round(max(lag_s, 0.0)),
        "is_late": lag_s > _LATE_S,
        "key": heads.public_key(hub.keys).public_bytes_raw().hex(),
        "crumbs": [(gettext("Audit log"), reverse("audit")), (gettext("State of the chain"), "")],
    }
    return render(request, "console/audit/chain.html", context)
