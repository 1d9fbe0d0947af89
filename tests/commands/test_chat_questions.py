"""What a line that somebody types means by the schema of a question, also of one that is none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from agui_runtime.commands.chat.answers import hint, payload
from agui_runtime.commands.chat.questions import answered, schema_of
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json

LOOP = {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}
NULLABLE = {"type": ["null", "integer"]}


@pytest.mark.parametrize(
    ("schema", "line", "meant"),
    [
        (NULLABLE, "3", 3),
        ({"type": ["object", "null"], "properties": {"a": NULLABLE}}, '{"a": 1}', {"a": 1}),
        ({"enum": "red"}, "x", "x"),
        ({"type": 5}, "x", "x"),
        ({"type": [{}, []]}, "x", "x"),
        ({"anyOf": 5, "$ref": [], "$defs": ["a"], "description": {}}, "x", "x"),
        ({"$ref": "#/$defs/a", "$defs": {"a": LOOP}}, "x", "x"),
        ({"type": "array", "items": {"type": "array"}}, "[[1]]", [[1]]),
        ({"properties": ["approved"]}, "x", "x"),
        ({"properties": {"approved": True}}, "x", "x"),
        ({"properties": {"approved": {"type": ["boolean", "null"]}}}, "y", {"approved": True}),
    ],
)
def test_a_line_is_understood_by_any_schema(
    schema: Mapping[str, Json], line: str, meant: Json
) -> None:
    assert payload(schema, line) == meant
    assert answered({"id": "q", "responseSchema": schema}, lambda prompt: line, print) == meant
    assert isinstance(hint(schema), str)


@pytest.mark.parametrize("given", [None, [], "text", True])
def test_what_is_no_schema_asks_for_words(given: Json) -> None:
    assert schema_of({"responseSchema": given}) == {}
    assert answered({"responseSchema": given}, lambda prompt: "words", print) == "words"


def test_values_of_an_object_are_asked_for_one_by_one_whatever_is_required() -> None:
    schema = {"type": "object", "properties": {"a": True, "b": NULLABLE}, "required": "b"}
    lines = iter(["", "words", "2"])
    found = answered({"responseSchema": schema}, lambda prompt: next(lines), print)
    assert found == {"a": "words", "b": 2}


def test_a_list_of_a_kind_that_contains_itself_comes_as_json() -> None:
    lists = {"type": "array", "items": {"$ref": "#/$defs/a"}}
    with pytest.raises(InvalidInput, match="no JSON"):
        payload({**lists, "$defs": {"a": lists}}, "x, y")
