"""What `AGUI_APP=module:name` names, and the sentence for what it does not name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from difflib import get_close_matches
from types import ModuleType

from starlette.routing import Mount

from agui_runtime.core.demands import takes
from agui_runtime.core.errors import Misconfigured
from agui_runtime.runtime.runtime import CopilotRuntime

USUAL = "runtime"
"""The name in a module of which only the module is named."""


def named(target: str) -> object:
    """The object; raises Misconfigured where there is none, and whatever its module raises."""
    path, _, name = target.partition(":")
    if "/" in path or path.endswith(".py") or not path:
        dotted = path.removesuffix(".py").removeprefix("./").strip("/").replace("/", ".")
        meant = f"{dotted or 'my_app'}:{name or USUAL}"
        raise Misconfigured(f"AGUI_APP={target} is not module:name; did you mean {meant}?")
    try:
        module = importlib.import_module(path)
    except ImportError as error:
        raise Misconfigured(f"AGUI_APP={target}: {error}{_where(path, error)}") from error
    if not hasattr(module, name or USUAL):
        raise Misconfigured(
            f"AGUI_APP={target}: {path} has no {name or USUAL}{_near(module, name)}"
        )
    return getattr(module, name or USUAL)


def _where(path: str, error: ImportError) -> str:
    """What to do where the module itself is missing, and not one that it imports."""
    is_itself = error.name is not None and f"{path}.".startswith(f"{error.name}.")
    return "; start in the folder that it is in" if is_itself else ""


def _near(module: ModuleType, name: str) -> str:
    served = [each for each, value in vars(module).items() if _can_be_served(value)]
    near = get_close_matches(name, served, 1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; it has {', '.join(sorted(served))}" if served else ""


def _can_be_served(value: object) -> bool:
    return isinstance(value, CopilotRuntime) or (callable(value) and _is_app(value))


def _is_app(value: object) -> bool:
    """Whether it is an ASGI app that frameworks make, as far as can be seen."""
    return hasattr(value, "routes") and not isinstance(value, type)


def check_app(found: object, target: str) -> None:
    """Raises Misconfigured for what is no ASGI app, and for a class or a function of none."""
    if problem := _problem(found):
        raise Misconfigured(f"AGUI_APP={target} {problem}")


def _problem(found: object) -> str:
    name = getattr(found, "__name__", "my_agent")
    if isinstance(found, type):
        return f"is the class {name}; name what {name}(...) makes"
    if callable(found) and takes(found, "scope", "receive", "send"):
        return ""
    if callable(found) and takes(found):
        return f"is a function; call it in the module, app = {name}(), and name that"
    if callable(found) or hasattr(found, "run"):
        return f"is an agent; name a CopilotRuntime(agents={{'default': {name}}})"
    if isinstance(found, Mapping):
        return "is a dict; name a CopilotRuntime(agents=...)"
    return f"is not a {CopilotRuntime.__name__}, an ASGI app, or a list of {Mount.__name__}(...)"
