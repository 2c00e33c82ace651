"""A page over personal data, written as the console's README says: narrowed scope, a line of the audit log first.

Loaded when the pages stand: Django has to be set up before.
"""

from __future__ import annotations

from django.http import HttpResponse

from daumoi.audit.actors import Subject
from daumoi.console.access import StaffRequest, needs
from daumoi.console.acting import looking, note_read


@needs("record.view")
def a_record(request: StaffRequest, where: str) -> HttpResponse:
    """Show a record where the member may see records."""
    if not request.scope.covers(where):
        return HttpResponse("nothing", status=404)
    with looking(request) as connection:
        subject = Subject("record", kind="checkpoint_passage", first=7, last=7)
        note_read(request, connection, "record.read", subject, purpose="contact_tracing", paths=(where,))
    return HttpResponse("the record")
