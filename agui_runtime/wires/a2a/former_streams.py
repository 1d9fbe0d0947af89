"""Streams of 0.3, whose last update says that it is the last. The SDK says so where a task ends; a
question ends a stream, too. Pure.
"""

from __future__ import annotations

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import JsonObject

_WAITING = frozenset({"input-required", "TASK_STATE_INPUT_REQUIRED"})


def closed_by_question(frame: str) -> str:
    """The JSON of a frame, as a stream of 0.3 has it over either binding."""
    if not any(state in frame for state in _WAITING):
        return frame
    found: JsonObject = jsontext.loads(frame)
    update = found.get("statusUpdate") or found.get("result") or {}
    if "status" not in update or "id" in update or update["status"]["state"] not in _WAITING:
        return frame  # the task itself, or an update that has the words
    update["final"] = True
    return jsontext.dumps(found).decode()
