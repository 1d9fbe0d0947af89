// A chat beside the list of its threads. `?runtimeUrl=` names a runtime elsewhere.
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { CopilotChat, CopilotKitProvider } from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";
import "./page.css";
import { ThreadList } from "./thread-list";

const AGENT = "default";
const query = new URLSearchParams(window.location.search);

function newThread() {
  return crypto.randomUUID();
}

function Page() {
  const [threadId, setThreadId] = useState(newThread);
  return (
    <main>
      <ThreadList
        agentId={AGENT}
        current={threadId}
        open={setThreadId}
        start={() => setThreadId(newThread())}
      />
      <section className="chat">
        <CopilotChat agentId={AGENT} threadId={threadId} />
      </section>
    </main>
  );
}

createRoot(document.getElementById("root")).render(
  <CopilotKitProvider
    runtimeUrl={query.get("runtimeUrl") ?? "/copilotkit"}
    enableInspector={false}
  >
    <Page />
  </CopilotKitProvider>,
);
