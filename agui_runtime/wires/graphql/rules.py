"""By which rules operations are validated: the specification's, and whether to tell the schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import (
    ASTValidationRule,
    DirectiveNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    ValidationContext,
    is_union_type,
    specified_rules,
)
from graphql.validation.rules.stream_directive_on_list_field import StreamDirectiveOnListField


def rules(*, introspection: bool) -> Sequence[type[ASTValidationRule]]:
    """The rules to validate with; without `introspection`, nobody may ask for the schema itself."""
    mended = (
        _StreamDirectiveOnListField if rule is StreamDirectiveOnListField else rule
        for rule in specified_rules
    )
    return (*mended, *(() if introspection else (NoSchemaIntrospectionCustomRule,)))


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
