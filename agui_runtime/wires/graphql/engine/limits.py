"""How large an operation may be; `excesses` has what of one is larger."""

from __future__ import annotations

from dataclasses import dataclass

from agui_runtime.core.demands import COUNT, NATURAL, check_fields
from agui_runtime.core.keyword_arguments import explains_arguments

_DEMANDS = {
    **dict.fromkeys(("characters", "tokens", "depth"), COUNT),
    "aliases": NATURAL,
}


@explains_arguments
@dataclass(frozen=True, slots=True)
class OperationLimits:
    """What one operation may have at most; a 1.10.6 front end needs 272 tokens, depth 6, no alias.

    Long texts belong into variables, which only the limits of bodies bound. `depth` counts fields
    within fields; what introspection asks for does not count. Raises Misconfigured for what is no
    such number.
    """

    characters: int = 64_000
    tokens: int = 1000
    depth: int = 12
    aliases: int = 15

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)
