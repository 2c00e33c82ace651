"""What stands in the side bar of the console, and what every page knows of who reads it.

A new page is one line in ENTRIES: it is shown to those who have its right.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_noop

from daumoi.accounts import roles
from daumoi.accounts.selectors import Standing
from daumoi.console.auditing import emergency
from daumoi.console.doors import SIGNED_IN


class Entry(NamedTuple):
    """One line of the side bar. `icon` names a symbol of static/console/icons.svg."""

    title: str
    url_name: str
    right: str
    icon: str


ENTRIES: tuple[Entry, ...] = (
    Entry(gettext_noop("Home"), "console_home", SIGNED_IN, "home"),
    Entry(gettext_noop("Records"), "records", "board.view", "list"),
    Entry(gettext_noop("Flows"), "flows", "flows.view", "flow"),
    Entry(gettext_noop("Held rows"), "held_groups", "held.view", "tray"),
    Entry(gettext_noop("Find a person"), "find_person", "person.find", "person"),
    Entry(gettext_noop("Join and split"), "people_proposals", "person.merge.view", "join"),
    Entry(gettext_noop("Administrative units"), "console_areas", "areas.view", "pin"),
    Entry(gettext_noop("Kinds and code lists"), "console_kinds", "kinds.view", "list"),
    Entry(gettext_noop("Sharing agreements"), "agreements", "agreement.view", "share"),
    Entry(gettext_noop("Receivers"), "receivers", "system.view", "outlet"),
    Entry(gettext_noop("Reconciliation"), "reconciliation", "system.view", "balance"),
    Entry(gettext_noop("Rule packs"), "rules", "rulepack.view", "book"),
    Entry(gettext_noop("Members"), "members", "member.view", "people"),
    Entry(gettext_noop("Audit log"), "audit", "audit.search", "eye"),
    Entry(gettext_noop("Access in an emergency"), "emergency", "breakglass.use", "key"),
    Entry(gettext_noop("Review of access in an emergency"), "emergency_reviews", "breakglass.review", "shield"),
)


def entries(standing: Standing, here: str) -> list[dict[str, Any]]:
    """Return the lines that a member sees; `here` is the name of the page they are on."""
    has_board = standing.scope.may("board.view")
    return [
        {
            "title": gettext("Situation board")
            if has_board and entry.url_name == "console_home"
            else gettext(entry.title),
            "address": reverse(entry.url_name),
            "icon": "board" if has_board and entry.url_name == "console_home" else entry.icon,
            "is_here": entry.url_name == here,
        }
        for entry in ENTRIES
        if entry.right == SIGNED_IN or standing.scope.may(entry.right)
    ]


def role_titles(standing: Standing) -> list[str]:
    """Return the titles of a member's roles in the reader's language."""
    known = roles.load().roles
    return [known[name].title.said(get_language()) for name in standing.roles if name in known]


def around(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: for a member, the side bar and who they are. Looks nothing up."""
    theme = request.COOKIES.get("daumoi_theme", "")
    context: dict[str, Any] = {"theme": theme if theme in ("light", "dark") else ""}
    standing: Standing | None = getattr(request, "standing", None)
    if standing is not None:
        here = request.resolver_match.view_name if request.resolver_match else ""
        context |= {
            "standing": standing,
            "navigation": entries(standing, here),
            "role_titles": role_titles(standing),
            "open_access": emergency.bar(request),
        }
    return context
