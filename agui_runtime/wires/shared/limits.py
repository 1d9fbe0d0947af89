"""What clients may use of one server process, on all wires together."""

from __future__ import annotations

from dataclasses import dataclass

from agui_runtime.core.demands import COUNT, SOME_SECONDS, check_fields
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.quotas import Quota

_DEMANDS = {
    **dict.fromkeys(("caller_requests", "requests", "body_rate"), COUNT),
    **dict.fromkeys(("body_seconds", "body_stall"), SOME_SECONDS),
}


@explains_arguments
@dataclass(frozen=True, slots=True)
class ServerLimits:
    """`caller_requests` are those that one caller may have open at a time, streams and their
    readers among them, `requests` those of all; without `authenticate`, everybody is one caller.
    What runs is limited by the runtime's Options.

    A body has `body_seconds` to come in, and one more for each `body_rate` bytes; within it, no
    silence may be longer than `body_stall` seconds. Raises Misconfigured for what is not positive.
    """

    caller_requests: int = 4000
    requests: int = 10_000
    body_seconds: float = 30.0
    body_rate: int = 16_384
    body_stall: float = 15.0

    def places(self) -> Quota:
        """Those for one server's requests."""
        return Quota(self.caller_requests, self.requests)

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)
