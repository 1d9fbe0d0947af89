"""The kinds of blocks that there are, as models with limits. A kind of your own derives from
`Block`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self, get_origin

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wrappers.blocks import markdown
from agui_runtime.wrappers.blocks.scalars import (
    Cell,
    Colour,
    Date,
    Key,
    Label,
    Prose,
    key as named,
    number,
)

_LENIENT = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

_ROUND = frozenset({"pie", "radial"})
"""Charts whose series may be told apart by the names in the data."""


class Block(BaseModel):
    """What a block holds. The docstring of a kind tells models what it is for.

    A list or an object that was written as its JSON text is read. `in_markdown` is what readers see
    who know no activities.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", coerce_numbers_to_str=True
    )

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        return {name: cls._value(str(name), value) for name, value in given.items()}

    @classmethod
    def _value(cls, name: str, value: object) -> object:
        nested = {to_camel(each) for each, field in cls.model_fields.items() if _nests(field)}
        if name not in nested or not isinstance(value, str):
            return value
        try:
            return jsontext.loads(value)
        except orjson.JSONDecodeError:
            return value

    def in_markdown(self) -> str:
        """The block as a text; empty has it named in one line."""
        return ""


class Series(BaseModel):
    """One of a chart's series, as the charts of shadcn and recharts name it."""

    model_config = _LENIENT

    label: Label | None = None
    color: Colour | None = None


class Chart(Block):
    """Show a chart. `data` are rows such as {"month": "Jan", "sales": 12}; `config` names the
    columns that are drawn, by their keys in the data: {"sales": {"label": "Sales", "color":
    "#2563eb"}}. `xKey` is the column that the rows are named by.
    """

    title: Label | None = None
    chart_type: Literal["area", "bar", "line", "pie", "radar", "radial"]
    data: Annotated[list[dict[Key, Cell]], Field(min_length=1, max_length=2_000)]
    config: Annotated[dict[Key, Series], Field(min_length=1, max_length=12)]
    x_key: Key | None = None
    description: Prose | None = None

    @field_validator("data", "config")
    @classmethod
    def _without_odd_keys(cls, given: Any) -> Any:  # noqa: ANN401  # rows, or series by keys
        for each in given if isinstance(given, list) else [given]:
            for name in each:
                named(name)
        return given

    @model_validator(mode="after")
    def _whole(self) -> Self:
        columns = {name for row in self.data for name in row}
        drawn = [name for name in self.config if name in columns]
        others = set(self.config) - set(drawn)
        if others - (self._names() if self.chart_type in _ROUND else set()):
            missing = sorted(others)[0]
            raise ValueError(
                f"config: {missing!r} is no key of the data; there are {_list(columns)}"
            )
        if not drawn:
            raise ValueError(f"config: name a column of numbers; there are {_list(columns)}")
        if self.x_key is None:
            self.x_key = next((name for name in self.data[0] if name not in drawn), None)
        elif self.x_key not in columns:
            raise ValueError(
                f"xKey: {self.x_key!r} is no key of the data; there are {_list(columns)}"
            )
        self._count(drawn)
        return self

    def _names(self) -> set[str]:
        return {str(value) for row in self.data for value in row.values()}

    def _count(self, drawn: Iterable[str]) -> None:
        """What is drawn are numbers, or gaps."""
        for at, row in enumerate(self.data):
            for name in drawn:
                if name != self.x_key:
                    try:
                        row[name] = number(row.get(name))
                    except ValueError as error:
                        raise ValueError(f"data.{at}.{name}: {error}") from None

    def in_markdown(self) -> str:
        return markdown.chart(content_of(self))


class Table(Block):
    """Show a table. Each row has exactly one cell for each header: a text, a number, true, false
    or null.
    """

    title: Label | None = None
    headers: Annotated[list[Label], Field(min_length=1, max_length=50)]
    rows: Annotated[list[list[Cell]], Field(max_length=1_000)]

    @model_validator(mode="after")
    def _rectangular(self) -> Self:
        for at, row in enumerate(self.rows):
            if len(row) != len(self.headers):
                raise ValueError(
                    f"rows.{at}: {len(row)} cells for {len(self.headers)} headers; write one each"
                )
        return self

    def in_markdown(self) -> str:
        return markdown.table(self.title, self.headers, self.rows)


class Entry(BaseModel):
    """What happened, or will, at one time."""

    model_config = _LENIENT

    id: Key
    date: Date
    title: Label
    description: Prose | None = None
    status: Label | None = None


class Timeline(Block):
    """Show what happened when. Each entry has an id of its own, and an ISO date."""

    title: Label | None = None
    entries: Annotated[list[Entry], Field(max_length=500)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: set[str] = set()
        for at, entry in enumerate(self.entries):
            if entry.id in seen:
                raise ValueError(f"entries.{at}.id: {entry.id!r} is another entry's id, too")
            seen.add(entry.id)
        return self

    def in_markdown(self) -> str:
        return markdown.timeline(content_of(self))


class Entity(Block):
    """Show a record that the application has, such as a task or a note. Give its kind and its id
    alone; the application fills in what it holds.
    """

    kind: Key
    id: Annotated[str, Field(min_length=1, max_length=200)]


def content_of(block: BaseModel) -> JsonObject:
    """What pages are given of a block."""
    dumped: JsonObject = block.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def markdown_of(block: BaseModel, kind: str) -> str:
    """The block for readers who know no activities."""
    written = block.in_markdown() if isinstance(block, Block) else ""
    return written or summary_of(block, kind)


def summary_of(block: BaseModel, kind: str) -> str:
    """One line that stands for the block."""
    if isinstance(block, Entity):
        return markdown.summary(block.kind, block.id)
    return markdown.summary(kind, getattr(block, "title", None))


KINDS: Mapping[str, type[BaseModel]] = {
    "chart": Chart,
    "table": Table,
    "timeline": Timeline,
    "entity": Entity,
}


def _nests(field: object) -> bool:
    origin = get_origin(getattr(field, "annotation", None))
    return origin in {list, dict}


def _list(names: Iterable[str]) -> str:
    return ", ".join(repr(each[:40]) for each in sorted(names)[:12])
