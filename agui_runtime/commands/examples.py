"""An example for each command, which its `--help` ends with."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence

Path = tuple[str, ...]
"""The words of a command, such as `("threads", "list")`."""

EXAMPLES: Mapping[Path, Sequence[str]] = {
    ("serve",): (
        "agui-runtime serve",
        "agui-runtime serve my_app:runtime --port 9000 --processes 2",
        "agui-runtime serve my_app:runtime --reload",
    ),
    ("worker",): (
        "agui-runtime worker",
        "agui-runtime worker my_app:runtime --slots 16 --queues default,gpu",
    ),
    ("schema",): ("agui-runtime schema > schema.graphql",),
    ("chat",): (
        "agui-runtime chat",
        'agui-runtime chat --agent research "What is new?"',
        "agui-runtime chat --url http://127.0.0.1:8000/copilotkit --thread 4f1c",
        "cat report.txt | agui-runtime chat --json -",
    ),
    ("check",): ("agui-runtime check", "agui-runtime check --deep --strict"),
    ("agents",): ("agui-runtime agents --json",),
    ("state", "list"): ("agui-runtime state list",),
    ("state", "show"): ("agui-runtime state show 4f1c --agent default",),
    ("state", "diff"): ("agui-runtime state diff 4f1c 5a2e",),
    ("state", "export"): ("agui-runtime state export states.jsonl",),
    ("state", "import"): ("agui-runtime state import states.jsonl",),
    ("state", "delete"): ("agui-runtime state delete 4f1c",),
    ("state", "sweep"): ("agui-runtime state sweep",),
    ("state", "stats"): ("agui-runtime state stats",),
    ("db", "status"): ("agui-runtime db status", "agui-runtime db status --json"),
    ("db", "upgrade"): ("AGUI_STORE=postgresql://db/agui agui-runtime db upgrade",),
    ("db", "downgrade"): ("agui-runtime db downgrade 2",),
    ("db", "rebuild"): ("agui-runtime db rebuild",),
    ("db", "backup"): ("agui-runtime db backup threads-today.db",),
    ("db", "restored"): ("agui-runtime db restored",),
    ("threads", "list"): ("agui-runtime threads list --owner anonymous --limit 10",),
    ("threads", "show"): ("agui-runtime threads show 4f1c --json",),
    ("threads", "tail"): ("agui-runtime threads tail 4f1c --after end",),
    ("threads", "compact"): ("agui-runtime threads compact 4f1c",),
    ("threads", "rename"): ('agui-runtime threads rename 4f1c "Trip to Rome"',),
    ("threads", "archive"): ("agui-runtime threads archive 4f1c",),
    ("threads", "delete"): ("agui-runtime threads delete 4f1c --yes",),
    ("threads", "export"): ("agui-runtime threads export --owner ann threads.jsonl",),
    ("threads", "import"): ("agui-runtime threads import threads.jsonl",),
    ("runs", "list"): ("agui-runtime runs list 4f1c",),
    ("runs", "show"): ("agui-runtime runs show 4f1c",),
    ("runs", "stop"): ("agui-runtime runs stop 4f1c",),
    ("schedules", "add"): (
        'agui-runtime schedules add "0 7 * * 1-5" "What is new?" --owner ann --zone Europe/Berlin',
    ),
    ("schedules", "list"): ("agui-runtime schedules list --owner ann",),
    ("schedules", "pause"): ("agui-runtime schedules pause 4f1c",),
    ("schedules", "resume"): ("agui-runtime schedules resume 4f1c",),
    ("schedules", "delete"): ("agui-runtime schedules delete 4f1c",),
    ("memory", "list"): ("agui-runtime memory list --owner ann --tier core",),
    ("memory", "export"): ("agui-runtime memory export --owner ann ann.json",),
    ("memory", "delete"): ("agui-runtime memory delete core.4f1c --owner ann",),
    ("memory", "forget"): ("agui-runtime memory forget --owner ann",),
    ("memory", "reset"): ("agui-runtime memory reset",),
    ("keys", "generate"): ("agui-runtime keys generate",),
    ("keys", "check"): ("agui-runtime keys check", "agui-runtime keys check --memory"),
    ("keys", "rotate"): ("agui-runtime keys rotate",),
    ("token",): ("agui-runtime token ann",),
    ("memory", "copy"): ("agui-runtime memory copy redis://localhost:6379/0",),
    ("usage",): ("agui-runtime usage --by agent --since 2026-01-31",),
    ("new",): ("agui-runtime new demo --template langgraph",),
    ("completion",): ('eval "$(agui-runtime completion bash)"',),
}


def commands_of(
    parser: argparse.ArgumentParser, path: Path = ()
) -> Iterator[tuple[Path, argparse.ArgumentParser]]:
    """The parser and those of all its commands, each with its words."""
    yield path, parser
    for name, command in children(parser).items():
        yield from commands_of(command, (*path, name))


def children(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The commands right below a parser."""
    for action in parser._actions:  # argparse has no other way to them
        if isinstance(action, argparse._SubParsersAction):
            found: Mapping[str, argparse.ArgumentParser] = action.choices
            return found
    return {}


def add_examples(parser: argparse.ArgumentParser) -> None:
    """End the help of each command with its examples."""
    for path, command in commands_of(parser):
        if lines := EXAMPLES.get(path):
            beginning = "for example:" if len(lines) == 1 else "examples:"
            about = {"epilog": "\n  ".join([beginning, *lines])}
            vars(command).update(about, formatter_class=argparse.RawDescriptionHelpFormatter)
