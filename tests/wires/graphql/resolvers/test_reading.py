"""Input objects are the same as Strawberry makes them."""

from __future__ import annotations

from typing import Any

from graphql import coerce_input_value
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.arguments import convert_argument

from agui_runtime.wires.graphql.nouns.inputs import GenerateCopilotResponseInput
from agui_runtime.wires.graphql.nouns.scalars import SCALARS
from agui_runtime.wires.graphql.resolvers.reading import read
from agui_runtime.wires.graphql.resolvers.schema import build_schema

AT = "2026-01-01T00:00:00.000Z"
TEXT = {"content": "hi", "role": "user"}

FULL: dict[str, Any] = {
    "metadata": {"requestType": "Task"},
    "threadId": "t",
    "runId": None,
    "messages": [
        {"id": "1", "createdAt": AT, "textMessage": TEXT},
        {
            "id": "2",
            "createdAt": AT,
            "actionExecutionMessage": {"name": "f", "arguments": "{}", "scope": "s"},
        },
    ],
    "frontend": {
        "toDeprecate_fullContext": "all",
        "actions": [{"name": "f", "description": "", "jsonSchema": "{}", "available": "remote"}],
    },
    "cloud": {"guardrails": {"inputValidationRules": {"denyList": ["x"]}}},
    "forwardedParameters": {"temperature": 0, "stop": ["a"]},
    "agentSession": {"agentName": "a"},
    "agentStates": [],
    "extensions": {"openaiAssistantAPI": {"threadId": "o"}},
    "metaEvents": [
        {
            "name": "LangGraphInterruptEvent",
            "value": "v",
            "messages": [{"id": "3", "createdAt": AT, "textMessage": TEXT}],
        }
    ],
    "context": None,
}


def test_an_input_is_read_as_strawberry_reads_it() -> None:
    kind = build_schema().type_map["GenerateCopilotResponseInput"]
    for value in (FULL, {name: FULL[name] for name in ("metadata", "messages", "frontend")}):
        coerced = coerce_input_value(value, kind)  # type: ignore[arg-type]  # an input type
        by_strawberry = convert_argument(
            coerced,
            GenerateCopilotResponseInput,
            scalar_registry={**DEFAULT_SCALAR_REGISTRY, **SCALARS},
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        assert read(GenerateCopilotResponseInput, coerced) == by_strawberry
