"""The pages that the server shows to people, built for `serve`, which works without them, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tasks.node import (
    BUILT,
    PLAYGROUND,
    UI,
    Node,
    machine_node,
    npm_build,
    npm_install,
    state_to_build,
    wheel_node,
)
from tasks.processes import ROOT, is_stamped, say
from tasks.python import DEV_LOCK, install

SERVED = ROOT / "agui_runtime/wires/ui/dist"
"""Where the page for people goes; see `ui/tools/finish.mjs`."""

PROGRESS = SERVED / "building.txt"
"""What the server shows in its place meanwhile."""

QUICKLY = ("--fetch-retries=0", "--fetch-timeout=20000")
"""Without npm's registry this is over soon."""


def any_node() -> Node:
    """The machine's, or that of the packages for tests."""
    node = machine_node()
    if node is None:
        install(DEV_LOCK)
        node = wheel_node()
    return node


def offer_playground() -> None:
    """Build the playground if this machine can, trying once; the server works without it, too."""
    project = ROOT / PLAYGROUND
    node = machine_node() if _is_worth_a_try(project) else None
    if node is None:
        return  # the page itself says how to bring it
    try:
        npm_install(node, project, *QUICKLY)
        npm_build(node, project)
    except subprocess.CalledProcessError:
        _give_up(project)
        say("serving without the playground; `python3 scripts.py playground` tries again")


def offer_ui() -> None:
    """Have the page for people built beside the server, which starts at once: it takes a minute."""
    if not _is_worth_a_try(ROOT / UI) or machine_node() is None:
        return
    say("building the page for people meanwhile (once); it says itself how far it is")
    quiet = subprocess.DEVNULL
    words = [sys.executable, str(ROOT / "scripts.py"), "ui", "--beside"]
    subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet)


def build_ui(*, beside: bool) -> None:
    """Build the page; `beside` a server, for which it tries once and writes how far it is."""
    project, node = ROOT / UI, any_node()
    if not beside:
        npm_install(node, project)
        npm_build(node, project)
        return
    try:
        _write_progress("fetching packages, step 1 of 2")
        npm_install(node, project, *QUICKLY)
        _write_progress("putting it together, step 2 of 2")
        npm_build(node, project)
    except subprocess.CalledProcessError:
        _give_up(project)
    finally:
        PROGRESS.unlink(missing_ok=True)


def _write_progress(text: str) -> None:
    SERVED.mkdir(exist_ok=True)
    PROGRESS.write_text(text)


def _is_worth_a_try(project: Path) -> bool:
    built, tried = (project / BUILT / name for name in (".stamp", ".tried"))
    state = state_to_build(project)
    return not (is_stamped(built, state) or is_stamped(tried, state))


def _give_up(project: Path) -> None:
    tried = project / BUILT / ".tried"
    tried.parent.mkdir(exist_ok=True)
    tried.write_text(state_to_build(project))
