"""`Sandbox`: what a program may use that is carried out in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from agui_runtime.core.demands import COUNT, FLAG, SOME_SECONDS, Demand, check
from agui_runtime.core.jsontext import Json
from agui_runtime.sandbox import bubblewrap
from agui_runtime.sandbox.inside.limits import Limits

_data: ContextVar[Path] = ContextVar("agui_runtime_sandbox_data", default=Path(".agui-runtime"))

_MIB = 1 << 20

_SOCKETS = 256
"""The kernel holds half a megabyte for each that nobody reads."""

_LEAST: Mapping[str, int] = {"memory": 64 * _MIB, "files": _MIB, "processes": 1, "output": 1000}
"""Of each limit that is a whole number, what a program needs to begin at all."""


@contextmanager
def work_below(data: Path) -> Iterator[None]:
    """Sandboxes that are made within the block, and name no folder, have theirs below this one."""
    token = _data.set(data)
    try:
        yield
    finally:
        _data.reset(token)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A view of this machine in which programs are carried out, and what they may take there.

    Nothing of the machine can be written, and only its programs and `shows`, absolute paths, can
    be read. Sizes are in bytes: `memory` of all processes together and of each alone, `files` of
    each place that can be written, `output` of each of standard output and error that is not left
    out. Each thread of each owner has a work folder below `folder`, which is `sandbox` in
    AGUI_DATA when left out.

    With `network` a program reaches all that this machine does, its loopback included.
    """

    network: bool = False
    seconds: float = 30.0
    memory: int = 512 << 20
    files: int = 64 << 20
    processes: int = 32
    output: int = 64 << 10
    shows: Sequence[str | Path] = ()
    folder: str | Path | None = None

    def __post_init__(self) -> None:
        check("network of a sandbox", self.network, FLAG)
        check("seconds of a sandbox", self.seconds, SOME_SECONDS)
        for name, least in _LEAST.items():
            check(f"{name} of a sandbox", getattr(self, name), _from(least))
        bubblewrap.check_seen(self.shows)
        if self.folder is None:
            object.__setattr__(self, "folder", _data.get() / "sandbox")

    @property
    def root(self) -> Path:
        """The folder of work folders."""
        return Path(self.folder or _data.get() / "sandbox")

    def check(self, command: Sequence[str] = ("/bin/true",), shows: Sequence[str] = ()) -> None:
        """Carry out the command, which is to end well. Raises Misconfigured, with what to do, where
        this machine can make no such sandbox, or the command fails.
        """
        order = {"command": command, "environment": bubblewrap.ENVIRONMENT, "keeps": []}
        bubblewrap.check(self._launch({**order, "stores": False}, None, shows))

    def calling(
        self, command: Sequence[str], *, stores: bool, shows: Sequence[str] = ()
    ) -> list[str]:
        """The command that carries this one out within a sandbox, once."""
        order = {"command": command, "environment": bubblewrap.ENVIRONMENT, "keeps": []}
        return self._launch({**order, "stores": stores}, self.seconds, shows)

    def serving(
        self, command: Sequence[str], env: Mapping[str, str] = {}
    ) -> list[str]:  # never written to
        """The same for a server, until it ends; `env` are the variables that it is started with
        which reach it.
        """
        order = {"command": command, "environment": bubblewrap.ENVIRONMENT, "keeps": list(env)}
        return self._launch({**order, "stores": False}, None, ())

    def _launch(
        self, order: Mapping[str, Json], seconds: float | None, shows: Sequence[str]
    ) -> list[str]:
        limits = Limits(
            seconds=seconds,
            memory=self.memory,
            files=self.files,
            processes=self.processes,
            output=self.output,
            sockets=None if self.network else _SOCKETS,
        )
        seen = [*self.shows, *shows]
        return bubblewrap.launch(order, limits=limits, network=self.network, seen=seen)


def _from(least: int) -> Demand:
    return Demand(f"a whole number from {least}", lambda it: COUNT.fits(it) and it >= least)
