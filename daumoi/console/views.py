"""The first page and its live part. One template draws the figures of both."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from daumoi.console import presentation
from daumoi.console.board import Board
from daumoi.console.tags import asset


def _figures(request: HttpRequest, template: str) -> HttpResponse:
    board: Board = request.META["daumoi.board"]
    look = board.look()
    context = presentation.context(look) | {"address": f"{request.scheme}://{request.get_host()}"}
    return render(request, template, context, status=200 if look.reachable else 503)


# Exempt, because what cannot be sent to needs no token: a stranger who tries hears 405, not of forms.
@csrf_exempt
@require_safe
def first_page(request: HttpRequest) -> HttpResponse:
    """The hub at a glance. 503 with the last known figures when the database does not answer."""
    return _figures(request, "console/first_page.html")


@csrf_exempt
@require_safe
def live_figures(request: HttpRequest) -> HttpResponse:
    """The figures alone, for the page's script."""
    return _figures(request, "console/_figures.html")


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this address by themselves."""
    return HttpResponseRedirect(asset("mark.svg"))
