"""What a state's schema may be, and how it speaks of what does not match."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.states import StateSchema


class Trip(BaseModel):
    city: str
    days: list[int] = []


def test_a_model_is_a_schema_too() -> None:
    schema = StateSchema(Trip)
    assert schema.problem({"city": "Rome", "days": [1]}) is None
    assert schema.problem({"city": "Rome", "days": [1, "two"]}) == (
        "/days/1: Input should be a valid integer, unable to parse string as an integer"
    )
    assert schema.problem({"town": "Rome"}) == "/city: Field required"


def test_a_problem_is_short_and_says_where() -> None:
    schema = StateSchema({"properties": {"a": {"items": {"type": "integer"}}}})
    problem = schema.problem({"a": [1, "x" * 10_000]})
    assert problem is not None
    assert problem.startswith("/a/1: 'xxx")
    assert len(problem) == 300


@pytest.mark.parametrize("empty", [{}, None])
def test_an_empty_state_matches_everything(empty: object) -> None:
    assert StateSchema({"required": ["city"]}).problem(empty) is None


@pytest.mark.parametrize("state", [0, False, "", [], 0.0])
def test_other_falsehoods_are_states(state: object) -> None:
    assert StateSchema({"type": "object"}).problem(state) is not None


def test_nesting_without_end_is_a_problem_and_no_crash() -> None:
    schema = StateSchema({"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}}, "$ref": "#/$defs/n"})
    state: list[object] = []
    for _ in range(5000):
        state = [state]
    assert schema.problem(state) == "it is nested too deeply"


def test_a_schema_never_asks_the_network() -> None:
    schema = StateSchema({"properties": {"a": {"$ref": "http://127.0.0.1:9/other.json"}}})
    with pytest.raises(Misconfigured, match=r"lacks what it refers to: .*127\.0\.0\.1:9"):
        schema.problem({"a": 1})


def test_what_is_no_schema_is_told_at_start_up() -> None:
    with pytest.raises(Misconfigured, match="no JSON schema: 'objekt' is not valid"):
        StateSchema({"type": "objekt"})


@pytest.mark.parametrize("steps", [{1}, {2, 4}, {3, 4, 5}, {0, 1, 2, 3, 4}, {1, 2, 4}])
def test_migrations_with_a_hole_are_told_at_start_up(steps: set[int]) -> None:
    with pytest.raises(Misconfigured, match="version 5 has migrations from"):
        StateSchema(version=5, migrations=dict.fromkeys(steps, str))


def test_migrations_may_begin_late() -> None:
    assert StateSchema(version=5, migrations={4: str, 3: str}).migrated(7, 3) == "7"
