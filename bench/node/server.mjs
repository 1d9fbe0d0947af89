// The Node runtime with the same talkative agent that bench/app.py gives to ours, once as an AG-UI agent
// (agents "bench") and once as the service adapter. argv: port. Answers on /copilotkit.
process.env.COPILOTKIT_TELEMETRY_DISABLED = "true";
process.env.DO_NOT_TRACK = "1";
process.env.SCARF_ANALYTICS = "false";

import { createServer } from "node:http";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { AbstractAgent } from "@ag-ui/client";
import { CopilotRuntime, copilotRuntimeNodeHttpEndpoint } from "@copilotkit/runtime";
import { Observable } from "rxjs";

const WORDS = Array.from({ length: 200 }, (_, k) => `word${k} `);

// What is done after each word: "paced" gives the event loop a turn; anything else is a burst.
const PACES = { paced: () => nextTurn(), slow: () => pause(5) };

class Talker extends AbstractAgent {
  run({ threadId, runId, messages }) {
    return new Observable((subscriber) => {
      const speak = async () => {
        const messageId = `words-${runId}`;
        const breathe = PACES[messages.at(-1).content];
        subscriber.next({ type: "RUN_STARTED", threadId, runId });
        subscriber.next({ type: "TEXT_MESSAGE_START", messageId, role: "assistant" });
        for (const delta of WORDS) {
          subscriber.next({ type: "TEXT_MESSAGE_CONTENT", messageId, delta });
          if (breathe) await breathe();
        }
        subscriber.next({ type: "TEXT_MESSAGE_END", messageId });
        subscriber.next({ type: "RUN_FINISHED", threadId, runId });
        subscriber.complete();
      };
      speak().catch((error) => subscriber.error(error));
    });
  }
}

const talkingAdapter = {
  async process({ eventSource, messages, threadId }) {
    const breathe = PACES[messages.at(-1).content];
    eventSource.stream(async (stream) => {
      const messageId = `words-${threadId}`;
      stream.sendTextMessageStart({ messageId });
      for (const content of WORDS) {
        stream.sendTextMessageContent({ messageId, content });
        if (breathe) await breathe();
      }
      stream.sendTextMessageEnd({ messageId });
      stream.complete();
    });
    return { threadId };
  },
};

const endpoint = "/copilotkit";
const handler = copilotRuntimeNodeHttpEndpoint({
  endpoint,
  runtime: new CopilotRuntime({
    agents: { bench: new Talker({ agentId: "bench", description: "Says the same words" }) },
  }),
  serviceAdapter: talkingAdapter,
});

createServer(handler).listen(Number(process.argv[2]), "127.0.0.1");
