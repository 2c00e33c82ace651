"""The outlines of the provinces as a file for the map: public tables, packed once, kept by a browser for a year."""

from __future__ import annotations

import gzip
from functools import lru_cache
from hashlib import blake2b

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from daumoi.areas.unit import BEFORE, TODAY
from daumoi.situation.outlines import outlines

_SCHEMES = (TODAY, BEFORE)


@lru_cache(maxsize=2)
def _packed(scheme: str) -> tuple[bytes, bytes, str]:
    plain = outlines(scheme)
    return plain, gzip.compress(plain, 9, mtime=0), blake2b(plain, digest_size=8).hexdigest()


def address_of(scheme: str) -> str:
    """Return the address of the outlines of a scheme, with a digest: another release has another address."""
    return f"{reverse('outlines', args=[scheme])}?v={_packed(scheme)[2]}"


@require_safe
def show(request: HttpRequest, scheme: str) -> HttpResponse:
    """Send GeoJSON (RFC 7946): 34 provinces of today or 63 of before, and the two archipelagos."""
    if scheme not in _SCHEMES:
        raise Http404
    plain, packed, digest = _packed(scheme)
    etag = f'W/"{digest}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers=headers)
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    if takes_gzip:
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(packed if takes_gzip else plain, content_type="application/geo+json", headers=headers)
