"""Vietnamese unless somebody chose English; the choice is kept in a cookie and works without a script.

A member's choice is kept with their account as well, and speaks to them on the next machine they sign in at.

The browser's own wish is not asked: most machines in the country are set to English, and most people are not.
"""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from daumoi.accounts import services
from daumoi.console.access import hub_of, standing_of
from daumoi.console.settings import DEFAULT_LANGUAGE, LANGUAGES

COOKIE = "daumoi_language"
_YEAR_S = 365 * 86_400
_CODES = frozenset(code for code, _ in LANGUAGES)


def chosen(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer in the language of the cookie."""

    def speak(request: HttpRequest) -> HttpResponse:
        code = request.COOKIES.get(COOKIE, "")
        with translation.override(code if code in _CODES else DEFAULT_LANGUAGE):
            response = answer(request)
            response.headers.setdefault("Content-Language", translation.get_language() or DEFAULT_LANGUAGE)
        return response

    return speak


@require_safe
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the chosen language and go back to the page named by `next`, which must be one of this hub's."""
    if code not in _CODES:
        raise Http404
    response = back_to(request)
    keep(response, request, code)
    if (standing := standing_of(request)) is not None and standing.scope.member_id is not None:
        with hub_of(request).pool.connection() as connection:
            services.choose_language(connection, member_id=standing.scope.member_id, language=code)
    return response


def keep(response: HttpResponse, request: HttpRequest, code: str) -> None:
    """Let the browser remember a language."""
    response.set_cookie(COOKIE, code, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure())


def back_to(request: HttpRequest) -> HttpResponse:
    """Go back to the page named by `next`, which must be one of this hub's."""
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None) or not target.startswith("/"):
        target = "/"
    return HttpResponseRedirect(target)
