"""A graph for `langgraph dev`, with a scripted model: the last user message says what happens."""

import asyncio
from typing import Annotated, Any, TypedDict

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, AnyMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import interrupt

USAGE = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}


class State(TypedDict):
    """What the graph keeps; `tools` are the front end's."""

    messages: Annotated[list[AnyMessage], add_messages]
    tools: list[dict[str, Any]]
    steps: int


class Script(BaseChatModel):
    """Calls the tool that the message asks for, tells a tool's result, or repeats the message."""

    @property
    def _llm_type(self) -> str:
        return "script"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        raise NotImplementedError

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        for said in [*pieces(messages[-1]), {"content": "", "usage_metadata": USAGE}]:
            chunk = ChatGenerationChunk(message=AIMessageChunk(**said))
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
            if said["content"] == "slowly ":
                await asyncio.sleep(600)


def pieces(last):
    if isinstance(last, ToolMessage):
        yield {"content": "Result: "}
        yield {"content": last.content}
    elif "[weather]" in last.content or "[show]" in last.content:
        name = "weather" if "[weather]" in last.content else "show"
        call = {"name": name, "args": "", "id": f"call-{last.id}", "index": 0}
        yield {"content": "", "tool_call_chunks": [call]}
        for piece in ('{"city":', ' "Oslo"}'):
            rest = {"name": None, "args": piece, "id": None, "index": 0}
            yield {"content": "", "tool_call_chunks": [rest]}
    elif "[slow]" in last.content:
        yield {"content": "slowly "}
    else:
        thought = {"content": "", "additional_kwargs": {"reasoning_content": "Hm."}}
        yield from ([thought] if "[think]" in last.content else [])
        yield {"content": "You said: "}
        yield {"content": last.content}


async def chat(state: State):
    if "[fail]" in state["messages"][-1].content:
        raise ValueError("the password is swordfish")
    answer = await Script().ainvoke(state["messages"])
    return {"messages": [answer], "steps": state.get("steps", 0) + 1}


async def weather(state: State):
    call = state["messages"][-1].tool_calls[0]
    allowed = interrupt({"question": "May I look?", "city": call["args"]["city"]})
    get_stream_writer()({"name": "looked", "value": allowed})
    return {"messages": [ToolMessage(f"sunny ({allowed})", tool_call_id=call["id"])]}


def after_chat(state: State) -> str:
    calls = getattr(state["messages"][-1], "tool_calls", None)
    return "weather" if calls and calls[0]["name"] == "weather" else END


builder = StateGraph(State)
builder.add_node(chat)
builder.add_node(weather)
builder.add_edge(START, "chat")
builder.add_conditional_edges("chat", after_chat, ["weather", END])
builder.add_edge("weather", "chat")
graph = builder.compile()
