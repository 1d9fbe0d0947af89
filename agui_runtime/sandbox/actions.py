"""Actions that are carried out in a sandbox: functions of yours, and programs of models."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import NamedTuple

import orjson
from pydantic_core import to_json

from agui_runtime.agents.actions import Action, action as action_of
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.jsontext import Json, JsonObject, loads
from agui_runtime.core.observation import note_failure
from agui_runtime.sandbox import bubblewrap
from agui_runtime.sandbox.box import Sandbox
from agui_runtime.sandbox.calls import Ended, Program, SandboxFailure, ended
from agui_runtime.sandbox.work_folders import WorkFolders

_FUNCTION = f"{bubblewrap.INSIDE}/function.py"

_SHELL = ("/bin/sh", "-c", 'eval "$(cat)"')
"""Reads all commands before it begins: they are no argument, which others could see and which may
not be long, and nothing that they start reads the rest of them.
"""


def sandboxed(
    action: Action | Callable[..., object],
    *,
    network: bool = False,
    seconds: float = 30.0,
    memory: int = 512 << 20,
    files: int = 64 << 20,
) -> Action:
    """The action, carried out in a sandbox with these limits; see `Sandbox` and `in_sandbox`."""
    sandbox = Sandbox(network=network, seconds=seconds, memory=memory, files=files)
    return in_sandbox(action, sandbox)


def in_sandbox(action: Action | Callable[..., object], sandbox: Sandbox) -> Action:
    """The action, carried out in this sandbox, by a Python of its own that imports the function.

    Models see the same. Arguments and result pass as JSON. The function's `function` may be given
    to a framework as a tool, too. Raises Misconfigured for a function that cannot be imported by
    its name, and where no sandbox can be made.
    """
    plain = action if isinstance(action, Action) else action_of(action)
    named = _Named.of(plain.name, plain.function)
    sandbox.check(named.command("check"), [named.source])

    @functools.wraps(plain.function)
    async def function(**values: Json) -> Json:
        program = Program(named.command(), to_json(values), [named.source])
        return _result(await ended(program, sandbox), sandbox)

    return _Sandboxed.of(replace(plain, function=function), sandbox)


def run_python(sandbox: Sandbox | None = None) -> Action:
    """An action by which models run Python programs that they write, each in a sandbox.

    Raises Misconfigured where no sandbox can be made.
    """
    box = sandbox or Sandbox()
    box.check()

    async def run_python(code: str) -> JsonObject:
        program = Program([*bubblewrap.PYTHON, "-u", "-"], code.encode(errors="replace"))
        return _shown(await ended(program, box), box)

    return _described(run_python, "a Python program, and return what it prints", box)


def run_shell(sandbox: Sandbox | None = None) -> Action:
    """The same for commands of the shell, `sh`."""
    box = sandbox or Sandbox()
    box.check()

    async def run_shell(command: str) -> JsonObject:
        return _shown(await ended(Program(_SHELL, command.encode(errors="replace")), box), box)

    return _described(run_shell, "commands of the POSIX shell, and return what they print", box)


SHIPPED: Mapping[str, Callable[[], Action]] = {"run_python": run_python, "run_shell": run_shell}
"""The actions that an operator may name."""


def check_shipped(names: Sequence[str]) -> None:
    """Raises Misconfigured for a name that none of them has, and for one that is there twice."""
    if unknown := [name for name in names if name not in SHIPPED]:
        raise Misconfigured(f"actions: there is no {unknown[0]!r}; there are {', '.join(SHIPPED)}")
    if len(set(names)) < len(names):
        raise Misconfigured("actions: one of them is named twice")


def _described(function: Callable[..., object], what: str, sandbox: Sandbox) -> Action:
    reach = "with network" if sandbox.network else "without network"
    words = (
        f"Run {what}. It runs in a sandbox {reach}, for at most {sandbox.seconds:g} seconds, with"
        f" {_mib(sandbox.memory)} of memory. Files in the current folder stay for later calls of"
        f" this conversation, up to {_mib(sandbox.files)}; links do not. No process outlives the"
        " call."
    )
    function.__doc__ = words  # which frameworks show to models
    return _Sandboxed.of(action_of(function), sandbox)


@dataclass(frozen=True, slots=True)
class _Sandboxed(Action):
    """An action whose function is carried out in the sandbox."""

    sandbox: Sandbox = field(default_factory=Sandbox)

    @classmethod
    def of(cls, action: Action, sandbox: Sandbox) -> _Sandboxed:
        given = {each.name: getattr(action, each.name) for each in fields(Action) if each.init}
        return cls(**given | {"sandbox": sandbox})

    async def forget(self, owner: str, thread_id: str) -> None:
        """What it has stored of the thread goes with it."""
        await WorkFolders(self.sandbox.root).forget(owner, thread_id)


class _Named(NamedTuple):
    """A function by its import path, and the file or folder that its module is in."""

    module: str
    name: str
    source: str

    @classmethod
    def of(cls, action: str, function: Callable[..., object]) -> _Named:
        module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
        if module == "__main__" or _found(module, name) is not function:
            raise Misconfigured(
                f"action {action!r} cannot be carried out in a sandbox, where it is imported anew:"
                f" there is no {module}:{name} to import. Write it as a plain function at the top"
                " level of a module, and `sandboxed(module.function)` elsewhere"
            )
        return cls(module, name, str(_source(action, module.partition(".")[0])))

    def command(self, *more: str) -> list[str]:
        parent = str(Path(self.source).parent)
        return [*bubblewrap.PYTHON, _FUNCTION, self.module, self.name, parent, *more]


def _found(module: str, name: str) -> object:
    found: object = sys.modules.get(module)
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        return None
    return found.function if isinstance(found, Action) else found


def _source(action: str, package: str) -> Path:
    """The file of the module, or the folder of the package, of this name."""
    top = sys.modules[package]
    folders = list(getattr(top, "__path__", ()))
    source = Path(folders[0] if folders else getattr(top, "__file__", None) or "")
    if not source.is_absolute() or not source.exists():
        raise Misconfigured(f"action {action!r}: its module {package} is in no file of its own")
    return source


def _result(end: Ended, sandbox: Sandbox) -> Json:
    """What the function returned; raises SandboxFailure with what it raised, or how it ended."""
    if end.by != "itself":
        note_failure(f"SANDBOX_{end.by.upper()}")
        raise SandboxFailure(_limit(end.by, sandbox))
    if not end.is_whole:
        raise SandboxFailure(f"the result has more than {sandbox.output} bytes")
    if end.problems:
        raise SandboxFailure("; ".join(end.problems))
    try:
        answer = loads(end.result)
    except orjson.JSONDecodeError:
        tail = end.stderr.strip()[-500:]
        raise SandboxFailure(f"the function ended its process ({end.code}): {tail}") from None
    if "error" in answer:
        raise SandboxFailure(str(answer["error"]))
    return answer["result"]


def _shown(end: Ended, sandbox: Sandbox) -> JsonObject:
    """What a model is shown of a program's end."""
    about: JsonObject = {"exit_code": end.code, "stdout": end.stdout, "stderr": end.stderr}
    problems = [*end.problems]
    if end.by != "itself":
        note_failure(f"SANDBOX_{end.by.upper()}")
        problems.insert(0, _limit(end.by, sandbox))
    if problems:
        about["problems"] = problems
    return about


def _limit(name: str, sandbox: Sandbox) -> str:
    words = {
        "seconds": f"it took longer than {sandbox.seconds:g} seconds",
        "memory": f"it took more than {_mib(sandbox.memory)} of memory",
        "files": "it made too many files",
        "sockets": "it opened too many sockets",
    }
    return f"{words[name]}, and was ended"


def _mib(size: int) -> str:
    return f"{size / (1 << 20):g} MiB"
