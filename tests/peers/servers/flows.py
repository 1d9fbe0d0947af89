"""A CrewAI flow as an agent of CopilotKit's SDK, its model the endpoint at a URL."""

from copilotkit.crewai import CopilotKitState, CrewAIAgent, copilotkit_stream
from crewai.flow.flow import Flow, start
from litellm import completion


def flow_agent(url):
    class Chat(Flow[CopilotKitState]):
        @start()
        async def chat(self):
            said, tools = self.state.messages, self.state.copilotkit.actions
            where = {"base_url": url, "api_key": "none"}
            answer = completion("openai/script", said, tools=tools or None, stream=True, **where)
            response = await copilotkit_stream(answer)
            self.state.messages.append(response.choices[0]["message"])

    return CrewAIAgent(name="flow", description="A flow", flow=Chat())
