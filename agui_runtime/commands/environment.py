"""Variables of this process that commands look at and change, beside the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping

from agui_runtime.core.errors import Misconfigured


def name_app(target: str) -> None:
    """Have this process, and those that it starts, serve the app that the command line names;
    raises Misconfigured where the environment names another one.
    """
    given = os.environ.get("AGUI_APP", "").strip()
    if given not in ("", target):
        raise Misconfigured(f"AGUI_APP={given} and {target} are two apps: leave out one")
    os.environ["AGUI_APP"] = target


def environment() -> Mapping[str, str]:
    """A copy of all variables, for a process that is to start as this one did."""
    return dict(os.environ)


def wants_colours() -> bool:
    """Whether terminals may be given colours: see no-color.org."""
    return not os.environ.get("NO_COLOR")
