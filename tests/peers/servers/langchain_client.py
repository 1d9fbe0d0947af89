"""LangChain's model of OpenAI's protocols as a client of a server: carries out the code that it
reads, and prints what it makes of the story on each protocol, as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import openai
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}
PROTOCOLS: dict[str, dict[str, Any]] = {
    "chat": {"stream_usage": True},
    "responses": {"use_responses_api": True},
    "previous": {"use_responses_api": True, "use_previous_response_id": True},
}


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def story(protocol: dict[str, Any]) -> dict[str, object]:
    def model(name: str) -> Any:  # LangChain's
        where = f"{sys.argv[1]}/v1"
        return ChatOpenAI(model=name, base_url=where, api_key="ann", max_retries=0, **protocol)

    first, *rest = model("default").stream("hi")
    whole = sum(rest, first)
    weather = model("weather").bind_tools([get_weather])
    messages: list[Any] = [HumanMessage("hi")]
    messages.append(weather.invoke(messages))
    messages += [get_weather.invoke(each) for each in messages[-1].tool_calls]
    return {
        "text": str(whole.text),
        "thought": thought(whole.content),
        "tokens": whole.usage_metadata["total_tokens"],
        "tools": str(weather.invoke(messages).text),
        "seen": str(model("seeing").invoke([HumanMessage([PICTURE])]).text),
        "failure": failure(model("failing")),
    }


def thought(content: Any) -> str:  # LangChain's
    """Of chat completions it shows none."""
    blocks = content if isinstance(content, list) else []
    parts = [part for each in blocks for part in each.get("summary", ())]
    return "".join(part["text"] for part in parts)


def failure(model: Any) -> str:  # LangChain's
    try:
        for _ in model.stream("hi"):
            pass
    except (openai.APIError, ValueError) as error:
        return str(error)
    return "nothing"


if __name__ == "__main__":
    exec(sys.stdin.read())
    sys.stdout.write(json.dumps({name: story(each) for name, each in PROTOCOLS.items()}))
