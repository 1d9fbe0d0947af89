"""Which blocks there are, how a model says them, and who fills in the application's records."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ag_ui.core import Tool
from pydantic import BaseModel

from agui_runtime.agents.agent import TOOL_NAME
from agui_runtime.core.demands import takes
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Caller
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.wrappers.blocks.kinds import KINDS

EntityResolver: TypeAlias = Callable[
    [str, str, Caller], Awaitable[Mapping[str, Json] | None] | Mapping[str, Json] | None
]
"""Given a kind, an id and the caller: the record, None where there is none that is the caller's."""

TOOL = "show_"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@explains_arguments
@dataclass(frozen=True, slots=True)
class Blocks:
    """Charts, tables, timelines and records among what agents say, as AG-UI activities.

    `kinds` are models of your own by their names, best derived from `Block`; one that is named as
    one of those that there are stands in its place, and None leaves that one out. `form`: agents
    say blocks by calls of tools (`tool`), or, where a model calls none, as JSON in their text.
    `entities` looks up the record of a kind and an id for a caller. `fallback`: front ends that
    know no activities get a text (`markdown`) in their place, or nothing (None). `agents` names
    those that all of this is about; all, when left out. Raises Misconfigured.
    """

    kinds: Mapping[str, type[BaseModel] | None] = field(default_factory=dict)
    form: Literal["tool", "text"] = "tool"
    entities: EntityResolver | None = None
    fallback: Literal["markdown"] | None = "markdown"
    agents: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name, model in self.kinds.items():
            _check_kind(name, model)
        if self.form not in {"tool", "text"}:
            raise Misconfigured(f"Blocks: form is 'tool' or 'text', not {self.form!r}")
        if self.fallback not in {"markdown", None}:
            raise Misconfigured(f"Blocks: fallback is 'markdown' or None, not {self.fallback!r}")
        if self.entities is not None and not takes(self.entities, "", "", None):
            raise Misconfigured("Blocks: entities takes three arguments: kind, id and caller")

    @property
    def models(self) -> dict[str, type[BaseModel]]:
        """All kinds by their names."""
        return {name: model for name, model in ({**KINDS, **self.kinds}).items() if model}

    def check(self, names: Collection[str]) -> None:
        """Raises Misconfigured for an agent that is none of these."""
        if unknown := sorted(set(self.agents or ()) - set(names)):
            raise Misconfigured(f"Blocks: no agent {unknown[0]!r}; there are {sorted(names)}")

    def means(self, agent: str) -> bool:
        """Whether it is about the agent of that name."""
        return self.agents is None or agent in self.agents


def tool_of(kind: str, model: type[BaseModel]) -> Tool:
    """The tool that shows a block of the kind."""
    return Tool(name=TOOL + kind, description=described(model), parameters=schema_of(model))


def described(model: type[BaseModel]) -> str:
    """What the kind is for, in one line."""
    return " ".join((inspect.getdoc(model) or f"Show a {model.__name__}.").split())


def schema_of(model: type[BaseModel]) -> JsonObject:
    """The JSON Schema of the kind, without references, which some providers do not follow."""
    schema = model.model_json_schema(by_alias=True)
    made: JsonObject = _inlined(schema, schema.pop("$defs", {}), depth=0)
    made.pop("description", None)
    return made


def _inlined(schema: Json, definitions: Mapping[str, Json], depth: int) -> Json:
    if isinstance(schema, list):
        return [_inlined(each, definitions, depth) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(reference := schema.get("$ref"), str):
        name = reference.rsplit("/", 1)[-1]
        known = definitions.get(name, {}) if depth < _DEEPEST else {"type": "object"}
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _inlined({**known, **beside}, definitions, depth + 1)
    named = {key: value for key, value in schema.items() if not _is_name(key, value)}
    return {key: _inlined(value, definitions, depth) for key, value in named.items()}


def _is_name(key: str, value: object) -> bool:
    """Pydantic's own names of fields say nothing."""
    return key == "title" and isinstance(value, str)


_DEEPEST = 4
"""So deep a kind that contains itself is described."""


def _names_of(model: object) -> set[str]:
    fields = getattr(model, "model_fields", {})
    return {field.alias or name for name, field in fields.items()}


def _check_kind(name: str, model: object) -> None:
    if not _NAME.fullmatch(name) or not TOOL_NAME.fullmatch(TOOL + name):
        raise Misconfigured(f"Blocks: {name!r} is no name of a kind; write it as in 'kanban'")
    if name == "text":
        raise Misconfigured("Blocks: 'text' is what text is called; name the kind otherwise")
    if "type" in _names_of(model):
        raise Misconfigured(f"Blocks: {name!r} has a field 'type', as the kind itself is called")
    if model is not None and not (inspect.isclass(model) and issubclass(model, BaseModel)):
        raise Misconfigured(f"Blocks: the kind {name!r} is to be a class of pydantic, see `Block`")
