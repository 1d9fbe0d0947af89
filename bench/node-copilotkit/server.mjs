// The Node runtime of today with the agent that bench/app.py gives to ours. argv: port. Answers below /copilotkit.
process.env.COPILOTKIT_TELEMETRY_DISABLED = "true";
process.env.DO_NOT_TRACK = "1";

import { createServer } from "node:http";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { AbstractAgent } from "@ag-ui/client";
import { CopilotRuntime } from "@copilotkit/runtime/v2";
import { createCopilotNodeListener } from "@copilotkit/runtime/v2/node";
import { Observable } from "rxjs";

const WORDS = Array.from({ length: 200 }, (_, k) => `word${k} `);

// What happens after each word; anything else is a burst.
const PACES = { paced: () => nextTurn(), slow: () => pause(5), idle: () => new Promise(() => {}) };

class Talker extends AbstractAgent {
  clone() {
    return new Talker({ agentId: this.agentId, description: this.description });
  }

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

const agents = { bench: new Talker({ agentId: "bench", description: "Says the same words" }) };
const listener = createCopilotNodeListener({
  runtime: new CopilotRuntime({ agents }),
  basePath: "/copilotkit",
  cors: true,
});

createServer(listener).listen(Number(process.argv[2]), "127.0.0.1");
