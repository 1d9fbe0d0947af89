import { CopilotChat, CopilotKitProvider } from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";
import { useState } from "react";

/** The conversation that this browser had last, which is there again after a reload. */
function lastThread() {
  return localStorage.getItem("thread") ?? newThread();
}

function newThread() {
  const id = crypto.randomUUID();
  localStorage.setItem("thread", id);
  return id;
}

export function App() {
  const [threadId, setThreadId] = useState(lastThread);
  const [failure, setFailure] = useState<string>();

  function startAgain() {
    setFailure(undefined);
    setThreadId(newThread());
  }

  return (
    <CopilotKitProvider
      runtimeUrl="/copilotkit"
      enableInspector={false} // it would load fonts and pictures from the internet
      onError={({ error }) => setFailure(error.message)}
    >
      <header>
        <h1>Chat</h1>
        <button onClick={startAgain}>New chat</button>
      </header>
      {failure && (
        <p role="alert">
          {failure} <button onClick={() => setFailure(undefined)}>Dismiss</button>
        </p>
      )}
      <main>
        <CopilotChat key={threadId} threadId={threadId} />
      </main>
    </CopilotKitProvider>
  );
}
