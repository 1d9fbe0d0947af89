"""An AgentApp of agentscope-runtime: an agent on the model at an address; and its port."""

import sys

from agentscope.agent import ReActAgent
from agentscope.formatter import OpenAIChatFormatter
from agentscope.memory import InMemoryMemory
from agentscope.message import Base64Source, ImageBlock, TextBlock
from agentscope.model import OpenAIChatModel
from agentscope.pipeline import stream_printing_messages
from agentscope.tool import Toolkit, ToolResponse
from agentscope_runtime.engine.app import AgentApp

DOT = "iVBORw0KGgo="
app = AgentApp(app_name="helper", app_description="Helps.")


def get_weather(city: str) -> ToolResponse:
    """The weather of a city."""
    return ToolResponse(content=[TextBlock(type="text", text=f"21C in {city}")])


def draw(what: str) -> ToolResponse:
    """A picture of it."""
    source = Base64Source(type="base64", media_type="image/png", data=DOT)
    return ToolResponse(content=[ImageBlock(type="image", source=source)])


@app.query(framework="agentscope")
async def answer(self, msgs, request=None, **_):
    toolkit = Toolkit()
    toolkit.register_tool_function(get_weather)
    toolkit.register_tool_function(draw)
    options = {"base_url": sys.argv[1], "max_retries": 0}
    agent = ReActAgent(
        name="helper",
        sys_prompt="Help.",
        toolkit=toolkit,
        memory=InMemoryMemory(),
        formatter=OpenAIChatFormatter(),
        model=OpenAIChatModel("m", api_key="k", client_kwargs=options, stream=True),
    )
    agent.set_console_output_enabled(False)
    async for message, last in stream_printing_messages(agents=[agent], coroutine_task=agent(msgs)):
        yield message, last


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[2]))
