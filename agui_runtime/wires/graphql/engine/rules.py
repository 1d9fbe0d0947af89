"""By which rules operations are validated: the specification's, and whether to tell the schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    ASTValidationRule,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    NameNode,
    NoSchemaIntrospectionCustomRule,
    ObjectFieldNode,
    ObjectValueNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValidationRule,
    Visitor,
    is_union_type,
    specified_rules,
    validate,
    visit,
)
from graphql.validation.rules.stream_directive_on_list_field import StreamDirectiveOnListField

MOST_ERRORS = 10

NEGATIVE = "initialCount of @stream must not be negative."


class ValidationRules:
    """The rules to validate with; without `introspection`, nobody may ask for the schema itself."""

    def __init__(self, *, introspection: bool) -> None:
        mended = (
            _StreamDirectiveOnListField if rule is StreamDirectiveOnListField else rule
            for rule in specified_rules
            if rule is not OverlappingFieldsCanBeMergedRule
        )
        hidden = () if introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules: Sequence[type[ASTValidationRule]] = (*mended, _CountsFromZero, *hidden)

    def faults(self, schema: GraphQLSchema, document: DocumentNode) -> Sequence[GraphQLError]:
        """What is wrong with the document, by the specification; hints at names are left out."""
        found = validate(
            schema, document, self._rules, max_errors=MOST_ERRORS, hide_suggestions=True
        )
        return found or validate(
            schema,
            visit(document, _StreamsAsArguments()),
            [OverlappingFieldsCanBeMergedRule],
            max_errors=MOST_ERRORS,
        )


class _StreamsAsArguments(Visitor):
    """Makes of each @stream an argument of its field, so that fields with the same @stream can be
    merged, and others not. graphql-core 3.3.2 itself merges none; the reference's validation and
    clients that put fragments together rely on it.
    """

    def enter_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        streams = [each for each in node.directives or () if each.name.value == "stream"]
        if not streams:
            return None
        values = ObjectValueNode(
            fields=tuple(
                ObjectFieldNode(name=argument.name, value=argument.value)
                for argument in streams[0].arguments or ()
            )
        )
        stream = ArgumentNode(name=NameNode(value="@stream"), value=values)
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=(*(node.arguments or ()), stream),
            directives=(),
            selection_set=node.selection_set,
            loc=node.loc,
        )


class _CountsFromZero(ValidationRule):
    """GraphQL's draft, 3.13.6: @stream's `initialCount` must be 0 at least. What a variable says
    is checked when it is known.
    """

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value != "stream":
            return
        values = [each.value for each in node.arguments or () if each.name.value == "initialCount"]
        for value in values:
            if isinstance(value, IntValueNode) and value.value.startswith("-"):
                self.report_error(GraphQLError(NEGATIVE, value))


class _StreamDirectiveOnListField(StreamDirectiveOnListField):
    """graphql-core 3.3.2 raises AttributeError for `__typename @stream` of a union."""

    def enter_directive(self, node: DirectiveNode, *place: Any) -> None:  # noqa: ANN401  # the base's
        assert isinstance(self.context, ValidationContext)
        parent = self.context.get_parent_type()
        if not is_union_type(parent):
            super().enter_directive(node, *place)
        elif node.name.value == "stream":
            self.report_error(
                GraphQLError(
                    f"Stream directive cannot be used on a field of '{parent.name}'.", node
                )
            )
