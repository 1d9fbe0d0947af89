"""Which view of this machine a sandbox has, and how bubblewrap makes it; whether it can."""

from __future__ import annotations

import base64
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.jsontext import Json
from agui_runtime.sandbox.inside.limits import PLACES, WORK, Limits
from agui_runtime.sandbox.system_calls import filter_of

HERE = Path(__file__).parent
_LIBRARY = "/run/agui"
INSIDE = f"{_LIBRARY}/{__package__.replace('.', '/')}/inside"
"""Where the sandbox has the files of the room `inside`, and no other file of this package."""

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": WORK,
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",  # of the sandbox
    "MALLOC_ARENA_MAX": "2",  # each takes 64 MiB of addresses, which count as memory
}
"""All that a program knows of its environment."""

PYTHON = [sys.executable, "-E", "-s", "-B"]
"""As this server runs it, whatever the environment says."""

_OVERHEAD = 32 << 20
"""What the stream of a work folder may have beside the contents of its files."""

_OWN = ("/", "/dev", "/proc", "/run", "/sys", "/tmp", WORK)  # of the sandbox
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_OF_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "ssl/certs")
_OF_ETC_FOR_NETWORK = (
    "hosts",
    "nsswitch.conf",
    "resolv.conf",
    "ca-certificates",
    "ssl/openssl.cnf",
)
_OF_PYTHON = ("bin", "lib", "lib64", "pyvenv.cfg")


def check_seen(paths: Sequence[str | Path]) -> None:
    """Raises Misconfigured for a path that no sandbox can show."""
    for path in paths:
        place = Path(path)
        if not place.is_absolute() or not place.exists():
            raise Misconfigured(f"a sandbox shows absolute paths that exist, not {str(path)!r}")
        if str(place.resolve()) in _OWN:
            raise Misconfigured(f"a sandbox has a {path} of its own; show what is in it")


def launch(
    order: Mapping[str, Json], *, limits: Limits, network: bool, seen: Sequence[str | Path]
) -> list[str]:
    """The command that carries the order out in a new sandbox, with these paths in its view."""
    about = {
        "bwrap": found(),
        "seen": [*_visible(network), *((str(path), str(path)) for path in seen)],
        "places": _places(network, limits["files"]),
        "links": [*_links()],
        "filter": base64.b64encode(filter_of(platform.machine())).decode(),
        "most": limits["files"] + _OVERHEAD,
        "command": [
            *PYTHON,
            *("-S", "-m", f"{__package__}.inside.supervisor"),
            json.dumps({**order, "limits": limits}),
        ],
    }
    return [sys.executable, "-I", "-S", str(HERE / "launcher.py"), json.dumps(about)]


def _places(network: bool, files: int) -> list[str]:
    """The namespaces, and what the sandbox has of its own."""
    room = ["--size", str(files), "--tmpfs"]
    return [
        "--unshare-all",
        *(["--share-net"] if network else []),
        *("--unshare-user", "--disable-userns", "--cap-drop", "ALL"),
        *("--die-with-parent", "--new-session", "--as-pid-1", "--chdir", _LIBRARY),
        *("--hostname", "sandbox"),
        *("--proc", "/proc", "--dev", "/dev"),
        *(word for place in PLACES for word in (*room, place)),
    ]


def _visible(network: bool) -> Iterator[tuple[str, str]]:
    """What a sandbox shows of this machine, for reading: the system's programs, and Python."""
    yield from ((path, path) for path in _SYSTEM if _is_folder(path))
    names = [*_OF_ETC, *(_OF_ETC_FOR_NETWORK if network else ())]
    yield from ((f"/etc/{name}",) * 2 for name in names if Path("/etc", name).exists())
    for prefix in {sys.prefix, sys.base_prefix}:
        if not prefix.startswith("/usr"):
            paths = [f"{prefix}/{name}" for name in _OF_PYTHON]
            yield from ((path, path) for path in paths if Path(path).exists())
    yield str(HERE / "inside"), INSIDE


def _is_folder(path: str) -> bool:
    return Path(path).is_dir() and not Path(path).is_symlink()


def _links() -> Iterator[str]:
    """The names that the system has for folders below /usr."""
    for path in _SYSTEM:
        if Path(path).is_symlink():
            yield from ("--symlink", str(Path(path).readlink()), path)


def found() -> str:
    """Where bubblewrap is; raises Misconfigured, with what brings it."""
    if sys.platform != "linux":
        raise Misconfigured("a sandbox needs Linux: bubblewrap is made of its namespaces")
    path = shutil.which("bwrap")
    if path is None:
        raise Misconfigured(
            "a sandbox needs bubblewrap, which is not there: apt-get install bubblewrap"
            " (dnf install bubblewrap)"
        )
    return path


def check(command: Sequence[str]) -> None:
    """Raises Misconfigured, with what is in the way, where this command cannot be carried out."""
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env={}, timeout=30, check=False
        )
    except subprocess.TimeoutExpired:
        raise Misconfigured("a sandbox did not start within 30 seconds") from None
    if ended.returncode:
        words = ended.stderr.decode(errors="replace").strip()
        raise Misconfigured(f"a sandbox cannot be made here: {_explained(words)}")


def _explained(words: str) -> str:
    line = words.splitlines()[-1][:300] if words else "bubblewrap gives no reason"
    for beginning, cure in _CURES.items():
        if beginning in words:
            return f"{cure} ({line})"
    return line


_NAMESPACES = (
    "this kernel or container lets no user without rights make namespaces; outside of containers"
    " see sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone and"
    " kernel.apparmor_restrict_unprivileged_userns, for Docker --security-opt seccomp=unconfined"
    " --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)

_CURES: Mapping[str, str] = {
    "namespace": _NAMESPACES,
    "uid map": _NAMESPACES,
    "launcher: [Errno 1]": _NAMESPACES,
    "Can't mount proc": _NAMESPACES,
    "Failed to make / slave": _NAMESPACES,
    "Unknown option": "bubblewrap is older than 0.8: install a newer one",
    "execvp": "the user `nobody` may not read the Python that runs this server",
}
"""By what bubblewrap writes, what is in the way, in words."""
