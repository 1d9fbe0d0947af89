"""The commands of `scripts.py`, by their names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from inspect import signature

from tasks.checks import check, format_code
from tasks.extras import asked_for, chosen_extras, install_extras, print_requirements
from tasks.frames import write as write_frame_types
from tasks.node import PLAYGROUND, UI, find_node, install_node_projects
from tasks.pages import any_node, build_ui, offer_playground, offer_ui
from tasks.processes import ROOT, Problem, become, run, say
from tasks.python import DEV_LOCK, PYTHON, RUNTIME_LOCK, install, lock
from tasks.system import need_programs
from tasks.testing import cover, image, peers, prepare_tests, pytest, test

BESIDE_NODE = frozenset({"copilotkit", "graphql", "growth"})
"""The benches that measure a Node runtime, too."""

ON_WORKERS = (
    *("tests/clients", "-k"),
    "test_copilotkit_1_ or test_one_thread or test_threads_example or test_page_ or test_restart",
)
"""The tests of pages: a worker in another process carries out each of their runs. Not so in those
of `test_page_...` whose agents wait for what their tests do: answers, code, copied_test, frames,
hostile, looks, queue and replay have servers of their own, which carry out their runs.
"""


def serve(*arguments: str) -> None:
    extras, words = chosen_extras(arguments)
    install(RUNTIME_LOCK)
    install_extras(asked_for(os.environ) | extras)
    offer_playground()
    offer_ui()
    become(PYTHON, "-m", "agui_runtime", "serve", *words)


def wheel() -> None:
    install(DEV_LOCK)
    install_node_projects(find_node(), PLAYGROUND, UI)
    run(PYTHON, "-m", "build", "--wheel", "--no-isolation", ROOT)


def playground() -> None:
    install_node_projects(any_node(), PLAYGROUND)


def ui(*words: str) -> None:
    if words not in {(), ("--beside",)}:
        raise Problem("usage: python3 scripts.py ui")
    build_ui(beside=bool(words))


def schema() -> None:
    install(RUNTIME_LOCK)
    become(PYTHON, "-m", "agui_runtime", "schema")


def frames() -> None:
    install(DEV_LOCK)
    run(PYTHON, "-m", "agui_runtime.wires.websocket.schema")
    write_frame_types()


def bench(name: str, *arguments: str) -> None:
    if not (ROOT / "bench" / f"{name}.py").is_file():
        raise Problem(f"there is no bench/{name}.py")
    install(DEV_LOCK)
    env = dict(os.environ)
    if name in BESIDE_NODE:
        node = find_node()
        install_node_projects(node, "bench")
        env = node.env
    # As a module: run as a file, bench/graphql.py would hide the package `graphql`.
    run(PYTHON, "-m", f"bench.{name}", *arguments, env=env)


def soak(*arguments: str) -> None:
    run(PYTHON, "-m", "bench.soak", *arguments, env=prepare_tests())


def faults(*names: str) -> None:
    run(PYTHON, "-m", "tests.faults", *names, env=prepare_tests())


def dashboard(*arguments: str) -> None:
    install(DEV_LOCK)
    need_programs("chromium", "postgresql", "prometheus")
    run(PYTHON, "-m", "tests.dashboard", *arguments)


def workers(*arguments: str) -> None:
    env = {**prepare_tests(), "RUN_IN_WORKERS": "1"}
    pytest(*(arguments or ON_WORKERS), env=env)


def matrix(*releases: str) -> None:
    run(PYTHON, "-m", "tests.clients.matrix", *releases, env=prepare_tests())


def pictures() -> None:
    run(PYTHON, "-m", "tests.clients.pictures", env=prepare_tests())


def templates(*names: str) -> None:
    run(PYTHON, "-m", "tests.clients.templates", *names, env=prepare_tests())


def a2a_kits(*checkouts: str) -> None:
    install(DEV_LOCK)
    run(PYTHON, "-m", "tests.kits.a2a", *checkouts)


def docs() -> None:
    install(DEV_LOCK)
    install_node_projects(find_node(), ".ci/diagrams")
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    run(PYTHON, "-m", "mkdocs", "build", "--quiet", "--config-file", ".mkdocs.yml", env=env)
    say("the documentation is in .site/")


COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "serve": (serve, "[--with redis,mcp] [--port 8000] ...  start the server, with extras"),
    "test": (test, "[--fast] [pytest arguments]  run all tests, or the quick ones, or some"),
    "check": (check, "format, lint, types, import rules, dead code, what a token costs"),
    "peers": (peers, "[pytest arguments]  the tests with real servers of other frameworks"),
    "image": (image, "[pytest arguments]  carry out the Dockerfile, run what it makes (root)"),
    "cover": (cover, "[pytest arguments]  the tests, and which branches they miss"),
    "ui": (ui, "build the page for chat, threads, runs and state (needs npm's registry)"),
    "playground": (playground, "build the page for GraphQL (the same)"),
    "wheel": (wheel, "build the package with both pages, into dist/"),
    "requirements": (print_requirements, "[redis,jwt | build]  print locked packages for pip"),
    "schema": (schema, "print the GraphQL schema"),
    "frames": (frames, "write the JSON Schema and the types of the socket's frames"),
    "bench": (bench, "NAME [arguments]  run bench/NAME.py"),
    "matrix": (matrix, "[1.60.2 ...]  the page of CopilotKit 1.10 on other releases of it"),
    "pictures": (pictures, "take the pictures of the page anew, those in docs/img, too"),
    "templates": (templates, "[langgraph ...]  what `agui-runtime new` writes, as a newcomer"),
    "a2a-kits": (a2a_kits, "CHECKOUT ...  the official test kits of A2A against the wire"),
    "workers": (workers, "[arguments of pytest ...]  the pages' tests, with each run on a worker"),
    "faults": (faults, "[part of a name ...]  break replicas, stores and the network, and tell"),
    "dashboard": (
        dashboard,
        "[--picture FILE]  a Prometheus, Grafana's dashboard with data in it, and alerts that come",
    ),
    "soak": (
        soak,
        "[--minutes 30] [memory sqlite redis postgres]  mixed runs, and what the server holds",
    ),
    "docs": (docs, "build the documentation as a site, into .site/"),
    "format": (format_code, "put the code into its format"),
    "lock": (lock, "[--upgrade]  resolve pyproject.toml into the lock files"),
}


def main(words: list[str]) -> int:
    if not words or words[0] not in COMMANDS:
        print("usage: python3 scripts.py COMMAND\n")
        for name, (_, text) in COMMANDS.items():
            print(f"  {name:13}{text}")
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
