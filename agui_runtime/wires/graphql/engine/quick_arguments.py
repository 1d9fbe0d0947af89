"""Makes a field's arguments of an operation's variables, in a seventh of the time that graphql-core
takes to coerce them, and `read` to make input objects of them.

It is a second way to the same arguments, for variables that are right: what is wrong with others,
graphql-core is to say. A test compares both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    is_leaf_type,
    type_from_ast,
)
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from agui_runtime.core.jsontext import Json
from agui_runtime.wires.graphql.delivery.plan import RootField

_WRONG = (ArithmeticError, AttributeError, GraphQLError, LookupError, TypeError, ValueError)
"""What is raised for a wrong variable."""


class QuickArguments:
    """The arguments of one field, of variables that the validator reads; `names` are those of the
    variables that they are.
    """

    def __init__(self, variables: SchemaValidator, names: Mapping[str, str]) -> None:
        self._variables = variables
        self._names = names

    def of(self, variables: Mapping[str, Json]) -> Mapping[str, object] | None:
        """By their names in Python, with input objects made; None if a variable is wrong."""
        try:
            values = self._variables.validate_python(variables)
        except _WRONG:
            return None
        return {argument: values[name] for argument, name in self._names.items() if name in values}


def quick_arguments(
    schema: GraphQLSchema, operation: OperationDefinitionNode, field: RootField
) -> QuickArguments | None:
    """None where something besides variables stands in the arguments, or where there are defaults,
    or inputs within themselves.
    """
    try:
        return QuickArguments(_variables(schema, operation), _names(field))
    except _Unusual:
        return None


class _Unusual(Exception):
    """What only graphql-core can do."""


def _variables(schema: GraphQLSchema, operation: OperationDefinitionNode) -> SchemaValidator:
    known: dict[str, core_schema.TypedDictField] = {}
    for each in operation.variable_definitions or ():
        if each.default_value is not None:
            raise _Unusual
        type_ = type_from_ast(schema, each.type)
        known[each.variable.name.value] = core_schema.typed_dict_field(
            _read(type_, ()), required=isinstance(type_, GraphQLNonNull)
        )
    return SchemaValidator(core_schema.typed_dict_schema(known, extra_behavior="ignore"))


def _names(field: RootField) -> Mapping[str, str]:
    if any(_has_default(each) for each in field.definition.args.values()):
        raise _Unusual
    names: dict[str, str] = {}
    for node in field.nodes[0].arguments or ():
        if not isinstance(node.value, VariableNode):
            raise _Unusual
        argument = node.name.value
        names[field.definition.args[argument].out_name or argument] = node.value.name.value
    return names


def _has_default(argument: GraphQLArgument) -> bool:
    return argument.default is not None or argument.default_value is not Undefined


def _read(type_: object, within: tuple[object, ...]) -> CoreSchema:
    """How values of the type are read; `within` are the inputs that it stands in."""
    if isinstance(type_, GraphQLNonNull):
        return _present(type_.of_type, within)
    return core_schema.nullable_schema(_present(type_, within))


def _present(type_: object, within: tuple[object, ...]) -> CoreSchema:
    """The same of those that are not null."""
    if isinstance(type_, GraphQLList):
        return core_schema.list_schema(_read(type_.of_type, within), strict=True, fail_fast=True)
    if isinstance(type_, GraphQLInputObjectType):
        if type_ in within or type_.out_type is not GraphQLInputObjectType.out_type:
            raise _Unusual
        return _object(type_, (*within, type_))
    if type_ is GraphQLString:
        return core_schema.str_schema(strict=True)
    if isinstance(type_, GraphQLEnumType):
        members = {name: type_.coerce_input_value(name) for name in type_.values}
        return core_schema.no_info_plain_validator_function(members.__getitem__)
    if is_leaf_type(type_):
        return core_schema.no_info_plain_validator_function(type_.coerce_input_value)
    raise _Unusual


def _object(type_: GraphQLInputObjectType, within: tuple[object, ...]) -> CoreSchema:
    kind = type_.extensions["strawberry-definition"].origin
    made = {field.name: field for field in fields(kind)}
    members = [
        core_schema.dataclass_field(
            (python_name := each.extensions["strawberry-definition"].python_name),
            _optional(made[python_name], _read(each.type, within)),
            validation_alias=name,
        )
        for name, each in type_.fields.items()
    ]
    arguments = core_schema.dataclass_args_schema(kind.__name__, members, extra_behavior="forbid")
    return core_schema.dataclass_schema(kind, arguments, list(made))


def _optional(field: Field[object], value: CoreSchema) -> CoreSchema:
    """With the default that the field has, if any."""
    if field.default_factory is not MISSING:
        return core_schema.with_default_schema(value, default_factory=field.default_factory)
    if field.default is not MISSING:
        return core_schema.with_default_schema(value, default=field.default)
    return value
