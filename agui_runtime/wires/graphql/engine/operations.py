"""From a query's text to something that can be executed: parsed, limited and validated once.

Nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from time import perf_counter
from typing import Any, TypeAlias

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    VisitorAction,
    get_variable_values,
    parse,
    visit,
)
from graphql.execution.values import VariableValues

from agui_runtime.core.jsontext import Json
from agui_runtime.wires.graphql.delivery.plain_plan import PlainQuery, compile_plain
from agui_runtime.wires.graphql.delivery.plan import Plan, RootField, compile_plan
from agui_runtime.wires.graphql.engine.excesses import excesses
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.engine.quick_arguments import QuickArguments, quick_arguments
from agui_runtime.wires.graphql.engine.rules import NEGATIVE, ValidationRules
from agui_runtime.wires.graphql.nouns.errors import with_code

Switches: TypeAlias = tuple[tuple[str, Any], ...]
"""Variables that stand in directives, with their values."""


class Refused(Exception):
    """The operation cannot be executed; `errors` are those of the answer."""

    def __init__(self, errors: Sequence[Mapping[str, Json]]) -> None:
        super().__init__(errors)
        self.errors = errors

    @property
    def code(self) -> str:
        """That of the first error; empty where it has none."""
        extensions = self.errors[0].get("extensions") if self.errors else None
        return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A parsed query text. `plain` is what graphql-core executes: without @defer and @stream.

    `errors` are empty for a valid one. `switches` are the variables that stand in directives,
    `counts` those of them that say how many items of a list come first. `phases` is how many
    seconds it took to parse and validate.
    """

    operations: tuple[OperationDefinitionNode, ...] = ()
    fragments: Mapping[str, FragmentDefinitionNode] = field(default_factory=dict)
    plain: DocumentNode = field(default_factory=DocumentNode)
    switches: frozenset[str] = frozenset()
    counts: frozenset[str] = frozenset()
    errors: tuple[Mapping[str, Any], ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one request asks to be executed: a `query`, `mutation` or `subscription`. `plan` is set
    for the mutation that streams, `plain` for a query that needs no graphql-core; `start` is what
    either of them begins with, and `arguments` are those of that.

    `phases` is what it took to read the text, empty for one that was remembered.
    """

    document: DocumentNode
    node: OperationDefinitionNode
    kind: str
    plan: Plan | None
    plain: PlainQuery | None
    start: RootField | None
    arguments: QuickArguments | None
    phases: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None

    @property
    def is_mutation(self) -> bool:
        return self.kind == "mutation"

    @property
    def is_subscription(self) -> bool:
        return self.kind == "subscription"

    @property
    def grows(self) -> bool:
        """Whether its answer comes in parts."""
        return self.is_subscription or (self.plan is not None and self.plan.incremental)


class Operations:
    """Prepares the operations of one schema, and remembers the latest ones.

    Without `introspection`, an operation that asks for the schema itself is refused. `direct` are
    fields of queries that may be resolved without graphql-core.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: OperationLimits,
        *,
        introspection: bool = True,
        direct: Container[str] = (),
        remembered: int = 128,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._direct = direct
        self._rules = ValidationRules(introspection=introspection)
        self._document = lru_cache(remembered)(self._read)
        self._operation = lru_cache(remembered)(self._compiled)

    def prepare(self, query: str, name: str | None, variables: Mapping[str, Json]) -> Operation:
        """Raises Refused for what is malformed, invalid, over a limit or not there."""
        misses = self._document.cache_info().misses
        document = self._document(query)
        remembered = self._document.cache_info().misses == misses
        if document.errors:
            raise Refused(document.errors)
        node = _chosen(document.operations, name)
        switches = self._switches(document, node, variables)
        operation = self._operation(document, name, switches)
        return operation if remembered else replace(operation, phases=document.phases)

    def _read(self, query: str) -> Document:
        begun = perf_counter()
        try:
            ast = parse(
                query,
                max_tokens=self._limits.tokens,
                max_source_length=self._limits.characters,
            )
        except GraphQLError as error:
            return Document(errors=(with_code(error, "GRAPHQL_PARSE_FAILED"),))
        parsed = perf_counter()
        faults = excesses(ast, self._limits) or self._rules.faults(self._schema, ast)
        if faults:
            errors = [with_code(each, "GRAPHQL_VALIDATION_FAILED") for each in faults]
            return Document(errors=tuple(errors))
        return _document(ast, {"parse": parsed - begun, "validate": perf_counter() - parsed})

    def _switches(
        self, document: Document, node: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> Switches:
        """The values of the variables on which the plan depends."""
        wanted = [
            each
            for each in node.variable_definitions or ()
            if each.variable.name.value in document.switches
        ]
        if not wanted:
            return ()
        values = get_variable_values(self._schema, wanted, dict(variables), hide_suggestions=True)
        if isinstance(values, list):
            raise Refused([error.formatted for error in values])
        if any((values.coerced.get(name) or 0) < 0 for name in document.counts):
            raise Refused([{"message": NEGATIVE}])
        return tuple(values.coerced.items())

    def _compiled(self, document: Document, name: str | None, switches: Switches) -> Operation:
        node = _chosen(document.operations, name)  # nodes are no key: their hashes are deep
        values = VariableValues({}, dict(switches))
        given = self._schema, node, document.fragments, values
        try:
            plan, plain = compile_plan(*given), compile_plain(*given, self._direct)
        except GraphQLError as error:  # null for a variable that decides
            raise Refused([error.formatted]) from None
        start = plan.start if plan else plain.start if plain else None
        arguments = quick_arguments(self._schema, node, start) if start else None
        kind = str(node.operation.value)
        return Operation(document.plain, node, kind, plan, plain, start, arguments)


def _document(ast: DocumentNode, phases: Mapping[str, float]) -> Document:
    switches = _Switches()
    visit(ast, switches)
    definitions = ast.definitions
    fragments = (each for each in definitions if isinstance(each, FragmentDefinitionNode))
    return Document(
        operations=tuple(each for each in definitions if isinstance(each, OperationDefinitionNode)),
        fragments={each.name.value: each for each in fragments},
        plain=visit(ast, _Plain()),
        switches=frozenset(switches.names),
        counts=frozenset(switches.counts),
        phases=phases,
    )


def _chosen(
    operations: tuple[OperationDefinitionNode, ...], name: str | None
) -> OperationDefinitionNode:
    if name is None and len(operations) == 1:
        return operations[0]
    if name is None:
        many = "an operation" if not operations else "operationName: the query has several"
        raise Refused([_unresolved(f"Must provide {many}.")])
    for operation in operations:
        if operation.name and operation.name.value == name:
            return operation
    raise Refused([_unresolved(f"Unknown operation named '{name}'.")])


def _unresolved(message: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": "OPERATION_RESOLUTION_FAILURE"}}


class _Switches(Visitor):
    """Collects the variables that stand in directives."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.counts: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                self.names.add(name)
                if argument.name.value == "initialCount":
                    self.counts.add(name)


class _Plain(Visitor):
    """Removes @defer and @stream: to obey them is a permission, not a duty."""

    def enter_directive(self, node: DirectiveNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value in ("defer", "stream") else None
