"""A schedule as stores of several processes hold it: JSON, without its version."""

from __future__ import annotations

from dataclasses import fields, replace

from pydantic import TypeAdapter

from agui_runtime.core.jsontext import dumps, loads
from agui_runtime.core.schedules import Schedule

_SCHEDULE: TypeAdapter[Schedule] = TypeAdapter(Schedule)

_NAMES = [each.name for each in fields(Schedule) if each.name != "version"]


def schedule_json(schedule: Schedule) -> bytes:
    return dumps({name: getattr(schedule, name) for name in _NAMES})


def schedule_of(text: bytes, version: str) -> Schedule:
    return replace(_SCHEDULE.validate_python(loads(text)), version=version)
