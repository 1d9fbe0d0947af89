"""CopilotKit's SDK serving actions, an agent of its user's own and, where it still can, a graph and
a CrewAI flow, whose model is the endpoint that the second argument names.
"""

import json
import sys

import uvicorn
from copilotkit import Action, Agent, CopilotKitRemoteEndpoint
from copilotkit.integrations.fastapi import add_fastapi_endpoint
from fastapi import FastAPI


class Echo(Agent):
    """Says what it was asked, in the SDK's runtime events."""

    def execute(self, *, state, messages, thread_id, actions=None, meta_events=None, **rest):
        text = messages[-1].get("content", "")
        return self._said(f"{thread_id}: {text}", {**state, "seen": len(messages)}, thread_id)

    async def _said(self, text, state, thread_id):
        def line(kind, **fields):
            return json.dumps({"type": kind, **fields}) + "\n"

        yield line("TextMessageStart", messageId="e1")
        for word in text.split(" "):
            yield line("TextMessageContent", messageId="e1", content=f"{word} ")
        yield line("TextMessageEnd", messageId="e1")
        ids = {"threadId": thread_id, "agentName": self.name, "runId": "r", "nodeName": "end"}
        end = {"active": False, "running": False, "role": "assistant"}
        yield line("AgentStateMessage", **ids, **end, state=json.dumps(state))

    async def get_state(self, *, thread_id):
        return {"threadId": thread_id, "threadExists": True, "state": {"k": 1}, "messages": []}


def agents(context):
    made = [Echo(name="echo", description="Says it again")]
    try:
        from copilotkit import LangGraphAgent
    except ImportError:
        return made
    return [*made, LangGraphAgent(name="graph", description="A graph", graph=GRAPH), FLOW]


def fail():
    raise ValueError("cannot do that")


def greeting(name, times=1):
    return ["Hello " + name] * times


try:
    from flows import flow_agent
    from graphs import graph

    GRAPH, FLOW = graph(), flow_agent(sys.argv[2])
except ImportError:
    GRAPH = FLOW = None

NAME = {"name": "name", "type": "string", "description": "Whom"}
TIMES = {"name": "times", "type": "number", "required": False}
SDK = CopilotKitRemoteEndpoint(
    actions=[
        Action(name="greet", description="Greet", handler=greeting, parameters=[NAME, TIMES]),
        Action(name="fail", description="Fails", handler=fail, parameters=[]),
    ],
    agents=agents,
)

app = FastAPI()
add_fastapi_endpoint(app, SDK, "/copilotkit_remote")
uvicorn.run(app, fd=int(sys.argv[1]), log_level="warning")
