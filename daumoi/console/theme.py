"""Light or dark: the choice is kept in a cookie and works without a script; without a choice, the machine's own."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from daumoi.console.language import back_to

COOKIE = "daumoi_theme"
THEMES = ("light", "dark", "auto")
_YEAR_S = 365 * 86_400


@require_safe
def choose(request: HttpRequest, name: str) -> HttpResponse:
    """Keep the chosen theme and go back to the page named by `next`."""
    if name not in THEMES:
        raise Http404
    response = back_to(request)
    if name == "auto":
        response.delete_cookie(COOKIE)
    else:
        response.set_cookie(COOKIE, name, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure())
    return response
