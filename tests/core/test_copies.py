"""What a run copies is copied as `dataclasses.replace` copies it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.copies import replace
from agui_runtime.core.events import Caller, RunContext, RunInfo, RunRequest, ThreadInfo

CONTEXT = RunContext(Caller("ann"), "r1", properties={"a": 1})
INPUT = RunAgentInput.model_validate(
    {"threadId": "t", "runId": "r", "state": {}, "messages": [], "tools": [], "context": []}
    | {"forwardedProps": {}}
)


@pytest.mark.parametrize(
    ("thing", "changes"),
    [
        (CONTEXT, {"ephemeral": True}),
        (RunRequest(INPUT, CONTEXT, "planner"), {"fingerprint": "f", "follow_up": False}),
        (RunInfo("t", "r", "planner", "ann", 1.0), {"ended_at": 2.0}),
        (ThreadInfo("t", "ann", "planner", 1.0, 1.0), {}),
    ],
)
def test_a_copy_is_the_one_of_the_standard_library(thing: Any, changes: dict[str, Any]) -> None:  # noqa: ANN401  # any dataclass
    copy = replace(thing, **changes)
    assert copy == dataclasses.replace(thing, **changes)
    assert copy is not thing
    with pytest.raises(AttributeError):
        replace(thing, unknown=1)
