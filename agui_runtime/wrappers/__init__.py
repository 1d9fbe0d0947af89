"""Agents around agents: what filters, limits, replaces or repeats what another agent says.

They nest in any order, outermost first asked:
`limited(with_fallback(transformed(agent, drop("RAW")), spare), 4)`.
"""

from agui_runtime.wrappers.breaker import breaker_states, with_breaker
from agui_runtime.wrappers.cache import AnswerCache, cached
from agui_runtime.wrappers.fallback import with_fallback
from agui_runtime.wrappers.handoff import with_handoff
from agui_runtime.wrappers.limit import limited
from agui_runtime.wrappers.transforms import cap, drop, mask, transformed

__all__ = [
    "AnswerCache",
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
]
