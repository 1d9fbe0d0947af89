"""Agents around agents: they filter, limit, replace or repeat what another agent emits.

They nest in any order; the outermost one gets the request first:
`limited(with_fallback(transformed(agent, drop("RAW")), spare), 4)`.
"""

from agui_runtime.wrappers.base import Wrapper
from agui_runtime.wrappers.breaker import breaker_states, with_breaker
from agui_runtime.wrappers.cache import AnswerCache, cached
from agui_runtime.wrappers.fallback import with_fallback
from agui_runtime.wrappers.handoff import with_handoff
from agui_runtime.wrappers.limit import limited
from agui_runtime.wrappers.memory import with_memory
from agui_runtime.wrappers.router import with_router
from agui_runtime.wrappers.transforms import cap, drop, mask, transformed

__all__ = [
    "AnswerCache",
    "Wrapper",
    "breaker_states",
    "cached",
    "cap",
    "drop",
    "limited",
    "mask",
    "transformed",
    "with_breaker",
    "with_fallback",
    "with_handoff",
    "with_memory",
    "with_router",
]
