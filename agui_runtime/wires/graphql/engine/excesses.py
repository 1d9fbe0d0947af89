"""What of a document is over the limits of an operation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    visit,
)

from agui_runtime.wires.graphql.engine.limits import OperationLimits


def excesses(document: DocumentNode, limits: OperationLimits) -> list[GraphQLError]:
    """What of the document is over a limit; characters and tokens are the parser's."""
    counter = _Aliases()
    visit(document, counter)
    if counter.count > limits.aliases:
        return [GraphQLError(f"{counter.count} aliases; at most {limits.aliases} are allowed")]
    shape = _Shape(document)
    errors: list[GraphQLError] = []
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            errors.extend(_excesses(operation, shape, limits))
    return errors


def _excesses(
    operation: OperationDefinitionNode, shape: _Shape, limits: OperationLimits
) -> Iterable[GraphQLError]:
    depth = shape.depth(operation.selection_set)
    if depth > limits.depth:
        yield GraphQLError(
            f"{depth} levels of fields; at most {limits.depth} are allowed", operation
        )
    # Each field of a mutation may start a run; aliases would make one request start many.
    if operation.operation.value == "mutation" and shape.width(operation.selection_set) > 1:
        yield GraphQLError("a mutation may have one field only", operation)


class _Aliases(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.count += node.alias is not None


class _Shape:
    """Measures selections, fragments included; a fragment within itself counts as empty."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self._depths: dict[str, int] = {}

    def depth(self, selection_set: SelectionSetNode) -> int:
        depths = [0]
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                depths.append(self._depth_of_field(selection))
            elif isinstance(selection, InlineFragmentNode):
                depths.append(self.depth(selection.selection_set))
            elif isinstance(selection, FragmentSpreadNode):
                depths.append(self._depth_of_fragment(selection.name.value))
        return max(depths)

    def width(self, selection_set: SelectionSetNode) -> int:
        """How many fields there are at the top, `__typename` aside."""
        return len(set(self._fields(selection_set, set())))

    def _depth_of_field(self, field: FieldNode) -> int:
        if field.name.value.startswith("__"):
            return 0
        return 1 + (self.depth(field.selection_set) if field.selection_set else 0)

    def _depth_of_fragment(self, name: str) -> int:
        if name not in self._depths and name in self._fragments:
            self._depths[name] = 0
            self._depths[name] = self.depth(self._fragments[name].selection_set)
        return self._depths.get(name, 0)

    def _fields(self, selection_set: SelectionSetNode, met: set[str]) -> Iterable[str]:
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                if selection.name.value != "__typename":
                    yield (selection.alias or selection.name).value
            elif isinstance(selection, InlineFragmentNode):
                yield from self._fields(selection.selection_set, met)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in met:
                met.add(selection.name.value)
                fragment = self._fragments.get(selection.name.value)
                if fragment:
                    yield from self._fields(fragment.selection_set, met)
