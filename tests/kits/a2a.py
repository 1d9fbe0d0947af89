"""The official test kits of A2A, of 1.0 and of 0.3, against our wire.

`python3 scripts.py a2a-kits CHECKOUT ...` runs those in the folders that it is given; they are on
no package registry. It is no test: it takes minutes. It fails for each miss that has no reason in
`a2a_known.py`.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from agui_runtime import A2AWire, CopilotRuntime, create_app
from agui_runtime.agents.agent import Agent
from scripts import say
from tests.kits.a2a_agent import Scenes, Waiting
from tests.kits.a2a_known import MISSES, SKIPS
from tests.kits.outcomes import Outcomes
from tests.peers.environments import FOLDER, installed
from tests.support import served

CLONE = "git clone --branch {} https://github.com/a2aproject/a2a-tck"


@dataclass(frozen=True)
class Part:
    """Some tests of a kit: their folder, and which of them. `name` stands before theirs."""

    folder: str
    words: Sequence[str] = ()
    name: str = ""


@dataclass(frozen=True)
class Kit:
    """One generation's: the branch that it is on, by which folder it is known, how it is given an
    address, the agent that it is for, and its parts as its own `run_tck.py` chooses them.
    """

    branch: str
    folder: str
    option: str
    agent: Agent
    parts: Sequence[Part]


def _over(binding: str) -> Sequence[Part]:
    """The categories of the kit of 0.3, over one binding."""
    rpc = "mandatory_jsonrpc or " if binding == "jsonrpc" else ""
    chosen = ("--test-scope=all", "--transports", binding)
    mandatory = "tests/mandatory" if rpc else "tests/mandatory/protocol"
    return [
        Part(mandatory, (*chosen, "-m", f"{rpc}mandatory_protocol"), f"{binding}: "),
        *(
            Part(f"tests/optional/{each}", chosen, f"{binding}: ")
            for each in ("capabilities", "quality", "features")
        ),
    ]


KITS: Mapping[str, Kit] = {
    "1.0": Kit(
        "1.0-dev", "tests/compatibility", "--sut-host", Scenes(), [Part("tests/compatibility")]
    ),
    "0.3": Kit(
        "0.3.x",
        "tests/mandatory",
        "--sut-url",
        Waiting(),
        [
            *_over("jsonrpc"),
            *_over("rest"),
            Part("tests/optional/multi_transport", ("--test-scope=all",), "both: "),
        ],
    ),
}


WEBHOOKS = ("example.com", "localhost")
"""Where the kits want to be called, or say that they do."""

WAYS = " or ".join(CLONE.format(kit.branch) for kit in KITS.values())
QUIETLY = ("-q", "-p", "no:cacheprovider")


def generation_of(checkout: Path) -> str:
    """Which kit is in the folder; ends the program where there is none."""
    for generation, kit in KITS.items():
        if (checkout / kit.folder).is_dir():
            return generation
    sys.exit(f"{checkout} is no test kit of A2A; to have one: {WAYS}")


def python_for(checkout: Path, generation: str) -> Path:
    """The Python of an environment with what the kit requires."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    return installed(FOLDER / f"a2a-kit-{generation}", *project["dependencies"])


def outcomes_of(checkout: Path, generation: str, origin: str) -> Outcomes:
    """What came of all its parts against the server."""
    kit, made = KITS[generation], Outcomes()
    python = python_for(checkout, generation)
    with TemporaryDirectory() as folder:
        for part in kit.parts:
            report = Path(folder, "report.xml")
            words = [f"{kit.option}={origin}/a2a/default", *part.words, f"--junitxml={report}"]
            say(f"kit of {generation}: {part.name}{part.folder}")
            done = subprocess.run(
                [python, "-m", "pytest", part.folder, *QUIETLY, *words],
                cwd=checkout,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"},
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
            if done.returncode not in (0, 1):
                sys.exit(done.stdout)
            made.add(report.read_text(), part.name)
    return made


async def tried(checkout: Path, generation: str) -> Outcomes:
    """What came of the kit against a server of the agent that it is for."""
    runtime = CopilotRuntime({"default": KITS[generation].agent})
    async with served(create_app(runtime, wires=[A2AWire(webhooks=WEBHOOKS)])) as origin:
        return await asyncio.to_thread(outcomes_of, checkout, generation, origin)


def report_of(generation: str, made: Outcomes) -> Iterator[str]:
    """What to say of a kit, line by line."""
    yield f"A2A {generation}: {made.counted}"
    for name in made.missed:
        yield f"  missed: {name}: {MISSES[generation].get(name, 'it should not be')}"
    for reason, count in made.reasons(SKIPS).most_common():
        yield f"  skipped: {count}: {reason}"


def main(checkouts: Sequence[str]) -> None:
    surprises: list[str] = []
    for checkout in [Path(each).resolve() for each in checkouts]:
        generation = generation_of(checkout)
        made = asyncio.run(tried(checkout, generation))
        surprises += made.surprises(MISSES[generation], SKIPS)
        sys.stdout.write("\n".join([*report_of(generation, made), ""]))
    if surprises:
        sys.exit("\n".join(["not as it should be:", *surprises]))


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit(f"name the folder of each kit; to have one: {WAYS}")
    main(sys.argv[1:])
