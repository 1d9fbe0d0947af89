"""A Dockerfile as it is written: its stages, and the steps of each; and which files it may copy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

VARIABLE = re.compile(r"\$\{?(\w+)\}?")


class Step(NamedTuple):
    """An instruction, and what stands behind it."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Those of its JSON form, else those that blanks separate."""
        words: list[str] = json.loads(self.text) if self.text[:1] == "[" else self.text.split()
        return words


class Stage(NamedTuple):
    """From one FROM to the next; the last one has no name."""

    base: str
    name: str
    steps: Sequence[Step]

    def only(self, name: str) -> Step:
        [found] = [step for step in self.steps if step.name == name]
        return found


def stages_of(path: Path) -> list[Stage]:
    arguments: dict[str, str] = {}
    found: list[Stage] = []

    def argument(match: re.Match[str]) -> str:
        return arguments[match[1]]

    for step in _steps(path.read_text()):
        if step.name == "FROM":
            base, _, name = VARIABLE.sub(argument, step.text).partition(" AS ")
            found.append(Stage(base, name, []))
        elif found:
            found[-1] = found[-1]._replace(steps=[*found[-1].steps, step])
        else:
            arguments |= pairs(step.text)
    return found


def pairs(text: str) -> dict[str, str]:
    """What `ARG` and `ENV` set."""
    return {name: value for name, _, value in (each.partition("=") for each in text.split())}


def is_sent(path: str, rules: Sequence[str]) -> bool:
    """Whether `.dockerignore` lets a file into the context: the last rule that matches it, or a
    folder that it is in, counts.
    """
    sent = True
    parents = [path, *(str(each) for each in Path(path).parents if str(each) != ".")]
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        names = parents if "**/" not in rule else [Path(each).name for each in parents]
        if any(fnmatch(name, pattern) for name in names):
            sent = rule.startswith("!")
    return sent


def rules_of(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _steps(text: str) -> Iterator[Step]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in re.sub(r" *\\\n *", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield Step(name, rest.strip())
