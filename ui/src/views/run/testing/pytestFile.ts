// A file for pytest that asks the agent again what a run was asked. Pure.
import type { Message } from "../../../client/messages";
import type { Recorded } from "./recorded";
import { conversation, exportedLines } from "./recorded";

export const FILE = "test_run.py";
export const COMMAND = `python -m pytest ${FILE}`;

export function hasFailed({ details }: Recorded): boolean {
  return details.status === "Failed";
}

/** What the test says of the agent. */
export function promiseOf(recorded: Recorded): string {
  return hasFailed(recorded)
    ? "It fails as long as the agent ends this conversation with an error."
    : "It passes while the agent ends without an error and begins with the same tools; write into EXPECTED what the answer should say, and it fails until it does.";
}

export function pytestFile(recorded: Recorded, messages: Message[], runtime: string): string {
  const { details, run } = recorded;
  const end = details.errorCode ? `failed with ${details.errorCode}` : details.status.toLowerCase();
  const asked = conversation(messages, recorded.records).map((each) => JSON.stringify(each));
  const about = `Run ${run} of the agent ${details.agentName}, of ${details.timing.startedAt}: ${end}.`;
  return `"""${inDocstring(about)}

Save this as ${FILE} and, while your server runs: ${COMMAND}

${wrapped(promiseOf(recorded))}

The log has what was said, and nothing else that a page sends: tools of its own are not called.
AGUI_URL is another server's runtimeUrl, AGUI_TOKEN a bearer token. Each try leaves a thread, test-...
"""

import json
import os
import uuid
from urllib.parse import quote
from urllib.request import Request, urlopen

URL = os.environ.get("AGUI_URL", ${JSON.stringify(runtime)})
EXPECTED = ""

# What \`agui-runtime threads export\` writes, and \`agui-runtime threads import\` reads.
EXPORTED = r'''
${exportedLines(recorded).map(inRawText).join("\n")}
'''

# What the agent was given, a message on each line.
MESSAGES = r'''
${asked.map(inRawText).join("\n")}
'''

RECORDED = json.loads(EXPORTED.strip("\\n").split("\\n")[1])


def ask():
    """The events of the agent's answer to the same messages, in a new thread."""
    given = RECORDED["events"][0].get("input", {})
    body = {"state": {}, "tools": [], "context": [], "forwardedProps": {}, **given}
    body["messages"] = [json.loads(line) for line in MESSAGES.split("\\n") if line]
    body["threadId"], body["runId"] = f"test-{uuid.uuid4()}", str(uuid.uuid4())
    headers = {"content-type": "application/json", "accept": "text/event-stream"}
    if "AGUI_TOKEN" in os.environ:
        headers["authorization"] = f"Bearer {os.environ['AGUI_TOKEN']}"
    url = f"{URL}/agent/{quote(RECORDED['run']['agent'], safe='')}/run"
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=600) as answer:
        lines = [line.decode() for line in answer]
    return [json.loads(line[5:]) for line in lines if line.startswith("data:")]


def tools(events):
    return [each["toolCallName"] for each in events if each["type"] == "TOOL_CALL_START"]


def text(events):
    return "".join(each["delta"] for each in events if each["type"] == "TEXT_MESSAGE_CONTENT")


def test_the_agent_answers():
    events = ask()
    assert [each for each in events if each["type"] == "RUN_ERROR"] == []
    assert events[-1]["type"] == "RUN_FINISHED"
${hasFailed(recorded) ? "" : SAME_TOOLS}    assert EXPECTED in text(events)
`;
}

const SAME_TOOLS = `    recorded = tools(RECORDED["events"])
    assert tools(events)[: len(recorded)] == recorded
`;

/** JSON within Python's r'''...''': what would end it is escaped as JSON does. */
function inRawText(json: string): string {
  return json.replaceAll("'", "\\u0027");
}

function inDocstring(text: string): string {
  return text.replace(/[\\"\p{Cc}]/gu, "?");
}

function wrapped(text: string): string {
  return text.replace(/(.{1,99})(?: |$)/g, "$1\n").trim();
}
