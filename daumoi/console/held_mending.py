"""What members of the centre do with held rows: mend one, mend a group alike, replay a group, hand back."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import msgspec
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_POST

from daumoi.console import purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import actor_of
from daumoi.console.faults import said, sentence
from daumoi.console.held import about, address_of, as_text, entry_of, opened, target_of
from daumoi.core.problems import CALL_CODES, CallProblem
from daumoi.intake import held_groups, mending
from daumoi.intake.changes import ACTIONS, Change, NotAChange, value_of
from daumoi.intake.held_groups import HeldEntry
from daumoi.intake.holding import readable
from daumoi.intake.mending import Outcome, Target

FIELDS_MAX = 12


def _told(problem: CallProblem) -> str:
    code = CALL_CODES[problem.code]
    return code.en if get_language() == "en" else code.vi


@require_http_methods(["GET", "HEAD", "POST"])
@needs("held.mend")
def mend(request: StaffRequest, held_id: UUID) -> HttpResponse:
    """Mend one row: the fields with problems, or the whole of it as JSON."""
    with hub_of(request).pool.connection() as connection:
        found = entry_of(connection, request, held_id)
    here = reverse("held_row", args=[held_id])
    if found.closed_at is not None:
        messages.info(request, gettext("This row is closed already; there is nothing left to mend."))
        return HttpResponseRedirect(here)
    if purpose.stated(request) is None:
        return HttpResponseRedirect(here)
    if request.method != "POST":
        raw = opened(request, found)
        return _mend_page(request, found, as_text(raw), _fields(found, readable(raw)))
    if request.POST.get("mode") == "fields":
        value = readable(opened(request, found))
        line = msgspec.json.encode(_filled(found, value, request.POST))
    else:
        line = request.POST.get("record", "").encode("utf-8", "replace")
    try:
        receipt = mending.mend_one(hub_of(request), request.scope, by=actor_of(request), found=found, line=line)
    except CallProblem as problem:
        problems = problem.extra.get("problems", []) if problem.code == "rows_refused" else []
        told = "" if problems else _told(problem)
        fields = _fields(found, readable(line))
        return _mend_page(request, found, as_text(line), fields, problems=_refusals(problems), told=told)
    except (mending.NotYours, mending.AlreadyClosed):
        messages.info(request, gettext("This row is closed already; there is nothing left to mend."))
        return HttpResponseRedirect(here)
    if receipt.repeated:
        messages.success(request, gettext("The record was there already with this content; the row is closed."))
    else:
        messages.success(
            request, gettext("Mended and stored as number %(number)s.") % {"number": receipt.first_seq or ""}
        )
    return HttpResponseRedirect(here)


def _refusals(problems: list[Any]) -> list[Any]:
    """Turn the problems of a refusal into faults in the reader's language; the first of each row is given."""
    faults: list[Any] = []
    for each in problems:
        told = each if isinstance(each, dict) else msgspec.to_builtins(each)
        faults += told.get("faults") or [told]
    return said([{"code": each["code"], "pointer": each["pointer"], "message": each["message"]} for each in faults])


def _mend_page(
    request: StaffRequest,
    found: HeldEntry,
    text: str,
    fields: list[dict[str, Any]],
    *,
    problems: list[Any] | None = None,
    told: str = "",
) -> HttpResponse:
    target = Target(found.system, found.kind, found.code)
    context = {
        "found": found,
        **about(target),
        "faults": said(found.faults),
        "fields": fields,
        "text": text,
        "problems": problems or [],
        "told": told,
        "crumbs": [
            (gettext("Held rows"), reverse("held_groups")),
            (found.code, address_of(target)),
            (gettext("One row"), reverse("held_row", args=[found.id])),
            (gettext("Mend"), ""),
        ],
    }
    return purpose.shown(render(request, "console/held/mend.html", context, status=422 if problems or told else 200))


def _steps(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _look(value: Any, pointer: str) -> Any:
    """Return what lies at a pointer, None when nothing does."""
    for part in _steps(pointer):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def _fields(found: HeldEntry, value: Any) -> list[dict[str, Any]]:
    """Return the fields with problems that hold one value each; nothing when the row is no JSON object."""
    if not isinstance(value, dict):
        return []
    fields = []
    for each in said(found.faults):
        inner = _look(value, each.pointer)
        if each.pointer and not isinstance(inner, dict | list) and each.code != "duplicate_key":
            shown = "" if inner is None else inner if isinstance(inner, str) else json.dumps(inner)
            fields.append({"pointer": each.pointer, "value": shown, "fault": each})
    return fields[:FIELDS_MAX]


def _filled(found: HeldEntry, value: Any, sent: Any) -> Any:
    """Set what was typed into the fields; an empty field is taken away."""
    made = value
    for number, field in enumerate(_fields(found, value)):
        typed = sent.get(f"field{number}", "").strip()
        pointer = field["pointer"]
        change = Change("remove", pointer) if not typed else Change("set", pointer, new=_typed(field, typed, value))
        applied = change.applied(made)
        made = made if applied is None else applied
    return made


def _typed(field: dict[str, Any], typed: str, value: Any) -> Any:
    """Read a value as it was typed: a text stays one unless the fault says that another type is wanted."""
    before = _look(value, field["pointer"])
    wants_json = field["fault"].code == "wrong_type" or (before is not None and not isinstance(before, str))
    return value_of(typed) if wants_json else typed


@require_http_methods(["GET", "HEAD", "POST"])
@needs("held.mend")
def change(request: StaffRequest, system: str, kind: str, code: str) -> HttpResponse:
    """Mend a group alike: first how many rows a change makes good, then the change itself."""
    hub = hub_of(request)
    with hub.pool.connection() as connection:
        target = target_of(connection, request, system, kind, code)
        of: dict[str, Any] = {"system": target.system, "kind": target.kind, "code": target.code}
        pointers = held_groups.pointers_of_group(connection, request.scope, **of)
        size = held_groups.group_size(connection, request.scope, **of)
    typed = {name: request.POST.get(name, "") for name in ("action", "pointer", "old", "new")}
    context: dict[str, Any] = {
        **about(target),
        "size": size,
        "pointers": pointers,
        "actions": [(name, _action_said(name)) for name in ACTIONS],
        "typed": typed
        if request.method == "POST"
        else {"action": "replace", "pointer": pointers[0] if pointers else ""},
        "rows_max": mending.ROWS_MAX,
        "crumbs": [
            (gettext("Held rows"), reverse("held_groups")),
            (target.code, address_of(target)),
            (gettext("Mend all alike"), ""),
        ],
    }
    if request.method != "POST":
        return render(request, "console/held/change.html", context)
    try:
        wanted = Change(
            next((name for name in ACTIONS if name == typed["action"]), "set"),
            typed["pointer"].strip(),
            old=value_of(typed["old"]) if typed["action"] == "replace" and typed["old"].strip() else None,
            new=typed["new"].strip() if typed["action"] == "rename" else value_of(typed["new"]),
        )
        if wanted.action in ("set", "replace") and not typed["new"].strip():
            raise NotAChange(NotAChange.__doc__)
    except NotAChange:
        context["told"] = gettext(
            "A place is a pointer such as /data/form. Replacing and renaming need what is there now and what is to be."
        )
        return render(request, "console/held/change.html", context, status=422)
    try:
        if request.POST.get("step") == "apply":
            after = int(request.POST["after"]) if request.POST.get("after", "").isdigit() else 0
            done = mending.mend_many(
                hub, request.scope, by=actor_of(request), target=target, change=wanted, after=after
            )
            context |= {"done": done, "left": _left(done)}
        else:
            seen = mending.rehearse(hub, request.scope, target=target, change=wanted)
            context |= {"seen": seen, "left": _left(seen)}
    except CallProblem as problem:
        context["told"] = _told(problem)
        return render(request, "console/held/change.html", context, status=409)
    return render(request, "console/held/change.html", context)


def _action_said(name: str) -> str:
    return {
        "replace": gettext("Replace one value by another"),
        "set": gettext("Set a value"),
        "remove": gettext("Take the field away"),
        "rename": gettext("Rename the field or code"),
    }[name]


def _left(outcome: Outcome) -> list[tuple[int, str, str]]:
    return [(rows, code, sentence(code)) for code, rows in outcome.still_bad.most_common()]


@require_POST
@needs("held.mend")
def replay(request: StaffRequest, system: str, kind: str, code: str) -> HttpResponse:
    """Try the rows of a group again as they were sent."""
    hub = hub_of(request)
    with hub.pool.connection() as connection:
        target = target_of(connection, request, system, kind, code)
    after = int(request.POST["after"]) if request.POST.get("after", "").isdigit() else 0
    try:
        done = mending.replay(hub, request.scope, by=actor_of(request), target=target, after=after)
    except CallProblem as problem:
        messages.error(request, _told(problem))
        return HttpResponseRedirect(address_of(target))
    context = {
        **about(target),
        "done": done,
        "crumbs": [
            (gettext("Held rows"), reverse("held_groups")),
            (target.code, address_of(target)),
            (gettext("Replay"), ""),
        ],
    }
    return render(request, "console/held/replayed.html", context)


@require_POST
@needs("held.mend")
def hand_back(request: StaffRequest, system: str, kind: str, code: str) -> HttpResponse:
    """Hand all rows of a group back to their sender, with a remark."""
    with hub_of(request).pool.connection() as connection:
        target = target_of(connection, request, system, kind, code)
    _hand_back(request, target, [])
    return HttpResponseRedirect(address_of(target))


@require_POST
@needs("held.mend")
def hand_back_row(request: StaffRequest, held_id: UUID) -> HttpResponse:
    """Hand one row back to its sender, with a remark."""
    with hub_of(request).pool.connection() as connection:
        found = entry_of(connection, request, held_id)
    _hand_back(request, Target(found.system, found.kind, found.code), [held_id])
    return HttpResponseRedirect(reverse("held_row", args=[held_id]))


def _hand_back(request: StaffRequest, target: Target, ids: list[UUID]) -> None:
    remark = request.POST.get("remark", "")
    try:
        many = mending.hand_back(
            hub_of(request), request.scope, by=actor_of(request), target=target, remark=remark, ids=ids
        )
    except mending.RemarkNotUsable:
        messages.error(request, gettext("A remark for the sender has 1 to 500 characters and no personal data."))
        return
    told = gettext("Rows handed back to their sender: %(rows)s")
    messages.success(request, told % {"rows": many})
