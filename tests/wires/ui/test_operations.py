"""What the page requests of GraphQL is what the schema has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from agui_runtime.wires.graphql.resolvers.schema import build_schema

SOURCES = Path(__file__).parents[3] / "ui" / "src"
TEMPLATE = re.compile(r"`([^`]*)`", re.DOTALL)
OPERATION = re.compile(r"\s*(?:query|mutation|subscription|fragment)\s+\w+[^`]*\{")

OPERATIONS = [
    pytest.param(text, id=f"{file.stem}-{number}")
    for file in sorted(SOURCES.rglob("*.ts*"))
    for number, text in enumerate(TEMPLATE.findall(file.read_text()))
    if OPERATION.match(text)
]


def test_they_are_found() -> None:
    callers = [file for file in SOURCES.rglob("*.ts*") if "await graphql" in file.read_text()]
    assert len(OPERATIONS) >= len(callers) > 0


@pytest.mark.parametrize("text", OPERATIONS)
def test_each_is_valid(text: str) -> None:
    assert validate(build_schema(), parse(text)) == []
