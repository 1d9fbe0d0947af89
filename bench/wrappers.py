"""Measures what a wrapper costs an event: `python3 scripts.py bench wrappers`.

Whole runs in this process, over the memory store: an agent as it is, and the same one within one,
two and four wrappers, in turns. Exits with 1 if a run lost an event.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from time import process_time
from typing import Any
from uuid import uuid4

from ag_ui.core import RunAgentInput, StateDeltaEvent, TextMessageContentEvent

from agui_runtime import Caller, CopilotRuntime, FunctionAgent, RunContext
from agui_runtime.core.events import RunRequest
from agui_runtime.runs.handle import RunHandle
from agui_runtime.wrappers import drop, limited, transformed, with_breaker, with_fallback
from bench.idleness import watched

GOAL = 2.0
"""Microseconds that a wrapper may cost an event."""

EVENTS = 4_000
START = {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
END = {"type": "TEXT_MESSAGE_END", "messageId": "m1"}
STATE = [{"op": "add", "path": "/n", "value": 1}]

WRAPPERS: Sequence[Callable[[object], object]] = (
    lambda agent: transformed(agent, drop("RAW")),
    lambda agent: with_fallback(agent, agent),
    with_breaker,
    lambda agent: limited(agent, 100),
)
LAYERS = (0, 1, 2, 4)


def words() -> Any:  # noqa: ANN401  # anything that an agent may yield
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "word "}


def typed_words() -> Any:  # noqa: ANN401
    return TextMessageContentEvent(message_id="m1", delta="word ")


def states() -> Any:  # noqa: ANN401
    return {"type": "STATE_DELTA", "delta": STATE}


def typed_states() -> Any:  # noqa: ANN401
    return StateDeltaEvent(delta=STATE)


def frames() -> Any:  # noqa: ANN401
    return 'data: {"type":"CUSTOM","name":"tick","value":{"n":1}}\n\n'


KINDS = (words, typed_words, states, typed_states, frames)


def agent_of(made: Callable[[], Any]) -> FunctionAgent:
    """An agent that is as quick as can be: what it yields is made before."""
    items = [START, *(made() for _ in range(EVENTS)), END]

    async def run(request: RunAgentInput) -> AsyncIterator[Any]:
        for item in items:
            yield item

    return FunctionAgent(run, "bench")


def wrapped(agent: object, layers: int) -> object:
    for wrapper in WRAPPERS[:layers]:
        agent = wrapper(agent)
    return agent


def request() -> RunRequest:
    sent: Mapping[str, Any] = {
        "threadId": str(uuid4()),
        "runId": str(uuid4()),
        "messages": [{"id": "u1", "role": "user", "content": "go"}],
        "tools": [],
        "context": [],
        "state": {},
    }
    context = RunContext(Caller("ann"), "bench")
    return RunRequest(RunAgentInput.model_validate(sent), context)


async def measured(runtime: CopilotRuntime) -> float:
    """The processor's microseconds for each event of one run."""
    asking = request()
    begun = process_time()
    handle = await runtime.start(asking)
    count = await read(handle)
    spent = process_time() - begun
    if count != EVENTS + 4:
        raise SystemExit(f"WRONG: {count} events came of {EVENTS + 4}")
    return spent / count * 1e6


async def read(handle: RunHandle) -> int:
    count = 0
    async with aclosing(handle.batches()) as batches:
        async for batch in batches:
            count += len(batch.records)
    return count


async def measure(rounds: int) -> Mapping[tuple[str, int], float]:
    """The best rounds, by kind of event and number of wrappers: other load only adds."""
    runtimes = {
        (kind.__name__, layers): CopilotRuntime({"default": wrapped(agent_of(kind), layers)})
        for kind in KINDS
        for layers in LAYERS
    }
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(rounds + 1):  # the first warms up
        for line, runtime in runtimes.items():
            found[line].append(await measured(runtime))
    return {line: min(costs[1:]) for line, costs in found.items()}


def show(costs: Mapping[tuple[str, int], float]) -> None:
    print(f"us of CPU an event, whole run over the memory store; goal: {GOAL:g} us a wrapper\n")
    print(f"{'the agent yields':18}", *(f"{layers:>2} around" for layers in LAYERS), end="")
    print(f"{'4 / bare':>10}{'a wrapper':>11}")
    for kind in (each.__name__ for each in KINDS):
        bare, most = costs[kind, 0], costs[kind, LAYERS[-1]]
        each = (most - bare) / LAYERS[-1]
        print(f"{kind:18}", *(f"{costs[kind, layers]:>9.1f}" for layers in LAYERS), end="")
        print(f"{most / bare:>10.2f}{each:>11.2f}  {'met' if each <= GOAL else 'missed'}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench wrappers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which the best counts")
    show(asyncio.run(measure(parser.parse_args().rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(watched(main))
