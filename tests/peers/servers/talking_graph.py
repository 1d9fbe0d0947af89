"""A graph of one node, which asks a model: what `bench connectors` reads with and without us."""

from uuid import uuid4

from ag_ui_langgraph import LangGraphAgent
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph


def compiled(url, model):
    asked = ChatOpenAI(model=model, base_url=url, api_key="sk-1", max_retries=0)

    async def answer(state):
        return {"messages": [await asked.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node("answer", answer)
    graph.add_edge(START, "answer").add_edge("answer", END)
    return graph.compile(checkpointer=MemorySaver())


def bare(url, model, question):
    graph = compiled(url, model)

    async def talk():
        config = {"configurable": {"thread_id": uuid4().hex}}
        sent = {"messages": [{"role": "user", "content": question}]}
        async for chunk, _ in graph.astream(sent, config, stream_mode="messages"):
            yield chunk.content

    return talk


def adapter(url, model):
    return LangGraphAgent(name="bench", graph=compiled(url, model))
