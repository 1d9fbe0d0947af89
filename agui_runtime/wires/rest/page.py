"""The OpenAPI document as a page for people: no scripts, and nothing from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.shared.pages import html_page, page_headers, style_source


def page(document: JsonObject) -> str:
    operations = [
        _operation(method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [_schema(name, it) for name, it in sorted(document["components"]["schemas"].items())]
    body = _BODY.format(
        about=escape(document["info"]["description"]),
        operations="".join(operations),
        schemas="".join(schemas),
    )
    return html_page("Agent routes", body, f"<style>{_STYLE}</style>")


def _operation(method: str, path: str, operation: JsonObject) -> str:
    parameters = [
        _row(each["name"], each["in"], each.get("description", ""))
        for each in operation["parameters"]
    ]
    bodies = operation.get("requestBody", {}).get("content", {})
    answers = [
        _row(status, _links(it.get("content", {})), escape(it["description"]), is_html=True)
        for status, it in operation["responses"].items()
    ]
    return _OPERATION.format(
        method=method,
        path=escape(path),
        summary=escape(operation["summary"]),
        body=f"<p>Body: {_links(bodies)}</p>" if bodies else "",
        parameters=_table(parameters),
        answers=_table(answers),
    )


def _links(content: JsonObject) -> str:
    """The media types, with the schemas of those that have one of a name."""
    return ", ".join(_link(kind, each["schema"]) for kind, each in content.items())


def _link(kind: str, schema: Json) -> str:
    named = schema if "$ref" in schema else next(iter(schema.get("allOf", ())), {})
    name = named.get("$ref", "").rpartition("/")[2]
    return f'<a href="#{escape(name)}">{escape(name)}</a>' if name else escape(kind)


def _row(first: str, second: str, third: str, *, is_html: bool = False) -> str:
    cells = (first, second, third) if is_html else map(escape, (first, second, third))
    return "<tr><td>{}</td><td>{}</td><td>{}</td></tr>".format(*cells)


def _table(rows: Iterable[str]) -> str:
    inner = "".join(rows)
    return f"<table>{inner}</table>" if inner else ""


def _schema(name: str, schema: Json) -> str:
    text = escape(jsontext.dumps(schema).decode())
    return f'<h3 id="{escape(name)}">{escape(name)}</h3><pre>{text}</pre>'


_OPERATION = """<h2><code>{method} {path}</code></h2>
<p>{summary}</p>
{body}{parameters}{answers}
"""

_STYLE = """body{max-width:60rem;margin:3rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif}
pre{padding:1rem;background:#8881;border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse}td{padding:.3em .8em;vertical-align:top;border-top:1px solid #8884}
:root{color-scheme:light dark}"""

_BODY = """
<h1>Agent routes</h1>
<p>{about} For programs: <a href="openapi.json">openapi.json</a>.</p>
{operations}
<h2>Schemas</h2>
{schemas}
"""

HEADERS = page_headers({"img-src": "data:", "style-src": style_source(_STYLE)})
"""What goes with the page."""
