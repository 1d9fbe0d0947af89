"""Every dialect of chat completions, as recorded: through the agents, a runtime and HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from agui_runtime.app import create_app
from agui_runtime.connectors.litellm import LiteLLMAgent
from agui_runtime.connectors.openai import OpenAIAgent, Patience
from agui_runtime.connectors.shared.chat import dialects
from agui_runtime.connectors.shared.chat.dialects import Place, at
from agui_runtime.connectors.shared.chat.framing import AnswerStream
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.dialects import ANSWERS, FAILURES, KEY, LOST_IN_LITELLM, Fails, Says
from tests.connectors.talk import text
from tests.fakes.recorded_provider import FOLDER, Answer, RecordedProvider
from tests.support import served
from tests.wires.agui.serving import events, run_body

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONCE = Patience(retries=0)


def get_weather(city: str = "here") -> dict[str, Any]:
    """The weather of a city."""
    return {"get_weather": {} if city == "here" else {"city": city}}


def get_time(zone: str) -> dict[str, Any]:
    """The time of a zone."""
    return {"get_time": {"zone": zone}}


class World(NamedTuple):
    """A runtime with two agents for each recording."""

    client: httpx.AsyncClient

    async def run(self, agent: str) -> list[Event]:
        body = run_body(thread=agent, run=agent)
        answer = await self.client.post(f"/copilotkit/agent/{agent}/run", json=body)
        return events(answer.text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    names = [*ANSWERS, *FAILURES]
    async with served(RecordedProvider().app) as provider:
        urls = {name: f"{provider}/{name}/v1" for name in names}
        agents: dict[str, object] = {
            name: OpenAIAgent("m", api_key=KEY, base_url=url, patience=ONCE)
            for name, url in urls.items()
        }
        agents |= {
            f"litellm.{name}": LiteLLMAgent("openai/m", api_key=KEY, base_url=url, patience=ONCE)
            for name, url in urls.items()
        }
        runtime = CopilotRuntime(agents=agents, actions=[get_weather, get_time])
        async with (
            served(create_app(runtime)) as origin,
            httpx.AsyncClient(base_url=origin) as client,
        ):
            yield World(client)


def summary(events: Sequence[Event]) -> Says:
    thought = (e["delta"] for e in events if e["type"] == "REASONING_MESSAGE_CONTENT")
    results = (json.loads(e["content"]) for e in events if e["type"] == "TOOL_CALL_RESULT")
    calls = [call for result in results for call in result.items()]
    spoken = text(events).removesuffix("Done") if calls else text(events)
    return Says(spoken, "".join(thought), calls or (), "usage" in events[-1])


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_read_whatever_its_dialect(world: World, name: str) -> None:
    run = await world.run(name)
    assert run[-1]["type"] == "RUN_FINISHED", run[-1]
    assert summary(run) == ANSWERS[name]


@pytest.mark.parametrize("name", [name for name in ANSWERS if name not in LOST_IN_LITELLM])
async def test_litellms_form_of_an_answer_is_read_alike(world: World, name: str) -> None:
    run = await world.run(f"litellm.{name}")
    assert run[-1]["type"] == "RUN_FINISHED", run[-1]
    assert summary(run)._replace(counts=ANSWERS[name].counts) == ANSWERS[name]  # it estimates them


@pytest.mark.parametrize("name", FAILURES)
async def test_what_means_a_failure_is_one_with_the_providers_sentence(
    world: World, name: str
) -> None:
    check_failure(await world.run(name), FAILURES[name])


@pytest.mark.parametrize("name", [name for name in FAILURES if name not in LOST_IN_LITELLM])
async def test_litellms_form_of_a_failure_is_read_alike(world: World, name: str) -> None:
    check_failure(await world.run(f"litellm.{name}"), FAILURES[name])


def check_failure(run: Sequence[Event], expected: Fails) -> None:
    end = run[-1]
    assert end["type"] == "RUN_ERROR", end
    assert end["code"] == f"MODEL_{expected.code}"
    assert expected.words in end["message"]
    assert text(run) == expected.text
    assert not any(part in end["message"] for part in (KEY, "9876", "my-s", "<", "/srv"))


async def test_every_recording_is_played() -> None:
    assert {file.stem for file in FOLDER.glob("*.http")} == ANSWERS.keys() | FAILURES.keys()


def values() -> list[object]:
    """All that the recordings say, value by value."""
    found: list[object] = []
    for name in ANSWERS:
        stream = AnswerStream()
        found += [each.value for each in stream.feed(Answer.of(name).body)]
        found += [each.value for each in stream.end()]
    return found


async def test_every_place_of_the_table_is_met_in_a_recording() -> None:
    recorded = values()
    found = [at(value, place.path) for value in recorded for place in dialects.CHOICES]
    choices = [*(choice for each in found for choice in _listed(each)), *recorded]
    parts = [at(choice, place.path) for choice in choices for place in dialects.CHOICE]
    parts += choices
    calls = [
        call for part in parts for place in dialects.CALLS for call in _listed(at(part, place.path))
    ]
    tables: list[tuple[Sequence[object], Sequence[Place]]] = [
        (recorded, (*dialects.CHOICES, *dialects.BARE, *dialects.USAGE)),
        (choices, (*dialects.CHOICE, *dialects.REASONS)),
        (parts, (*dialects.TEXT, *dialects.REASONING, *dialects.CALLS)),
        *((calls, places) for places in dialects.CALL_FIELDS.values()),
    ]
    unmet = [
        place.path
        for objects, places in tables
        for place in places
        if not any(at(each, place.path) for each in objects)
    ]
    assert unmet == []


def _listed(value: object) -> list[object]:
    if isinstance(value, dict):
        return [value, *value.values()]
    return value if isinstance(value, list) else []
