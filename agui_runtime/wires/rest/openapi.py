"""The agent routes as an OpenAPI 3.1 document, made of their table. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.rest.answers import Problem
from agui_runtime.wires.rest.operations import (
    OPERATIONS,
    Answer,
    Operation,
    Parameter,
)
from agui_runtime.wires.rest.places import PREFIX
from agui_runtime.wires.rest.refusals import REFUSALS


def document(root: str, version: str) -> JsonObject:
    """What is below `root`, where the app is mounted."""
    paths: dict[str, JsonObject] = defaultdict(dict)
    for each in OPERATIONS:
        paths[f"{PREFIX}/{each.path}"][each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "agui_runtime", "version": version, "description": _ABOUT},
        "servers": [{"url": root or "/"}],
        "security": [{}, {"bearer": []}],
        "paths": dict(paths),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


_ABOUT = (
    "Runs of agents, and the threads that they write. A run goes on whether or not anybody reads "
    "it; its events are those of AG-UI (https://docs.ag-ui.com)."
)


def _schemas() -> JsonObject:
    models = {Problem} | {it for each in OPERATIONS for it in _models(each)}
    inputs = sorted(models, key=lambda model: model.__name__)
    _, found = models_json_schema(
        [(model, "validation") for model in inputs], by_alias=True, ref_template=_REF + "{model}"
    )
    made: JsonObject = found["$defs"]
    return made


def _models(operation: Operation) -> Iterable[type[BaseModel]]:
    if operation.body is not None:
        yield operation.body
    for answer in operation.answers.values():
        if isinstance(answer.content, type):
            yield answer.content


def _operation(operation: Operation) -> JsonObject:
    made: JsonObject = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": [
            *map(_path_parameter, re.findall(r"{(\w+)}", operation.path)),
            *map(_parameter, operation.parameters),
        ],
        "responses": {
            **{str(status): _answer(it) for status, it in operation.answers.items()},
            **_refusals(operation),
        },
    }
    if operation.body is not None:
        content: JsonObject = {"application/json": {"schema": _ref(operation.body)}}
        if operation.forms:
            content["multipart/form-data"] = {"schema": _FORM}
        made["requestBody"] = {"required": True, "content": content}
    return made


_FORM = {
    "type": "object",
    "properties": {"audio": {"type": "string", "format": "binary"}},
    "required": ["audio"],
}


def _path_parameter(name: str) -> JsonObject:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _parameter(parameter: Parameter) -> JsonObject:
    place = "header" if parameter.is_header else "query"
    described = {"description": parameter.description, "schema": {"type": "string"}}
    return {"name": parameter.name, "in": place, **described}


def _answer(answer: Answer) -> JsonObject:
    made: JsonObject = {"description": answer.description, "headers": _REQUEST_ID}
    if isinstance(answer.content, str):
        made["content"] = {answer.content: {"schema": {"type": "string"}}}
    elif answer.content is not None:
        made["content"] = {"application/json": {"schema": _ref(answer.content)}}
    return made


def _refusals(operation: Operation) -> JsonObject:
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in operation.codes:
        by_status[REFUSALS[code].status].append(code)
    return {str(status): _refusal(status, by_status[status]) for status in sorted(by_status)}


def _refusal(status: int, codes: Iterable[str]) -> JsonObject:
    words = "; ".join(f"`{code}`: {REFUSALS[code].when}" for code in codes)
    schema: Json = {
        "allOf": [_ref(Problem), {"properties": {"code": {"enum": list(codes)}}}],
    }
    headers = {**_REQUEST_ID, **_HEADERS.get(status, {})}
    content = {"application/json": {"schema": schema}}
    return {"description": words, "headers": headers, "content": content}


_TEXT = {"schema": {"type": "string"}}
_REQUEST_ID: JsonObject = {
    "X-Request-Id": {"description": "by which the log names the request", **_TEXT}
}
_HEADERS: Mapping[int, JsonObject] = {
    401: {"WWW-Authenticate": _TEXT},
    405: {"Allow": _TEXT},
    429: {"Retry-After": {"description": "seconds", **_TEXT}},
}

_REF = "#/components/schemas/"


def _ref(model: type[BaseModel]) -> JsonObject:
    return {"$ref": _REF + model.__name__}
