"""What a body declares itself to be, and small bodies read whole."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
import zstandard

from daumoi.core.problems import CallProblem
from daumoi.core.settings import load
from daumoi.gateway import bodies
from daumoi.gateway.access_log import Proxies


def scope(**headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"headers": named, "client": ("10.0.0.9", 5)}


def code_of(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(CallProblem) as caught:
        call(*arguments, **options)
    return caught.value.code


@pytest.mark.parametrize(
    "given",
    ["application/json", "Application/JSON", "application/json; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_a_media_type_may_have_capitals_and_say_utf_8(given: str) -> None:
    assert bodies.content_type(scope(content_type=given)) == "application/json"


@pytest.mark.parametrize("given", ["", "text/csv", "application/json; charset=latin-1", "application/json, text/csv"])
def test_another_media_type_is_refused(given: str) -> None:
    assert code_of(bodies.content_type, scope(content_type=given)) == "unsupported_media_type"


@pytest.mark.parametrize(("given", "expected"), [("gzip", "gzip"), ("GZIP", "gzip"), ("zstd", "zstd"), ("", None)])
def test_encodings_of_the_contract_are_known(given: str, expected: str | None) -> None:
    assert bodies.encoding(scope(content_encoding=given)) == expected
    assert bodies.encoding(scope()) is None


@pytest.mark.parametrize("given", ["br", "deflate", "gzip, gzip", "gzip;q=1"])
def test_another_encoding_is_refused(given: str) -> None:
    assert code_of(bodies.encoding, scope(content_encoding=given)) == "unsupported_media_type"


def test_a_body_without_a_length_is_known_to_come_in_chunks() -> None:
    assert bodies.length(scope(transfer_encoding="chunked")) is None
    assert (bodies.length(scope(content_length="12")), bodies.length(scope())) == (12, 0)


@pytest.mark.parametrize("packed", [(gzip.compress, "gzip"), (zstandard.ZstdCompressor().compress, "zstd")])
def test_a_small_body_is_unpacked_up_to_its_limit(packed: Any) -> None:
    pack, encoding = packed
    assert bodies.plain(pack(b"x" * 100), encoding, limit=100) == b"x" * 100
    assert code_of(bodies.plain, pack(b"x" * 101), encoding, limit=100) == "body_too_large"
    assert code_of(bodies.plain, b"not packed", encoding, limit=100) == "malformed_body"


@pytest.mark.parametrize("packed", [(gzip.compress, "gzip"), (zstandard.ZstdCompressor().compress, "zstd")])
def test_a_packed_body_that_breaks_off_is_malformed(packed: Any) -> None:
    pack, encoding = packed
    assert code_of(bodies.plain, pack(b"x" * 100)[:-4], encoding, limit=1000) == "malformed_body"


def whole(*messages: dict[str, Any], limit: int = 10) -> bytes:
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return asyncio.run(bodies.whole(receive, limit=limit, settings=load({}, data_dir=Path())))


def test_a_body_is_put_together_from_its_pieces() -> None:
    first = {"type": "http.request", "body": b"ab", "more_body": True}
    assert whole(first, {"type": "http.request", "body": b"c"}) == b"abc"


def test_a_body_that_breaks_off_or_grows_too_long_is_refused() -> None:
    first = {"type": "http.request", "body": b"ab", "more_body": True}
    assert code_of(whole, first, {"type": "http.disconnect"}) == "malformed_body"
    assert code_of(whole, first, limit=1) == "body_too_large"


def test_forwarded_addresses_are_believed_from_trusted_proxies_alone() -> None:
    forwarded = scope(x_forwarded_for="198.51.100.1, 203.0.113.7, 10.0.0.8")
    assert Proxies(()).address_of(forwarded) == "10.0.0.9"
    assert Proxies(("192.0.2.0/24",)).address_of(forwarded) == "10.0.0.9"
    assert Proxies(("10.0.0.0/8",)).address_of(forwarded) == "203.0.113.7"
    assert Proxies(("10.0.0.0/8",)).address_of(scope(x_forwarded_for="Nguyen Van A")) == "10.0.0.9"
