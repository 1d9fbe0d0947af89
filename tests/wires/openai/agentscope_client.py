"""AgentScope's models as clients of a server: carries out the code that it reads, and prints what
each of them makes of the story, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import openai
from agentscope.credential import OpenAICredential
from agentscope.message import (
    AssistantMsg,
    Base64Source,
    DataBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
    ToolResultState,
    UserMsg,
)
from agentscope.model import OpenAIChatModel, OpenAIResponseModel

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
PICTURE = DataBlock(source=Base64Source(data="eA==", media_type="image/png"))


async def answer(kind: Any, name: str, *messages: Any, **more: object) -> Any:  # noqa: ANN401  # AgentScope's
    model = kind(
        credential=OpenAICredential(api_key="ann", base_url=f"{sys.argv[1]}/v1"),
        model=name,
        max_retries=0,
        client_kwargs={"max_retries": 0},
    )
    return [each async for each in await model(list(messages), **more)][-1]


async def story(kind: Any) -> dict[str, object]:  # noqa: ANN401  # AgentScope's
    hi = UserMsg("user", [TextBlock(text="hi")])
    said = await answer(kind, "default", hi)
    called = await answer(kind, "weather", hi, tools=[TOOL])
    calls = [each for each in called.content if isinstance(each, ToolCallBlock)]
    reply = AssistantMsg("agent", [*calls, *map(result, calls)])
    answered = await answer(kind, "weather", hi, reply, tools=[TOOL])
    seen = await answer(kind, "seeing", UserMsg("user", [PICTURE]))
    return {
        "text": words(said),
        "thought": "".join(each.thinking for each in said.content if is_thought(each)),
        "tokens": said.usage.input_tokens + said.usage.output_tokens,
        "tools": words(answered),
        "seen": words(seen),
        "failure": await failure(kind, hi),
    }


def result(call: ToolCallBlock) -> ToolResultBlock:
    output = f"sunny in {json.loads(call.input)['city']}"
    return ToolResultBlock(id=call.id, name=call.name, output=output, state=ToolResultState.SUCCESS)


def words(answer: Any) -> str:  # noqa: ANN401  # AgentScope's
    return "".join(each.text for each in answer.content if isinstance(each, TextBlock))


def is_thought(block: object) -> bool:
    return isinstance(block, ThinkingBlock)


async def failure(kind: Any, message: object) -> str:  # noqa: ANN401  # AgentScope's
    try:
        await answer(kind, "failing", message)
    except (openai.APIError, RuntimeError) as error:
        return str(error)
    return "nothing"


async def stories() -> dict[str, object]:
    kinds = (OpenAIChatModel, OpenAIResponseModel)
    return {kind.__name__: await story(kind) for kind in kinds}


if __name__ == "__main__":
    exec(sys.stdin.read())
    sys.stdout.write(json.dumps(asyncio.run(stories())))
