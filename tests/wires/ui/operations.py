"""What the page requests of GraphQL, and the types that its answers have, in TypeScript.

`python -m tests.wires.ui.operations` writes them anew into `ui/src/client/operations.ts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    type_from_ast,
)

from agui_runtime.wires.graphql.resolvers.schema import build_schema

SOURCES = Path(__file__).parents[3] / "ui" / "src"
WRITTEN = SOURCES / "client" / "operations.ts"

_TEMPLATE = re.compile(r"`([^`]*)`", re.DOTALL)
_OPERATION = re.compile(r"\s*(?:query|mutation|subscription|fragment)\s+\w+[^`]*\{")

_SCALARS = {
    **{"ID": "string", "String": "string", "DateTimeISO": "string"},
    **{"Int": "number", "Float": "number", "Boolean": "boolean"},
    **{"JSON": "unknown", "JSONObject": "Record<string, unknown>"},
}

_HEAD = """\
// Written by `python -m tests.wires.ui.operations`: what each operation in these sources is given,
// and what comes of it.

export interface Operations {
"""


def operations() -> Iterator[tuple[Path, str]]:
    """Each operation's text, with the file that it stands in."""
    for file in sorted(SOURCES.rglob("*.ts*")):
        for text in _TEMPLATE.findall(file.read_text()):
            if file != WRITTEN and _OPERATION.match(text):
                yield file, text


def typed() -> str:
    """The file of TypeScript."""
    schema = build_schema()
    texts = sorted(_operation(schema, text) for _, text in operations())
    return _HEAD + "".join(texts) + "}\n"


def _operation(schema: GraphQLSchema, text: str) -> str:
    definitions = parse(text).definitions
    fragments = {it.name.value: it for it in definitions if isinstance(it, FragmentDefinitionNode)}
    (it,) = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    root = schema.get_root_type(it.operation)
    if it.name is None or root is None:
        raise ValueError(f"an operation without a name, or that the schema has not: {text}")
    variables = {
        each.variable.name.value: type_from_ast(schema, each.type)
        for each in it.variable_definitions or ()
    }
    members = (
        f"variables: {_inputs(variables, 2)}",
        f"result: {_Answer(fragments).selected(root, it.selection_set, 2)}",
    )
    return f"  {it.name.value}: {_block(members, 1)};\n"


class _Answer:
    """What is selected of types, where these fragments are known."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments

    def selected(self, type_: GraphQLObjectType, selection: SelectionSetNode, depth: int) -> str:
        fields = (
            (field.alias or field.name).value
            + f": {self._field(type_.fields[field.name.value].type, field, depth + 1)}"
            for field in self._fields(selection)
        )
        return _block(fields, depth)

    def _fields(self, selection: SelectionSetNode) -> Iterator[FieldNode]:
        for each in selection.selections:
            if isinstance(each, FieldNode):
                yield each
            elif isinstance(each, FragmentSpreadNode):
                yield from self._fields(self._fragments[each.name.value].selection_set)
            else:
                raise TypeError("a fragment without a name has no place in these types yet")

    def _field(self, type_: GraphQLType, field: FieldNode, depth: int) -> str:
        def named(inner: GraphQLNamedType) -> str:
            if field.selection_set is None:
                return _leaf(inner)
            if not isinstance(inner, GraphQLObjectType):
                raise TypeError(f"{inner.name} is no object: it has no place in these types yet")
            return self.selected(inner, field.selection_set, depth)

        return _wrapped(type_, named)


def _inputs(fields: Mapping[str, GraphQLType | None], depth: int) -> str:
    def named(inner: GraphQLNamedType) -> str:
        if not isinstance(inner, GraphQLInputObjectType):
            return _leaf(inner)
        return _inputs({name: each.type for name, each in inner.fields.items()}, depth + 1)

    def member(name: str, type_: GraphQLType | None) -> str:
        if type_ is None:
            raise ValueError(f"${name} is of a type that the schema has not")
        return f"{name}{'' if isinstance(type_, GraphQLNonNull) else '?'}: {_wrapped(type_, named)}"

    return _block((member(*each) for each in fields.items()), depth)


def _leaf(type_: GraphQLNamedType) -> str:
    if isinstance(type_, GraphQLEnumType):
        return " | ".join(f'"{name}"' for name in type_.values)
    return _SCALARS[type_.name]


def _wrapped(type_: GraphQLType, named: Callable[[GraphQLNamedType], str]) -> str:
    if isinstance(type_, GraphQLNonNull):
        return _present(type_.of_type, named)
    return f"{_present(type_, named)} | null"


def _present(type_: GraphQLType, named: Callable[[GraphQLNamedType], str]) -> str:
    if isinstance(type_, GraphQLList):
        return f"Array<{_wrapped(type_.of_type, named)}>"
    return named(get_named_type(type_))


def _block(members: Iterable[str], depth: int) -> str:
    inside = "".join(f"{'  ' * (depth + 1)}{each};\n" for each in members)
    return f"{{\n{inside}{'  ' * depth}}}" if inside else "Record<string, never>"


if __name__ == "__main__":
    WRITTEN.write_text(typed())
