"""A LangGraph graph without a model: it answers, calls a tool or asks, as the last message says."""

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import interrupt


class Script(BaseChatModel):
    """Says "Hello world", or calls `greet` where the last message is `[tool]`."""

    @property
    def _llm_type(self):
        return "script"

    def bind_tools(self, tools, **kwargs):
        return self

    def _chunks(self, messages):
        if messages[-1].content == "[tool]":
            for args, name, call in (
                ("", "greet", "call-1"),
                ('{"name":', None, None),
                ('"Bob"}', None, None),
            ):
                piece = {
                    "index": 0,
                    "args": args,
                    "name": name,
                    "id": call,
                    "type": "tool_call_chunk",
                }
                yield AIMessageChunk(content="", tool_call_chunks=[piece])
        else:
            for word in ("Hel", "lo ", "world"):
                yield AIMessageChunk(content=word)

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        whole = None
        for chunk in self._chunks(messages):
            whole = chunk if whole is None else whole + chunk
        said = AIMessage(content=whole.content, tool_calls=whole.tool_calls)
        return ChatResult(generations=[ChatGeneration(message=said)])

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        for message in self._chunks(messages):
            chunk = ChatGenerationChunk(message=message)
            if run_manager:
                run_manager.on_llm_new_token(message.content, chunk=chunk)
            yield chunk


class State(MessagesState):
    steps: int


async def answer(state, config):
    last = state["messages"][-1]
    if last.content == "[ask]":
        said = AIMessage(content=f"You said {interrupt('approve?')}")
    elif last.content == "[fail]":
        raise RuntimeError("the graph fell over")
    else:
        said = await Script().ainvoke(state["messages"], config)
    return {"messages": [said], "steps": state.get("steps", 0) + 1}


def graph():
    made = StateGraph(State)
    made.add_node("answer", answer)
    made.add_edge(START, "answer")
    made.add_edge("answer", END)
    return made.compile(checkpointer=MemorySaver())
