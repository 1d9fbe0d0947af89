"""Compiles an operation into what to deliver of the document, at once and later. Pure.

Done once for each query text and set of directive variables. The operation must be valid: that it
ends (no fragment within itself) and that it is unambiguous are rules of GraphQL's validation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLDirective,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLLeafType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLString,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)
from graphql.execution.values import VariableValues, get_directive_values
from graphql.type.directives import GraphQLDeferDirective, GraphQLStreamDirective
from strawberry.schema.schema_converter import CustomGraphQLEnumType

from agui_runtime.wires.graphql.delivery.selected import (
    Field,
    Group,
    Selection,
    Selections,
    Stream,
    ending_of,
    group_of,
    step_to,
)

STREAMED_ROOT = "generateCopilotResponse"
"""The mutation whose answer is a document that grows."""

_LATE = frozenset({"status", "messages", "metaEvents", "content", "arguments"})
"""Fields whose last value is not known from the start, on types that have `knows`."""


@dataclass(frozen=True, slots=True)
class RootField:
    """A field of an operation's own, to be resolved: its `key` in the answer, its definition in the
    schema, and the nodes that select it.
    """

    key: str
    definition: GraphQLField
    nodes: list[FieldNode]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an operation asks of the document; `incremental` if any of it may come later.

    `waits_for_items`: something is delivered when a list that grows has so many items.
    `defers_known`: something may come later of which all is known before. `start` is to be resolved
    first: the mutation, of which nothing else is executed.
    """

    root: Group
    incremental: bool
    waits_for_items: bool
    defers_known: bool
    start: RootField


def compile_plan(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: VariableValues,
) -> Plan | None:
    """The plan of a mutation for the growing document; None for any other operation.

    `variables` need only hold those that stand in directives.
    """
    mutation = schema.mutation_type
    if operation.operation.value != "mutation" or mutation is None:
        return None
    compiler = Compiler(schema, fragments, variables)
    level = Level()
    compiler.collect(mutation, operation.selection_set, level, level.immediate)
    for key, nodes in level.immediate.items():
        if nodes[0].name.value == STREAMED_ROOT:
            root = compiler.group(mutation, level.immediate)
            start = RootField(key, mutation.fields[STREAMED_ROOT], nodes)
            later = compiler.waits_for_items, compiler.defers_known
            return Plan(root, compiler.incremental, *later, start)
    return None


_Nodes: TypeAlias = dict[str, list[FieldNode]]


class Level:
    """The fields asked of one object, as they are collected: at once, and in deferred fragments."""

    def __init__(self) -> None:
        self.immediate: _Nodes = {}
        self.deferred: list[tuple[str | None, _Nodes]] = []
        self._met_at_once: set[str] = set()
        self._met_deferred: set[str] = set()

    def meet(self, fragment: str, deferred: bool) -> bool:
        """Whether this spread of a fragment adds anything; without this, spreads multiply."""
        if fragment in self._met_at_once or (deferred and fragment in self._met_deferred):
            return False
        (self._met_deferred if deferred else self._met_at_once).add(fragment)
        return True

    def gather(self) -> None:
        """Move each object or list to where it is selected first: it is delivered only once.

        A deferred fragment gives up what it too asks of it: to defer is a permission, not a duty.
        """
        owners = {key: nodes for key, nodes in self.immediate.items() if nodes[0].selection_set}
        for _, group in self.deferred:
            for key in [key for key, nodes in group.items() if nodes[0].selection_set]:
                if key in owners:
                    owners[key].extend(group.pop(key))
                else:
                    owners[key] = group[key]


class Compiler:
    """Makes fields and groups of what is selected. `incremental` says that any of it may come
    later, `waits_for_items` that a streamed list begins with some, `defers_known` that a deferred
    fragment waits for nothing, `resolvers` counts the fields with a resolver of their own.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self.incremental = False
        self.waits_for_items = False
        self.defers_known = False
        self.resolvers = 0
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def collect(
        self,
        parent: GraphQLObjectType,
        selection_set: SelectionSetNode,
        level: Level,
        into: _Nodes,
    ) -> None:
        """Sort the selections that apply to `parent` into the level's groups."""
        for selection in selection_set.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                into.setdefault(key, []).append(selection)
            else:
                self._collect_fragment(parent, selection, level, into)

    def group(self, parent: GraphQLObjectType, nodes: _Nodes, label: str | None = None) -> Group:
        return group_of((self.field(parent, key, each) for key, each in nodes.items()), label)

    def _collect_fragment(
        self, parent: GraphQLObjectType, fragment: SelectionNode, level: Level, into: _Nodes
    ) -> None:
        assert isinstance(fragment, InlineFragmentNode | FragmentSpreadNode)
        defer = self._active(GraphQLDeferDirective, fragment)
        if isinstance(fragment, FragmentSpreadNode):
            name = fragment.name.value
            if not level.meet(name, defer is not None or into is not level.immediate):
                return
            definition: FragmentDefinitionNode | InlineFragmentNode = self._fragments[name]
        else:
            definition = fragment
        if not self._applies(definition, parent):
            return
        if defer is not None:
            into = {}
            level.deferred.append((defer.get("label"), into))
        self.collect(parent, definition.selection_set, level, into)

    def _applies(
        self, fragment: FragmentDefinitionNode | InlineFragmentNode, parent: GraphQLObjectType
    ) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self._schema.type_map[fragment.type_condition.name.value]
        if condition is parent:
            return True
        return is_abstract_type(condition) and self._schema.is_sub_type(condition, parent)

    def field(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Field:
        name = nodes[0].name.value
        if name == "__typename":
            return Field(key, typename=parent.name)
        definition = parent.fields[name]
        self.resolvers += _has_resolver(definition)
        named = get_named_type(definition.type)
        leaf = is_leaf_type(named)
        selections = None if leaf else self._selections(named, nodes)
        inside = selections.values() if selections else ()
        return Field(
            key,
            attribute=_attribute(definition),
            late=name in _LATE and hasattr(_origin(parent), "knows"),
            serialize=_serializer(named) if leaf else None,
            selections=selections,
            stream=self._stream(nodes[0]),
            holds_late=any(each.immediate.awaited for each in inside),
            step=step_to(key),
        )

    def _selections(self, named: GraphQLNamedType, nodes: list[FieldNode]) -> Selections:
        types = [named] if is_object_type(named) else []
        if is_abstract_type(named):
            types = self._schema.get_possible_types(named)
        return {_origin(each).__name__: self._selection(each, nodes) for each in types}

    def _selection(self, parent: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Selection:
        level = Level()
        for node in nodes:
            if node.selection_set:
                self.collect(parent, node.selection_set, level, level.immediate)
        level.gather()
        groups = [self.group(parent, found, label) for label, found in level.deferred if found]
        self.defers_known |= not all(group.awaited for group in groups)
        return Selection(self.group(parent, level.immediate), tuple(groups))

    def _stream(self, node: FieldNode) -> Stream | None:
        values = self._active(GraphQLStreamDirective, node)
        if values is None:
            return None
        initial = values.get("initialCount") or 0
        self.waits_for_items |= initial > 0
        return Stream(initial, ending_of(values.get("label")))

    def _active(self, directive: GraphQLDirective, node: SelectionNode) -> dict[str, Any] | None:
        """The directive's arguments if it stands on the node and is not switched off."""
        values = get_directive_values(directive, node, self._variables)
        if values is None or values.get("if") is False:
            return None
        self.incremental = True
        return values

    def _included(self, node: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        if skip and skip["if"]:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return include is None or bool(include["if"])


def _has_resolver(definition: GraphQLField) -> bool:
    return definition.extensions["strawberry-definition"].base_resolver is not None


def _attribute(definition: GraphQLField) -> str:
    return str(definition.extensions["strawberry-definition"].python_name)


def _origin(parent: GraphQLObjectType) -> type:
    origin: type = parent.extensions["strawberry-definition"].origin
    return origin


def _serializer(leaf: GraphQLLeafType) -> Callable[[Any], Any] | None:
    if isinstance(leaf, CustomGraphQLEnumType):
        members: Iterable[Enum] = leaf.wrapped_cls
        return {each: leaf.serialize(each) for each in members}.__getitem__
    return None if leaf is GraphQLString else leaf.serialize
