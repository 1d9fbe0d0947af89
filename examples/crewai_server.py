"""A CrewAI flow, for a runtime in another process:
`uvicorn examples.crewai_server:app --port 8100` in an environment of its own, and in the runtime's
`agents={"default": AGUIAgent("http://127.0.0.1:8100")}`.

Needs: pip install ag-ui-crewai litellm==1.100.5
"""

from ag_ui_crewai import CopilotKitState, add_crewai_flow_fastapi_endpoint, copilotkit_stream
from crewai.flow.flow import Flow, start
from fastapi import FastAPI
from litellm import acompletion


class Chat(Flow[CopilotKitState]):
    """Answers, or calls one of the front end's tools."""

    @start()
    async def chat(self) -> None:
        said, tools = self.state.messages, self.state.copilotkit.actions
        answer = await acompletion("openai/gpt-4o-mini", said, tools=tools, stream=True)
        response = await copilotkit_stream(answer)
        self.state.messages.append(response.choices[0].message)


app = FastAPI()
add_crewai_flow_fastapi_endpoint(app, Chat(), "/")
