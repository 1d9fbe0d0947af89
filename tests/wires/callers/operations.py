"""A GraphQL operation for every field of the three roots, with all that can be selected below it,
made of the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_required_argument,
)

from agui_runtime.wires.graphql.resolvers.schema import build_schema
from tests.wires.callers.world import SECRET
from tests.wires.graphql.serving import user

DEEPEST = 6

_CHAT = {
    "metadata": {"requestType": "Chat"},
    "threadId": "t1",
    "messages": [user("u9", "Hello")],
    "frontend": {"actions": [], "url": "http://page.test/"},
}

ARGUMENTS: Mapping[str, Any] = {
    "query.thread.id": "t1",
    "query.run.id": "r1",
    "query.run.threadId": "t1",
    "query.loadAgentState.data": {"threadId": "t1", "agentName": "default"},
    "mutation.generateCopilotResponse.data": _CHAT,
    "mutation.executeAgent.data": {"threadId": "t1", "messages": [user("u9", "Hello")]},
    "mutation.saveAgentState.data": {"threadId": "t1", "agentName": "default", "state": "{}"},
    "mutation.remember.data": {"tier": "Core", "key": "stone", "text": "ruby"},
    "mutation.correctMemory.id": "core.hers",
    "mutation.correctMemory.text": f"not {SECRET}",
    "mutation.deleteMemory.id": "core.hers",
    "mutation.deleteThreadMemory.threadId": "t1",
    "subscription.generateCopilotResponse.data": _CHAT,
    "subscription.runEvents.threadId": "t1",
    "subscription.threadUpdated.threadId": "t1",
}
"""Examples for the arguments that must be given."""

OPEN = frozenset({"query.hello"})
"""What everybody may know."""

EMPTY = frozenset({"query.agents", "query.availableAgents", "query.threads"})
"""Lists, from which is missing what may not be read."""

SHOWS_NOTHING = OPEN | {
    *("mutation.saveAgentState", "mutation.remember", "mutation.forgetMe"),
    *("mutation.deleteMemory", "mutation.deleteThreadMemory"),
}
"""In the answers of these there is nothing of what a thread holds, or is remembered."""


class Operation(NamedTuple):
    """A document with its variables, by the name of its only field."""

    name: str
    kind: str
    text: str
    variables: Mapping[str, Any]


def operations() -> list[Operation]:
    """One for each field; raises KeyError for an argument without an example."""
    schema = build_schema()
    roots = {
        "query": schema.query_type,
        "mutation": schema.mutation_type,
        "subscription": schema.subscription_type,
    }
    return [
        _operation(kind, name, field)
        for kind, root in roots.items()
        if root is not None
        for name, field in root.fields.items()
    ]


def _operation(kind: str, name: str, field: GraphQLField) -> Operation:
    whole = f"{kind}.{name}"
    needed = {key: it for key, it in field.args.items() if is_required_argument(it)}
    variables = {key: ARGUMENTS[f"{whole}.{key}"] for key in needed}
    selection = _selection(get_named_type(field.type), 0)
    text = f"{kind}{_declared(needed)} {{ {name}{_passed(needed)}{selection} }}"
    return Operation(whole, kind, text, variables)


def _declared(arguments: Mapping[str, GraphQLArgument]) -> str:
    listed = ", ".join(f"${name}: {it.type}" for name, it in arguments.items())
    return f" A({listed})" if listed else " A"


def _passed(arguments: Mapping[str, GraphQLArgument]) -> str:
    listed = ", ".join(f"{name}: ${name}" for name in arguments)
    return f"({listed})" if listed else ""


def _selection(kind: GraphQLNamedType, depth: int) -> str:
    if is_leaf_type(kind):
        return ""
    if isinstance(kind, GraphQLUnionType):
        parts = [f"... on {it.name}{_selection(it, depth + 1)}" for it in kind.types]
    elif is_interface_type(kind):
        made = build_schema().get_possible_types(kind)
        parts = [f"... on {it.name}{_selection(it, depth + 1)}" for it in made]
    else:
        assert isinstance(kind, GraphQLObjectType)
        parts = [part for name, it in kind.fields.items() if (part := _field(name, it, depth))]
    return f" {{ __typename {' '.join(parts)} }}"


def _field(name: str, field: GraphQLField, depth: int) -> str:
    """Under a name of its own kind: unions may have fields of one name and of several types."""
    kind = get_named_type(field.type)
    if any(is_required_argument(it) for it in field.args.values()):
        raise KeyError(f"{name}: give an example for its arguments")
    if depth >= DEEPEST and not is_leaf_type(kind):
        return ""
    alias = f"{name}_{_word(str(field.type))}"
    return f"{alias}: {name}{_selection(kind, depth + 1)}"


def _word(text: str) -> str:
    return text.replace("[", "L").replace("]", "").replace("!", "N")
