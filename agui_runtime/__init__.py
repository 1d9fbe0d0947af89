"""The CopilotKit runtime in Python."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agui_runtime.public import *  # noqa: F403  # whose list follows
    from agui_runtime.public import __all__ as __all__

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """A public name. They take a second to load, which `agui-runtime --version` does not need."""
    from importlib.util import find_spec

    # A module of ours is imported by Python itself, and may be one that the public names need.
    if name == "__all__" or not (name.startswith("_") or find_spec(f"{__name__}.{name}")):
        public = import_module("agui_runtime.public")
        if name == "__all__" or name in public.__all__:
            return getattr(public, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
