"""A LlamaIndex workflow in the same process: `uvicorn examples.llamaindex_app:app`.

Needs: pip install llama-index-protocols-ag-ui llama-index-llms-openai
"""

from collections.abc import AsyncIterator

from ag_ui.core import BaseEvent, RunAgentInput
from llama_index.llms.openai import OpenAI
from llama_index.protocols.ag_ui.agent import AGUIChatWorkflow

from agui_runtime import CopilotRuntime, create_app


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


async def answer(request: RunAgentInput) -> AsyncIterator[BaseEvent]:
    """Tells the weather."""
    flow = AGUIChatWorkflow(llm=OpenAI("gpt-4o-mini"), backend_tools=[weather], timeout=None)
    running = flow.run(input_data=request)
    try:
        async for event in running.stream_events():
            if isinstance(event, BaseEvent):
                yield event
        await running
    finally:
        await running.cancel_run()


app = create_app(CopilotRuntime(agents={"default": answer}))
