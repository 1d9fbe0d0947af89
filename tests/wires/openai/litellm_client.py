"""LiteLLM as a client of a server: carries out the code that it reads, and prints what it makes of
the story, as JSON. A program, because LiteLLM leaves connections open that only the end of a
process closes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import litellm
import openai

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}


async def completed(model: str, messages: list[Any], **more: object) -> Any:  # noqa: ANN401  # LiteLLM's
    return await litellm.acompletion(
        model=f"openai/{model}",
        base_url=f"{sys.argv[1]}/v1",
        api_key="ann",
        max_retries=0,
        _skip_mcp_handler=True,  # which fails beside mcp < 2, and would call no server here
        messages=messages,
        **more,
    )


async def story() -> dict[str, object]:
    hi = {"role": "user", "content": "hi"}
    options = {"include_usage": True}
    streamed = await completed("default", [hi], stream=True, stream_options=options)
    chunks = [chunk async for chunk in streamed]
    whole = litellm.stream_chunk_builder(chunks, messages=[hi])
    called = (await completed("weather", [hi], tools=[TOOL])).choices[0].message
    results = [
        {
            "role": "tool",
            "tool_call_id": call.id,
            "content": f"sunny in {json.loads(call.function.arguments)['city']}",
        }
        for call in called.tool_calls
    ]
    answered = await completed("weather", [hi, called.model_dump(), *results], tools=[TOOL])
    seen = await completed("seeing", [{"role": "user", "content": [PICTURE]}])
    return {
        "text": whole.choices[0].message.content,
        "thought": whole.choices[0].message.reasoning_content,
        "tokens": whole.usage.total_tokens,
        "tools": answered.choices[0].message.content,
        "seen": seen.choices[0].message.content,
        "failure": await failure(hi),
    }


async def failure(message: object) -> str:
    try:
        async for _ in await completed("failing", [message], stream=True):
            pass
    except openai.APIError as error:  # the parent of all of LiteLLM's
        return str(error)
    return "nothing"


if __name__ == "__main__":
    exec(sys.stdin.read())
    sys.stdout.write(json.dumps(asyncio.run(story())))
