"""A graph whose model is the tests' model server (`MODEL_URL`); of its tools, one asks first.

`langgraph dev` serves it, and so does a process of our own. `[emit]` in the last message has it say
things by hand, as CopilotKit's SDK does; `[fail]` has it fail; `[given]` has it say what it was
given as `ag-ui`, and which headers; `[again]` has it take thirty steps.
"""

import json
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
from langchain_core.callbacks.manager import adispatch_custom_event
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    HumanMessage,
    ToolMessage,
    convert_to_openai_messages,
)
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict


class State(TypedDict):
    """What the graph keeps; `tools` are the front end's."""

    messages: Annotated[list[AnyMessage], add_messages]
    tools: list[dict[str, Any]]
    copilotkit: dict[str, Any]
    steps: int
    document: str


State.__annotations__["ag-ui"] = dict[str, Any]

FORESEEN = {"state_key": "document", "tool": "write_document", "tool_argument": "document"}


class Script(BaseChatModel):
    """Says what the model server says, piece by piece."""

    @property
    def _llm_type(self) -> str:
        return "script"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        raise NotImplementedError

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        body = {
            "model": "m",
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": convert_to_openai_messages(messages),
            "tools": [{"type": "function", "function": {"name": name}} for name in kwargs["names"]],
        }
        async for said in streamed(body):
            chunk = ChatGenerationChunk(message=AIMessageChunk(**said))
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


async def streamed(body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    url = f"{os.environ['MODEL_URL']}/chat/completions"
    async with (
        httpx.AsyncClient(timeout=None, trust_env=False) as client,
        client.stream("POST", url, json=body) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                yield piece(json.loads(line.removeprefix("data: ")))


def piece(chunk: dict[str, Any]) -> dict[str, Any]:
    """The fields of one message chunk."""
    if counts := chunk.get("usage"):
        names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
        told = {name: counts[field] for name, field in names.items()}
        return {"content": "", "usage_metadata": {**told, "total_tokens": counts["total_tokens"]}}
    delta = chunk["choices"][0]["delta"]
    calls = [
        {"id": call.get("id"), "index": call["index"], "name": None, **call["function"]}
        for call in delta.get("tool_calls") or ()
    ]
    return {
        "content": delta.get("content") or "",
        "additional_kwargs": {k: v for k, v in delta.items() if k == "reasoning_content"},
        "tool_call_chunks": [
            {"id": each["id"], "index": each["index"], "name": each["name"], "args": args}
            for each in calls
            for args in (each["arguments"],)
        ],
    }


async def chat(state: State, config: RunnableConfig):
    text = next(m.text for m in reversed(state["messages"]) if isinstance(m, HumanMessage))
    if "[fail]" in text:
        raise ValueError("the password is swordfish")
    if "[emit]" in text:
        await emit()
    if "[given]" in text:
        headers = config["configurable"].get("copilotkit_forwarded_headers")
        given = json.dumps({"ag-ui": state.get("ag-ui"), "headers": headers})
        return {"messages": [AIMessage(content=given)]}
    if "[again]" in text:
        return {"steps": (state.get("steps") or 0) + 1}
    names = [*(each.name for each in OWN), *(each["name"] for each in offered(state))]
    model = Script().with_config(metadata={"predict_state": [FORESEEN]})
    answer = await model.ainvoke(state["messages"], names=names)
    return {"messages": [answer], "steps": (state.get("steps") or 0) + 1}


def offered(state: State) -> list[dict[str, Any]]:
    return state.get("tools") or (state.get("copilotkit") or {}).get("actions") or []


async def emit() -> None:
    """What `copilotkit_emit_*` dispatch (copilotkit 0.1.96)."""
    message = {"message": "One moment.", "message_id": "said-by-hand", "role": "assistant"}
    await adispatch_custom_event("copilotkit_manually_emit_message", message)
    await adispatch_custom_event("copilotkit_manually_emit_intermediate_state", {"steps": 7})
    call = {"name": "show", "args": {"city": "Rome"}, "id": "called-by-hand"}
    await adispatch_custom_event("copilotkit_manually_emit_tool_call", call)
    await adispatch_custom_event("other", {"plain": True})


@tool
async def forecast(city: str) -> str:
    """Tell tomorrow's weather; anybody may ask."""
    return f"sunny in {city}"


@tool
async def weather(city: str) -> str:
    """Look at the sky, which needs a permission."""
    allowed = interrupt({"question": "May I look?", "city": city})
    get_stream_writer()({"name": "looked", "value": allowed})
    return f"sunny in {city}"


@tool
async def expert(question: str) -> str:
    """Ask another agent, which thinks aloud."""
    answer = await inner.ainvoke({"messages": [HumanMessage(content=question)]})
    return answer["messages"][-1].content


@tool
def write_document(document: str, tool_call_id: Annotated[str, InjectedToolCallId]) -> Command:
    """Write it into the state, all at once."""
    written = ToolMessage("written", tool_call_id=tool_call_id)
    return Command(update={"document": document, "messages": [written]})


async def think(state: MessagesState):
    return {"messages": [await Script().ainvoke(state["messages"], names=[])]}


thinker = StateGraph(MessagesState)
thinker.add_node(think)
thinker.add_edge(START, "think")
inner = thinker.compile()

OWN = [forecast, weather, expert, write_document]


def after_chat(state: State) -> str | list[Send]:
    last = state["messages"][-1].content
    if "[again]" in last and (state.get("steps") or 0) < 30:
        return "chat"
    names = {each.name for each in OWN}
    made = getattr(state["messages"][-1], "tool_calls", ())
    calls = [call for call in made if call["name"] in names]
    return [Send("work", [call]) for call in calls] or END


builder = StateGraph(State)
builder.add_node(chat)
builder.add_node("work", ToolNode(OWN))
builder.add_edge(START, "chat")
builder.add_conditional_edges("chat", after_chat, ["chat", "work", END])
builder.add_edge("work", "chat")
graph = builder.compile()
