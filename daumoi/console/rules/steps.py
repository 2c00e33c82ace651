"""Steps of a rule pack: draft from a file, propose, put in force or refuse by a second person, withdraw."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import actor_of, changing
from daumoi.core.database import Connection
from daumoi.kinds.codes.lists import unknown
from daumoi.rulepacks import selectors, services
from daumoi.rulepacks.pack import codes
from daumoi.rulepacks.reading import FILE_BYTES_MAX, PackFault, parse

_NAME_MAX = 100


class RemarkForm(forms.Form):
    """Why a step is made."""

    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class DraftForm(RemarkForm):
    """A file of rules, and why they are to change."""

    file = forms.FileField(
        label=gettext_lazy("File of rules (.toml or .json)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".toml,.json"}),
    )


def acting_name(request: HttpRequest) -> str:
    """Return the name under which a member makes steps: their address, for it is theirs alone."""
    by = actor_of(request)
    return by.label if len(by.label) <= _NAME_MAX else by.id


def said(fault: Exception) -> str:
    """Say a refusal of the rules in the reader's language."""
    return {
        services.NotNow: gettext("The version is at another step by now: look at its history."),
        services.SamePerson: gettext("Who drafted or proposed a version may not put it in force: ask a second person."),
        services.Outdated: gettext(
            "Another version came in force since this was drafted. Withdraw it and draft again."
        ),
        services.NothingChanges: gettext("The draft says what is in force already: there is nothing to propose."),
        services.UnusableName: gettext("Write a remark of 1 to 500 characters that says why."),
        selectors.NoSuchVersion: gettext("There is no such version."),
    }[type(fault)]


_REFUSED = (
    services.NotNow,
    services.SamePerson,
    services.Outdated,
    services.NothingChanges,
    services.UnusableName,
    selectors.NoSuchVersion,
)


def _note(request: HttpRequest, connection: Connection, noted: Sequence[services.Noted]) -> None:
    for each in noted:
        audit.write(
            connection,
            at=hub_of(request).clock.now(),
            by=dataclasses.replace(actor_of(request), label=each.actor),
            action=each.action,
            subject=Subject(each.subject),
            purpose="administration",
            reason=each.remark,
        )


@needs("rulepack.draft")
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: StaffRequest) -> HttpResponse:
    """Take a file of rules as a draft: the version in force, with the groups of the file replaced."""
    is_sent = request.method == "POST"
    form = DraftForm(request.POST, request.FILES) if is_sent else DraftForm()
    faults: list[str] = []
    if is_sent and form.is_valid():
        try:
            noted = _drafted(request, form.cleaned_data["file"], form.cleaned_data["remark"])
        except PackFault as fault:
            faults = fault.faults
        except _REFUSED as fault:
            form.add_error(None, said(fault))
        else:
            messages.success(
                request, gettext("The draft is kept. Nothing is in force by that: see what it would alter.")
            )
            return redirect("rules_compare", noted.pack, noted.version)
    context = {
        "form": form,
        "faults": faults,
        "crumbs": [(gettext("Rule packs"), reverse("rules")), (gettext("Draft"), "")],
    }
    return render(request, "console/rules/draft.html", context, status=422 if faults or form.errors else 200)


def _drafted(request: HttpRequest, file: UploadedFile[Any], remark: str) -> services.Noted:
    """Read a file and keep it as a draft; raises PackFault with every fault, and what the service raises."""
    if (file.size or 0) > FILE_BYTES_MAX:
        raise PackFault([gettext("The file is larger than 1 MiB; rules are not. Check which file it is.")])
    try:
        text = file.read().decode("utf-8")
    except UnicodeDecodeError:
        raise PackFault([gettext("The file is not UTF-8 text. Save it as UTF-8 and try again.")]) from None
    heading, rules = parse(text, is_json=(file.name or "").lower().endswith(".json"))
    if heading is None:
        raise PackFault([gettext("The file does not say of which pack it is. Add a table [pack] with its code.")])
    by, at = acting_name(request), hub_of(request).clock.now()
    with changing(request) as connection:
        noted = services.draft(connection, heading=heading, rules=rules, by=by, at=at, remark=remark)
        if found := unknown(codes(selectors.content(connection, noted.pack, noted.version))):
            raise PackFault(found)
        _note(request, connection, [noted])
    return noted


def _step(
    request: StaffRequest,
    service: Callable[..., services.Noted | list[services.Noted]],
    pack: str,
    number: int,
    done: str,
) -> HttpResponse:
    form = RemarkForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Write a remark of 1 to 500 characters that says why."))
        return redirect("rules_version", pack, number)
    try:
        with changing(request) as connection:
            made = service(
                connection,
                pack=pack,
                version=number,
                by=acting_name(request),
                at=hub_of(request).clock.now(),
                remark=form.cleaned_data["remark"],
            )
            _note(request, connection, made if isinstance(made, list) else [made])
    except _REFUSED as fault:
        messages.error(request, said(fault))
        return (
            redirect("rules") if isinstance(fault, selectors.NoSuchVersion) else redirect("rules_version", pack, number)
        )
    messages.success(request, done)
    return redirect("rules_version", pack, number)


@needs("rulepack.draft")
@require_POST
def propose(request: StaffRequest, pack: str, number: int) -> HttpResponse:
    """Propose a draft to a second person."""
    return _step(request, services.propose, pack, number, gettext("Proposed. A second person decides on it."))


@needs("rulepack.draft")
@require_POST
def withdraw(request: StaffRequest, pack: str, number: int) -> HttpResponse:
    """Take back what was never in force."""
    return _step(request, services.withdraw, pack, number, gettext("Withdrawn."))


@needs("rulepack.activate")
@require_POST
def activate(request: StaffRequest, pack: str, number: int) -> HttpResponse:
    """Put a proposed version in force; who drafted or proposed it may not."""
    return _step(request, services.activate, pack, number, gettext("In force: each rule by its own dates."))


@needs("rulepack.activate")
@require_POST
def refuse(request: StaffRequest, pack: str, number: int) -> HttpResponse:
    """Refuse a proposed version; it stays in the history with the remark."""
    return _step(request, services.withdraw, pack, number, gettext("Refused. It stays in the history."))
