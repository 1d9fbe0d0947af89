"""The schema holds all of CopilotKit 1.10.6's, name by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    is_specified_scalar_type,
    print_ast,
)

from agui_runtime.wires.graphql.resolvers.schema import sdl

DATA = Path(__file__).parents[3] / "data" / "graphql"
OWN_NAMES = {
    "LoadAgentStateInput",
    "SaveAgentStateInput",
    "MetadataInput",
    "StreamingConfigInput",
    "LoadAgentStateResponse",
    "SaveAgentStateResponse",
    "AgentExecutionResponse",
    "MetaEventResponse",
    "MessageUnion",
    "MetaEventUnion",
}
REFERENCE = build_schema((DATA / "schema-1.10.6.graphql").read_text())


def facts(schema: GraphQLSchema) -> Iterator[tuple[str, ...]]:
    """Everything that a schema says, in single sentences."""
    for kind in (schema.query_type, schema.mutation_type):
        assert kind is not None
        yield "root", kind.name
    for named in schema.type_map.values():
        if not named.name.startswith("__"):
            yield "type", named.name, type(named).__name__, *said(named)
            yield from members(named)
    for directive in schema.directives:
        where = sorted(location.name for location in directive.locations)
        yield "directive", directive.name, *where, str(directive.is_repeatable), *said(directive)
        yield from arguments(f"@{directive.name}", directive.args)


def members(named: GraphQLNamedType) -> Iterator[tuple[str, ...]]:
    match named:
        case GraphQLEnumType():
            for name, value in named.values.items():
                yield "value", named.name, name, *said(value)
        case GraphQLUnionType():
            yield from (("member", named.name, each.name) for each in named.types)
        case GraphQLScalarType() if not is_specified_scalar_type(named):
            yield "scalar", named.name, named.specified_by_url or ""
        case GraphQLInputObjectType():
            yield from arguments(named.name, named.fields)
        case GraphQLObjectType() | GraphQLInterfaceType():
            yield from (("implements", named.name, each.name) for each in named.interfaces)
            for name, field in named.fields.items():
                yield "field", named.name, name, str(field.type), *said(field)
                yield from arguments(f"{named.name}.{name}", field.args)


def arguments(
    owner: str, given: dict[str, GraphQLArgument] | dict[str, GraphQLInputField]
) -> Iterator[tuple[str, ...]]:
    for name, argument in given.items():
        node = argument.ast_node
        default = print_ast(node.default_value) if node and node.default_value else ""
        yield "argument", owner, name, str(argument.type), default, *said(argument)


def said(thing: object) -> tuple[str, str]:
    description = getattr(thing, "description", None)
    return description or "", getattr(thing, "deprecation_reason", None) or ""


def test_every_fact_of_the_reference_schema_holds_in_ours() -> None:
    ours = set(facts(build_schema(sdl())))
    assert [fact for fact in facts(REFERENCE) if fact not in ours] == []


def test_our_own_names_stand_beside_the_references() -> None:
    ours = build_schema(sdl()).type_map
    assert OWN_NAMES - ours.keys() == set()
    members = {
        name: {each.name for each in union.types}
        for name, union in ours.items()
        if isinstance(union, GraphQLUnionType)
    }
    messages = ("Text", "ActionExecution", "Result", "AgentState", "Image")
    assert members["MessageUnion"] == {f"{kind}MessageOutput" for kind in messages}
    assert members["MetaEventUnion"] == {
        "LangGraphInterruptEvent",
        "CopilotKitLangGraphInterruptEvent",
        "MetaEventResponse",
    }


def test_the_comparison_would_notice_each_single_difference() -> None:
    text = (DATA / "schema-1.10.6.graphql").read_text()
    changes = {
        "description: String!\n}": "description: String\n}",
        "allowList: [String!] = []": "allowList: [String!]",
        "initialCount: Int = 0": "initialCount: Int = 1",
        "  TextareaPopover\n": "",
        "The role of the message": "A role",
        "on FRAGMENT_SPREAD | INLINE_FRAGMENT": "on FRAGMENT_SPREAD",
        "= PendingMessageStatus | ": "= ",
        ' @deprecated(reason: "This field will be removed in a future version")': "",
        "LangGraphInterruptEvent implements BaseMetaEvent": "LangGraphInterruptEvent",
        "properties: JSONObject, ": "",
    }
    known = set(facts(REFERENCE))
    for before, after in changes.items():
        assert before in text
        changed = set(facts(build_schema(text.replace(before, after), assume_valid=True)))
        assert known - changed, before


def test_the_reference_schema_is_as_large_as_it_was_counted() -> None:
    kinds = [type(t).__name__ for t in REFERENCE.type_map.values() if t.name[:2] != "__"]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "GraphQLObjectType": 22,
        "GraphQLInterfaceType": 3,
        "GraphQLUnionType": 2,
        "GraphQLEnumType": 7,
        "GraphQLInputObjectType": 21,
        "GraphQLScalarType": 7,
    }
