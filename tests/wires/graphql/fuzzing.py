"""Makes requests out of the schema: valid ones, nearly valid ones, and nonsense. Sends nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

THREADS = ["t-1", "t-2", "t-3"]
AGENTS = [*["default"] * 6, "broken", "nobody"]
ACCEPTS = [
    "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
    "application/json",
    "multipart/mixed",
    "text/event-stream",
    "*/*",
    "text/html",
    "",
    "x" * 300,
]

# What a front end would say where the type alone says too little.
MEANT: Mapping[str, list[str]] = {
    "threadId": THREADS,
    "id": [*THREADS, "m1", "m2"],
    "agentName": AGENTS,
    "state": [*["{}", '{"n": 1}'] * 6, "{half", "[]", "[" * 300],
    "config": ["{}", "null", '{"streamSubgraphs": true}'],
    "arguments": ["{}", '{"n": 2}', "{half"],
    "after": ["gone.1", "else"],
    "jsonSchema": [*["{}", '{"type": "object"}'] * 6, "nonsense"],
    "toolChoice": ["auto", "function", "required"],
}

JUNK: list[Any] = [
    *(None, True, 0, -1, 2**31, 2**63, 10**400, 1.5, "", "\ud800", "\x00", "ä" * 50),
    *([], {}, [[[]]], {"a": {"b": None}}, [None], {"__proto__": 1}),
]

SCALARS: Mapping[str, Callable[[Random], Any]] = {
    "Int": lambda random: random.choice([*[1, 2, 50] * 4, 0, -1, 2**31 - 1]),
    "Float": lambda random: random.choice([0, 0.5, 1, 20, 1e300, -1]),
    "Boolean": lambda random: random.random() < 0.5,
    "DateTimeISO": lambda random: random.choice(["2026-01-01T00:00:00.000Z", "2026-05-01"]),
    "JSON": lambda random: random.choice(JUNK),
    "JSONObject": lambda random: {"k": random.choice(JUNK)},
}

DIRECTIVES = [
    *("@skip(if: false)", "@include(if: true)", "@include(if: $flag)", "@skip(if: $flag)"),
    *("@stream", "@stream(initialCount: 2)", '@stream(if: $flag, label: "l")', "@defer"),
    *("@defer(if: $flag)", "@stream(initialCount: -1)", "@defer(if: null)", "@unknown", "@skip"),
]
FITTING = {
    "list": ["@stream", "@stream(initialCount: 1)"],
    "fragment": ["@defer", "@defer(if: true)"],
}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `patience` is for how many idle turns of the loop its client stays, None
    to the end. Some answers have no end.
    """

    method: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    patience: int | None


@dataclass(slots=True)
class Maker:
    """Writes operations on a schema, most of them wrong in few places or none.

    `ids` are those of runs that there are.
    """

    schema: GraphQLSchema
    random: Random
    ids: Sequence[str] = ()
    fault: float = 0.02
    _variables: dict[str, str] = field(default_factory=dict)
    _values: dict[str, Any] = field(default_factory=dict)
    _fragments: list[str] = field(default_factory=list)

    def request(self) -> Request:
        """The next request."""
        chance = self.random.random
        self.fault = self.random.choice([0.0, 0.0, 0.01, 0.1])
        body: Any = self._body()
        if chance() < 0.03:
            body = self.random.choice(
                [[body], [], None, 7, {}, {"query": 5}, {**body, "query": ""}]
            )
        elif chance() < 0.05:
            body = {**body, self.random.choice(["variables", "operationName"]): self._junk()}
        content = json.dumps(body).encode()
        if chance() < 0.02:
            content = content[: self.random.randrange(len(content))]
        kind = "application/json" if chance() < 0.98 else "text/plain"
        headers = [(b"content-type", kind.encode())]
        accept = ACCEPTS[0] if chance() < 0.7 else self.random.choice(ACCEPTS)
        headers.append((b"accept", accept.encode()))
        method = "POST" if chance() < 0.97 else self.random.choice(["GET", "PUT", "OPTIONS"])
        endless = b'"subscription op' in content
        patience = 3 if chance() < 0.05 else 100 if endless else None
        return Request(method, b"query={hello}", headers, content, patience)

    def _body(self) -> dict[str, Any]:
        self._variables, self._values, self._fragments = {}, {}, []
        kinds = {
            "query": self.schema.query_type,
            "mutation": self.schema.mutation_type,
            "subscription": self.schema.subscription_type,
        }
        kind = self.random.choices(list(kinds), [45, 45, 10])[0]
        root = kinds[kind]
        assert root is not None
        asked = self._selections(root, depth=self.random.choice([3, 5, 7, 14]), top=kind)
        declared = ", ".join(f"${name}: {type_}" for name, type_ in self._variables.items())
        head = f"{kind} op({declared})" if declared else f"{kind} op"
        text = "\n".join([f"{head} {asked}", *self._fragments])
        return {"query": self._garbled(text), "variables": self._values, "operationName": "op"}

    def _garbled(self, text: str) -> str:
        if self.random.random() >= self.fault * 3:
            return text
        place = self.random.randrange(len(text))
        piece = self.random.choice(["", "{", "}", "(", "@", "$", "...", '"', "\x00", "on X", "a:"])
        return text[:place] + piece + text[place + self.random.randrange(3) :]

    def _wrong(self) -> bool:
        return self.random.random() < self.fault

    def _junk(self) -> Any:  # noqa: ANN401  # any JSON
        return self.random.choice(JUNK)

    # Selections

    def _selections(self, type_: GraphQLNamedType, depth: int, top: str = "") -> str:
        if isinstance(type_, GraphQLUnionType):
            parts = self._members(type_, depth)
        else:
            assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
            parts = self._fields(type_, depth, top)
            if isinstance(type_, GraphQLInterfaceType):
                parts += self._members(type_, depth)
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _fields(
        self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int, top: str
    ) -> list[str]:
        names = [*type_.fields, "__typename"]
        single = top in ("mutation", "subscription") and not self._wrong()
        count = 1 if single else self.random.randint(1, min(8, len(names)))
        names = self.random.sample(names[:-1] if single else names, count)
        if self._wrong():
            names.append("nonsense")
        parts = []
        for name in names:
            definition = type_.fields.get(name)
            if definition is None:
                parts.append(name)
            elif depth > 0 or not is_composite_type(get_named_type(definition.type)):
                parts.append(self._field(name, definition, depth))
        return self._in_fragments(type_, parts, at_top=bool(top))

    def _field(self, name: str, definition: GraphQLField, depth: int) -> str:
        alias = f"{self.random.choice('xyz')}{self.random.randrange(9)}: "
        named = get_named_type(definition.type)
        listed = "[" in str(definition.type)
        return "".join(
            [
                alias if self.random.random() < 0.08 else "",
                name,
                self._arguments(definition.args),
                self._directive("list" if listed else ""),
                " " + self._selections(named, depth - 1) if is_composite_type(named) else "",
            ]
        )

    def _members(self, type_: GraphQLUnionType | GraphQLInterfaceType, depth: int) -> list[str]:
        possible = list(self.schema.get_possible_types(type_))
        chosen = self.random.sample(possible, self.random.randint(1, len(possible)))
        return [
            f"... on {each.name}{self._directive('fragment')} {self._selections(each, depth - 1)}"
            for each in chosen
        ]

    def _in_fragments(self, type_: GraphQLNamedType, parts: list[str], at_top: bool) -> list[str]:
        """Some of the fields in an inline or a named fragment, which may be deferred."""
        if at_top or self.random.random() > 0.25:
            return parts
        cut = self.random.randrange(len(parts) + 1)
        inside = "{ " + " ".join(parts[cut:] or ["__typename"]) + " }"
        directive = self._directive("fragment")
        if self.random.random() < 0.5:
            return [*parts[:cut], f"... on {type_.name}{directive} {inside}"]
        name = f"F{len(self._fragments)}"
        within = f"...{name} " if self._wrong() else ""
        self._fragments.append(
            f"fragment {name} on {type_.name} {inside.replace('{', '{' + within, 1)}"
        )
        return [*parts[:cut], f"...{name}{directive}"]

    def _directive(self, place: str) -> str:
        if self._wrong():
            directive = self.random.choice(DIRECTIVES)
        elif place and self.random.random() < 0.4:
            directive = self.random.choice(FITTING[place])
        elif self.random.random() < 0.04:
            directive = self.random.choice(DIRECTIVES[:4])
        else:
            return ""
        if "$flag" in directive and not self._wrong():
            self._variables["flag"] = "Boolean!"
            self._values.setdefault("flag", self.random.random() < 0.5)
        return f" {directive}"

    # Values

    def _arguments(self, arguments: Mapping[str, GraphQLArgument]) -> str:
        written = []
        for name, argument in arguments.items():
            if self.random.random() < 0.6 or is_required_argument(argument):
                variable = f"v{len(self._values)}"
                self._variables[variable] = str(argument.type)
                self._values[variable] = self._value(name, argument.type, 5)
                if not self._wrong():
                    written.append(f"{name}: ${variable}")
        return f"({', '.join(written)})" if written else ""

    def _value(self, name: str, type_: GraphQLInputType, depth: int) -> Any:  # noqa: ANN401
        if self._wrong():
            return self._junk()
        if isinstance(type_, GraphQLNonNull):
            return self._value(name, type_.of_type, depth)
        if isinstance(type_, GraphQLList):
            count = self.random.randint(0, 3) if depth > 0 else 0
            return [self._value(name, type_.of_type, depth - 1) for _ in range(count)]
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, depth - 1)
        make = SCALARS.get(type_.name)
        return make(self.random) if make else self._text(name)

    def _object(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        """An input object; how likely an optional field is shrinks with the depth."""
        return {
            name: self._value(name, each.type, depth)
            for name, each in type_.fields.items()
            if is_required_input_field(each) or (depth > 0 and self.random.random() < 0.5)
        }

    def _text(self, name: str) -> str:
        if name == "id" and self.ids and self.random.random() < 0.7:
            return self.random.choice(self.ids)
        if name in MEANT:
            return self.random.choice(MEANT[name])
        return self.random.choice(["", "x", "look", "Hello", "ä\u0000", "y" * 300])
