"""The document, the page made of it, and the routes say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import httpx
import jsonschema_rs
import pytest

from daumoi.core.hub import Hub
from daumoi.core.problems import CALL_CODES
from daumoi.gateway.asgi import build_app
from daumoi.gateway.openapi.document import document
from daumoi.kinds.registry import KINDS
from tests.hubs import Caller, HubServer

UNLISTED = {"/api/v1/docs/style.css"}
Operation = dict[str, Any]


def operations() -> dict[tuple[str, str], Operation]:
    return {(path, method): each for path, methods in document()["paths"].items() for method, each in methods.items()}


def test_every_route_is_in_the_document_and_every_operation_is_a_route(make_hub: Callable[..., Hub]) -> None:
    routes = {
        (route.path_format, method.lower())
        for route in build_app(make_hub()).app.routes
        for method in route.methods  # type: ignore[union-attr]
        if method != "OPTIONS" and route.path_format not in UNLISTED
    }
    assert routes == set(operations())


def test_the_document_is_served_as_it_is_written(hub_server: HubServer) -> None:
    served = httpx.get(f"{hub_server.base_url}/api/v1/openapi.json").json()
    assert served == json.loads(json.dumps(document()))


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(document())
    for pointer in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        found: Any = document()
        for step in pointer.split("/"):
            found = found[step]
        assert found, pointer


def test_every_schema_is_json_schema_2020_12() -> None:
    for name, schema in document()["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_of_a_kind_takes_its_example(kind: str) -> None:
    whole = document()
    schema = {"$ref": f"#/components/schemas/{kind}_record", "components": whole["components"]}
    assert jsonschema_rs.validator_for(schema).is_valid(KINDS[kind].example)


@pytest.mark.parametrize("operation", operations().values(), ids=lambda each: each["operationId"])
def test_an_operation_says_who_may_call_it_and_what_it_is_refused_for(operation: Operation) -> None:
    assert operation["summary"] and operation["description"]
    closed = "security" not in operation
    assert not closed or {"401", "400", "500", "503"} <= operation["responses"].keys()
    for status, answer in operation["responses"].items():
        assert answer["description"], status
        assert answer["content"], status
        if int(status) >= 400:
            assert answer["content"].keys() == {"application/problem+json"}
            (content,) = answer["content"].values()
            assert {CALL_CODES[code].status for code in content["examples"]} == {int(status)}


def test_names_of_operations_are_unique() -> None:
    names = [each["operationId"] for each in operations().values()]
    assert len(names) == len(set(names))


class Page(HTMLParser):
    """Notes what the reference loads and links to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(name)


@pytest.fixture(scope="module")
def reference(hub_server: HubServer) -> httpx.Response:
    return httpx.get(f"{hub_server.base_url}/api/v1/docs")


def test_the_reference_needs_no_script_and_nothing_from_elsewhere(reference: httpx.Response) -> None:
    page = Page()
    page.feed(reference.text)
    assert "script" not in page.tags
    assert page.inline == []
    assert all(link.startswith(("#", "/api/v1/")) for link in page.links)
    assert "default-src 'none'" in reference.headers["Content-Security-Policy"]


def test_every_link_of_the_reference_leads_somewhere(reference: httpx.Response, hub_server: HubServer) -> None:
    page = Page()
    page.feed(reference.text)
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    for link in {link for link in page.links if link.startswith("/")}:
        assert httpx.get(hub_server.base_url + link).status_code == 200, link


def test_the_reference_names_every_operation_and_every_code(reference: httpx.Response) -> None:
    page = Page()
    page.feed(reference.text)
    assert {each["operationId"] for each in operations().values()} <= page.ids
    assert CALL_CODES.keys() <= page.ids


def test_answers_have_the_form_the_document_gives_them(dov: Caller) -> None:
    components = {"components": document()["components"]}
    dov.send("checkpoint", b'{"ref": "bad"}')
    shown = {
        "kinds": dov.get("/api/v1/kinds"),
        "held_page": dov.get("/api/v1/held"),
        "receipt": dov.send("checkpoint", b'{"ref": "bad"}'),
        "problem_codes": dov.get("/api/v1/problems"),
        "problem": dov.get("/api/v1/nothing"),
        "health": dov.get("/readyz"),
    }
    submission = shown["receipt"].json()["submission_id"]
    shown["submission"] = dov.get(f"/api/v1/submissions/{submission}")
    shown["submission_problems"] = dov.get(f"/api/v1/submissions/{submission}/problems")
    for name, answer in shown.items():
        validator = jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", **components})
        assert [str(error) for error in validator.iter_errors(answer.json())] == [], name
