"""What the page requests of GraphQL is what the schema has, and so are its types."""

from __future__ import annotations

import pytest
from graphql import parse, validate

from agui_runtime.wires.graphql.resolvers.schema import build_schema
from tests.wires.ui.operations import SOURCES, WRITTEN, operations, typed

OPERATIONS = [
    pytest.param(text, id=f"{file.stem}-{number}")
    for number, (file, text) in enumerate(operations())
]


def test_they_are_found() -> None:
    callers = [file for file in SOURCES.rglob("*.ts*") if "await graphql" in file.read_text()]
    assert len(OPERATIONS) >= len(callers) > 0


@pytest.mark.parametrize("text", OPERATIONS)
def test_each_is_valid(text: str) -> None:
    assert validate(build_schema(), parse(text)) == []


def test_their_types_are_written_as_they_are_now() -> None:
    """Else: `python -m tests.wires.ui.operations`."""
    assert WRITTEN.read_text() == typed()
