"""Writes the OpenAPI document as one HTML page."""

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from daumoi.core.problems import CALL_CODES, ROW_CODES
from daumoi.gateway.openapi.parts import Part
from daumoi.kinds.registry import ALL

_METHODS = ("get", "post", "put", "patch", "delete")
_CODE = re.compile(r"`([^`]+)`")
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/api/v1/docs/style.css">
</head>
<body>
<a class="skip" href="#content">Skip to the reference</a>
<header class="top"><p class="brand">daumoi <span lang="vi">đầu mối</span></p>
<p class="where">Machine API · version {version} · <a href="/api/v1/openapi.json">openapi.json</a></p></header>
<div class="columns">
"""
_START = """<section id="start"><h2>First call in three steps</h2>
<ol>
<li>Ask the centre for a client of your system.
<span lang="vi">Đề nghị Trung tâm cấp tài khoản cho hệ thống của bạn.</span></li>
<li>Get a token of an hour:
<pre>curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials \\
  https://HUB/api/v1/oauth/token</pre></li>
<li>Send records, one a line, and read the receipt:
<pre>curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/x-ndjson" \\
  --data-binary @records.ndjson https://HUB/api/v1/records/checkpoint</pre></li>
</ol></section>
"""


def text(value: str) -> str:
    """Escape a text for HTML; words between back quotes become code."""
    return _CODE.sub(r"<code>\1</code>", escape(value))


def anchor(value: str) -> str:
    """Make a name usable as an anchor."""
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")


def page(document: dict[str, Any]) -> str:
    """Write the whole page."""
    info = document["info"]
    parts = [
        _HEAD.format(title=escape(info["title"]), version=escape(info["version"])),
        _contents(document),
        f'<main id="content"><h1>{escape(info["title"])}</h1><p class="lead">{text(info["description"])}</p>',
        _START,
        *(_group(document, tag) for tag in document["tags"]),
        _examples(),
        '<section id="schemas"><h2>Schemas</h2>',
        *(_schema(name, schema) for name, schema in document["components"]["schemas"].items()),
        "</section>",
        _problems(),
        "</main></div></body></html>\n",
    ]
    return "".join(parts)


def _operations(document: dict[str, Any], tag: str) -> Iterator[tuple[str, str, Part]]:
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations and operations[method]["tags"] == [tag]:
                yield method, path, operations[method]


def _contents(document: dict[str, Any]) -> str:
    found = ['<nav class="contents" aria-label="Contents"><ul><li><a href="#start">First call</a></li>']
    for tag in document["tags"]:
        found.append(f'<li><a href="#{anchor(tag["name"])}">{escape(tag["name"])}</a><ul>')
        for method, _, operation in _operations(document, tag["name"]):
            said = f'<span class="verb {method}">{method.upper()}</span> {escape(operation["summary"])}'
            found.append(f'<li><a href="#{operation["operationId"]}">{said}</a></li>')
        found.append("</ul></li>")
    for name, shown in (("examples", "Examples"), ("schemas", "Schemas"), ("problems", "Problem codes")):
        found.append(f'<li><a href="#{name}">{shown}</a></li>')
    return "".join([*found, "</ul></nav>"])


def _group(document: dict[str, Any], tag: Part) -> str:
    cards = [_card(document, *operation) for operation in _operations(document, tag["name"])]
    head = f'<section id="{anchor(tag["name"])}"><h2>{escape(tag["name"])}</h2><p>{text(tag["description"])}</p>'
    return "".join([head, *cards, "</section>"])


def _card(document: dict[str, Any], method: str, path: str, operation: Part) -> str:
    open_to_all = ' <span class="open">no token</span>' if "security" in operation else ""
    return "".join(
        [
            f'<article id="{operation["operationId"]}"><h3>{escape(operation["summary"])}{open_to_all}</h3>',
            f'<p class="call"><span class="verb {method}">{method.upper()}</span> <code>{escape(path)}</code></p>',
            f"<p>{text(operation['description'])}</p>",
            _parameters(document, operation["parameters"]),
            _content("Body", operation.get("requestBody")),
            _answers(operation["responses"]),
            "</article>",
        ]
    )


def _resolved(document: dict[str, Any], part: Part) -> Part:
    if "$ref" not in part:
        return part
    found: Any = document
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _parameters(document: dict[str, Any], parameters: list[Part]) -> str:
    rows = []
    for part in (_resolved(document, parameter) for parameter in parameters):
        need = ' <span class="need">required</span>' if part.get("required") else ""
        rows.append(
            f'<tr><th scope="row"><code>{escape(part["name"])}</code>{need}</th><td>{part["in"]}</td>'
            f"<td>{shape(part['schema'])}</td><td>{text(part['description'])}</td></tr>"
        )
    return _table("Parameters", ("Name", "In", "Value", "Meaning"), rows)


def _table(caption: str, columns: tuple[str, ...], rows: list[str]) -> str:
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _content(title: str, part: Part | None) -> str:
    if part is None:
        return ""
    found = [f"<h4>{title}</h4>"]
    if "description" in part:
        found.append(f"<p>{text(part['description'])}</p>")
    for media_type, content in part["content"].items():
        found.append(f"<p><code>{escape(media_type)}</code> {shape(content['schema'])}</p>")
        if "example" in content:
            found.append(_example("Example", content["example"]))
    return "".join(found)


def _example(title: str, value: Any) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f"<details><summary>{escape(title)}</summary><pre>{escape(shown)}</pre></details>"


def _answers(answers: dict[str, Part]) -> str:
    rows, examples = [], []
    for status, answer in answers.items():
        level = "good" if status.startswith("2") else "bad"
        for media_type, content in answer["content"].items():
            rows.append(
                f'<tr><th scope="row"><span class="status {level}">{status}</span></th>'
                f'<td>{shape(content["schema"])} <code class="quiet">{escape(media_type)}</code></td>'
                f"<td>{text(answer['description'])}</td></tr>"
            )
            if "example" in content:
                examples.append(_example(f"Example of {status}", content["example"]))
    return _table("Answers", ("Status", "Content", "Meaning"), rows) + "".join(examples)


def shape(schema: Part) -> str:
    """Say in a few words what values a schema takes, as HTML."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f'<a href="#schema-{anchor(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " | ".join(shape(option) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        options = schema.get("enum", [schema.get("const")])
        return " | ".join(f"<code>{escape(json.dumps(option, ensure_ascii=False))}</code>" for option in options)
    if schema.get("type") == "array":
        return f"list of {shape(schema.get('items', {}))}"
    kind = schema.get("type", "any")
    name = " | ".join(kind) if isinstance(kind, list) else kind
    return escape(f"{name}{_bounds(schema)}")


def _bounds(schema: Part) -> str:
    said = [schema["format"]] if "format" in schema else []
    for low, high, unit in (("minimum", "maximum", ""), ("minLength", "maxLength", " characters")):
        if high in schema:
            said.append(f"{schema.get(low, 0)} to {schema[high]}{unit}")
        elif low in schema:
            said.append(f"from {schema[low]}{unit}")
    if "default" in schema:
        said.append(f"default {json.dumps(schema['default'])}")
    return f" ({', '.join(said)})" if said else ""


def _schema(name: str, schema: Part) -> str:
    required = schema.get("required", [])
    rows = [
        f'<tr><th scope="row"><code>{escape(field)}</code>'
        + (' <span class="need">required</span>' if field in required else "")
        + f"</th><td>{shape(inner)}</td><td>{text(inner.get('description', ''))}</td></tr>"
        for field, inner in schema.get("properties", {}).items()
    ]
    head = f'<article id="schema-{anchor(name)}"><h3>{escape(name)}</h3>'
    said = f"<p>{text(schema['description'])}</p>" if "description" in schema else ""
    return f"{head}{said}{_table(f'Fields of {escape(name)}', ('Field', 'Value', 'Meaning'), rows)}</article>"


def _examples() -> str:
    found = ['<section id="examples"><h2>Examples</h2><p>Valid records; a passage is taken after its checkpoint.</p>']
    for kind in ALL:
        title = f"{kind.name}: {kind.title_en} · {kind.title_vi}"
        found.append(_example(title, kind.example))
    return "".join([*found, "</section>"])


def _problems() -> str:
    calls = [
        f'<tr id="{code}"><th scope="row"><code>{code}</code></th>'
        f'<td><span class="status bad">{said.status}</span></td>'
        f'<td>{text(said.en)}<br><span lang="vi">{text(said.vi)}</span></td></tr>'
        for code, said in CALL_CODES.items()
    ]
    rows = [
        f'<tr id="{code}"><th scope="row"><code>{code}</code></th>'
        f'<td>{text(said.en)}<br><span lang="vi">{text(said.vi)}</span></td></tr>'
        for code, said in ROW_CODES.items()
    ]
    return (
        '<section id="problems"><h2>Problem codes</h2>'
        "<p>Codes are stable; sentences may be improved. No sentence repeats a value that was sent.</p>"
        + _table("Of calls", ("Code", "Status", "Meaning"), calls)
        + _table("Of rows", ("Code", "Meaning"), rows)
        + "</section>"
    )
