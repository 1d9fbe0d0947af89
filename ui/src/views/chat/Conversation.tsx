// CopilotKit's own chat on our AG-UI routes, as a user's page would have it.
import { useCallback, useState } from "react";
import {
  CopilotChat,
  CopilotChatConfigurationProvider,
  CopilotKitProvider,
} from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";
import "./copilotkit.css";
import "../../blocks/blocks.css";
import { BLOCKS } from "../../blocks/Blocks";
import { config } from "../../client/config";
import { connection } from "../../client/fetching";
import { RequestFailure } from "../../client/requests";
import type { Run } from "../../client/threads";
import { FailureBanner } from "../../parts/Banner";
import { Answering } from "./Answering";
import { AnswerTools, QuestionTools, RunsContext } from "./MessageTools";
import type { Seed } from "./forks";
import { Interrupts } from "./Interrupts";
import { NamedMessage } from "./NamedMessage";
import { Reconnect } from "./Reconnect";
import { RunWatch, Seeding } from "./RunWatch";
import { SendButton } from "./SendButton";
import { ToolCalls } from "./ToolCalls";
import { Waiting } from "./Waiting";
import { Welcome } from "./Welcome";

interface ConversationProps {
  thread: string;
  agent: string;
  runs: Run[];
  seed: Seed | undefined;
  onStarted: () => void;
  onRan: () => void;
}

const ATTACHMENTS = { enabled: true };
const LABELS = { chatInputPlaceholder: "Write a message" };
const INPUT = {
  showDisclaimer: false,
  sendButton: SendButton,
  addMenuButton: { "aria-label": "Attach files" },
};
const MESSAGES = { assistantMessage: AnswerTools, userMessage: QuestionTools };

export default function Conversation(props: ConversationProps) {
  const { thread, agent, runs, seed, onStarted, onRan } = props;
  const [ready, setReady] = useState(false);
  const [failure, setFailure] = useState<RequestFailure>();
  const fail = useCallback((event: { error: Error; code: string }) => {
    setFailure(failureOf(event.error, event.code));
  }, []);
  function started(): void {
    setFailure(undefined);
    onStarted();
  }
  /** A thread that is loaded brings the errors of all its runs; what follows an old one is no news. */
  function loaded(): void {
    setReady(true);
    if (!ready && runs.at(-1)?.status !== "failed") setFailure(undefined);
  }
  return (
    <RunsContext value={runs}>
      <CopilotKitProvider
        runtimeUrl={config().runtime}
        useSingleEndpoint={false}
        enableInspector={false}
        onError={fail}
        renderActivityMessages={BLOCKS}
      >
        <CopilotChatConfigurationProvider agentId={agent} threadId={thread}>
          <Interrupts />
          <ToolCalls />
          <RunWatch
            agent={agent}
            thread={thread}
            naming={runs.length === 0}
            onReady={loaded}
            onStarted={started}
            onRan={onRan}
            onFailure={setFailure}
          />
          <Reconnect agent={agent} onBack={() => setFailure(undefined)} />
          {seed && <Seeding agent={agent} seed={seed} />}
          <FailureBanner failure={failure} onDismiss={() => setFailure(undefined)} />
          <Answering agent={agent} />
          <div className="conversation" aria-busy={!ready}>
            <CopilotChat
              agentId={agent}
              threadId={thread}
              labels={LABELS}
              attachments={ATTACHMENTS}
              messageView={MESSAGES}
              input={INPUT}
            />
            <Welcome agent={agent} />
            <NamedMessage ready={ready} />
            <Waiting agent={agent} />
          </div>
        </CopilotChatConfigurationProvider>
      </CopilotKitProvider>
    </RunsContext>
  );
}

function failureOf(error: Error & { code?: string; status?: number }, code: string): RequestFailure {
  const { runRequestId } = connection.get();
  return new RequestFailure(error.message, error.status ?? 0, error.code ?? code, runRequestId);
}
