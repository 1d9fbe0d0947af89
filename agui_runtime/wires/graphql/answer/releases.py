"""What front ends of older releases have to be shown in another way. Pure.

All of them say their release, 1.0 and later, in a header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from agui_runtime.wires.shared.nowhere import RELEASE

FIRST_WITH_BANNER = (1, 9)
"""Older pages show nothing of a failed status; their runtimes said a sentence in the chat."""

FAILURE_ID = "failure-of-"
"""Begins the id of such a sentence, which is no part of the conversation."""

_NUMBERS = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\D|$)")


class FrontEnd(NamedTuple):
    """The front end that asks: the names of the actions that it carries out itself, and whether it
    shows of its own that a run failed.
    """

    actions: frozenset[str] = frozenset()
    has_banner: bool = True


def has_banner(headers: Mapping[str, str]) -> bool:
    """Whether the front end with these headers has one; what is no release of CopilotKit has."""
    numbers = _NUMBERS.match(headers.get(RELEASE, ""))
    return numbers is None or (int(numbers[1]), int(numbers[2])) >= FIRST_WITH_BANNER
