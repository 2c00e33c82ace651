"""One submission: its receipt, and the rows that were not stored or raised a doubt."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.exporting import as_file
from daumoi.console.faults import said
from daumoi.console.presentation import kind_title
from daumoi.intake import held_groups
from daumoi.organisations import registry


@require_safe
@needs("held.view")
def show(request: StaffRequest, submission_id: UUID) -> HttpResponse:
    """Show a submission within the scope, its problems page by page."""
    as_csv = request.GET.get("format") == "csv"
    with hub_of(request).pool.connection() as connection:
        systems = registry.load(connection)
        found = held_groups.submission(connection, request.scope, systems, submission_id)
        if found is None:
            raise Http404
        most = held_groups.EXPORTED_MAX if as_csv else held_groups.PAGE
        after = (False, 0) if as_csv else _after(request.GET.get("after", ""))
        notes = held_groups.notes(connection, found, after=after, most=most)
    if as_csv:
        head = ("row", "warning", "code", "pointer", "problem", "held_id")
        rows = [
            (note.row_number, "yes" if note.warning else "", each.code, each.pointer, each.sentence, note.held_id)
            for note in notes[:most]
            for each in said(note.faults)
        ]
        return as_file("submission-problems", head, rows)
    last = notes[most - 1] if len(notes) > most else None
    context = {
        "found": found,
        "kind_title": kind_title(found.kind.name) if found.kind else gettext("Several kinds"),
        "notes": [(note, said(note.faults)) for note in notes[:most]],
        "after": f"{int(last.warning)}-{last.row_number}" if last else "",
        "may_see_record": request.standing.scope.may("record.view") and found.kind is not None,
        "crumbs": [(gettext("Held rows"), reverse("held_groups")), (gettext("Submission"), "")],
    }
    return render(request, "console/submission.html", context)


def _after(text: str) -> tuple[bool, int]:
    warning, _, number = text.partition("-")
    known = number.isascii() and number.isdigit() and len(number) < 19
    return (warning == "1", int(number)) if known else (False, 0)
