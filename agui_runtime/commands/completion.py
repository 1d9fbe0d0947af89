"""`agui-runtime completion bash|zsh|fish`: the script by which a shell completes commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping

from agui_runtime.commands.examples import Path, children, commands_of
from agui_runtime.commands.task_table import Commands

ABOUT = "print the script by which a shell completes commands and options"


def add_completion(commands: Commands, parser: argparse.ArgumentParser) -> None:
    """Add `completion` to the command line of the parser."""
    completion = commands.add_parser("completion", help=ABOUT, description=ABOUT)
    completion.add_argument("shell", choices=sorted(_SCRIPTS))

    def write(options: argparse.Namespace) -> None:
        sys.stdout.write(_SCRIPTS[options.shell](parser))

    completion.set_defaults(command=write)


def _words(parser: argparse.ArgumentParser) -> list[str]:
    """What may follow a command: those below it, and its options."""
    options = [name for action in parser._actions for name in action.option_strings]
    return [*children(parser), *(name for name in options if name.startswith("--"))]


def _bash(parser: argparse.ArgumentParser) -> str:
    cases = "\n".join(_cases(parser))
    return _BASH.replace("CASES", cases)


def _cases(parser: argparse.ArgumentParser) -> Iterator[str]:
    for path, command in commands_of(parser):
        yield f'    "{" ".join(path)}") words="{" ".join(_words(command))}" ;;'


def _zsh(parser: argparse.ArgumentParser) -> str:
    return f"autoload -U +X compinit bashcompinit && compinit -u && bashcompinit\n{_bash(parser)}"


def _fish(parser: argparse.ArgumentParser) -> str:
    return "complete -c agui-runtime -e\n" + "".join(
        f"complete -c agui-runtime {_when(path, command)} {_what(word)}\n"
        for path, command in commands_of(parser)
        for word in _words(command)
    )


def _when(path: Path, command: argparse.ArgumentParser) -> str:
    """The condition under which fish offers what follows the path."""
    if not path:
        return "-n __fish_use_subcommand"
    seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in path)
    below = " ".join(children(command))
    return f"-n '{seen}; and not __fish_seen_subcommand_from {below}'" if below else f"-n '{seen}'"


def _what(word: str) -> str:
    return f"-l {word[2:]}" if word.startswith("--") else f"-f -a {word}"


_BASH = """\
_agui_runtime_words() {
  case "$1" in
CASES
    *) return 1 ;;
  esac
}
_agui_runtime() {
  local path="" words="" i next
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="${path:+$path }${COMP_WORDS[i]}"
    if _agui_runtime_words "$next"; then path="$next"; fi
  done
  _agui_runtime_words "$path"
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _agui_runtime agui-runtime
"""

_SCRIPTS: Mapping[str, Callable[[argparse.ArgumentParser], str]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
