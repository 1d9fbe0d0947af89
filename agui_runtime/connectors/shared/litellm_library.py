"""The library litellm itself: imported late, offline, and never as one of its stolen releases.

It takes seconds and 150 MB to import, so that happens in a thread.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from importlib.metadata import version
from threading import Lock
from types import ModuleType

from agui_runtime.connectors.shared.chat.transport import described
from agui_runtime.core.errors import Misconfigured, MissingExtra

STOLEN = frozenset({"1.82.7", "1.82.8"})
"""Releases that an intruder published: they send the machine's credentials away."""

_IMPORTING = Lock()
"""One import for all agents that want it at once: what fails, no other one is in the middle of."""

_NAMES_A_KEY = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)(?:_|$)", re.I)


def check_installed(feature: str) -> None:
    """Raises MissingExtra without litellm, Misconfigured where it is a stolen release."""
    if importlib.util.find_spec("litellm") is None:
        raise MissingExtra(feature, "litellm")
    installed = version("litellm")
    if installed in STOLEN:
        raise Misconfigured(
            f"litellm {installed} steals credentials: remove it, change every key that the machine"
            " holds, and install another release"
        )


def imported() -> tuple[ModuleType, type[Exception]]:
    """litellm, and the error that all of its errors are. Raises Misconfigured where it cannot be
    imported; once that is mended, the next try works.
    """
    _keep_offline()
    with _IMPORTING:
        try:
            module = importlib.import_module("litellm")
        except Exception as error:  # a foreign SDK, which raises anything
            _forget_half_of_it()
            raise Misconfigured(
                f"litellm cannot be imported ({described(error)}): mend its installation,"
                " `pip check` says what it lacks"
            ) from error
    # It prints advice to standard output, and takes a hundred equal chunks for a fault.
    vars(module).update(suppress_debug_info=True, REPEATED_STREAMING_CHUNK_LIMIT=sys.maxsize)
    # All its errors derive from those of the openai package.
    base: type[Exception] = importlib.import_module("openai").OpenAIError
    return module, base


def keys_of_the_environment() -> list[str]:
    """Whatever litellm may read there and a provider echo."""
    return [value for name, value in os.environ.items() if _NAMES_A_KEY.search(name)]


def _forget_half_of_it() -> None:
    """Modules that were imported before another one failed: Python takes them for whole, and the
    next import fails for want of what they never came to define.
    """
    importlib.invalidate_caches()
    for name in [each for each in sys.modules if each.partition(".")[0] == "litellm"]:
        del sys.modules[name]


def _keep_offline() -> None:
    """litellm's import downloads a price list unless this variable is set before."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
