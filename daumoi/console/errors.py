"""Pages for what went wrong: what happened, and what to do next, in the reader's language."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    template = "console/error.html" if getattr(request, "standing", None) is None else "console/error_staff.html"
    return render(request, template, {"status": status, "title": title, "advice": advice}, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    return _page(
        request,
        404,
        gettext("There is no page here"),
        gettext("Check the address for a typing error, or start from the first page."),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return _page(
        request,
        400,
        gettext("The request could not be read"),
        gettext("Open the page again from its address or from the first page."),
    )


def unknown_host(request: HttpRequest) -> HttpResponse:
    """Answer 400 to a host name that nobody gave this hub; the name itself is not repeated."""
    return _page(
        request,
        400,
        gettext("The hub cannot be opened by this name"),
        gettext("Open it by its IP address, or over https."),
    )


def no_right(request: HttpRequest) -> HttpResponse:
    """Answer 403: the member's roles do not give what the page needs."""
    return _page(
        request,
        403,
        gettext("Your role does not open this page"),
        gettext("If your work needs it, ask a director or standing member of the centre for a role that does."),
    )


def access_ended(request: HttpRequest) -> HttpResponse:
    """Answer 403: access in an emergency ended while the page was made."""
    return _page(
        request,
        403,
        gettext("Your access in an emergency has ended"),
        gettext("Nothing was shown or changed. If you still need it, ask for it again with its reason."),
    )


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403: a form without its token, mostly one that stood open over a sign-in or sign-out."""
    return _page(
        request,
        403,
        gettext("This form is no longer good"),
        gettext("Open the page again and send the form once more; cookies must be allowed for this address."),
    )


def out_of_reach(request: HttpRequest) -> HttpResponse:
    """Answer 503: the database does not answer."""
    return _page(
        request,
        503,
        gettext("The database does not answer"),
        gettext("Nothing that was acknowledged is lost. Try again in a minute."),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return _page(
        request,
        500,
        gettext("Something failed on our side"),
        gettext("The fault has been noted. Try again in a few minutes; nothing that was sent is lost."),
    )


def not_allowed(request: HttpRequest) -> HttpResponse:
    """Answer 405."""
    return _page(
        request,
        405,
        gettext("This page can only be read"),
        gettext("Records are sent to the addresses of the programming interface, not to this page."),
    )


def explained(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Put words into a refused method: Django answers it with an empty page."""

    def explain(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if response.status_code != 405 or response.content:
            return response
        page = not_allowed(request)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    return explain
