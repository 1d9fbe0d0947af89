// CopilotKit's own chat on our AG-UI routes, as a user's page would have it.
import { useCallback, useState } from "react";
import {
  CopilotChat,
  CopilotChatConfigurationProvider,
  CopilotKitProvider,
} from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";
import { config } from "../../client/config";
import { connection } from "../../client/fetching";
import { RequestFailure } from "../../client/requests";
import type { Run } from "../../client/threads";
import { FailureBanner } from "../../parts/Banner";
import { AnswerTools, QuestionTools, RunsContext } from "./MessageTools";
import type { Seed } from "./forks";
import { Interrupts } from "./Interrupts";
import { RunWatch, Seeding } from "./RunWatch";
import { ToolCalls } from "./ToolCalls";

interface ConversationProps {
  thread: string;
  agent: string;
  runs: Run[];
  seed: Seed | undefined;
  onRan: () => void;
}

const ATTACHMENTS = { enabled: true };
const LABELS = { chatInputPlaceholder: "Write a message", welcomeMessageText: "What shall we do?" };
const MESSAGES = { assistantMessage: AnswerTools, userMessage: QuestionTools };

export default function Conversation({ thread, agent, runs, seed, onRan }: ConversationProps) {
  const [failure, setFailure] = useState<RequestFailure>();
  const fail = useCallback((event: { error: Error; code: string }) => {
    setFailure(failureOf(event.error, event.code));
  }, []);
  const started = useCallback(() => setFailure(undefined), []);
  return (
    <RunsContext value={runs}>
      <CopilotKitProvider
        runtimeUrl={config().runtime}
        useSingleEndpoint={false}
        enableInspector={false}
        onError={fail}
      >
        <CopilotChatConfigurationProvider agentId={agent} threadId={thread}>
          <Interrupts />
          <ToolCalls />
          <RunWatch agent={agent} onStarted={started} onRan={onRan} />
          {seed && <Seeding agent={agent} seed={seed} />}
          <FailureBanner failure={failure} onDismiss={() => setFailure(undefined)} />
          <div className="conversation">
            <CopilotChat
              agentId={agent}
              threadId={thread}
              labels={LABELS}
              attachments={ATTACHMENTS}
              messageView={MESSAGES}
            />
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
